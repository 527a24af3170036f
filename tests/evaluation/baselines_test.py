"""Tests of the baselines on maps of a few pixels."""

from collections.abc import Callable

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN
from retarget_tf.evaluation import baselines

SIZE = 40
JOINTS = ("nose", "neck", "mid_hip", "right_wrist", "left_wrist", "right_ankle", "left_ankle")
ARMS_DOWN = {"right_wrist": (-4, 2), "left_wrist": (4, 2)}
ARMS_UP = {"right_wrist": (-4, -10), "left_wrist": (4, -10)}
BODY = {"nose": (0, -10), "neck": (0, -6), "mid_hip": (0, 0), "right_ankle": (-3, 10), "left_ankle": (3, 10)}


def pose(arms: dict[str, tuple[int, int]], x: float, y: float, scale: float = 1) -> Float32Array:
    points = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for name, (dx, dy) in {**BODY, **arms}.items():
        points[skeleton.JOINT[name]] = (x + scale * dx, y + scale * dy, 1)
    return points


def box_map(class_id: int, left: int, top: int, right: int, bottom: int) -> Uint8Array:
    parsing_map = np.zeros((SIZE, SIZE), np.uint8)
    parsing_map[top:bottom, left:right] = class_id
    return parsing_map


def start(
    baseline: baselines.Baseline, keypoints: Float32Array, parsing_map: Uint8Array
) -> Callable[[Float32Array], Uint8Array]:
    """A mover of one clip, without its batch of one."""
    mover = baseline.start(keypoints[None], parsing_map[None])
    return lambda driving: mover(driving[None])[0]


def library() -> baselines.NearestPose:
    return baselines.NearestPose.from_frames(
        [(pose(ARMS_DOWN, 20, 20), box_map(3, 17, 10, 23, 30)), (pose(ARMS_UP, 20, 20), box_map(5, 16, 8, 24, 30))]
    )


def test_copy_first_stays_and_names_a_class_everywhere() -> None:
    first = box_map(3, 10, 10, 20, 20)
    first[0, 0] = UNKNOWN
    mover = start(baselines.CopyFirst(), pose(ARMS_DOWN, 20, 20), first)
    np.testing.assert_array_equal(mover(pose(ARMS_UP, 5, 5)), box_map(3, 10, 10, 20, 20))


def test_the_nearest_pose_is_found_and_moved_to_its_place() -> None:
    mover = start(library(), pose(ARMS_DOWN, 20, 20), box_map(1, 0, 0, 1, 1))
    np.testing.assert_array_equal(mover(pose(ARMS_UP, 24, 18)), box_map(5, 20, 6, 28, 28))
    np.testing.assert_array_equal(mover(pose(ARMS_DOWN, 20, 20)), box_map(3, 17, 10, 23, 30))


def test_the_map_takes_the_size_of_the_driving_pose() -> None:
    mover = start(library(), pose(ARMS_DOWN, 20, 20), box_map(1, 0, 0, 1, 1))
    # Half the size around (10, 12): the box from (17, 10) to (23, 30) around (20, 20) shrinks to 3 x 10 pixels.
    moved = mover(pose(ARMS_DOWN, 10, 12, scale=0.5))
    rows, columns = np.nonzero(moved == 3)
    assert (columns.min(), columns.max() + 1) in ((8, 11), (9, 12))
    assert (rows.min(), rows.max() + 1) == (7, 17)


def test_missing_joints_do_not_count() -> None:
    driving = pose(ARMS_UP, 20, 20)
    driving[skeleton.JOINT["mid_hip"]] = 0
    driving[skeleton.JOINT["left_wrist"]] = 0
    mover = start(library(), pose(ARMS_DOWN, 20, 20), box_map(1, 0, 0, 1, 1))
    np.testing.assert_array_equal(mover(driving), box_map(5, 16, 8, 24, 30))


def test_a_pose_that_cannot_be_compared_repeats_the_last_map() -> None:
    first = box_map(1, 0, 0, 4, 4)
    mover = start(library(), pose(ARMS_DOWN, 20, 20), first)
    nobody = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    np.testing.assert_array_equal(mover(nobody), first)
    before = mover(pose(ARMS_UP, 20, 20))
    np.testing.assert_array_equal(mover(nobody), before)


def test_an_empty_library_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        baselines.NearestPose(np.zeros((0, 25, 3), np.float32), np.zeros((0, SIZE, SIZE), np.uint8))


def test_the_limbs_follow_the_pose_and_stay_without_one() -> None:
    first = box_map(3, 17, 14, 23, 20)  # a trunk
    first[16, 19] = UNKNOWN
    mover = start(baselines.LimbWarp(PARTS10), pose(ARMS_DOWN, 20, 20), first)
    nobody = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    np.testing.assert_array_equal(mover(pose(ARMS_DOWN, 24, 18)), box_map(3, 21, 12, 27, 18))
    np.testing.assert_array_equal(mover(nobody), box_map(3, 17, 14, 23, 20))


def test_of_several_maps_the_limbs_of_the_one_nearest_in_pose_are_moved() -> None:
    down, up = pose(ARMS_DOWN, 20, 20), pose(ARMS_UP, 20, 20)
    maps = np.stack([box_map(3, 17, 14, 23, 20), box_map(4, 17, 14, 23, 20)] * 2)  # of two people
    mover = baselines.LimbWarp(PARTS10).start(np.stack([down, up, down, up]), maps)
    received = mover(np.stack([pose(ARMS_UP, 24, 18), pose(ARMS_DOWN, 24, 18)]))
    np.testing.assert_array_equal(received, [box_map(4, 21, 12, 27, 18), box_map(3, 21, 12, 27, 18)])


@pytest.mark.slow
@pytest.mark.parametrize("baseline", [baselines.CopyFirst(), library(), baselines.LimbWarp(PARTS10)])
def test_clips_of_a_batch_do_not_touch_each_other(baseline: baselines.Baseline) -> None:
    references = np.stack([pose(ARMS_DOWN, 20, 20), pose(ARMS_UP, 18, 22)])
    maps = np.stack([box_map(3, 17, 14, 23, 20), box_map(4, 15, 16, 21, 22)])
    together = baseline.start(references, maps)
    alone = [start(baseline, *reference) for reference in zip(references, maps, strict=True)]
    for driving in (np.stack([pose(ARMS_UP, 24, 18), pose(ARMS_DOWN, 16, 20)]), references):
        expected = [mover(points) for mover, points in zip(alone, driving, strict=True)]
        np.testing.assert_array_equal(together(driving), expected)
