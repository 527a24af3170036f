"""Tests of correspondences in the input pipeline: what the clip knows, also after every kind of augmentation."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import parsing_labels
from retarget_tf.dataset import augmentation, clips, correspondence, input_pipeline, records, surfaces
from retarget_tf.dataset.augmentation import AugmentationConfig, Pictures, StreamAugmentationConfig
from retarget_tf.dataset.augmentation.affine import about_middle, move_surface_maps
from retarget_tf.dataset.augmentation.pictures import move_pieces

SIZE, FRAMES = 128, 20
LENGTHS = input_pipeline.StreamLengths((1, 3), mean_frames=6, single_share=0.2)
AUGMENTATION = augmentation.stream_augmentation(joint_dropout=0.05, relabel=0.06, thicken=0.3)
SCHEMA = parsing_labels.PARTS10


def shown_by(clips_folder: pathlib.Path, clip_id: str) -> list[surfaces.Surface]:
    return list(clips.open_clip(clips_folder / clip_id).read_surfaces())


def find(codes: Any, reference: Any, pieces: Any) -> tuple[Float32Array, Float32Array]:
    """Correspondences of one picture."""
    place, visibility = correspondence.find(codes[None], reference[None], pieces[None])
    return ops.convert_to_numpy(place)[0], ops.convert_to_numpy(visibility)[0]


def agrees(parsing_map: Uint8Array, reference_map: Uint8Array, place: Float32Array, seen: Float32Array) -> BoolArray:
    """Whether the reference's map, moved, is the frame's own, at each pixel whose point the reference shows."""
    x, y = place[..., 0] - 0.5, place[..., 1] - 0.5
    moved = cv2.remap(reference_map, x, y, cv2.INTER_NEAREST)
    return (moved == parsing_map)[seen > 0]


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
def test_elements_are_what_the_specs_say(dancer_records: records.Manifest, size: int | None) -> None:
    windowed = windows(dancer_records, image_size=size, augment=AugmentationConfig())
    assert windowed.element_spec == input_pipeline.element_spec(2, size or SIZE, 4, correspondences=True)
    streamed = streams(dancer_records, image_size=size, augment=AUGMENTATION)
    assert streamed.element_spec == input_pipeline.stream_spec(size or SIZE, 4, correspondences=True)
    for dataset in (windowed, streamed):
        for name, value in next(iter(dataset)).items():
            assert dataset.element_spec[name].is_compatible_with(value), name


def test_windows_find_what_the_clip_knows(dancer_records: records.Manifest, dancer_clips: pathlib.Path) -> None:
    (clip,) = dancer_records.splits["test"].clips
    truth = shown_by(dancer_clips, clip.clip_id)
    for batch in windows(dancer_records, "test", batch_size=1, shuffle=False, repeat=False).take(3).as_numpy_iterator():
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
def test_the_moved_reference_map_is_the_frames_own_where_it_is_seen(
    dancer_records: records.Manifest, change: str
) -> None:
    kind, config = CHANGES[change]
    agree: list[BoolArray] = []
    shown = 0
    for batch in DATASETS[kind](dancer_records, augment=config).take(10).as_numpy_iterator():
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
def test_correspondences_after_a_change_are_those_of_the_changed_geometry(
    dancer_clips: pathlib.Path, kind: str
) -> None:
    """The point of a moved pixel lies where the camera moves the place that was found before."""
    for clip in clips.find_clips(dancer_clips):
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
