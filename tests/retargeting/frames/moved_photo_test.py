"""Tests of a moved photo: parts are rigid where bodies are, patterns stay patterns, and behind a part is cloth."""

import itertools

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.retargeting.frames.appearance import look_at
from retarget_tf.retargeting.frames.motion import Skeleton
from retarget_tf.retargeting.frames.moved_photo import Layer, move_photos
from tests.retargeting.frames import puppet
from tests.retargeting.frames.puppet import COLOURS, ID


def moved(
    pose: Float32Array, picture: Uint8Array | None = None, own: Float32Array | None = None, **drawing: bool
) -> Layer:
    """The puppet in another pose; `picture` takes the place of her photo."""
    own = puppet.pose() if own is None else own
    parsing_map = puppet.draw_map(own, **drawing)
    picture = puppet.photo_of(parsing_map) if picture is None else picture
    body = Skeleton(parsing_map, own, PARTS10)
    look = look_at(picture, puppet.framing(), parsing_map, body, PARTS10)
    return move_photos([look], [body.move_to(pose)], puppet.framing())


def on_black(layer: Layer) -> Float32Array:
    """The layer in the whole picture, before black: float32 `[HEIGHT, WIDTH, 3]`."""
    picture = np.zeros((puppet.HEIGHT, puppet.WIDTH, 3), np.float32)
    picture[layer.region] = layer.colours
    return picture


def opacity_of(layer: Layer) -> Float32Array:
    opacity = np.zeros((puppet.HEIGHT, puppet.WIDTH), np.float32)
    opacity[layer.region] = layer.opacity
    return opacity


def inside(mask: BoolArray, by: float = 2.5) -> BoolArray:
    """The mask without a border of `by` pixels, where soft edges are."""
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) > by)


def stripes(step: int, *, down: bool = False) -> Uint8Array:
    """Dark and light stripes of `step` pixels on the whole photo, without green."""
    lines = np.arange(puppet.HEIGHT)[:, None] if down else np.arange(puppet.WIDTH)[None]
    striped = (lines // step % 2 == 0) & np.ones((puppet.HEIGHT, puppet.WIDTH), bool)
    return np.where(striped[..., None], (220, 0, 220), (60, 0, 30)).astype(np.uint8)


@pytest.mark.parametrize("step", [2, 4])
def test_stripes_stay_stripes_where_a_part_is_still_or_shifted(step: int) -> None:
    picture, trunk = stripes(step), inside(puppet.in_photo(puppet.draw_map(puppet.pose())) == ID["upper_clothes"], 4)
    raised = puppet.pose(left_upper_arm=150, left_forearm=170)
    np.testing.assert_allclose(on_black(moved(raised, picture))[trunk], picture[trunk], atol=1)
    shifted = on_black(moved(puppet.pose(dx=2 * step, dy=-7), picture))
    np.testing.assert_allclose(shifted[np.roll(trunk, (-7, 2 * step), (0, 1))], picture[trunk], atol=1)


def test_stripes_across_a_thigh_turn_with_it() -> None:
    """Along the turned bone the stripes follow each other as they do in the photo."""
    own = puppet.pose(left_thigh=0, left_shin=0)
    pose = puppet.pose(left_thigh=60, left_shin=0)
    layer = on_black(moved(pose, stripes(3, down=True), own))
    profiles = []
    for keypoints, picture in ((own, np.float32(stripes(3, down=True))), (pose, layer)):
        hip, knee = (puppet.place(keypoints, f"left_{name}") for name in ("hip", "knee"))
        share = np.linspace(0.35, 0.75, 60, dtype=np.float32)[:, None]
        x, y = ((hip + share * (knee - hip)).T - 0.5).astype(np.float32)
        profiles.append(cv2.remap(picture, x[None], y[None], cv2.INTER_LINEAR)[0, :, 0])
    assert np.corrcoef(*profiles)[0, 1] > 0.9
    assert np.ptp(profiles[1]) > 100


def test_a_hand_is_as_long_as_in_the_photo_whatever_the_forearm() -> None:
    own = puppet.pose(left_upper_arm=90, left_forearm=90)
    for factor in (0.6, 1.4):
        pose = puppet.pose(left_upper_arm=90, left_forearm=90, lengths={"left_forearm": factor})
        lengths = []
        for keypoints in (own, pose):
            x, y = puppet.place(keypoints, "left_wrist")
            lengths.append(opacity_of(moved(keypoints, own=own))[int(y), round(x) :].sum())
        assert lengths[0] > 4
        assert lengths[1] == pytest.approx(lengths[0], rel=0.15)


def test_a_head_keeps_its_shape_when_it_tilts() -> None:
    own, tilted = puppet.pose(), puppet.pose()
    head = [skeleton.JOINT["nose"], *skeleton.joints("eye", "ear")]
    neck, angle = own[skeleton.JOINT["neck"], :2], np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    tilted[head, :2] = (own[head, :2] - neck) @ turn.T + neck
    picture = puppet.photo_of(puppet.draw_map(own))
    x, y = (float(value) for value in puppet.place(own, "neck"))
    matrix = cv2.getRotationMatrix2D((x - 0.5, y - 0.5), -20, 1.0)
    classes = puppet.in_photo(puppet.draw_map(own))
    is_head = np.isin(classes, [ID["hair"], ID["face"]]).astype(np.uint8)
    size = (puppet.WIDTH, puppet.HEIGHT)
    expected = cv2.warpAffine(np.float32(picture), matrix, size)
    there = inside(cv2.warpAffine(is_head, matrix, size) > 0, 1.5)
    difference = np.abs(on_black(moved(tilted)) - expected)[there].max(axis=-1)
    assert (difference < 60).mean() > 0.95


def test_where_a_limb_was_nothing_is_left() -> None:
    opacity = opacity_of(moved(puppet.pose(left_upper_arm=150, left_forearm=170)))
    arm = puppet.in_photo(puppet.draw_map(puppet.pose())) == ID["left_arm"]
    hand = arm.copy()
    hand[:, : int(puppet.place(puppet.pose(), "left_elbow")[0])] = False
    assert hand.sum() > 50
    assert opacity[hand].max() == 0


def test_limbs_bend_without_gaps() -> None:
    """Every place on the bones of bent arms and legs is covered."""
    pose = puppet.pose(left_upper_arm=80, left_forearm=170, right_thigh=70, right_shin=-20, left_thigh=30, left_shin=0)
    opacity = opacity_of(moved(pose))
    for side in ("left", "right"):
        for chain in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")):
            for first, last in itertools.pairwise(puppet.place(pose, f"{side}_{name}") for name in chain):
                x, y = np.floor(first + np.linspace(0.1, 0.95, 40)[:, None] * (last - first)).astype(int).T
                assert opacity[y, x].min() > 0.95, (side, chain)


def test_a_sleeve_goes_with_its_arm() -> None:
    pose = puppet.pose(left_upper_arm=150, left_forearm=170)
    picture = on_black(moved(pose, sleeves=True))
    x, y = puppet.place(pose, "left_elbow").astype(int)
    np.testing.assert_allclose(picture[y, x], COLOURS[ID["upper_clothes"]], atol=3)


def test_a_raised_sleeve_leaves_no_gap_at_the_shoulder() -> None:
    pose = puppet.pose(left_upper_arm=110, left_forearm=110)
    own = puppet.pose(left_upper_arm=5, left_forearm=5)
    opacity = opacity_of(moved(pose, own=own, sleeves=True))
    shoulder, elbow = (puppet.place(pose, f"left_{joint}") for joint in ("shoulder", "elbow"))
    aside = np.array([elbow[1] - shoulder[1], shoulder[0] - elbow[0]]) / np.linalg.norm(elbow - shoulder)
    for offset in (-2, 0, 2):
        places = shoulder + offset * aside + np.linspace(0, 0.9, 40)[:, None] * (elbow - shoulder)
        x, y = np.floor(places).astype(int).T
        assert opacity[y, x].min() > 0.8, offset


def test_a_skirt_closes_the_gap_between_spread_legs() -> None:
    spread = puppet.pose(left_thigh=65, left_shin=65)
    hip, knee = (puppet.place(spread, f"left_{name}") for name in ("hip", "knee"))
    x, y = (hip + 0.7 * (knee - hip) + (0, 8)).astype(int)
    assert puppet.in_photo(puppet.draw_map(puppet.pose(), skirt=True))[y, x] == 0, "the photo's skirt is not so wide"
    cloth = [on_black(moved(spread, skirt=skirt))[y, x] for skirt in (False, True)]
    np.testing.assert_allclose(cloth[0], 0, atol=1)
    np.testing.assert_allclose(cloth[1], COLOURS[ID["lower_clothes"]], atol=3)


def test_a_long_skirt_bends_at_the_knees() -> None:
    bent = puppet.pose(left_shin=60, right_shin=-60)  # both shins to her left
    knee, ankle = (puppet.place(bent, f"left_{joint}") for joint in ("knee", "ankle"))
    opacity = opacity_of(moved(bent, long_skirt=True))
    x, y = ((knee + ankle) / 2).astype(int)
    assert opacity[y, x] > 0.9
    x, y = (puppet.place(bent, "right_knee") + np.array([-4, 14])).astype(int)
    assert opacity[y, x] < 0.1, "no cloth hangs below the knees as if the shins were there"


def test_a_long_skirt_of_folded_legs_is_no_larger_than_in_the_photo() -> None:
    folded = puppet.pose(left_thigh=40, left_shin=-140, right_thigh=-40, right_shin=140)
    sizes = [(opacity_of(moved(pose, long_skirt=True)) > 0.5).sum() for pose in (folded, puppet.pose())]
    assert sizes[0] < 1.1 * sizes[1]


def test_a_face_that_turns_away_is_hair() -> None:
    behind = puppet.pose()
    for name in ("eye", "ear"):
        left, right = skeleton.joints(name)
        behind[[left, right]] = behind[[right, left]]
    behind[skeleton.JOINT["nose"]] = 0
    face = inside(puppet.in_photo(puppet.draw_map(puppet.pose())) == ID["face"], 1.5)
    assert face.sum() > 20
    np.testing.assert_allclose(on_black(moved(puppet.pose()))[face], COLOURS[[ID["face"]] * face.sum()], atol=3)
    np.testing.assert_allclose(on_black(moved(behind))[face], COLOURS[[ID["hair"]] * face.sum()], atol=3)


def test_no_colour_but_the_persons_is_seen() -> None:
    """In any pose: no green of the backdrop, at no edge."""
    for seed in range(3):
        random = np.random.default_rng(seed)
        limbs = ("upper_arm", "forearm", "thigh", "shin")
        angles = {f"{side}_{limb}": float(random.uniform(-40, 140)) for side in ("left", "right") for limb in limbs}
        assert moved(puppet.pose(0.0, 0.0, puppet.NO_CHANGE, **angles)).colours[..., 1].max() < 1


def test_a_person_outside_of_the_picture_is_no_error() -> None:
    assert moved(puppet.pose(dx=1000)).opacity.size == 0
    half = moved(puppet.pose(dx=puppet.WIDTH - puppet.RIGHT - 64))
    assert half.region[1].stop == puppet.WIDTH
    assert half.opacity.max() == 1
