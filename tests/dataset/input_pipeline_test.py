"""Tests of windows, their order, and that a run can begin at any batch."""

import dataclasses
import itertools
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.dataset import input_pipeline, records
from retarget_tf.dataset.augmentation import AugmentationConfig
from retarget_tf.dataset.input_pipeline.window_plan import WindowPlan
from retarget_tf.errors import ConfigError, InputDataError
from tests import testing

FRAMES = {"a": 11, "b": 8, "c": 9, "d": 10}
SEGMENT = 5


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> records.Manifest:
    """Three people to train on and one to test: clips of 8 to 11 frames of 32 pixels, in segments of 5."""
    folder = tmp_path_factory.mktemp("data")
    for person, frames in FRAMES.items():
        testing.make_clip_folder(folder / "clips", clip_id=person, person_id=person, frames=frames)
    config = records.BuildConfig(segment_frames=SEGMENT, validation_share=0, test_people=("d",))
    return records.build_records([folder / "clips"], folder / "records", config)


def take(count: int, manifest: records.Manifest, split: str = "train", **settings: Any) -> list[dict[str, Any]]:
    dataset = input_pipeline.make_dataset(manifest.folder, split, **settings)
    return list(dataset.take(count).as_numpy_iterator())


def places(batches: list[dict[str, Any]]) -> list[tuple[bytes, int]]:
    return [place for batch in batches for place in zip(batch["clip_id"], batch["first_index"].tolist(), strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize(("window", "size", "repeat"), [(2, None, True), (3, 16, False)])
def test_elements_are_what_element_spec_says(
    manifest: records.Manifest, window: int, size: int | None, repeat: bool
) -> None:
    dataset = input_pipeline.make_dataset(
        manifest.folder,
        "train",
        batch_size=4,
        window_frames=window,
        image_size=size,
        augment=AugmentationConfig(),
        repeat=repeat,
        drop_remainder=repeat,
    )
    assert dataset.element_spec == input_pipeline.element_spec(window, size or 32, 4 if repeat else None)
    for name, value in next(iter(dataset)).items():
        assert dataset.element_spec[name].is_compatible_with(value), name


@pytest.mark.slow
def test_cached_records_give_the_same_and_are_read_once(manifest: records.Manifest, tmp_path: pathlib.Path) -> None:
    settings: dict[str, Any] = {"batch_size": 4, "augment": AugmentationConfig(), "seed": 3}
    from_disk = take(6, manifest, **settings)
    moved = records.Manifest.load(shutil.copytree(manifest.folder, tmp_path / "records"))
    dataset = input_pipeline.make_dataset(moved.folder, "train", cache_records=True, **settings)
    shutil.rmtree(moved.folder)
    testing.assert_same_batches(list(dataset.take(6).as_numpy_iterator()), from_disk)


def test_windows_are_the_frames_of_the_clip(manifest: records.Manifest) -> None:
    (clip,) = records.read_clips(manifest.folder, "test")
    frames, maps = list(clip.frames()), list(clip.parsing_maps())
    batches = take(9, manifest, "test", batch_size=1, window_frames=2, shuffle=False, repeat=False)
    assert places(batches) == [(b"d", start) for start in (0, 1, 2, 3, 5, 6, 7, 8)]
    for batch in batches:
        start = batch["first_index"][0]
        np.testing.assert_array_equal(batch["frames"][0], frames[start : start + 2])
        np.testing.assert_array_equal(batch["parsing_maps"][0], maps[start : start + 2])
        np.testing.assert_array_equal(batch["keypoints"][0], clip.keypoints[start : start + 2])
        np.testing.assert_array_equal(batch["reference_frame"][0], frames[0])
        np.testing.assert_array_equal(batch["reference_map"][0], maps[0])
        np.testing.assert_array_equal(batch["reference_keypoints"][0], clip.keypoints[0])


@pytest.mark.slow
def test_an_epoch_has_every_window_once_and_none_crosses_clips(manifest: records.Manifest) -> None:
    # Segments of 5, 5, 1 and 5, 3 and 5, 4 frames make 4 + 4 + 0, 4 + 2 and 4 + 3 windows of two.
    batches = take(99, manifest, batch_size=4, repeat=False, drop_remainder=False)
    expected = [(b"a", i) for i in (0, 1, 2, 3, 5, 6, 7, 8)]
    expected += [(b"b", i) for i in (0, 1, 2, 3, 5, 6)] + [(b"c", i) for i in (0, 1, 2, 3, 5, 6, 7)]
    assert sorted(places(batches)) == expected
    assert places(batches) != expected
    colours = {p: testing.walking_square(0, 32, p)[0][16, 16] for p in "abc"}
    for batch in batches:
        for index, clip_id in enumerate(batch["clip_id"]):
            for picture in (*batch["frames"][index], batch["reference_frame"][index]):
                assert np.abs(picture[16, 16].astype(int) - colours[clip_id.decode()]).max() < 12


@pytest.mark.slow
@pytest.mark.parametrize(("drop_remainder", "batches"), [(True, 5), (False, 6)])
def test_cardinality_is_exact(manifest: records.Manifest, drop_remainder: bool, batches: int) -> None:
    settings: dict[str, Any] = {"batch_size": 4, "repeat": False, "drop_remainder": drop_remainder}
    dataset = input_pipeline.make_dataset(manifest.folder, "train", **settings)
    assert dataset.cardinality() == batches  # of 21 windows
    assert len(take(99, manifest, **settings)) == batches
    assert len(take(99, manifest, start_batch=2, **settings)) == batches - 2
    assert input_pipeline.make_dataset(manifest.folder, "train", batch_size=4).cardinality() == (
        tf.data.INFINITE_CARDINALITY
    )


@pytest.mark.slow
def test_the_stream_is_a_function_of_the_seed(manifest: records.Manifest) -> None:
    settings: dict[str, Any] = {"batch_size": 4, "augment": AugmentationConfig(), "window_frames": 3}
    first = take(12, manifest, seed=1, **settings)
    testing.assert_same_batches(first, take(12, manifest, seed=1, **settings))
    assert places(first) != places(take(12, manifest, seed=2, **settings))


@pytest.mark.slow
@pytest.mark.parametrize("start", [1, 5, 6, 13])
def test_starting_at_a_batch_equals_having_taken_those_before(manifest: records.Manifest, start: int) -> None:
    settings: dict[str, Any] = {"batch_size": 4, "augment": AugmentationConfig(), "frame_gap": (1, 2)}
    uninterrupted = take(start + 3, manifest, **settings)
    testing.assert_same_batches(take(3, manifest, start_batch=start, **settings), uninterrupted[start:])


@pytest.mark.slow
def test_epochs_differ_in_order_and_in_jitter(manifest: records.Manifest) -> None:
    batches = take(42, manifest, batch_size=1, augment=AugmentationConfig())
    assert places(batches[:21]) != places(batches[21:])
    assert sorted(places(batches[:21])) == sorted(places(batches[21:]))
    seen = {place: batch["frames"] for place, batch in zip(places(batches[:21]), batches[:21], strict=True)}
    again = {place: batch["frames"] for place, batch in zip(places(batches[21:]), batches[21:], strict=True)}
    assert sum(not np.array_equal(seen[place], again[place]) for place in seen) > 15


@pytest.mark.slow
def test_frame_gaps_are_drawn_within_their_bounds(manifest: records.Manifest) -> None:
    batches = take(20, manifest, batch_size=2, window_frames=2, frame_gap=(1, 3))
    gaps = set()
    for batch in batches:
        shift = batch["keypoints"][:, 1, 0, 0] - batch["keypoints"][:, 0, 0, 0]  # the square walks a pixel a frame
        gaps |= set((shift % 8).astype(int).tolist())  # and starts again after 8
    assert gaps == {1, 2, 3}
    two_apart = take(5, manifest, batch_size=2, window_frames=2, frame_gap=(2, 2))
    for batch in two_apart:
        assert set((batch["keypoints"][:, 1, 0, 0] - batch["keypoints"][:, 0, 0, 0]) % 8) == {2.0}


@pytest.mark.slow
def test_shuffled_windows_draw_any_of_the_references(manifest: records.Manifest) -> None:
    first = testing.walking_square(0)[2][0, 0]
    batches = take(20, manifest, batch_size=2)
    at_first = np.concatenate([batch["reference_keypoints"][:, 0, 0] == first for batch in batches])
    assert 0.2 < at_first.mean() < 0.9


def test_a_bounded_buffer_still_gives_every_window_once(manifest: records.Manifest) -> None:
    batches = take(99, manifest, batch_size=1, repeat=False, shuffle_bytes=1)
    assert len(set(places(batches))) == 21


def test_clips_shorter_than_a_window_are_refused_by_name(manifest: records.Manifest, tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "clips", clip_id="short_one", frames=4)
    config = records.BuildConfig(segment_frames=8, validation_share=0, test_share=0)
    folder = records.build_records([tmp_path / "clips"], tmp_path / "records", config).folder
    with pytest.raises(InputDataError, match="clip short_one: has 4 frames, a window takes 5"):
        input_pipeline.make_dataset(folder, "train", batch_size=1, window_frames=5)
    with pytest.raises(InputDataError, match="split validation is empty"):
        input_pipeline.make_dataset(folder, "validation", batch_size=1)


def test_windows_longer_than_a_record_are_refused(manifest: records.Manifest) -> None:
    with pytest.raises(ConfigError, match=r"5 frames of a record .*Received: window_frames=3, frame_gap=\(1, 3\)"):
        input_pipeline.make_dataset(manifest.folder, "train", batch_size=1, window_frames=3, frame_gap=(1, 3))


@pytest.mark.parametrize(("window", "gap"), [(0, (1, 1)), (2, (0, 1)), (2, (2, 1))])
def test_window_settings_out_of_range_are_refused(window: int, gap: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match=f"Received: window_frames={window}"):
        input_pipeline.WindowCutter(window, gap)


def test_a_missing_shard_is_refused_before_training(manifest: records.Manifest, tmp_path: pathlib.Path) -> None:
    moved = dataclasses.replace(manifest, folder=tmp_path)
    moved.save()
    with pytest.raises(InputDataError, match=r"train-00000-of-0000\d.tfrecord: the shard is missing"):
        input_pipeline.make_dataset(tmp_path, "train", batch_size=1)


def test_batches_mix_clips(manifest: records.Manifest) -> None:
    mixed = [len(set(batch["clip_id"])) for batch in take(20, manifest, batch_size=3)]
    assert np.mean(mixed) > 1.6  # of three clips; in order it would be little more than 1


def test_slots_take_turns_and_any_position_is_found_by_counting() -> None:
    windows, order = [3, 1, 2, 4, 1], [2, 0, 4, 1, 3]  # slot 0: records 2, 4, 3; slot 1: records 0, 1
    plan = WindowPlan(np.array(windows, np.int64), slots=2, shuffle=False, seed=0)
    rows = [[(record, n) for record in order[slot::2] for n in range(windows[record])] for slot in (0, 1)]
    turns = [pair for pair in itertools.chain.from_iterable(itertools.zip_longest(*rows)) if pair is not None]
    assert turns[:7] == [(2, 0), (0, 0), (2, 1), (0, 1), (4, 0), (0, 2), (3, 0)]
    records_in_order = tf.constant(order, tf.int64)
    for position in range(len(turns)):
        slots, behind = plan.seek(records_in_order, tf.constant(position, tf.int64))
        left = []
        for slot, count in zip(slots, behind, strict=True):
            row, behind_in_first = plan.row(records_in_order, slot, count)
            rest = [(record, n) for record in row.numpy().tolist() for n in range(windows[record])]
            left.append(rest[int(behind_in_first) :])
        found = [pair for pair in itertools.chain.from_iterable(itertools.zip_longest(*left)) if pair is not None]
        assert found == turns[position:]


def test_machines_share_the_files_of_an_epoch(manifest: records.Manifest) -> None:
    files = len(manifest.split("train").shards)
    assert files > 2
    settings: dict[str, Any] = {"batch_size": 1, "repeat": False}
    whole, first, second = (places(take(1000, manifest, part=part, **settings)) for part in ((0, 1), (0, 2), (1, 2)))
    assert sorted(first + second) == sorted(whole)
    assert first
    assert second
    with pytest.raises(InputDataError, match=rf"has {files} files, {files + 1} machines take at least one each"):
        take(1, manifest, part=(0, files + 1), **settings)
