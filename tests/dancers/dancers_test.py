"""Tests of the procedural dancers: joints, dances, bodies, pictures, maps, keypoints, clip folders and the program."""

import dataclasses
import math
import pathlib
import signal
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.arrays import Float64Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dancers import (
    body,
    camera,
    crowd,
    detection,
    figure,
    footwork,
    glide,
    kinematics,
    motion,
    patterns,
    render,
    scenery,
    sculpture,
    styles,
)
from retarget_tf.dataset import clips
from retarget_tf.errors import ConfigError, InputDataError
from tests import testing

CIHP = {name: index for index, name in enumerate(parsing_labels.CIHP20.classes)}
PARTS = {name: index for index, name in enumerate(parsing_labels.PARTS10.classes)}
JOINT = skeleton.JOINT
SIDES = ("left", "right")


def _dressed(**changes: Any) -> body.Person:
    """A person of usual build with short hair, bare arms, trousers and shoes, but for the changes to the outfit."""
    person = dancers.draw_person(0, 0)
    plain: dict[str, Any] = {
        "sleeves": "none", "neckline": 0.0, "coverage": 1.0, "coat": None, "looseness": 0.1, "tunic": 0.0, "block": 0.0,
        "lower": "trousers", "lower_length": 2.0, "lower_width": 0.3, "upper_pattern": None, "lower_pattern": None,
        "footwear": "shoes", "shoe_bulk": 1.0, "shaft_length": 0.0, "sock_length": 0.0, "headwear": "none",
        "glasses": "none",
    }  # fmt: skip
    outfit = dataclasses.replace(person.outfit, **{**plain, **changes})
    hair = dataclasses.replace(person.hair, style="short", volume=1.0)
    return dataclasses.replace(person, body=body.Body(), outfit=outfit, hair=hair, view=body.View())


def _standing(turn: float = 0.0, **degrees: float) -> dancers.Motion:
    """Two frames of a person who stands still, with some angles given in degrees."""
    angles = np.zeros((2, len(kinematics.ANGLES)))
    for name, value in degrees.items():
        angles[:, kinematics.ANGLE[name]] = math.radians(value)
    return dancers.Motion(angles, np.tile([0.0, 0.0, 0.0, turn], (2, 1)))


def _paint(person: body.Person, dance: dancers.Motion, size: int = 96) -> tuple[Uint8Array, dict[str, Float64Array]]:
    """The cihp20 map of the first frame, and the places of the joints in it."""
    volumes = figure.build_figure(person, dance)
    view = camera.frame_figure(volumes, person, size)
    painter = render.Painter(volumes, view, person.backdrop, size)
    places = {name: view.project(points)[0] for name, points in volumes.landmarks.items()}
    return painter.labels(painter.fill_canvas(0)).copy(), places


def _at(parsing_map: Uint8Array, place: Float64Array) -> str:
    return parsing_labels.CIHP20.classes[parsing_map[int(place[1]), int(place[0])]]


# Joints and bones.


def test_person_at_rest_stands_on_the_floor_with_the_left_side_at_positive_x() -> None:
    points = kinematics.pose_body(body.Body(), _standing()).points
    assert points["left_heel"][0, 1] == pytest.approx(0)
    # Ankle 0.045, shin 0.235, thigh 0.240, trunk 0.295.
    assert points["mid_hip"][0] == pytest.approx([0, 0.520, 0])
    assert points["neck"][0] == pytest.approx([0, 0.815, 0])
    assert points["left_shoulder"][0] == pytest.approx([0.105, 0.815, 0])
    assert points["right_wrist"][0] == pytest.approx([-0.105, 0.815 - 0.165 - 0.145, 0])
    assert points["left_big_toe"][0, 2] > points["left_heel"][0, 2]


def test_elbow_bends_forward_knee_backward_and_abduction_leads_away_on_both_sides() -> None:
    dance = _standing(left_elbow_flexion=90, right_shoulder_abduction=90, left_knee_flexion=90)
    points = kinematics.pose_body(body.Body(), dance).points
    assert points["left_wrist"][0] - points["left_elbow"][0] == pytest.approx([0, 0, 0.145])
    assert points["right_wrist"][0] - points["right_shoulder"][0] == pytest.approx([-0.310, 0, 0])
    assert points["left_ankle"][0] - points["left_knee"][0] == pytest.approx([0, 0, -0.235])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_ball_angles_undo_ball_rotation(sign: float) -> None:
    flexion, abduction, rotation = np.array([0.3, -0.6]), np.array([0.4, 1.1]), np.array([-0.2, 0.7])
    found = kinematics.ball_angles(kinematics.ball_rotation(flexion, abduction, rotation, sign), sign)
    np.testing.assert_allclose(found, [flexion, abduction, rotation], atol=1e-12)


def test_glide_is_at_the_keys_on_their_times_and_halfway_between_them() -> None:
    times, keys = np.array([0.0, 2.0, 4.0]), np.array([[0.0], [1.0], [5.0]])
    values = glide.glide(np.array([0.0, 1.0, 2.0, 3.0]), times, keys)
    np.testing.assert_allclose(values[:, 0], [0, 0.5, 1, 3])
    rested = glide.glide(np.array([1.0, 1.5]), times, keys, share=0.5)
    np.testing.assert_allclose(rested[:, 0], [1, 1])


# Dances.


@pytest.mark.parametrize("person", range(8))
def test_dance_keeps_the_limits_and_moves_smoothly(person: int) -> None:
    dance = motion.draw_motion(3, person, 0, 120)
    low, high = np.array(list(kinematics.LIMITS.values())).T
    assert dance.angles.shape == (120, len(kinematics.ANGLES))
    assert np.all(dance.angles >= low - 1e-9)
    assert np.all(dance.angles <= high + 1e-9)
    points = np.stack(list(kinematics.pose_body(dancers.draw_person(3, person).body, dance).points.values()))
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    assert steps.max() < 0.05
    assert steps.max(axis=0).mean() > 0.003  # it moves
    assert np.linalg.norm(np.diff(points, n=2, axis=1), axis=2).max() < 0.03


def test_dances_turn_crouch_raise_arms_and_travel() -> None:
    dances = [motion.draw_motion(0, person, 0, 240) for person in range(12)]
    poses = [kinematics.pose_body(body.Body(), dance).points for dance in dances]
    assert max(np.ptp(dance.path[:, 3]) for dance in dances) > math.pi
    assert min(points["mid_hip"][:, 1].min() for points in poses) < 0.42
    assert max((points["left_wrist"] - points["head"])[:, 1].max() for points in poses) > 0.05
    assert max(np.ptp(points["mid_hip"][:, 0]) for points in poses) > 0.15
    lower_foot = [np.minimum(points["left_big_toe"][:, 1], points["right_big_toe"][:, 1]) for points in poses]
    assert np.mean(np.concatenate(lower_foot) < 0.02) > 0.8


def test_same_dance_has_the_same_bones_on_another_body() -> None:
    dance = motion.draw_motion(0, 2, 1, 30)
    one, other = (kinematics.pose_body(dancers.draw_person(0, person).body, dance) for person in (2, 3))
    for name, bone in one.bones.items():
        np.testing.assert_array_equal(bone, other.bones[name])
    forearms = []
    for pose in (one, other):
        forearm = pose.points["left_wrist"] - pose.points["left_elbow"]
        forearms.append(forearm / np.linalg.norm(forearm, axis=1, keepdims=True))
    np.testing.assert_allclose(forearms[0], forearms[1], atol=1e-9)
    assert not np.allclose(one.points["left_wrist"], other.points["left_wrist"], atol=1e-3)


@pytest.mark.parametrize("person", range(10))
def test_longer_dance_begins_as_the_shorter_one(person: int) -> None:
    short, long = (motion.draw_motion(0, person, 0, frames) for frames in (20, 130))
    np.testing.assert_array_equal(short.angles, long.angles[:20])
    np.testing.assert_array_equal(short.path, long.path[:20])


def _moved(style: styles.Style, frames: int = 300) -> tuple[dict[str, Float64Array], dancers.Motion]:
    """The joints of the standard body, and the motion, in that style at 15 frames a beat."""
    time = np.arange(frames) / 15
    angles = np.zeros((frames, len(kinematics.ANGLES)))
    motion._move_upper_body(np.random.default_rng(0), style, time, False, angles)
    path = footwork.move_legs(np.random.default_rng(0), style, time, False, body.Body(), angles)
    dance = dancers.Motion(kinematics.clip_to_limits(angles), path)
    return kinematics.pose_body(body.Body(), dance).points, dance


def _style(name: str) -> styles.Style:
    drawn = (styles.draw_style(np.random.default_rng(seed), 15.0) for seed in range(100))
    return next(style for style in drawn if style.name == name)


def test_catwalk_turns_all_around_with_the_arms_down_and_the_feet_where_they_are() -> None:
    points, dance = _moved(dataclasses.replace(_style("turn"), arms="hanging"))
    assert np.ptp(dance.path[:, 3]) > 1.2 * math.pi
    assert np.all(points["left_wrist"][:, 1] < points["left_elbow"][:, 1])
    assert np.ptp(points["mid_hip"], axis=0).max() < 0.1


def test_walk_leads_forward() -> None:
    points, dance = _moved(_style("walk"))
    way, turn = np.diff(dance.path[:, :2], axis=0), dance.path[1:, 3]
    forward = way[:, 0] * np.sin(turn) + way[:, 1] * np.cos(turn)
    assert np.mean(forward > -0.002) > 0.95
    assert forward.sum() > 0.5
    assert np.ptp(points["left_ankle"][:, 1]) > 0.01


def test_arms_of_walkers_swing_and_mostly_against_each_other() -> None:
    time = np.arange(60) / 15
    correlations = []
    for seed in range(40):
        arms = motion._draw_arms(np.random.default_rng(seed), _style("walk"), time, False)
        left, right = arms[:, 0], arms[:, 4]  # the flexion of the shoulders
        assert min(np.ptp(left), np.ptp(right)) > 2 * math.radians(11)
        correlations.append(np.corrcoef(left, right)[0, 1])
    np.testing.assert_allclose(np.abs(correlations), 1, atol=1e-9)  # nothing between alike and against
    assert 0.1 < np.mean(np.array(correlations) > 0) < 0.5


def test_dribbling_is_crouched_and_one_arm_pumps_on_the_beat() -> None:
    points, dance = _moved(_style("dribble"))
    assert points["mid_hip"][:, 1].mean() < 0.47
    pumping = [np.abs(np.diff(dance.angle(f"{side}_elbow_flexion"))).reshape(-1, 13).mean(axis=1) for side in SIDES]
    # In most beats one arm is much busier than the other.
    assert np.mean(np.max(pumping, axis=0) > 2 * np.min(pumping, axis=0)) > 0.5


# People.


def test_people_differ_and_are_a_function_of_seed_and_number() -> None:
    assert dancers.draw_person(1, 5) == dancers.draw_person(1, 5)
    crowd_of_people = [dancers.draw_person(seed, person) for seed in range(2) for person in range(20)]
    assert len({person.person_id for person in crowd_of_people}) == 40
    assert len({person.body for person in crowd_of_people}) == 40
    assert {person.outfit.lower for person in crowd_of_people} == set(body.LOWER_GARMENTS)
    assert {person.outfit.sleeves for person in crowd_of_people} == set(body.SLEEVES)
    assert len({person.hair.style for person in crowd_of_people}) >= 5
    for person in crowd_of_people:
        shape = person.body
        height = shape.ankle + shape.shin + shape.thigh + shape.trunk + shape.neck + shape.head
        assert height == pytest.approx(1)
        assert 0.45 <= shape.stature <= 0.95


def test_crowd_wears_all_that_there_is() -> None:
    crowd_of_people = [dancers.draw_person(0, person) for person in range(150)]
    for choices, seen in (
        (body.FOOTWEAR, {person.outfit.footwear for person in crowd_of_people}),
        (body.HEADWEAR, {person.outfit.headwear for person in crowd_of_people}),
        (body.GLASSES, {person.outfit.glasses for person in crowd_of_people}),
        (body.CLUTTER, {person.backdrop.clutter for person in crowd_of_people}),
        (body.PATTERNS, {p.outfit.lower_pattern.kind for p in crowd_of_people if p.outfit.lower_pattern}),
    ):
        assert seen == set(choices)
    assert any(person.outfit.coat is not None for person in crowd_of_people)
    assert any(person.outfit.coverage == 0 for person in crowd_of_people)
    assert any(person.hair.in_front for person in crowd_of_people)
    statures = np.array([person.body.stature for person in crowd_of_people])
    assert statures.min() < 0.55
    assert statures.max() > 0.9


def test_joints_lie_where_a_detector_sees_them_in_footage() -> None:
    """Shares of the trunk's length; the bands hold the medians over eight clips of people."""
    joints = figure.build_figure(_dressed(), _standing()).landmarks
    middle = {part: (joints[f"left_{part}"][0] + joints[f"right_{part}"][0]) / 2 for part in ("shoulder", "hip")}
    trunk = np.linalg.norm(middle["shoulder"] - middle["hip"])

    def length(one: str, other: str) -> float:
        return float(np.linalg.norm(joints[one][0] - joints[other][0]) / trunk)

    assert length("left_shoulder", "right_shoulder") == pytest.approx(0.63, abs=0.04)
    assert length("left_hip", "right_hip") == pytest.approx(0.37, abs=0.03)
    assert length("left_ear", "right_ear") == pytest.approx(0.24, abs=0.03)
    assert length("left_eye", "right_eye") == pytest.approx(0.126, abs=0.02)
    assert length("left_elbow", "left_wrist") == pytest.approx(0.50, abs=0.03)


def test_person_stands_as_large_and_as_far_aside_as_the_view_says() -> None:
    person = dataclasses.replace(_dressed(), body=body.Body(stature=0.5))
    sizes = {}
    for centre in (0.35, 0.65):
        placed = dataclasses.replace(person, view=body.View(3.0, 0.6, centre, 0.9))
        parsing_map, _ = _paint(placed, _standing(), size=128)
        rows, columns = np.nonzero(parsing_map)
        assert columns.mean() / 128 == pytest.approx(centre, abs=0.02)
        sizes[centre] = np.ptp(rows) / 128
    assert sizes[0.35] == pytest.approx(0.5, abs=0.04)
    assert sizes[0.35] == sizes[0.65]


# Pictures and maps.


def test_projected_axes_are_the_derivative_of_the_projection() -> None:
    view = camera.Camera(200.0, 128.0, 240.0)
    point, step = np.array([0.3, 0.8, 0.2]), 1e-6
    numeric = np.stack([(view.project(point + step * axis) - view.project(point)) / step for axis in np.eye(3)], axis=1)
    np.testing.assert_allclose(view.project_axes(point, np.eye(3)), numeric, rtol=1e-4, atol=1e-3)


def test_left_and_right_swap_when_the_dancer_turns_around() -> None:
    arms = {"left_shoulder_abduction": 80.0, "right_shoulder_abduction": 80.0}
    for turn, side in ((0.0, 1), (math.pi, -1)):
        parsing_map, places = _paint(_dressed(), _standing(turn, **arms))
        middle = (places["left_hip"][0] + places["right_hip"][0]) / 2
        assert side * (places["left_shoulder"][0] - places["right_shoulder"][0]) > 5
        left_x = np.nonzero(parsing_map == CIHP["left_arm"])[1]
        right_x = np.nonzero(parsing_map == CIHP["right_arm"])[1]
        assert len(left_x) > 60
        assert np.all(side * (left_x + 0.5 - middle) > 0)
        assert np.all(side * (right_x + 0.5 - middle) < 0)


def test_side_view_is_thinner_than_front_view() -> None:
    front, _ = _paint(_dressed(), _standing(0.0))
    profile, _ = _paint(_dressed(), _standing(math.pi / 2))
    assert np.count_nonzero(profile) < 0.8 * np.count_nonzero(front)


def test_arm_passes_before_the_body_and_from_behind_is_hidden_by_it() -> None:
    before_chest = {"left_shoulder_flexion": 40.0, "left_shoulder_rotation": -60.0, "left_elbow_flexion": 95.0}
    parsing_map, places = _paint(_dressed(), _standing(0.0, **before_chest))
    assert _at(parsing_map, places["left_wrist"]) == "left_arm"
    parsing_map, places = _paint(_dressed(), _standing(math.pi, **before_chest))
    assert _at(parsing_map, places["left_wrist"]) == "upper_clothes"


@pytest.mark.parametrize("style", [style for style in body.HAIR_STYLES if style != "balding"])
def test_head_is_face_from_the_front_and_hair_from_behind(style: str) -> None:
    person = _dressed()
    person = dataclasses.replace(person, hair=dataclasses.replace(person.hair, style=style, length=0.15))
    front, places = _paint(person, _standing(0.0), size=128)
    assert _at(front, places["nose"]) == "face"
    behind, places = _paint(person, _standing(math.pi), size=128)
    assert _at(behind, places["nose"]) == "hair"
    assert np.count_nonzero(behind == CIHP["face"]) < 0.35 * np.count_nonzero(front == CIHP["face"])


def test_garments_have_their_own_classes() -> None:
    def seen(joint: str, **outfit: object) -> str:
        parsing_map, places = _paint(_dressed(**outfit), _standing(left_shoulder_abduction=70), size=128)
        place = (places["left_hip"] + places["left_knee"]) / 2 if joint == "left_thigh" else places[joint]
        return _at(parsing_map, place)

    assert seen("left_elbow", sleeves="none") == "left_arm"
    assert seen("left_elbow", sleeves="long") == "upper_clothes"
    assert seen("left_thigh", lower="trousers", lower_length=2.0) == "pants"
    assert seen("left_thigh", lower="shorts", lower_length=0.9) == "pants"
    assert seen("left_knee", lower="shorts", lower_length=0.6) == "left_leg"
    assert seen("left_thigh", lower="skirt", lower_length=1.0) == "skirt"
    assert seen("left_thigh", lower="dress", lower_length=1.0) == "dress"
    assert seen("left_big_toe") == "left_shoe"
    assert seen("left_big_toe", footwear="bare") == "left_leg"
    assert seen("left_heel", lower="skirt", lower_length=0.8, footwear="boots", shaft_length=0.9) == "left_shoe"


def test_bare_trunk_is_skin_and_a_coat_lies_over_the_top() -> None:
    def trunk(**outfit: object) -> dict[str, str]:
        parsing_map, places = _paint(_dressed(**outfit), _standing(), size=128)
        middle = {part: (places[f"left_{part}"] + places[f"right_{part}"]) / 2 for part in ("shoulder", "hip")}
        chest, belly = (middle["shoulder"] + share * (middle["hip"] - middle["shoulder"]) for share in (0.35, 0.72))
        aside = 0.75 * (places["left_shoulder"] - middle["shoulder"])
        return {
            "chest": _at(parsing_map, chest),
            "belly": _at(parsing_map, belly),
            "lapel": _at(parsing_map, chest + aside),
        }

    assert trunk() == {"chest": "upper_clothes", "belly": "upper_clothes", "lapel": "upper_clothes"}
    assert trunk(coverage=0.4) == {"chest": "upper_clothes", "belly": "torso_skin", "lapel": "upper_clothes"}
    assert trunk(coverage=0.0) == {"chest": "torso_skin", "belly": "torso_skin", "lapel": "torso_skin"}
    assert trunk(coat=0.05, sleeves="long") == {"chest": "upper_clothes", "belly": "upper_clothes", "lapel": "coat"}


@pytest.mark.parametrize("kind", body.HEADWEAR[1:])
def test_headwear_covers_the_crown_and_leaves_the_face(kind: str) -> None:
    front, places = _paint(_dressed(headwear=kind), _standing(), size=128)
    assert _at(front, places["nose"]) == "face"
    behind, _ = _paint(_dressed(headwear=kind), _standing(math.pi), size=128)
    for parsing_map in (front, behind):
        rows, columns = np.nonzero(parsing_map)
        top = parsing_map[rows.min() + 2, columns[rows == rows.min()]]
        assert np.all(top == CIHP["hat"])
    assert np.count_nonzero(behind == CIHP["hat"]) > np.count_nonzero(front == CIHP["hat"]) / 2


def test_sunglasses_have_their_class_and_count_as_face() -> None:
    parsing_map, places = _paint(_dressed(glasses="sunglasses"), _standing(), size=128)
    assert _at(parsing_map, places["left_eye"]) == "sunglasses"
    assert parsing_labels.CIHP20.to_parts10[CIHP["sunglasses"]] == PARTS["face"]


def test_pattern_is_on_its_cloth_only_and_changes_no_label() -> None:
    stripes = body.Pattern("rows", (255.0, 0.0, 255.0), 0.08, 0.5, 0)
    pictures = []
    for pattern in (None, stripes):
        person = _dressed(upper_pattern=pattern, upper_colour=(20.0, 200.0, 20.0))
        volumes = figure.build_figure(person, _standing())
        painter = render.Painter(volumes, camera.frame_figure(volumes, person, 128), person.backdrop, 128)
        canvas = painter.fill_canvas(0)
        pictures.append((painter.colour(canvas, 0).astype(int), painter.labels(canvas).copy()))
    (plain, plain_map), (striped, striped_map) = pictures
    np.testing.assert_array_equal(plain_map, striped_map)
    changed = np.abs(plain - striped).sum(axis=2) > 0
    assert np.all(plain_map[changed] == CIHP["upper_clothes"])
    share = np.count_nonzero(changed) / np.count_nonzero(plain_map == CIHP["upper_clothes"])
    assert 0.35 < share < 0.65


def test_rows_repeat_down_the_trunk_and_columns_across() -> None:
    person = _dressed()
    volumes = figure.build_figure(person, _standing())
    view = camera.frame_figure(volumes, person, 128)
    paper, hips = patterns.Wallpaper(volumes, view), view.project(volumes.hips)[0]
    for kind, axis in (("rows", 1), ("columns", 0)):
        pattern = body.Pattern(kind, (0.0, 0.0, 0.0), 8 / view.scale, 0.5, 0)
        steps = np.zeros((32, 2))
        steps[:, axis] = np.arange(32)
        inked = paper.is_inked(pattern, 0, hips + steps + 0.25)
        np.testing.assert_array_equal(inked, (np.arange(32) // 4) % 2 == 0)


@pytest.mark.parametrize("clutter", body.CLUTTER)
def test_backdrop_is_the_same_scene_at_every_size(clutter: str) -> None:
    backdrop = dataclasses.replace(dancers.draw_person(0, 3).backdrop, clutter=clutter, texture=0.0)
    large, small = (scenery.paint_backdrop(backdrop, size).astype(float) for size in (256, 64))
    shrunk = large.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 1.5
    np.testing.assert_array_equal(small, scenery.paint_backdrop(backdrop, 64))


def test_map_is_what_lies_at_the_centre_of_a_pixel() -> None:
    """A ball of 3.2 pixels around the centre of a pixel covers exactly the pixels whose centres are that near."""
    centres, size = np.array([[[0.0, 0.0, 0.0]]] * 1), 16
    axes = 3.2 * np.eye(3)[None, None] / 1.0
    skin = sculpture.material("face", (200.0, 150.0, 120.0))
    ball = sculpture.Part("ball", "head", ((0,),), (skin,), np.zeros(1))
    joints = {f"{side}_{part}": np.zeros((1, 3)) for side in ("left", "right") for part in ("shoulder", "hip")}
    volumes = sculpture.Figure(centres, axes, axes, (ball,), joints, np.zeros((1, 3)))
    view = camera.Camera(1.0, 8.5, 8.5)
    painter = render.Painter(volumes, view, _dressed().backdrop, size)
    x, y = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    middle = view.project(centres[0, 0])
    reach = np.linalg.norm(view.project_axes(centres[0, 0], axes[0, 0])[0])
    distance = np.hypot(x - middle[0], y - middle[1])
    found = painter.labels(painter.fill_canvas(0)) == CIHP["face"]
    assert np.all(found[distance < reach - 0.35])
    assert not np.any(found[distance > reach + 0.35])


@pytest.mark.parametrize("person", range(6))
def test_rendered_clip_is_consistent(person: int) -> None:
    recipe = dancers.Recipe(7, person, 0, 40, 64)
    for frame, maps, keypoints in dancers.render_frames(recipe):
        assert frame.shape == (64, 64, 3)
        assert frame.dtype == maps["parts10"].dtype == np.uint8
        table = np.array(parsing_labels.CIHP20.to_parts10, np.uint8)
        other = maps["cihp20"] != CIHP["dress"]
        np.testing.assert_array_equal(maps["parts10"][other], table[maps["cihp20"]][other])
        assert np.all(np.isin(maps["parts10"][~other], [PARTS["upper_clothes"], PARTS["lower_clothes"]]))
        # The person stays within the picture.
        border = np.concatenate([maps["parts10"][[0, -1]].ravel(), maps["parts10"][:, [0, -1]].ravel()])
        assert not border.any()
        missing = keypoints[:, 2] == 0
        assert not keypoints[missing].any()
        assert np.all(keypoints[~missing, 2] >= skeleton.CONFIDENCE_THRESHOLD)
        assert missing[JOINT["left_small_toe"]]
        assert missing[JOINT["right_small_toe"]]
        neck, left, right = keypoints[[JOINT["neck"], JOINT["left_shoulder"], JOINT["right_shoulder"]]]
        np.testing.assert_allclose(neck[:2], (left[:2] + right[:2]) / 2, atol=1e-3)
        assert neck[2] == min(left[2], right[2])


@pytest.mark.parametrize("person", [0, 3, 5])
def test_wrists_that_are_seen_lie_on_the_bare_arm_of_their_side(person: int) -> None:
    assert dancers.draw_person(7, person).outfit.sleeves != "long"
    agreements = []
    for _, maps, keypoints in dancers.render_frames(dancers.Recipe(7, person, 0, 40, 64)):
        for side in SIDES:
            x, y, confidence = keypoints[JOINT[f"{side}_wrist"]]
            if confidence > 0.9:
                agreements.append(maps["parts10"][int(y), int(x)] == PARTS[f"{side}_arm"])
    assert len(agreements) >= 20
    assert np.mean(agreements) >= 0.9


def test_keypoints_move_smoothly_in_the_picture() -> None:
    keypoints = np.stack([points for _, _, points in dancers.render_frames(dancers.Recipe(0, 4, 0, 60, 64))])
    both = (keypoints[1:, :, 2] > 0) & (keypoints[:-1, :, 2] > 0)
    steps = np.linalg.norm(np.diff(keypoints[..., :2], axis=0), axis=2)[both]
    assert steps.max() < 0.05 * 0.8 * 64


# Detection.


def test_seen_joints_are_sure_and_hidden_ones_are_doubted_and_lost_for_a_while_at_a_time() -> None:
    detector = detection.Detector(np.random.default_rng(0))
    places = np.full((len(detection.DETECTED), 2), 10.0)
    limbs = np.array([_own_limb(name) for name in detection.DETECTED], np.uint8)
    limbs[detection.DETECTED.index("left_wrist")] = sculpture.LIMBS.index("trunk")
    keypoints = np.stack([detector.observe(places, limbs, 64) for _ in range(1500)])
    assert keypoints[:, JOINT["right_wrist"], 2].min() > 0.85
    hidden = keypoints[:, JOINT["left_wrist"], 2]
    assert hidden.max() < 0.9
    lost = hidden == 0
    assert 0.1 < lost.mean() < 0.7
    assert np.count_nonzero(np.diff(lost.astype(int))) < 0.4 * lost.sum()


def test_face_shoulders_and_hips_are_believed_even_where_they_are_hidden() -> None:
    places = np.full((len(detection.DETECTED), 2), 10.0)
    nothing_seen = np.zeros(len(detection.DETECTED), np.uint8)
    detector = detection.Detector(np.random.default_rng(0))
    observed = np.stack([detector.observe(places, nothing_seen, 64) for _ in range(300)])
    for joint in ("nose", "left_ear", "right_shoulder", "left_hip", "neck", "mid_hip"):
        assert observed[:, JOINT[joint], 2].min() > 0.95
    assert observed[:, JOINT["left_knee"], 2].mean() > observed[:, JOINT["left_wrist"], 2].mean() + 0.1


def test_joint_outside_of_the_picture_is_missing() -> None:
    places = np.full((len(detection.DETECTED), 2), 10.0)
    places[detection.DETECTED.index("left_knee")] = 70, 10
    limbs = np.array([_own_limb(name) for name in detection.DETECTED], np.uint8)
    keypoints = detection.Detector(np.random.default_rng(0)).observe(places, limbs, 64)
    assert not keypoints[JOINT["left_knee"]].any()
    assert keypoints[JOINT["right_knee"], 2] > 0


def _own_limb(joint: str) -> int:
    side, _, part = joint.partition("_")
    if part in ("shoulder", "elbow", "wrist"):
        return sculpture.LIMBS.index(f"{side}_arm")
    if part in ("knee", "ankle", "heel", "big_toe"):
        return sculpture.LIMBS.index(f"{side}_leg")
    return sculpture.LIMBS.index("trunk" if part == "hip" else "head")


# Clips.


def test_clips_do_not_depend_on_the_number_of_workers(tmp_path: pathlib.Path) -> None:
    one, two = (
        dancers.make_clips(
            tmp_path / str(workers), people=2, clips_per_person=1, frames=3, size=32, seed=4, workers=workers
        )
        for workers in (1, 2)
    )
    assert [folder.name for folder in one] == ["dancer_4_0000_00", "dancer_4_0001_00"]
    for first, second in zip(map(clips.open_clip, one), map(clips.open_clip, two), strict=True):
        assert first.info == second.info
        np.testing.assert_array_equal(first.keypoints, second.keypoints)
        np.testing.assert_array_equal(list(first.read_frames()), list(second.read_frames()))
        np.testing.assert_array_equal(list(first.read_maps()), list(second.read_maps()))


def test_clip_folder_holds_what_was_rendered(tmp_path: pathlib.Path) -> None:
    _, folder = dancers.make_clips(tmp_path, people=1, clips_per_person=2, frames=4, size=48, seed=1)
    clip = clips.open_clip(folder)
    recipe = dancers.Recipe.from_source(clip.info.source)
    assert recipe == dancers.Recipe(1, 0, 1, 4, 48)
    assert (clip.info.person_id, clip.info.clip_id, clip.info.fps) == ("dancer_1_0000", "dancer_1_0000_01", 30)
    rendered = list(dancers.render_frames(recipe))
    np.testing.assert_array_equal(clip.keypoints, [keypoints for _, _, keypoints in rendered])
    for schema in ("parts10", "cihp20"):
        np.testing.assert_array_equal(list(clip.read_maps(schema)), [maps[schema] for _, maps, _ in rendered])
    errors = [np.abs(a.astype(int) - b).mean() for a, (b, _, _) in zip(clip.read_frames(), rendered, strict=True)]
    assert max(errors) < 3


def test_clip_folder_holds_the_surface_if_asked(tmp_path: pathlib.Path) -> None:
    crowd: dict[str, Any] = {"people": 2, "clips_per_person": 1, "frames": 3, "size": 48}
    own = dancers.make_clips(tmp_path / "own", with_surfaces=True, **crowd)
    crossed = dancers.make_cross_clips(tmp_path / "crossed", tmp_path / "own", with_surfaces=True)
    for folder in own + crossed:
        clip = clips.open_clip(folder)
        rendered = dancers.render_surfaces(dancers.Recipe.from_source(clip.info.source))
        for stored, shown in zip(clip.read_surfaces(), rendered, strict=True):
            np.testing.assert_array_equal(stored.codes, shown.codes)
            np.testing.assert_array_equal(stored.pieces, shown.pieces)
    with pytest.raises(ConfigError, match=r"made with the same settings: remove it, or choose another folder"):
        dancers.make_clips(tmp_path / "own", **crowd)


def test_making_again_keeps_the_clip_and_refuses_another_in_its_place(tmp_path: pathlib.Path) -> None:
    crowd: dict[str, Any] = {"people": 1, "clips_per_person": 1, "size": 32}
    [folder] = dancers.make_clips(tmp_path, frames=2, **crowd)
    written = (folder / "clip.json").stat().st_mtime_ns
    assert dancers.make_clips(tmp_path, frames=2, **crowd) == [folder]
    assert (folder / "clip.json").stat().st_mtime_ns == written
    with pytest.raises(ConfigError, match=r"made with the same settings: remove it, or choose another folder"):
        dancers.make_clips(tmp_path, frames=3, **crowd)


def test_dancing_ones_own_dance_changes_nothing() -> None:
    own = list(dancers.render_frames(dancers.Recipe(0, 1, 0, 3, 32)))
    same = list(dancers.render_frames(dancers.Recipe(0, 1, 0, 3, 32, motion_of=(0, 1))))
    for (frame, _, keypoints), (other_frame, _, other_keypoints) in zip(own, same, strict=True):
        np.testing.assert_array_equal(frame, other_frame)
        np.testing.assert_array_equal(keypoints, other_keypoints)


def test_cross_clips_pair_people_up_and_name_whose_motion_they_show(tmp_path: pathlib.Path) -> None:
    dancers.make_clips(tmp_path / "own", people=3, clips_per_person=1, frames=2, size=32)
    folders = dancers.make_cross_clips(tmp_path / "cross", tmp_path / "own")
    shown = {clips.open_clip(folder).info.clip_id: clips.open_clip(folder).info for folder in folders}
    assert set(shown) == {
        "dancer_0_0001_dances_dancer_0_0000_00",
        "dancer_0_0000_dances_dancer_0_0001_00",
        "dancer_0_0000_dances_dancer_0_0002_00",  # the odd last one goes with the first
    }
    info = shown["dancer_0_0001_dances_dancer_0_0000_00"]
    assert (info.person_id, info.motion_of) == ("dancer_0_0001", "dancer_0_0000_00")
    with pytest.raises(InputDataError, match="without --motion_of"):
        dancers.make_cross_clips(tmp_path / "again", tmp_path / "cross")


def test_person_has_the_same_looks_in_own_and_cross_clips() -> None:
    (own, own_map, _), *_ = dancers.render_frames(dancers.Recipe(0, 1, 0, 2, 64))
    (other, other_map, _), *_ = dancers.render_frames(dancers.Recipe(0, 1, 0, 2, 64, motion_of=(0, 0)))
    empty = (own_map["parts10"] == 0) & (other_map["parts10"] == 0)
    empty[40:] = False  # the shadows move
    assert np.abs(own.astype(int) - other)[empty].mean() < 4
    for name in ("upper_clothes", "lower_clothes"):
        colours = [
            frame[maps["parts10"] == PARTS[name]].mean(axis=0) for frame, maps in ((own, own_map), (other, other_map))
        ]
        assert np.abs(colours[0] - colours[1]).max() < 25


def test_settings_out_of_range_are_refused(tmp_path: pathlib.Path) -> None:
    settings: dict[str, Any] = {"people": 1, "clips_per_person": 1, "frames": 2, "size": 32}
    for name, value, least in (
        ("size", 31, 32),
        ("frames", 1, 2),
        ("people", 0, 1),
        ("seed", -1, 0),
        ("workers", 0, 1),
    ):
        with pytest.raises(ConfigError, match=f"{name} must be at least {least}. Received: {name}={value}"):
            dancers.make_clips(tmp_path, **{**settings, name: value})
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="source must be written by"):
        dancers.Recipe.from_source('{"renderer": "another"}')


def test_foreign_clips_give_no_motion(tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "foreign", frames=2)
    with pytest.raises(InputDataError, match=f"was not made by this renderer \\({crowd.RENDERER}\\)"):
        dancers.make_cross_clips(tmp_path / "cross", tmp_path / "foreign")


# The program.


@pytest.mark.slow
def test_program_makes_clips_then_cross_clips_and_refuses_bad_flags(tmp_path: pathlib.Path) -> None:
    out = tmp_path / "clips"
    tiny = ("--people=2", "--clips_per_person=1", "--frames=3", "--size=32", "--workers=2")
    made = testing.run_program("data.make_dancers", f"--out={out}", *tiny)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"2 clips of 6 frames in {out}: rendered 2 (")
    again = testing.run_program("data.make_dancers", f"--out={out}", *tiny)
    assert again.stdout.endswith("kept 2.\n")
    crossed = testing.run_program("data.make_dancers", f"--out={tmp_path / 'cross'}", f"--motion_of={out}")
    assert crossed.returncode == 0, crossed.stderr
    assert len(clips.find_clips(tmp_path / "cross")) == 2
    for flags, code, message in (
        (("--size=20",), 2, "size must be at least 32"),
        ((f"--motion_of={out}", "--frames=9"), 2, "without --frames"),
        ((f"--motion_of={tmp_path / 'nowhere'}",), 3, "no such folder"),
    ):
        refused = testing.run_program("data.make_dancers", f"--out={tmp_path / 'bad'}", *flags)
        assert (refused.returncode, refused.stderr.count("\n")) == (code, 1), refused.stderr
        assert message in refused.stderr
    assert not (tmp_path / "bad").exists()


def test_of_two_programs_in_one_folder_the_second_is_refused_and_the_first_finishes(tmp_path: pathlib.Path) -> None:
    out = tmp_path / "clips"
    flags = [f"--out={out}", "--people=1", "--clips_per_person=2", "--frames=8", "--size=32", "--workers=1"]
    first = subprocess.Popen([sys.executable, "-m", "data.make_dancers", *flags], stdout=subprocess.PIPE, text=True)
    try:
        testing.wait_until((out / ".lock").exists)
        first.send_signal(signal.SIGSTOP)  # so that it is at work, however fast this machine is
        second = testing.run_program("data.make_dancers", *flags)
    finally:
        first.send_signal(signal.SIGCONT)
        told, _ = first.communicate(timeout=120)
    assert second.returncode == 2
    assert second.stderr.startswith("ERROR: no other process may be writing the folder: wait for it")
    assert second.stderr.count("\n") == 1
    assert first.returncode == 0
    assert "2 clips of 16 frames" in told
    assert len(list(out.iterdir())) == 2  # neither the lock nor anything half written
    assert [len(clip.keypoints) for clip in clips.find_clips(out)] == [8, 8]
