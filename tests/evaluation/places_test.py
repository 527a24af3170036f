"""Tests of the scores of places: where they are on an upright person, and their values on maps of four pixels."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array
from retarget_tf.body.limb_warp import anatomy
from retarget_tf.body.parsing_labels import LIP20, PARTS10, UNKNOWN, LabelSchema
from retarget_tf.body.skeleton import JOINT
from retarget_tf.evaluation.places import NAMES, Places, PlacesTally, summarise

SIZE = 64  # the upright person's body unit is 0.6 of it, 38.4 pixels


def upright(**moved: float) -> Float32Array:
    """Keypoints `[25, 3]`; of the joints named, x is moved by that many pixels."""
    keypoints = np.concatenate([anatomy.template(SIZE, SIZE)[0], np.ones((25, 1))], axis=1).astype(np.float32)
    for joint, by in moved.items():
        keypoints[JOINT[joint], 0] += by
    return keypoints


def scores(
    real: list[int], generated: list[int], where: str, schema: LabelSchema = PARTS10, tally: PlacesTally | None = None
) -> dict[str, float]:
    """Scores of one row of pixels; the place counts where `where` has an x."""
    tally = tally or PlacesTally(schema)
    masks = np.tile(np.array([[letter == "x" for letter in where]]), (3, 1, 1))
    tally.add(np.array([real], np.uint8), np.array([generated], np.uint8), masks)
    return tally.scores()


def test_a_step_is_wide_if_the_ankles_are_farther_apart_than_in_the_photo() -> None:
    # A leg is 17.7 pixels long, the ankles are 4.6 pixels apart: 0.26 legs. With one moved by 4 pixels they are
    # 8.6 / 18.5 = 0.46 legs apart, 0.2 more; with one moved by 8 pixels 12.6 / 20.7 = 0.61, 0.35 more.
    frames = np.stack([upright(), upright(left_ankle=4), upright(left_ankle=8), upright(left_ankle=8)])
    frames[3, JOINT["left_knee"], 2] = 0  # not seen
    places = Places(frames, upright())
    assert [places.masks(frame, SIZE, SIZE)[0].all() for frame in range(4)] == [False, False, True, False]
    already_wide = Places(frames, upright(left_ankle=8))
    assert not already_wide.masks(2, SIZE, SIZE)[0].any()


def test_hands_are_discs_around_the_wrists_that_are_seen() -> None:
    keypoints = upright()
    keypoints[JOINT["right_wrist"], 2] = 0
    [_, hands, _] = Places(keypoints[None], upright()).masks(0, SIZE, SIZE)
    x, y = keypoints[JOINT["left_wrist"], :2]
    assert hands[int(y), int(x)]
    assert hands[int(y), int(x) + 3]
    assert not hands[int(y), int(x) + 5]
    assert hands.sum() == pytest.approx(np.pi * 3.84**2, rel=0.1)


def test_openings_lie_between_the_legs_and_below_the_armpits() -> None:
    keypoints = upright(left_elbow=6, left_ankle=8)
    [_, _, openings] = Places(keypoints[None], upright()).masks(0, SIZE, SIZE)

    def at(*joints: str) -> bool:
        x, y = np.mean([keypoints[JOINT[joint], :2] for joint in joints], axis=0)
        return bool(openings[int(y), int(x)])

    assert at("left_knee", "right_knee")
    assert at("left_knee", "right_knee", "left_ankle", "right_ankle")
    assert at("left_shoulder", "left_shoulder", "left_elbow", "left_hip")
    assert not at("neck", "mid_hip")
    assert not at("left_elbow", "left_wrist", "left_wrist")


def test_scores_by_hand() -> None:
    # Lower clothes (4): one pixel of three. Left arm (5) half, right arm (6) not at all. Of four clothes drawn, one is
    # right, one is clothes of another class, one is an arm and one background in truth: a half is stale.
    assert scores([4, 4, 0, 1], [4, 0, 4, 4], "xxx-")["wide_steps_iou"] == pytest.approx(1 / 3)
    assert scores([5, 5, 6, 5], [5, 0, 0, 0], "xxx-")["hands_iou"] == pytest.approx(0.25)
    assert scores([4, 3, 5, 0], [4, 4, 4, 3], "xxxx")["stale_cloth"] == 0.5
    assert scores([4, 1, 0, 0], [4, 3, 4, 4], "xx--")["stale_cloth"] == 0, "hair that is drawn as clothes is no skin"


def test_frames_are_summed_and_unknown_pixels_left_out() -> None:
    tally = PlacesTally(PARTS10)
    scores([4, UNKNOWN], [4, 4], "xx", tally=tally)
    found = scores([4, 0], [0, 4], "xx", tally=tally)
    assert found["wide_steps_iou"] == pytest.approx(1 / 3)
    assert found["stale_cloth"] == 0.5


def test_a_dress_is_a_lower_garment_and_clothes() -> None:
    dress, leg = (LIP20.classes.index(name) for name in ("dress", "left_leg"))
    found = scores([dress, leg], [dress, dress], "xx", LIP20)
    assert found["wide_steps_iou"] == 0.5
    assert found["stale_cloth"] == 0.5


def test_clips_without_such_places_do_not_count() -> None:
    without, with_hands = PlacesTally(PARTS10), PlacesTally(PARTS10)
    assert np.isnan(list(scores([4, 5], [4, 5], "--", tally=without).values())).all()
    scores([5, 5], [5, 0], "xx", tally=with_hands)
    assert summarise([without]) == dict.fromkeys(NAMES)
    assert summarise([without, with_hands])["hands_iou"] == 0.5
