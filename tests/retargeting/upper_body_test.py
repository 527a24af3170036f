"""Tests of photos that are cut off above the feet: rendered dancers before a colour, cropped, with a whole dance."""

import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
from absl import logging as absl_logging

from retarget_tf import dancers
from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files
from retarget_tf.retargeting import targets
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.targets import Target

SIZE, FRAMES, CANVAS = 256, 12, 128
HEAD, NECK, HIPS = (skeleton.JOINT[name] for name in ("nose", "neck", "mid_hip"))
WARNING = (
    "target: the photo shows no legs down to the feet, so only the upper body dances. Give a photo of the whole person."
)


class _NoModel(BaseRetargeter):
    """A model that is not asked, because the photo's map is given."""

    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        raise AssertionError


@pytest.fixture(scope="module")
def retargeter() -> BaseRetargeter:
    return _NoModel(GeneratorSpec(ModelConfig.of_preset("stable", image_size=CANVAS), person_height_share=0.7))


def dance_of(person: int) -> list[tuple[Uint8Array, Uint8Array, Float32Array]]:
    rendered = dancers.render_frames(dancers.Recipe(5, person, 0, FRAMES, SIZE))
    return [(frame, maps["parts10"], keypoints) for frame, maps, keypoints in rendered]


def cropped(person: int, where: str, folder: pathlib.Path) -> Target:
    """A dancer of whom the photo shows what lies above waist, hips, the middle of the thighs, or knees."""
    frame, parsing_map, keypoints = dance_of(person)[0]
    neck, hips, knees = (float(keypoints[joint, 1]) for joint in (NECK, HIPS, skeleton.JOINT["left_knee"]))
    edge = {"waist": hips - 0.1 * (hips - neck), "hips": hips + 3, "thighs": (hips + knees) / 2, "knees": knees + 3}
    height = int(edge[where]) // 2 * 2
    for name, picture in (("photo", frame), ("map", parsing_map)):
        (folder / f"{name}.png").write_bytes(image_files.encode_png(picture[:height]))
    shown = skeleton.drop_unseen(keypoints, SIZE, height)
    return targets.photo_target(folder / "photo.png", CANVAS, 0.7, shown, target_map=folder / "map.png")


def persons_in(retargeter: BaseRetargeter, target: Target, source: Float32Array) -> BoolArray:
    """Where the person is in each frame, bool `[frames, height, width]`."""
    frames = retargeter.frames(target, source, FrameOptions(background="#ff00ff"), clean=False)
    return np.stack([(np.abs(frame.astype(int) - (255, 0, 255)) > 60).any(axis=-1) for frame in frames])


@pytest.mark.parametrize("where", ["waist", "hips", "thighs", "knees"])
@pytest.mark.parametrize("person", [0, 1])
def test_the_upper_body_keeps_size_and_place_and_never_floats(
    retargeter: BaseRetargeter, tmp_path: pathlib.Path, person: int, where: str
) -> None:
    target = cropped(person, where, tmp_path)
    assert target.lower_edge == pytest.approx(CANVAS), "canvas and photo end together"
    source = np.stack([keypoints for _, _, keypoints in dance_of(2)]) * np.array([2, 2, 1], np.float32)
    shown = persons_in(retargeter, target, source)
    photo = image_files.load_photo(tmp_path / "map.png")[: shown.shape[1], : shown.shape[2], 0] > 0
    assert shown[0].shape == photo.shape
    # All rows from the head to the picture's lower edge show some of her; the last as much as the photo does.
    for frame in shown:
        rows = np.flatnonzero(frame.any(axis=1))
        assert len(rows) == rows[-1] - rows[0] + 1
        assert frame[-1].sum() > 0.7 * photo[-1].sum()
    area = np.median(shown.sum(axis=(1, 2)))
    assert area == pytest.approx(photo.sum(), rel=0.2)
    middle = np.median([np.flatnonzero(frame.any(axis=0)).mean() for frame in shown])
    assert middle == pytest.approx(np.flatnonzero(photo.any(axis=0)).mean(), abs=0.1 * SIZE)


def test_it_is_told_once_a_dance_and_only_where_feet_are_missing(
    retargeter: BaseRetargeter,
    tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(absl_logging.get_absl_logger(), "propagate", True)
    target = cropped(0, "hips", tmp_path)
    source = np.stack([keypoints for _, _, keypoints in dance_of(2)])
    retargeter.place(target, source)
    assert caplog.messages == [WARNING]
    caplog.clear()
    retargeter.place(target, source, fit="path")
    photo, _, keypoints = dance_of(0)[0]
    whole = targets.picture_target(photo, keypoints, CANVAS, 0.7)
    retargeter.place(whole, source)
    assert not caplog.messages
    np.testing.assert_array_equal(whole.keypoints, whole.known_keypoints[0])
