"""Tests that maps are filled with the photo's own pixels, each class with its own."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dancers import Recipe, render_frames
from retarget_tf.evaluation.frames.map_filling import MapFilling
from retarget_tf.retargeting.frames.motion import Skeleton
from retarget_tf.retargeting.frames.moved_photo import Layer

HEAD = [PARTS10.classes.index(name) for name in ("hair", "face")]
Frame = tuple[Uint8Array, Uint8Array, Float32Array]


@pytest.fixture(scope="module")
def dance() -> list[Frame]:
    frames = render_frames(Recipe(seed=3, person=1, clip=0, frames=40, size=96))
    return [(frame, maps["parts10"], keypoints) for frame, maps, keypoints in frames]


@pytest.fixture(scope="module")
def skeleton(dance: list[Frame]) -> Skeleton:
    _, parsing_map, keypoints = dance[0]
    return Skeleton(parsing_map, keypoints, PARTS10)


def on_canvas(layer: Layer, size: int = 96) -> Layer:
    """The layer as large as the canvas."""
    values = np.zeros((size, size, 5), np.float32)
    values[layer.region] = np.dstack([layer.colours, layer.opacity, layer.stillness])
    return Layer((slice(0, size), slice(0, size)), values[..., :3], values[..., 3], values[..., 4])


def test_the_photos_own_map_and_pose_give_the_photo_back(dance: list[Frame], skeleton: Skeleton) -> None:
    photo, parsing_map, keypoints = dance[0]
    filling = MapFilling(photo, parsing_map, skeleton, PARTS10)
    layer = on_canvas(filling.fill(parsing_map, skeleton.move_to(keypoints)))
    inside = layer.opacity == 1
    assert inside.sum() > 0.6 * (parsing_map > 0).sum()
    np.testing.assert_allclose(layer.stillness[inside], 1, atol=1e-3)
    difference = np.abs(layer.colours - photo)[inside].max(axis=-1)
    assert np.quantile(difference, 0.8) < 1, "only the mixed colours at the borders of classes are replaced"


def test_each_class_is_filled_with_its_own_colours(dance: list[Frame], skeleton: Skeleton) -> None:
    """In a photo of plain classes on a red backdrop, a pixel of a class can only have that class's colour."""
    colours = np.array([(255, 0, 0), *((0, 20 * i, 250 - 20 * i) for i in range(1, PARTS10.num_classes))], np.uint8)
    _, parsing_map, _ = dance[0]
    filling = MapFilling(colours[parsing_map], parsing_map, skeleton, PARTS10)
    _, wanted, keypoints = dance[-1]
    motion = skeleton.move_to(keypoints)
    layer = on_canvas(filling.fill(wanted, motion))
    known = (layer.opacity == 1) & np.isin(wanted, np.unique(parsing_map))
    assert known.sum() > 300
    rigid = known & np.isin(wanted, HEAD) if motion.shows_face() else np.zeros_like(known)
    np.testing.assert_allclose(layer.colours[known & ~rigid], colours[wanted[known & ~rigid]], atol=0.01)
    assert not (layer.colours[rigid, 0] > 1).any(), "no backdrop in the head"


def test_a_class_that_the_photo_lacks_takes_its_twins_colours(dance: list[Frame]) -> None:
    photo, parsing_map, keypoints = dance[0]
    left, right = (PARTS10.classes.index(f"{side}_arm") for side in ("left", "right"))
    one_arm = np.where(parsing_map == left, 0, parsing_map).astype(np.uint8)
    plain = np.where((one_arm == right)[..., None], np.array((9, 99, 199), np.uint8), photo)
    skeleton = Skeleton(one_arm, keypoints, PARTS10)
    filling = MapFilling(plain, one_arm, skeleton, PARTS10)
    layer = on_canvas(filling.fill(parsing_map, skeleton.move_to(keypoints)))
    arm = (parsing_map == left) & (layer.opacity == 1)
    assert arm.any()
    np.testing.assert_allclose(layer.colours[arm], np.broadcast_to((9, 99, 199), (arm.sum(), 3)), atol=0.01)


def test_an_empty_map_gives_nobody(dance: list[Frame], skeleton: Skeleton) -> None:
    photo, parsing_map, keypoints = dance[0]
    filling = MapFilling(photo, parsing_map, skeleton, PARTS10)
    layer = filling.fill(np.zeros_like(parsing_map), skeleton.move_to(keypoints))
    assert not layer.opacity.any()
    assert not layer.colours.any()
