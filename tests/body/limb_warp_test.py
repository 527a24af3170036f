"""Tests of the limb warp on a figure of capsules whose limbs are moved one by one."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import limb_warp, skeleton
from retarget_tf.body.limb_warp import anatomy, sampling
from retarget_tf.body.parsing_labels import CIHP20, PARTS10, LabelSchema
from retarget_tf.body.skeleton import JOINT
from tests.testing import mirror_keypoints

SIZE = 64

# Seen from before: the person's left is on the right of the picture. x and y from the mid-hip in pixels.
STANDING = {
    "nose": (0.3, -20), "neck": (0, -14), "mid_hip": (0, 0), "left_shoulder": (5, -14), "left_elbow": (11, -13),
    "left_wrist": (18, -12), "left_hip": (2.7, 0), "left_knee": (3.2, 11), "left_ankle": (3.4, 22),
    "left_eye": (1, -21), "left_ear": (3.3, -20.5), "left_big_toe": (5, 24), "left_heel": (3, 24),
}  # fmt: skip
# Class, the joints at the two ends, half the thickness; later ones cover earlier ones.
CAPSULES = (
    ("upper_clothes", "left_shoulder", "left_hip", 2), ("upper_clothes", "right_shoulder", "right_hip", 2),
    ("upper_clothes", "neck", "mid_hip", 3), ("lower_clothes", "left_hip", "left_knee", 2),
    ("lower_clothes", "right_hip", "right_knee", 2), ("left_leg", "left_knee", "left_ankle", 1.6),
    ("right_leg", "right_knee", "right_ankle", 1.6), ("shoes", "left_heel", "left_big_toe", 1.5),
    ("shoes", "right_heel", "right_big_toe", 1.5), ("upper_clothes", "left_shoulder", "left_elbow", 1.6),
    ("upper_clothes", "right_shoulder", "right_elbow", 1.6), ("left_arm", "left_elbow", "left_wrist", 1.5),
    ("right_arm", "right_elbow", "right_wrist", 1.5), ("hair", "left_ear", "right_ear", 2.6),
    ("face", "nose", "neck", 2),
)  # fmt: skip
CIHP20_NAMES = {"lower_clothes": "skirt", "shoes": "left_shoe"}
LEFT_ARM = ("left_elbow", "left_wrist")
HAIR, FACE = (PARTS10.classes.index(name) for name in ("hair", "face"))


def person(x: float = 32.3, y: float = 33.4, scale: float = 1.0, **moved: tuple[float, float]) -> Float32Array:
    """Keypoints `[25, 3]` with the mid-hip at x and y; `moved` joints are given from the mid-hip, unscaled."""
    places = {name.replace("left", "right"): (-px, py) for name, (px, py) in STANDING.items() if "left" in name}
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for name, (px, py) in {**places, **STANDING, **moved}.items():
        keypoints[JOINT[name]] = (x + scale * px, y + scale * py, 1)
    return keypoints


def paint(keypoints: Float32Array, scale: float = 1.0, schema: LabelSchema = PARTS10) -> Uint8Array:
    """The map `[size, size]` of the capsules."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    parsing_map = np.zeros((SIZE, SIZE), np.uint8)
    for class_name, start, end, radius in CAPSULES:
        (ax, ay), (bx, by) = (keypoints[JOINT[joint], :2] for joint in (start, end))
        dx, dy = bx - ax, by - ay
        share = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
        inside = np.hypot(x - ax - share * dx, y - ay - share * dy) < radius * scale
        parsing_map[inside] = schema.classes.index(
            CIHP20_NAMES.get(class_name, class_name) if schema is CIHP20 else class_name
        )
    return parsing_map


def one_hot(parsing_map: Uint8Array, schema: LabelSchema = PARTS10) -> Float32Array:
    """The class 255 has no channel."""
    return (parsing_map[..., None] == np.arange(schema.num_classes)).astype(np.float32)


def warp(
    parsing_map: Uint8Array, reference: Float32Array, keypoints: Float32Array, schema: LabelSchema = PARTS10
) -> Uint8Array:
    warped = limb_warp.warp_map(one_hot(parsing_map, schema)[None], reference[None], keypoints[None], schema)
    probabilities = np.asarray(warped)[0]
    np.testing.assert_array_equal(probabilities.sum(axis=-1), 1)
    return probabilities.argmax(axis=-1).astype(np.uint8)


def iou(real: Uint8Array, warped: Uint8Array) -> float:
    """Mean over the classes that the real map has, background too."""
    pairs = [(real == i, warped == i) for i in np.unique(real)]
    return float(np.mean([np.sum(a & b) / np.sum(a | b) for a, b in pairs]))


def dropped(keypoints: Float32Array, *joints: str) -> Float32Array:
    fewer = keypoints.copy()
    fewer[[JOINT[joint] for joint in joints]] = 0
    return fewer


def test_the_same_pose_gives_the_same_map() -> None:
    parsing_map = paint(person())
    assert set(np.unique(parsing_map)) == set(range(10))
    np.testing.assert_array_equal(warp(parsing_map, person(), person()), parsing_map)


def test_shift_moves_every_pixel() -> None:
    parsing_map = paint(person())
    moved = warp(parsing_map, person(), person(32.3 + 5, 33.4 - 3))
    np.testing.assert_array_equal(moved, np.roll(parsing_map, (-3, 5), axis=(0, 1)))


def test_the_map_grows_with_the_person() -> None:
    larger = warp(paint(person()), person(), person(scale=1.25))
    assert iou(paint(person(scale=1.25), scale=1.25), larger) > 0.75
    assert iou(paint(person(scale=1.25), scale=1.25), paint(person())) < 0.6


def test_a_raised_arm_takes_its_pixels_along_and_no_others() -> None:
    raised = person(left_elbow=(6, -20), left_wrist=(7, -27))
    before, after = paint(person()), warp(paint(person()), person(), raised)
    assert iou(paint(raised), after) > 0.85
    arm = PARTS10.classes.index("left_arm")
    assert np.sum(after == arm) == pytest.approx(np.sum(before == arm), rel=0.2)
    # Left of the arm's shoulder, where neither pose has it, nothing changes.
    np.testing.assert_array_equal(after[:, :34], before[:, :34])
    assert not np.any(after[20:26, 44:])  # where the arm was


def test_bent_leg() -> None:
    bent = person(right_knee=(-9, 7), right_ankle=(-6, 17), right_heel=(-7, 19), right_big_toe=(-9, 19.5))
    assert iou(paint(bent), warp(paint(person()), person(), bent)) > 0.75


def test_mirrored_input_gives_the_mirrored_map() -> None:
    pose = person(left_elbow=(7.2, -19.7), left_wrist=(12.4, -25.1), right_knee=(-7.6, 9.3), right_ankle=(-6.1, 19.2))
    parsing_map, swap = paint(person()), np.array(PARTS10.mirrored, np.uint8)
    warped = warp(parsing_map, person(), pose)
    mirrored = warp(swap[parsing_map[:, ::-1]], mirror_keypoints(person(), SIZE), mirror_keypoints(pose, SIZE))
    # Ties may fall to the other side.
    assert np.mean(mirrored != swap[warped[:, ::-1]]) < 0.002


def test_a_missing_limb_moves_with_what_it_hangs_on() -> None:
    pose = person(40.3, 30.4)
    whole = warp(paint(person()), person(), pose)
    for joints in (LEFT_ARM, ("left_wrist",), ("right_knee", "right_ankle", "right_heel", "right_big_toe"), ("neck",)):
        warped = warp(paint(person()), person(), dropped(pose, *joints))
        assert iou(whole, warped) > 0.9, joints


def test_a_joint_missing_in_the_reference_is_guessed() -> None:
    reference = dropped(person(), "left_big_toe", "left_heel", "right_wrist")
    assert iou(paint(person()), warp(paint(person()), reference, person())) > 0.75


def test_doubt_fades() -> None:
    """Between a joint that is seen and one that is missing the map changes little by little."""
    pose, changes = person(left_wrist=(12, -5)), []
    sure = warp(paint(person()), person(), pose)
    for confidence in (0.3, 0.15, 0.05, 0.0):
        pose[JOINT["left_wrist"], 2] = confidence
        changes.append(float(np.mean(warp(paint(person()), person(), pose) != sure)))
    assert changes == sorted(changes)
    assert changes[0] == 0
    assert changes[1] < changes[2]


def test_nobody_leaves_the_map_as_it_is() -> None:
    nobody = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    assert iou(paint(person()), warp(paint(person()), person(), nobody)) > 0.99


def test_a_hidden_limb_is_its_twin_in_the_mirror() -> None:
    parsing_map = paint(person())
    arm = PARTS10.classes.index("left_arm")
    parsing_map[parsing_map == arm] = 0
    raised = person(left_elbow=(8, -12), left_wrist=(13, -15))
    warped = warp(parsing_map, person(), raised)
    assert np.sum(warped == arm) == pytest.approx(np.sum(paint(raised) == arm), rel=0.25)


def test_what_an_arm_has_hidden_is_filled_in() -> None:
    folded = person(left_elbow=(8, -7), left_wrist=(0, -7))
    opened = warp(paint(folded), folded, person())
    left_of_spine = opened[21:31, 31:33]
    assert np.all(left_of_spine == PARTS10.classes.index("upper_clothes"))
    unknown = paint(person())
    unknown[23:29, 31:34] = 255
    np.testing.assert_array_equal(warp(unknown, person(), person()), paint(person()))


def without_a_hand(parsing_map: Uint8Array, wrist: int = 50) -> Uint8Array:
    """The left wrist of `person` is in column 50."""
    cut = parsing_map.copy()
    cut[16:26, wrist:] = 0
    return cut


def test_a_hand_that_the_photo_does_not_show_is_guessed() -> None:
    lowered = person(left_elbow=(8, -3), left_wrist=(9, 5))
    arm, whole = PARTS10.classes.index("left_arm"), warp(paint(person()), person(), lowered)
    hand = warp(without_a_hand(paint(person())), person(), lowered)[39:41, 40:43]
    np.testing.assert_array_equal(hand, arm)
    assert np.sum(whole[39:41] == arm) < 6, "a hand that is shown stays as small as it is"


def test_nothing_is_guessed_in_the_photos_own_pose() -> None:
    parsing_map = without_a_hand(paint(person()))
    np.testing.assert_array_equal(warp(parsing_map, person(), person()), parsing_map)
    parsing_map[parsing_map == PARTS10.classes.index("right_arm")] = 0
    np.testing.assert_array_equal(warp(parsing_map, person(), person()), parsing_map)


def test_no_hand_is_guessed_where_no_forearm_is_seen() -> None:
    parsing_map = paint(person())
    for class_name in ("left_arm", "right_arm"):
        parsing_map[parsing_map == PARTS10.classes.index(class_name)] = 0
    warped = warp(parsing_map, person(), person(left_elbow=(8, -12), left_wrist=(13, -15)))
    assert not np.isin(warped, [PARTS10.classes.index(name) for name in ("left_arm", "right_arm")]).any()


def test_a_guessed_hand_lies_behind_what_is_seen() -> None:
    parsing_map = paint(person())
    before_trunk = person(left_elbow=(8, -7), left_wrist=(0, -7))
    warped = warp(without_a_hand(parsing_map), person(), before_trunk)
    assert np.all(warped[25:28, 29:31] == PARTS10.classes.index("upper_clothes"))


def test_a_much_thinner_forearm_is_its_twin_in_the_mirror() -> None:
    parsing_map = paint(person())
    arm = PARTS10.classes.index("left_arm")
    rows = np.flatnonzero((parsing_map == arm).any(axis=1))
    parsing_map[rows[1] : rows[-1]][parsing_map[rows[1] : rows[-1]] == arm] = 0  # its outline alone is left
    raised = person(left_elbow=(8, -12), left_wrist=(13, -15))
    warped = warp(parsing_map, person(), raised)
    assert np.sum(warped == arm) == pytest.approx(np.sum(paint(raised) == arm), rel=0.25)


def test_where_an_arm_has_hidden_the_chest_no_hole_opens() -> None:
    folded = person(left_elbow=(8, -5), left_wrist=(-1, -7))
    parsing_map = paint(folded)
    assert parsing_map[26, 34] == PARTS10.classes.index("left_arm")  # halfway from the spine to the side
    assert np.all(warp(parsing_map, folded, person())[24:31, 30:36] == PARTS10.classes.index("upper_clothes"))


def from_behind() -> Float32Array:
    behind = person()
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "eye", "ear", "big_toe", "heel"):
        pair = [JOINT[f"left_{joint}"], JOINT[f"right_{joint}"]]
        behind[pair] = behind[pair[::-1]]
    return behind


def test_from_behind_a_face_becomes_hair() -> None:
    warped = warp(paint(person()), person(), from_behind())
    head = warped[8:16]
    assert np.sum(head == FACE) < 0.3 * np.sum(paint(person())[8:16] == FACE)
    assert np.sum(head == HAIR) > 30
    assert np.all(np.nonzero(warped == PARTS10.classes.index("left_arm"))[1] < 32)


def test_hair_that_shows_at_the_top_only_reaches_the_nape_at_the_back() -> None:
    parsing_map = paint(person())
    parsing_map[12:][parsing_map[12:] == HAIR] = FACE  # the ears are in row 12
    warped = warp(parsing_map, person(), from_behind())
    assert np.all(warped[10:14, 31:34] == HAIR)
    assert np.all(warped[15:18, 31:34] == FACE), "the neck is bare"
    np.testing.assert_array_equal(warped[10:18] > 0, parsing_map[10:18] > 0)


def test_without_hair_the_back_of_the_head_is_skin() -> None:
    parsing_map = paint(person())
    parsing_map[parsing_map == HAIR] = FACE
    assert np.sum(warp(parsing_map, person(), from_behind()) == FACE) > 0.9 * np.sum(parsing_map == FACE)


def test_a_head_in_profile_is_unchanged_in_its_own_pose() -> None:
    profile = person(nose=(4, -20), left_ear=(0.1, -20.5), right_ear=(-0.1, -20.5))
    parsing_map = paint(profile)
    parsing_map[12:18, 26:30] = FACE
    parsing_map[12:18, 24:26] = HAIR  # stands off
    np.testing.assert_array_equal(warp(parsing_map, profile, profile)[:18], parsing_map[:18])


def test_an_unknown_reference_gives_nothing() -> None:
    warped = limb_warp.warp_map(np.zeros((1, SIZE, SIZE, 10), np.float32), person()[None], person()[None])
    np.testing.assert_array_equal(warped, 0)


def test_four_pixels_in_one_number_are_read_as_bilinear_interpolation_would() -> None:
    seen = sampling.SEEN
    codes = np.array([[[[1, seen + 31], [0, 3]]], [[[5, 0], [0, 0]]]], np.float32)
    packed = sampling.pack(codes)
    assert packed.shape == (2, 1, 3, 3)
    assert packed[0, 0, 1, 1] == 1 + 64 * 63 + 64**3 * 3  # upper left, upper right, lower right
    part = np.zeros((2, 1, 1), np.int32)
    # A pixel's centre, a quarter on the way to nothing, far outside, and in the corner where three meet nothing.
    x, y = (np.tile(np.array(values, np.float32), (2, 1, 1)) for values in ((0.5, 1.5, -9, 0.9), (0.5, 0.25, 99, 1.1)))
    found, covered = (np.asarray(values) for values in sampling.smooth(packed, part, x, y))
    np.testing.assert_array_equal(covered[:, 0], [[True, True, False, True], [True, False, False, False]])
    np.testing.assert_array_equal(found[0, 0, [0, 1, 3]], [1, seen + 31, seen + 31])
    assert found[1, 0, 0] == 5


def test_more_classes_than_a_code_has_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 32 classes\. Received: classes=33"):
        limb_warp.warp_map(np.zeros((1, SIZE, SIZE, 33), np.float32), person()[None], person()[None])


def test_another_schema() -> None:
    parsing_map = paint(person(), schema=CIHP20)
    np.testing.assert_array_equal(warp(parsing_map, person(), person(), CIHP20), parsing_map)


@pytest.mark.slow
def test_a_batch_of_any_size_in_a_graph() -> None:
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, SIZE, SIZE, 10]),
            tf.TensorSpec([None, 25, 3]),
            tf.TensorSpec([None, 25, 3]),
        ]
    )
    def in_graph(maps: tf.Tensor, references: tf.Tensor, keypoints: tf.Tensor) -> tf.Tensor:
        return limb_warp.warp_map(maps, references, keypoints)

    poses = [person(40, 30), person(left_wrist=(10, -22)), person(30, 35, 0.8)]
    alone = [warp(paint(person()), person(), pose) for pose in poses]
    for batch in (1, 3):
        repeated = np.repeat(one_hot(paint(person()))[None], batch, axis=0)
        warped = in_graph(repeated, np.repeat(person()[None], batch, axis=0), np.stack(poses[:batch]))
        assert in_graph.get_concrete_function().structured_outputs.shape == [None, SIZE, SIZE, 10]
        np.testing.assert_array_equal(np.argmax(warped, axis=-1), alone[:batch])


@pytest.mark.slow
def test_a_saved_model_warps_where_the_package_is_not(tmp_path: pathlib.Path) -> None:
    inputs = {
        "map": keras.Input((SIZE, SIZE, 10), name="map"),
        "reference": keras.Input((25, 3), name="reference"),
        "keypoints": keras.Input((25, 3), name="keypoints"),
    }
    outputs = limb_warp.warp_map(inputs["map"], inputs["reference"], inputs["keypoints"])
    keras.Model(inputs, outputs).save(tmp_path / "warp.keras")
    poses = np.stack([person(40, 30), person(left_wrist=(10, -22))])
    np.savez(
        tmp_path / "in.npz",
        map=np.repeat(one_hot(paint(person()))[None], 2, axis=0),
        reference=np.repeat(person()[None], 2, axis=0),
        keypoints=poses,
    )
    script = (
        "import sys\nsys.modules['retarget_tf'] = None\nimport keras, numpy as np\n"
        "model = keras.models.load_model('warp.keras')\n"
        "np.save('out.npy', model({name: values for name, values in np.load('in.npz').items()}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    expected = [warp(paint(person()), person(), pose) for pose in poses]
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy").argmax(axis=-1), expected)


def test_one_wild_joint_hardly_changes_the_body_unit() -> None:
    """An elbow in a wrong place makes two bones too long; the person must not swell with them."""

    def unit(keypoints: Float32Array) -> float:
        points = anatomy.complete(tf.constant(keypoints)[None], anatomy.template(SIZE, SIZE))
        return float(ops.convert_to_numpy(anatomy.body_unit(points)).item())

    usual = unit(person())
    for x, y in ((2.0, 2.0), (60.0, 60.0), (60.0, 3.0)):
        assert unit(person(left_elbow=(x, y))) == pytest.approx(usual, rel=0.05)
        assert unit(person(right_knee=(x, y))) == pytest.approx(usual, rel=0.05)
    assert unit(person(scale=1.5)) == pytest.approx(1.5 * usual, rel=1e-3)
