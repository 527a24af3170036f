"""Tests of the cut-outs: each part has the colours of its own classes, and none of the backdrop or of a neighbour."""

import dataclasses

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.limb_warp.anatomy import NAMES, PART
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames.appearance import Appearance, Cutout, look_at
from retarget_tf.retargeting.frames.dividing import SKIRT
from retarget_tf.retargeting.frames.framing import frame_photo
from retarget_tf.retargeting.frames.motion import HEAD, Skeleton
from tests.retargeting.frames import puppet
from tests.retargeting.frames.puppet import COLOURS, ID

EXPECTED = {
    "head": {"hair", "face"},
    **{f"{side}_{limb}": {f"{side}_arm"} for side in ("left", "right") for limb in ("upper_arm", "forearm")},
    **{f"{side}_thigh": {f"{side}_leg", "lower_clothes"} for side in ("left", "right")},
    **{f"{side}_shin": {f"{side}_leg"} for side in ("left", "right")},
    **{f"{side}_foot": {f"{side}_leg", "shoes"} for side in ("left", "right")},
}


def seen(
    parsing_map: Uint8Array, keypoints: Float32Array | None = None, opacity: Float32Array | None = None
) -> Appearance:
    own = puppet.pose() if keypoints is None else keypoints
    body = Skeleton(parsing_map, own, PARTS10)
    return look_at(puppet.photo_of(parsing_map), puppet.framing(), parsing_map, body, PARTS10, opacity)


def shares(cutout: Cutout) -> dict[str, float]:
    """How much of what is visible of a cut-out has the colour of each class; colours of no class are `mixed`."""
    visible = cutout.picture[cutout.picture[..., 3] > 0][:, :3]
    found = {name: float((visible == COLOURS[index]).all(axis=-1).mean()) for name, index in ID.items()}
    found["mixed"] = 1 - sum(found.values())
    return {name: share for name, share in found.items() if share > 1e-6}


@pytest.fixture(scope="module")
def bare() -> Appearance:
    """Shirt without sleeves, shorts."""
    return seen(puppet.draw_map(puppet.pose()))


def test_nothing_of_the_backdrop_comes_along(bare: Appearance) -> None:
    assert {NAMES[part] for part in bare.above} >= {*EXPECTED, "trunk"}
    for pile in (bare.below, bare.above):
        for part, cutout in pile.items():
            assert not shares(cutout).keys() & {"background", "mixed"}, NAMES[part]


def test_mixed_colours_at_the_outline_do_not_come_along() -> None:
    """In a photo of four times the map's size, whose blur mixes the backdrop into the person's border."""
    own = puppet.pose()
    parsing_map = puppet.draw_map(own)
    large = cv2.resize(puppet.photo_of(parsing_map), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    blurred = np.asarray(cv2.GaussianBlur(large, (0, 0), 1.0), np.uint8)
    canvas = SquareCrop(4.0 * puppet.RIGHT, 4.0 * puppet.DOWN, 4.0 * puppet.SIZE)
    picture, framing = frame_photo(blurred, canvas, puppet.SIZE, len(blurred))
    appearance = look_at(picture, framing, parsing_map, Skeleton(parsing_map, own, PARTS10), PARTS10)
    for pile in (appearance.below, appearance.above):
        for part, cutout in pile.items():
            assert cutout.picture[cutout.picture[..., 3] > 0][:, 1].max() < 30, NAMES[part]


def test_a_part_has_nothing_of_the_neighbours_that_touch_it(bare: Appearance) -> None:
    for pile in (bare.below, bare.above):
        for name, expected in EXPECTED.items():
            assert set(shares(pile[PART[name]])) <= expected, name
        assert set(shares(pile[PART["trunk"]])) <= {"upper_clothes", "lower_clothes"}


def test_arms_in_front_of_the_trunk_leave_a_whole_trunk_below() -> None:
    own = puppet.pose(left_upper_arm=20, left_forearm=-80, right_upper_arm=20, right_forearm=-80)
    parsing_map = puppet.draw_map(own)
    wrist = own[skeleton.JOINT["left_wrist"]].astype(int)
    assert parsing_map[wrist[1], wrist[0]] == ID["left_arm"]
    trunk = seen(parsing_map, own).below[PART["trunk"]]
    row, column = puppet.DOWN + wrist[1] - trunk.top, puppet.RIGHT + wrist[0] - trunk.left
    assert trunk.picture[row, column].tolist() == [*COLOURS[ID["upper_clothes"]], 255]


def test_sleeves_belong_to_the_arms() -> None:
    appearance = seen(puppet.draw_map(puppet.pose(), sleeves=True))
    for side in ("left", "right"):
        assert set(shares(appearance.above[PART[f"{side}_upper_arm"]])) == {"upper_clothes"}
        forearm = shares(appearance.above[PART[f"{side}_forearm"]])
        assert set(forearm) == {"upper_clothes", f"{side}_arm"}
        assert forearm["upper_clothes"] > 0.5


def test_cloth_beside_a_bare_arm_stays_at_the_trunk() -> None:
    """The arm hangs beside the shirt, whose border is nearer to the arm's bone than to the trunk's."""
    own = puppet.pose(left_upper_arm=2, left_forearm=2)
    appearance = seen(puppet.draw_map(own), own)
    for pile in (appearance.above, appearance.below):
        assert set(shares(pile[PART["left_upper_arm"]])) == {"left_arm"}


def test_a_sleeve_does_not_go_on_below_the_trunk_beside_it() -> None:
    """Raised, the arm would show what it took along. At the shoulder it does go on, so that no gap opens there."""
    own = puppet.pose(left_upper_arm=2, left_forearm=2)
    appearance = seen(puppet.draw_map(own, sleeves=True), own)
    arm = PART["left_upper_arm"]
    shoulder, elbow = (int(puppet.place(own, f"left_{joint}")[1]) for joint in ("shoulder", "elbow"))
    for row in range((shoulder + elbow) // 2, elbow - 2):
        shown, whole = (
            int((pile[arm].picture[row - pile[arm].top, :, 3] > 128).sum())
            for pile in (appearance.above, appearance.below)
        )
        assert whole <= shown + 1, row
    assert appearance.below[arm].top < appearance.above[arm].top - 2


def test_the_trunk_does_not_go_on_below_a_sleeve_beside_it() -> None:
    """Where it did, a piece of the sleeve stayed at the trunk as a flap; a narrow strip is left for small motions."""
    own = puppet.pose(left_upper_arm=2, left_forearm=2, right_upper_arm=2, right_forearm=2)
    appearance = seen(puppet.draw_map(own, sleeves=True), own)
    elbow = int(puppet.place(own, "left_elbow")[1])
    for row in range(elbow - 4, elbow + 4):
        shown, whole = (
            np.ptp(np.flatnonzero(pile[PART["trunk"]].picture[row - pile[PART["trunk"]].top, :, 3] > 128))
            for pile in (appearance.above, appearance.below)
        )
        assert whole <= shown + 3, row


def test_a_hand_near_the_upper_arm_belongs_to_the_forearm() -> None:
    own = puppet.pose(left_upper_arm=20, left_forearm=-120)
    parsing_map = puppet.draw_map(own, sleeves=True)
    cv2.circle(parsing_map, (71, 45), 4, ID["left_arm"], -1)
    appearance = seen(parsing_map, own)
    for pile in (appearance.above, appearance.below):
        assert set(shares(pile[PART["left_upper_arm"]])) == {"upper_clothes"}
    assert shares(appearance.above[PART["left_forearm"]])["left_arm"] > 0.1


def test_a_boot_bends_at_the_ankle() -> None:
    """A low shoe is the foot's alone, see `EXPECTED`."""
    parsing_map = puppet.draw_map(puppet.pose())
    middle = int((puppet.pose()[skeleton.joints("knee", "ankle"), 1]).mean())
    below = parsing_map[middle:]
    below[np.isin(below, [ID["left_leg"], ID["right_leg"]])] = ID["shoes"]
    appearance = seen(parsing_map)
    for side in ("left", "right"):
        assert shares(appearance.above[PART[f"{side}_shin"]])["shoes"] > 0.3


def test_a_skirt_is_a_part_and_shorts_are_none(bare: Appearance) -> None:
    parsing_map = puppet.draw_map(puppet.pose(), skirt=True)
    appearance = seen(parsing_map)
    assert SKIRT not in bare.above
    skirt = appearance.above[SKIRT]
    assert set(shares(skirt)) == {"lower_clothes"}
    for side in ("left", "right"):
        assert set(shares(appearance.above[PART[f"{side}_shin"]])) <= {f"{side}_leg", "shoes"}
        if (thigh := appearance.above.get(PART[f"{side}_thigh"])) is not None:
            assert shares(thigh)[f"{side}_leg"] > 0.9
    # It is as wide as in the photo, also between the legs.
    row = int(puppet.pose()[skeleton.JOINT["left_knee"], 1]) - 3
    opaque = skirt.picture[puppet.DOWN + row - skirt.top, :, 3] > 250
    assert opaque.sum() >= (parsing_map[row] == ID["lower_clothes"]).sum() - 2
    assert np.ptp(np.flatnonzero(opaque)) == opaque.sum() - 1, "without a gap"


def test_a_long_skirt_with_shoes_before_its_hem_is_one_piece() -> None:
    parsing_map = puppet.draw_map(puppet.pose(), long_skirt=True)
    hem = np.flatnonzero((parsing_map == ID["lower_clothes"]).any(axis=1))[-1]
    left, right = np.flatnonzero(parsing_map[hem] == ID["lower_clothes"])[[0, -1]]
    parsing_map[hem - 3 :, (left + right) // 2 - 3 : (left + right) // 2 + 3] = ID["shoes"]
    assert SKIRT in seen(parsing_map).above


def test_the_back_of_a_head_is_hair(bare: Appearance) -> None:
    assert bare.back_of_head is not None
    assert set(shares(bare.back_of_head)) == {"hair"}
    np.testing.assert_array_equal(bare.back_of_head.picture[..., 3], bare.above[HEAD].picture[..., 3])
    bald = puppet.draw_map(puppet.pose())
    bald[bald == ID["hair"]] = 0
    assert seen(bald).back_of_head is None


def test_below_short_hair_the_back_of_a_neck_is_skin() -> None:
    parsing_map = puppet.draw_map(puppet.pose())
    first = np.flatnonzero((parsing_map == ID["hair"]).any(axis=1))[0]
    parsing_map[first + 3 :][parsing_map[first + 3 :] == ID["hair"]] = ID["face"]
    back = seen(parsing_map).back_of_head
    assert back is not None
    upper, lower = (dataclasses.replace(back, picture=back.picture[rows]) for rows in (slice(6), slice(-3, None)))
    assert set(shares(upper)) == {"hair"}
    assert set(shares(lower)) == {"face"}


def test_a_hidden_arm_is_the_other_one() -> None:
    parsing_map = puppet.draw_map(puppet.pose())
    parsing_map[parsing_map == ID["left_arm"]] = 0
    assert set(shares(seen(parsing_map).above[PART["left_forearm"]])) == {"right_arm"}


def test_the_segmenters_opacity_softens_edges_and_makes_no_holes() -> None:
    parsing_map = puppet.draw_map(puppet.pose())
    unsure = np.where(parsing_map > 0, 0.4, 0).astype(np.float32)
    hard, soft = (seen(parsing_map, opacity=opacity).above[PART["trunk"]].picture[..., 3] for opacity in (None, unsure))
    assert soft[soft.shape[0] // 2, soft.shape[1] // 2] == 255
    assert (soft == 255).sum() < 0.95 * (hard == 255).sum()
