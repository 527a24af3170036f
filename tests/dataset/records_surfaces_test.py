"""Tests of surface maps in records: written and read back, found again after augmentation, checked and shown."""

import dataclasses
import json
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from retarget_tf import dancers
from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import parsing_labels
from retarget_tf.dataset import augmentation, clips, correspondence, input_pipeline, records, surfaces
from retarget_tf.dataset.augmentation import AugmentationConfig, Pictures, StreamAugmentationConfig
from retarget_tf.dataset.augmentation.affine import about_middle, move_surface_maps
from retarget_tf.dataset.augmentation.pictures import move_pieces
from retarget_tf.dataset.records.manifest import Shard, sha256_of
from retarget_tf.errors import InputDataError
from tests import testing

SIZE, FRAMES = 128, 20
CONFIG = records.BuildConfig(surfaces=True, segment_frames=10, validation_share=0, test_share=0.34, shards=1)
LENGTHS = input_pipeline.StreamLengths((1, 3), mean_frames=6, single_share=0.2)
AUGMENTATION = augmentation.stream_augmentation(joint_dropout=0.05, relabel=0.06, thicken=0.3)
SCHEMA = parsing_labels.PARTS10


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Three dancers with surface maps."""
    folder = tmp_path_factory.mktemp("clips")
    dancers.make_clips(folder, people=3, clips_per_person=1, frames=FRAMES, size=SIZE, seed=5, with_surfaces=True)
    return folder


@pytest.fixture(scope="module")
def built(clip_folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> records.Manifest:
    return records.build_records([clip_folder], tmp_path_factory.mktemp("records") / "records", CONFIG)


def shown_by(clip_folder: pathlib.Path, clip_id: str) -> list[surfaces.Surface]:
    return list(clips.open_clip(clip_folder / clip_id).read_surfaces())


def decoded(encoded: tuple[bytes, ...]) -> Uint8Array:
    return np.stack([records.decode_surface_map(png).numpy() for png in encoded])


def find(codes: Any, reference: Any, pieces: Any) -> tuple[Float32Array, Float32Array]:
    """Correspondences of one picture."""
    place, visibility = correspondence.find(codes[None], reference[None], pieces[None])
    return ops.convert_to_numpy(place)[0], ops.convert_to_numpy(visibility)[0]


def agrees(parsing_map: Uint8Array, reference_map: Uint8Array, place: Float32Array, seen: Float32Array) -> BoolArray:
    """Whether the reference's map, moved, is the frame's own, at each pixel whose point the reference shows."""
    x, y = place[..., 0] - 0.5, place[..., 1] - 0.5
    moved = cv2.remap(reference_map, x, y, cv2.INTER_NEAREST)
    return (moved == parsing_map)[seen > 0]


def test_surface_maps_come_back_as_the_clips_have_them(built: records.Manifest, clip_folder: pathlib.Path) -> None:
    for split in ("train", "test"):
        for segment in records.read_segments(built.folder, split):
            truth = shown_by(clip_folder, segment.clip.clip_id)
            codes = np.stack([shown.codes for shown in truth])
            last = segment.first_index + len(segment.body)
            np.testing.assert_array_equal(decoded(segment.body.surface_maps), codes[segment.first_index : last])
            assert segment.reference_pieces is not None
            assert len(segment.reference_pieces) == len(segment.references) == (2 if split == "train" else 1)
            for reference, pieces in zip(
                decoded(segment.references.surface_maps), segment.reference_pieces, strict=True
            ):
                index = int(np.flatnonzero((codes == reference).all(axis=(1, 2, 3)))[0])
                np.testing.assert_array_equal(pieces, truth[index].pieces)
    (clip,) = records.read_clips(built.folder, "test")
    np.testing.assert_array_equal(decoded(clip.encoded.surface_maps), codes)


def test_pieces_are_scaled_with_the_maps(clip_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(CONFIG, size=SIZE // 2, test_share=1)
    manifest = records.build_records([clip_folder], tmp_path / "small", config)
    y, x = np.mgrid[: SIZE // 2, : SIZE // 2] + 0.5
    for segment in records.read_segments(manifest.folder, "test"):
        (codes,), pieces = decoded(segment.references.surface_maps), segment.reference_pieces
        assert pieces is not None
        place, visibility = find(codes, codes, pieces[0])
        is_person = codes[..., 0] > 0
        assert np.quantile(np.hypot(place[..., 0] - x, place[..., 1] - y)[is_person], 0.9) < 1
        assert visibility[is_person].mean() > 0.9


def test_the_manifest_names_the_version_and_is_the_old_one_without(
    built: records.Manifest, clip_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    assert records.Manifest.load(built.folder) == built
    assert built.surface_version == surfaces.VERSION
    plain = records.build_records([clip_folder], tmp_path / "plain", dataclasses.replace(CONFIG, surfaces=False))
    assert "surface_version" not in json.loads((plain.folder / "manifest.json").read_text())
    for segment in records.read_segments(plain.folder, "train"):
        assert segment.reference_pieces is None
        assert b"surface" not in segment.serialize()
        assert b"pieces" not in segment.serialize()
    for open_dataset in DATASETS.values():
        with pytest.raises(InputDataError, match=r"plain: have no surface maps.*retarget-build-records --surfaces$"):
            open_dataset(plain)
    values = json.loads((plain.folder / "manifest.json").read_text())
    (plain.folder / "manifest.json").write_text(json.dumps({**values, "surface_version": 9}))
    with pytest.raises(InputDataError, match=r"surface maps of version 9, this program reads 1\. Build the records"):
        records.Manifest.load(plain.folder)


def test_clips_without_surface_maps_are_refused(clip_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "real", size=SIZE)
    with pytest.raises(InputDataError, match=r"real.clip: has no surface maps\. Leave it out, .*: --nosurfaces$"):
        records.build_records([clip_folder, tmp_path / "real"], tmp_path / "records", CONFIG)
    mixed = dataclasses.replace(CONFIG, surfaces=False)
    assert not records.build_records([clip_folder, tmp_path / "real"], tmp_path / "records", mixed).surface_version


def windows(manifest: records.Manifest, split: str = "train", **settings: Any) -> tf.data.Dataset:
    settings = {"batch_size": 4, "correspondences": True, **settings}
    return input_pipeline.make_dataset(manifest.folder, split, **settings)


def streams(manifest: records.Manifest, **settings: Any) -> tf.data.Dataset:
    return input_pipeline.make_streams(
        manifest.folder, "train", LENGTHS, batch_size=4, correspondences=True, **settings
    )


DATASETS: dict[str, Callable[..., tf.data.Dataset]] = {"windows": windows, "streams": streams}


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, 64])
def test_elements_are_what_the_specs_say(built: records.Manifest, size: int | None) -> None:
    windowed = windows(built, image_size=size, augment=AugmentationConfig())
    assert windowed.element_spec == input_pipeline.element_spec(2, size or SIZE, 4, correspondences=True)
    streamed = streams(built, image_size=size, augment=AUGMENTATION)
    assert streamed.element_spec == input_pipeline.stream_spec(size or SIZE, 4, correspondences=True)
    for dataset in (windowed, streamed):
        for name, value in next(iter(dataset)).items():
            assert dataset.element_spec[name].is_compatible_with(value), name


def test_windows_find_what_the_clip_knows(built: records.Manifest, clip_folder: pathlib.Path) -> None:
    (clip,) = built.splits["test"].clips
    truth = shown_by(clip_folder, clip.clip_id)
    for batch in windows(built, "test", batch_size=1, shuffle=False, repeat=False).take(3).as_numpy_iterator():
        for step in range(2):
            shown = truth[batch["first_index"][0] + step]
            place, visibility = find(shown.codes, truth[0].codes, truth[0].pieces)
            np.testing.assert_allclose(batch["correspondence"][0, step], place, atol=1e-3)
            np.testing.assert_array_equal(batch["visibility"][0, step], visibility)


CHANGES: dict[str, tuple[str, Any]] = {
    "nothing": ("windows", None),
    "jitter": ("windows", AugmentationConfig(jitter_scale=1.4, mirror=False)),
    "jitter and mirror": ("windows", AugmentationConfig()),
    "mirror": ("streams", StreamAugmentationConfig(mirror=True)),
    "camera": ("streams", StreamAugmentationConfig(camera=AUGMENTATION.camera)),
    "camera of the reference": ("streams", StreamAugmentationConfig(reference_camera=AUGMENTATION.reference_camera)),
    "all": ("streams", AUGMENTATION),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_the_moved_reference_map_is_the_frames_own_where_it_is_seen(built: records.Manifest, change: str) -> None:
    kind, config = CHANGES[change]
    agree: list[BoolArray] = []
    shown = 0
    for batch in DATASETS[kind](built, augment=config).take(10).as_numpy_iterator():
        name, pick = ("parsing_maps", np.s_[:, 0]) if kind == "windows" else ("parsing_map", np.s_[:])
        for parsing_map, reference_map, place, visibility in zip(
            batch[name][pick],
            batch["reference_map"],
            batch["correspondence"][pick],
            batch["visibility"][pick],
            strict=True,
        ):
            agree.append(agrees(parsing_map, reference_map, place, visibility))
            shown += int(place.any(axis=-1).sum())
    assert np.concatenate(agree).mean() > 0.97
    assert np.concatenate(agree).size > 0.3 * shown


def moved(kind: str, pictures: Pictures) -> tuple[Pictures, Float32Array]:
    """Pictures moved in one of the ways of augmentation, and the camera `[3, 3]` that says where points go."""
    if kind == "mirror":
        return augmentation.mirror(pictures, SCHEMA), np.array([[-1, 0, SIZE], [0, 1, 0], [0, 0, 1]], np.float32)
    if kind == "resize":
        camera = np.diag([1.5, 1.5, 1]).astype(np.float32)
        return augmentation.resize(pictures, SIZE * 3 // 2), camera
    if kind == "crop":
        return augmentation.crop(pictures, 9, 14, 100), np.array([[1, 0, -14], [0, 1, -9], [0, 0, 1]], np.float32)
    angle = np.radians(12)
    linear = 0.9 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if kind == "mirrored camera":
        linear = linear @ np.diag([-1, 1])
    camera = about_middle(tf.constant(linear, tf.float32), tf.constant([4.0, -3.0]), SIZE)
    surface_maps = move_surface_maps(pictures.surface_maps, camera)
    changed = dataclasses.replace(pictures, surface_maps=surface_maps, pieces=move_pieces(pictures.pieces, camera))
    return changed, camera.numpy()


@pytest.mark.parametrize("kind", ["mirror", "resize", "crop", "camera", "mirrored camera"])
def test_correspondences_after_a_change_are_those_of_the_changed_geometry(clip_folder: pathlib.Path, kind: str) -> None:
    """The point of a moved pixel lies where the camera moves the place that was found before."""
    for clip in clips.find_clips(clip_folder):
        shown = list(clip.read_surfaces())
        frame, reference = shown[FRAMES // 2], shown[0]
        codes = np.stack([frame.codes, reference.codes])
        before, seen_before = find(frame.codes, reference.codes, reference.pieces)
        plain = Pictures(
            codes, np.zeros((2, 25, 3), np.float32), codes[..., 0] * 0, tf.constant(codes), reference.pieces[None]
        )
        pictures, camera = moved(kind, plain)
        assert pictures.surface_maps is not None
        assert pictures.pieces is not None
        after, seen_after = find(pictures.surface_maps[0], pictures.surface_maps[1], pictures.pieces[0])
        y, x = np.mgrid[: len(after), : len(after)] + 0.5
        was = np.linalg.inv(camera) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        column, row = np.clip(np.floor(was[:2] - 1e-6).astype(int), 0, SIZE - 1).reshape(2, *x.shape)
        expected = before[row, column] @ camera[:2, :2].T + camera[:2, 2]
        is_person = pictures.surface_maps[0].numpy()[..., 0] > 0
        same_pixel = is_person & (frame.codes[row, column] == pictures.surface_maps[0]).numpy().all(axis=-1)
        assert same_pixel.sum() > 0.95 * is_person.sum()
        error = np.hypot(*np.moveaxis(after - expected, -1, 0))[same_pixel]
        assert error.max() < 1
        inside = same_pixel & ((expected >= 1) & (expected < len(after) - 1)).all(axis=-1)
        # At the rim of what is seen, a pixel more or less is a matter of resampling.
        assert (seen_after == seen_before[row, column])[inside].mean() > 0.93


def test_a_ball_stays_a_ball_of_the_new_size() -> None:
    ball = tf.constant(np.concatenate([[[20], [30], [5]], 4 * np.eye(3)], axis=1), tf.float32)
    camera = about_middle(tf.constant([[0.0, -2.0], [2.0, 0.0]]), tf.constant([1.0, 0.0]), 64)
    moved = move_pieces(ball, camera).numpy()
    np.testing.assert_allclose(moved[:, 0], [32 + 4 + 1, 32 - 24, 10], atol=1e-4)
    np.testing.assert_allclose(moved[:, 1:] @ moved[:, 1:].T, 64 * np.eye(3), atol=1e-3)


def rewritten(
    built: records.Manifest, folder: pathlib.Path, change: Callable[[records.Segment], records.Segment]
) -> records.Manifest:
    """A copy of the records whose training shard is written anew of changed segments."""
    copy = dataclasses.replace(built, folder=pathlib.Path(shutil.copytree(built.folder, folder / "copy")))
    split = copy.splits["train"]
    segments = list(records.read_segments(copy.folder, "train"))
    path = copy.folder / split.shards[0].name
    with tf.io.TFRecordWriter(str(path)) as writer:
        for segment in (change(segments[0]), *segments[1:]):
            writer.write(segment.serialize())
    shard = Shard(path.name, len(segments), path.stat().st_size, sha256_of(path))
    changed = dataclasses.replace(copy, splits={**copy.splits, "train": dataclasses.replace(split, shards=(shard,))})
    changed.save()
    return changed


def test_sound_records_have_no_problem(built: records.Manifest) -> None:
    assert records.find_problems(built.folder) == []


def test_bad_surface_maps_are_found(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    def spoil(segment: records.Segment) -> records.Segment:
        assert segment.reference_pieces is not None
        large, strange = (tf.io.encode_png(np.full((size, size, 3), 250, np.uint8)).numpy() for size in (9, SIZE))
        maps = b"no PNG", large, strange, *segment.body.surface_maps[3:-1]
        return dataclasses.replace(
            segment,
            body=dataclasses.replace(segment.body, surface_maps=maps),
            reference_pieces=segment.reference_pieces + np.array([[9, 0, 0, 0]] * 3, np.float32),
        )

    manifest = rewritten(built, tmp_path, spoil)
    where = f"{manifest.folder / manifest.splits['train'].shards[0].name} record 0"
    segment = next(iter(records.read_segments(manifest.folder, "train")))
    assert segment.reference_pieces is not None
    assert records.find_problems(manifest.folder) == [
        f"{where}: frames: 10 pictures, 9 surface maps",
        f"{where}: frame 0: its surface map cannot be decoded",
        f"{where}: frame 1: its surface map is 9x9, the manifest says {SIZE}x{SIZE}",
        f"{where}: frame 2: its surface map shows piece 250 of {segment.reference_pieces.shape[1]}",
        f"{where}: reference 0: its pieces are not those that its surface map shows",
        f"{where}: reference 1: its pieces are not those that its surface map shows",
    ]


@pytest.mark.parametrize("kind", DATASETS)
def test_a_record_without_surface_maps_is_refused_in_one_line(
    built: records.Manifest, tmp_path: pathlib.Path, kind: str
) -> None:
    manifest = rewritten(built, tmp_path, lambda segment: dataclasses.replace(segment, reference_pieces=None))
    problem = r"record 0: frames without surface maps, though the manifest .*retarget-build-records --surfaces$"
    with pytest.raises(InputDataError, match=problem):
        DATASETS[kind](manifest)
    assert any("record 0: references: no pieces" in problem for problem in records.find_problems(manifest.folder))
    unlisted = dataclasses.replace(built, folder=manifest.folder, surface_version=0)
    unlisted.save()
    assert any("record 1: has surface maps, the manifest" in found for found in records.find_problems(unlisted.folder))


def test_the_sheet_shows_surface_maps_and_marks_what_the_reference_hides(built: records.Manifest) -> None:
    sheet = records.contact_sheet(built, "train", max_rows=2)
    plain = records.contact_sheet(dataclasses.replace(built, surface_version=0), "train", max_rows=2)
    assert len(sheet) > len(plain)  # by the caption
    assert "with surface maps" in records.describe(built)
    pink = (sheet == (255, 0, 200)).all(axis=-1)
    assert 0 < pink.sum() < 0.02 * pink.size


@pytest.mark.slow
def test_a_build_with_beam_gives_the_same_bytes(
    built: records.Manifest, clip_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    pytest.importorskip("apache_beam")
    from retarget_tf.dataset import beam_build

    carry_out = beam_build.on_runner("DirectRunner", ["direct_num_workers=1"])
    made = records.build_records([clip_folder], tmp_path / "made", CONFIG, carry_out=carry_out)
    assert (made.folder / "manifest.json").read_bytes() == (built.folder / "manifest.json").read_bytes()
    made.verify()
