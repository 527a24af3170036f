"""Tests of streams: slots keep their place, streams stay in their record, and a run can begin at any batch."""

import dataclasses
import itertools
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.dataset import input_pipeline, records
from retarget_tf.dataset.augmentation import stream_augmentation
from retarget_tf.dataset.input_pipeline import StreamLengths
from retarget_tf.dataset.input_pipeline.record_table import RecordTable
from retarget_tf.dataset.input_pipeline.stream_plan import StreamPlan
from retarget_tf.errors import ConfigError, InputDataError
from tests import testing

SEGMENT = 12
WRAP = 8  # the square's path repeats itself
LENGTHS = StreamLengths(frame_gap=(1, 4), mean_frames=20.0, single_share=0.3)
AUGMENTATION = stream_augmentation(joint_dropout=0.05, relabel=0.06, thicken=0.3)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> records.Manifest:
    """Three people to train on and one to test, in segments of at most 12 frames of 32 pixels; `b` leaves one of 1."""
    folder = tmp_path_factory.mktemp("data")
    for person, frames in {"a": 30, "b": 25, "c": 12, "d": 20}.items():
        testing.make_clip_folder(folder / "clips", clip_id=person, person_id=person, frames=frames)
    config = records.BuildConfig(segment_frames=SEGMENT, validation_share=0, test_people=("d",))
    return records.build_records([folder / "clips"], folder / "records", config)


def take(count: int, manifest: records.Manifest, split: str = "train", **settings: Any) -> list[dict[str, Any]]:
    of_lengths = {name: settings.pop(name) for name in LENGTHS.__dataclass_fields__ if name in settings}
    lengths = dataclasses.replace(LENGTHS, **of_lengths)
    dataset = input_pipeline.make_streams(manifest.folder, split, lengths, **{"batch_size": 3, **settings})
    return list(dataset.take(count).as_numpy_iterator())


def steps(batch: dict[str, Any]) -> Any:
    """How far the square walked since the frame before, -3..4: exact where gaps are below 4."""
    walked = batch["keypoints"][:, 0, 0] - batch["previous_keypoints"][:, 0, 0]
    return (walked + 3) % WRAP - 3


@pytest.mark.slow
def test_cached_records_give_the_same_and_are_read_once(manifest: records.Manifest, tmp_path: pathlib.Path) -> None:
    from_disk = take(20, manifest, augment=AUGMENTATION)
    folder = shutil.copytree(manifest.folder, tmp_path / "records")
    dataset = input_pipeline.make_streams(
        folder, "train", LENGTHS, batch_size=3, augment=AUGMENTATION, cache_records=True
    )
    shutil.rmtree(folder)
    testing.assert_same_batches(list(dataset.take(20).as_numpy_iterator()), from_disk)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "augment"), [(None, None), (16, AUGMENTATION), (64, None)])
def test_elements_are_what_stream_spec_says(manifest: records.Manifest, size: int | None, augment: Any) -> None:
    dataset = input_pipeline.make_streams(
        manifest.folder, "train", LENGTHS, batch_size=4, image_size=size, augment=augment
    )
    assert dataset.element_spec == input_pipeline.stream_spec(size or 32, 4)
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    for name, value in next(iter(dataset)).items():
        assert dataset.element_spec[name].is_compatible_with(value), name


@pytest.mark.slow
@pytest.mark.parametrize("augment", [None, AUGMENTATION])
def test_slots_stay_in_place(manifest: records.Manifest, augment: Any) -> None:
    batches = take(80, manifest, augment=augment, mean_frames=4.0)
    assert batches[0]["is_start"].all()
    for before, now in itertools.pairwise(batches):
        goes_on = ~now["is_start"]
        for previous, truth in (("previous_map", "parsing_map"), ("previous_keypoints", "keypoints")):
            np.testing.assert_array_equal(now[previous][goes_on], before[truth][goes_on])
        for name in ("reference_frame", "reference_keypoints", "reference_map"):
            np.testing.assert_array_equal(now[name][goes_on], before[name][goes_on])
    starts = np.array([batch["is_start"] for batch in batches])
    assert np.all(starts.sum(axis=0) > 15)
    assert np.sum(starts.any(axis=1) & ~starts.all(axis=1)) > 20  # slots end alone, and their neighbours stay


@pytest.mark.slow
def test_a_stream_walks_through_one_clip_at_one_gap(manifest: records.Manifest) -> None:
    colours = {p: testing.walking_square(0, 32, p)[0][16, 16].astype(int) for p in "abc"}
    seen, drawn = set(), set()
    last: dict[int, float] = {}
    for batch in take(120, manifest, frame_gap=(1, 3)):
        for slot, step in enumerate(steps(batch)):
            assert batch["is_start"][slot] or step == last[slot]
            last[slot] = step
            drawn.add(int(step))
            picture = batch["reference_frame"][slot, 16, 16]
            seen.add(min(colours, key=lambda person: np.abs(colours[person] - picture).max()))
            for joints, parsing_map in (("keypoints", "parsing_map"), ("previous_keypoints", "previous_map")):
                index = int(batch[joints][slot, 0, 0] - 16)  # the nose is half a square right of the left edge
                _, true_map, true_keypoints = testing.walking_square(index, 32)
                np.testing.assert_array_equal(batch[parsing_map][slot], true_map)
                np.testing.assert_array_equal(batch[joints][slot], true_keypoints)
    assert drawn == {-3, -2, -1, 1, 2, 3}
    assert seen == set("abc")


def test_references_are_those_of_the_record(manifest: records.Manifest) -> None:
    stored = {
        segment.references.keypoints[i].tobytes()
        for segment in records.read_segments(manifest.folder, "train")
        for i in range(2)
    }
    batches = take(60, manifest, single_share=1.0)
    given = {points.tobytes() for batch in batches for points in batch["reference_keypoints"]}
    assert given <= stored
    assert len(given) > 1
    for batch in batches[:5]:
        for slot in range(3):
            index = int(batch["reference_keypoints"][slot, 0, 0] - 16)
            np.testing.assert_array_equal(batch["reference_map"][slot], testing.walking_square(index, 32)[1])


@pytest.mark.slow
@pytest.mark.parametrize("start", [1, 7, 40])
def test_starting_at_a_batch_equals_having_taken_those_before(manifest: records.Manifest, start: int) -> None:
    settings: dict[str, Any] = {"augment": AUGMENTATION, "mean_frames": 6.0}
    uninterrupted = take(start + 4, manifest, **settings)
    testing.assert_same_batches(take(4, manifest, start_batch=start, **settings), uninterrupted[start:])


@pytest.mark.slow
def test_streams_are_a_function_of_the_seed(manifest: records.Manifest) -> None:
    first = take(10, manifest, seed=1, augment=AUGMENTATION)
    testing.assert_same_batches(first, take(10, manifest, seed=1, augment=AUGMENTATION))
    other = take(10, manifest, seed=2, augment=AUGMENTATION)
    assert not np.array_equal(first[0]["keypoints"], other[0]["keypoints"])
    assert len({points.tobytes() for points in first[0]["keypoints"]}) == 3  # slots do not follow each other


def test_whole_splits_can_be_streamed(manifest: records.Manifest) -> None:
    batches = take(5, manifest, "test", single_share=0.0)
    first = testing.walking_square(0)[2]
    assert all(np.array_equal(points, first) for batch in batches for points in batch["reference_keypoints"])


@pytest.mark.slow
def test_frames_are_not_decoded_but_the_references(manifest: records.Manifest, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "train.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for segment in records.read_segments(manifest.folder, "train"):
            body = dataclasses.replace(segment.body, frames=(b"no picture",) * len(segment.body))
            writer.write(dataclasses.replace(segment, body=body).serialize())
    train = manifest.split("train")
    shard = dataclasses.replace(
        train.shards[0], name=path.name, bytes=path.stat().st_size, records=sum(s.records for s in train.shards)
    )
    splits = {**manifest.splits, "train": dataclasses.replace(train, shards=(shard,))}
    spoilt = dataclasses.replace(manifest, folder=tmp_path, splits=splits)
    spoilt.save()
    assert len(take(5, spoilt, augment=AUGMENTATION)) == 5


def long_plan(frames: tuple[int, ...] = (100_000, 50_000), **settings: Any) -> StreamPlan:
    counts = np.array(frames, np.int64)
    zeros = np.zeros_like(counts)
    table = RecordTable(("nowhere",), zeros, zeros, zeros, counts)
    return StreamPlan(dataclasses.replace(LENGTHS, **settings), table, seed=0)


def drawn(plan: StreamPlan, count: int, slot: int = 0) -> dict[str, Any]:
    (streams,) = plan.streams(tf.constant(slot, tf.int64)).batch(count).take(1).as_numpy_iterator()
    return streams


def test_lengths_are_single_or_geometric() -> None:
    lengths = drawn(long_plan(single_share=0.0), 4000)["length"]
    assert abs(lengths.mean() - 20) < 1
    assert abs(np.mean(lengths > 20) - 0.95**20) < 0.03
    mixed = drawn(long_plan(), 4000)["length"]
    assert abs(np.mean(mixed == 1) - (0.3 + 0.7 / 20)) < 0.03


def test_streams_stay_within_their_record() -> None:
    frames = (64, 30, 5, 2)
    streams = drawn(long_plan(frames, mean_frames=40.0), 3000)
    ends = np.array(frames)[streams["record"]]
    last = streams["start"] + streams["step"] * streams["length"]
    for place in (streams["start"], last):
        assert np.all((place >= 0) & (place < ends))
    assert np.all(streams["length"] >= 1)
    assert np.all(np.abs(streams["step"][streams["record"] == 3]) == 1)  # no other gap fits into two frames
    assert {*streams["step"]} == {-4, -3, -2, -1, 1, 2, 3, 4}
    assert abs(np.mean(streams["step"] < 0) - 0.5) < 0.05
    share = np.bincount(streams["record"]) / 3000
    np.testing.assert_allclose(share, np.array(frames) / sum(frames), atol=0.03)
    assert {*streams["start"][streams["record"] == 2]} == set(range(5))


@pytest.mark.parametrize("position", [0, 1, 37, 1500])
def test_seek_counts_what_was_streamed(position: int) -> None:
    plan = long_plan(mean_frames=5.0)
    for slot, (stream, behind) in enumerate(plan.seek(2, position)):
        lengths = drawn(plan, 600, slot)["length"]
        assert lengths[:stream].sum() + behind == position
        assert behind < lengths[stream]
        (following,) = plan.streams(tf.constant(slot, tf.int64), stream).take(1)
        assert following["number"] == stream
        assert following["length"] == lengths[stream]


def test_a_record_is_read_from_its_place(manifest: records.Manifest) -> None:
    table = RecordTable.scan(manifest, "train")
    assert sorted(table.frames) == [1, 6, 12, 12, 12, 12, 12]
    stored = list(tf.data.TFRecordDataset(list(table.paths)).as_numpy_iterator())
    order = [5, 0, 6, 3]
    read = tf.data.Dataset.from_tensor_slices(tf.constant(order, tf.int64)).flat_map(table.read)
    assert list(read.as_numpy_iterator()) == [stored[index] for index in order]


def test_a_damaged_record_is_refused(manifest: records.Manifest, tmp_path: pathlib.Path) -> None:
    for path in pathlib.Path(manifest.folder).iterdir():
        content = bytearray(path.read_bytes())
        if path.name.startswith("train-00001"):
            content[200] ^= 255
        (tmp_path / path.name).write_bytes(content)
    with pytest.raises(InputDataError, match="a record is damaged"):
        input_pipeline.make_streams(tmp_path, "train", LENGTHS, batch_size=1)


def test_short_clips_are_passed_over_and_refused_where_there_is_no_other(
    manifest: records.Manifest, tmp_path: pathlib.Path
) -> None:
    assert all(step in (11, -11) for step in drawn_steps(manifest, (11, 11)))  # only whole segments hold those
    testing.make_clip_folder(tmp_path / "clips", frames=4)
    config = records.BuildConfig(segment_frames=8, validation_share=0, test_share=0)
    folder = records.build_records([tmp_path / "clips"], tmp_path / "records", config).folder
    with pytest.raises(InputDataError, match="no record of split train has the 5 frames that a stream takes"):
        input_pipeline.make_streams(folder, "train", dataclasses.replace(LENGTHS, frame_gap=(4, 6)), batch_size=1)
    with pytest.raises(InputDataError, match="split validation is empty"):
        input_pipeline.make_streams(folder, "validation", LENGTHS, batch_size=1)


def drawn_steps(manifest: records.Manifest, gap: tuple[int, int]) -> list[int]:
    table = RecordTable.scan(manifest, "train").holding(gap[0] + 1)
    return list(drawn(StreamPlan(dataclasses.replace(LENGTHS, frame_gap=gap), table, 0), 50)["step"])


@pytest.mark.parametrize(
    ("settings", "received"),
    [
        ({"frame_gap": (0, 1)}, r"frame_gap=\(0, 1\)"),
        ({"frame_gap": (3, 2)}, r"frame_gap=\(3, 2\)"),
        ({"frame_gap": (12, 12)}, r"frame_gap=\(12, 12\)"),
        ({"mean_frames": 1.0}, "mean_frames=1.0"),
        ({"single_share": 1.1}, "single_share=1.1"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"start_batch": -1}, "start_batch=-1"),
    ],
)
def test_settings_out_of_range_are_refused(manifest: records.Manifest, settings: dict[str, Any], received: str) -> None:
    with pytest.raises(ConfigError, match=f"must .*Received: .*{received}"):
        take(1, manifest, **settings)


def test_a_missing_shard_is_refused_before_training(manifest: records.Manifest, tmp_path: pathlib.Path) -> None:
    dataclasses.replace(manifest, folder=tmp_path).save()
    with pytest.raises(InputDataError, match="the shard is missing"):
        input_pipeline.make_streams(tmp_path, "train", LENGTHS, batch_size=1)


def test_machines_follow_streams_of_their_own_files(manifest: records.Manifest) -> None:
    tables = [RecordTable.scan(manifest, "train", part=part) for part in ((0, 1), (0, 2), (1, 2))]
    whole, first, second = (
        {(table.paths[shard], at) for shard, at in zip(table.shards, table.offsets, strict=True)} for table in tables
    )
    assert first | second == whole
    assert first
    assert not first & second
    assert take(1, manifest, part=(0, 2))[0]["keypoints"].any()
