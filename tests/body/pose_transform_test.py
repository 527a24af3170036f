"""Tests of the canvas and of placing a pose on it, with people of three to five joints worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.experimental.numpy as tnp

from retarget_tf.arrays import Float32Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.pose_transform import Reshaping, Similarity, bone_lengths


def pose(**joints: tuple[float, float]) -> Float32Array:
    """Keypoints `[25, 3]` with these joints alone."""
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for name, (x, y) in joints.items():
        keypoints[skeleton.JOINT[name]] = x, y, 0.9
    return keypoints


def standing(x: float, head: float, ankles: float) -> Float32Array:
    """A person at `x`, from the nose at y = `head` down to the ankles."""
    height = ankles - head
    return pose(
        nose=(x, head), neck=(x, head + 0.2 * height), mid_hip=(x, head + 0.5 * height),
        left_ankle=(x + 0.1 * height, ankles), right_ankle=(x - 0.1 * height, ankles),
    )  # fmt: skip


def test_move_keypoints_scales_then_shifts_and_leaves_missing_joints() -> None:
    moved = Similarity(2.0, 10.0, -5.0).apply(pose(nose=(3, 4)))
    np.testing.assert_array_equal(moved[0], np.asarray([16, 3, 0.9], np.float32))
    assert not moved[1:].any()


def test_person_takes_its_share_of_the_square_and_stands_in_its_middle() -> None:
    # 70 px of 0.7 make 100 px; the middle of the body is (100, 95).
    square = pose_transform.person_square(standing(100, 60, 130), np.float32(300), np.float32(300), 0.7)
    np.testing.assert_allclose(square, (50, 45, 100), rtol=1e-6)


def test_square_is_moved_into_the_picture_where_it_fits() -> None:
    left, top, side = pose_transform.person_square(standing(20, 10, 80), np.float32(300), np.float32(120), 0.7)
    assert (left, side) == (0, 100)
    assert top == 0
    left, top, side = pose_transform.person_square(standing(20, 10, 80), np.float32(90), np.float32(90), 0.7)
    assert (left, top, side) == (-30, -5, 100)  # it does not fit: the person stays in the middle


def test_arms_are_held_but_do_not_count_for_the_height() -> None:
    person = standing(200, 100, 170)
    down = pose_transform.person_square(person, np.float32(400), np.float32(400), 0.7)
    up = person + pose(left_wrist=(200, 95))
    np.testing.assert_array_equal(pose_transform.person_square(up, np.float32(400), np.float32(400), 0.7), down)
    wide = person + pose(left_wrist=(290, 120))
    left, _, side = pose_transform.person_square(wide, np.float32(400), np.float32(400), 0.7)
    assert side == pytest.approx((290 - 193) / (1 - 2 * pose_transform.MARGIN))
    assert left + side - 290 == pytest.approx(side * pose_transform.MARGIN, abs=1e-3)


@pytest.mark.parametrize(
    "keypoints", [pose(), pose(nose=(150, 50)), pose(left_wrist=(10, 10), left_elbow=(90, 90)), pose(nose=(-5, 900))]
)
def test_square_without_a_usable_person_holds_the_picture(keypoints: Float32Array) -> None:
    square = pose_transform.person_square(keypoints, np.float32(300), np.float32(100), 0.7)
    assert tuple(map(float, square)) == (0, -100, 300)


def test_tensors_and_arrays_give_the_same() -> None:
    random = np.random.default_rng(0)

    @tf.function
    def run(keypoints: tf.Tensor, width: tf.Tensor, height: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        square = pose_transform.person_square(keypoints, width, height, 0.7, xp=tnp)
        left, top, side = square
        return tf.stack(square), pose_transform.move_keypoints(keypoints, side, left, top, xp=tnp)

    for _ in range(20):
        keypoints = random.uniform(-20, 220, (25, 3)).astype(np.float32)
        keypoints[:, 2] = random.random(25) > 0.5
        width, height = np.float32(200), np.float32(150)
        expected = pose_transform.person_square(keypoints, width, height, 0.7)
        square, moved = run(tf.constant(keypoints), tf.constant(width), tf.constant(height))
        np.testing.assert_allclose(square, expected, atol=1e-4)
        left, top, side = expected
        np.testing.assert_allclose(moved, pose_transform.move_keypoints(keypoints, side, left, top), rtol=1e-5)


def test_body_fit_puts_the_source_at_the_targets_height_ground_and_place() -> None:
    # The source is 200 px high on the ground y = 300, and walks from x = 400 to 480: its middle is 440.
    source = np.stack([standing(x, 100, 300) for x in (400, 420, 480)])
    target = standing(60, 30, 90)
    fitted = pose_transform.fit_path("body", source, target, 128, (640, 480))
    assert isinstance(fitted, Similarity)
    assert fitted.scale == pytest.approx(0.3)
    middle = fitted.apply(standing(440, 100, 300))
    np.testing.assert_allclose(middle, target, atol=1e-3)


def test_body_fit_is_of_the_median_frame() -> None:
    jump = standing(50, 0, 100)  # in the air for one frame of five, and crouching in another
    source = np.stack([standing(50, 20, 120)] * 3 + [jump, standing(50, 70, 120)])
    fitted = pose_transform.fit_path("body", source, standing(64, 30, 110), 128, (200, 200))
    assert isinstance(fitted, Similarity)
    assert fitted.scale == pytest.approx(0.8)
    ankle = fitted.apply(source)[:, skeleton.JOINT["left_ankle"], 1]
    np.testing.assert_allclose(ankle, [110, 110, 110, 94, 110], atol=1e-3)  # the jump is left


def test_body_fit_shrinks_just_enough_for_the_whole_path() -> None:
    source = np.stack([standing(x, 100, 200) for x in (0, 500)])  # five times as wide as high
    fitted = pose_transform.fit_path("body", source, standing(64, 40, 100), 128, (600, 300))
    left, _, right, bottom = skeleton.person_box(fitted.apply(source)).tolist()  # type: ignore[union-attr]
    assert (left, right) == pytest.approx((4, 124), abs=1e-3)  # the margins of 128 / 32
    assert bottom == pytest.approx(100, abs=1e-3)  # still on the target's ground


def test_body_fit_shifts_what_fits_but_leaves_the_canvas() -> None:
    source = np.stack([standing(50, 20, 100), standing(50, -30, 50)])  # a high jump
    fitted = pose_transform.fit_path("body", source, standing(64, 30, 110), 128, (100, 100))
    assert isinstance(fitted, Similarity)
    assert fitted.scale == pytest.approx(120 / 130)
    assert skeleton.person_box(fitted.apply(source))[1] == pytest.approx(4, abs=1e-3)  # type: ignore[index]


@pytest.mark.parametrize("cut", [("left_ankle", "right_ankle"), ("nose",)])
def test_body_fit_without_head_or_feet_goes_by_the_trunk(cut: tuple[str, ...]) -> None:
    source = standing(50, 20, 120)
    source[[skeleton.JOINT[name] for name in cut]] = 0
    fitted = pose_transform.fit_path("body", source[None], standing(64, 40, 90), 128, (200, 200))
    moved, target = fitted.apply(source), standing(64, 40, 90)
    for joint in ("neck", "mid_hip"):
        np.testing.assert_allclose(moved[skeleton.JOINT[joint]], target[skeleton.JOINT[joint]], atol=1e-3)


def test_fit_ignores_frames_without_a_person() -> None:
    source = np.stack([standing(50, 20, 120)] * 2)
    with_gap = np.stack([pose(), source[0], pose(), source[1]])
    target = standing(64, 40, 90)
    for fit in ("body", "path"):
        assert pose_transform.fit_path(fit, with_gap, target, 128, (200, 200)) == pose_transform.fit_path(
            fit, source, target, 128, (200, 200)
        )


def test_path_fit_fills_the_canvas_with_the_box() -> None:
    source = np.stack([standing(0, 0, 100), standing(40, 0, 100)])  # 60 x 100 with the feet
    box = skeleton.person_box(pose_transform.fit_path("path", source, pose(), 128, (1, 1)).apply(source))
    np.testing.assert_allclose(box, [64 - 36, 4, 64 + 36, 124], atol=1e-3)  # type: ignore[arg-type]


def test_no_fit_letterboxes_the_picture() -> None:
    fitted = pose_transform.fit_path("none", standing(50, 20, 120)[None], pose(), 64, (256, 128))
    assert fitted == Similarity(0.25, 0.0, 16.0)


def test_fit_refuses_a_source_without_anybody() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        pose_transform.fit_path("body", pose()[None], standing(64, 40, 90), 128, (200, 200))


def walker(height: float, *, arm: float = 1.0, leg: float = 1.0, frames: int = 60) -> Float32Array:
    """Swings arms and legs in the plane of the picture, at x = 200, the lowest foot on y = 400."""
    clip = np.zeros((frames, skeleton.NUM_JOINTS, 3), np.float32)
    for frame in range(frames):
        swing = np.sin(frame / 9)
        joints = {"mid_hip": np.zeros(2), "neck": np.array([0, -0.3]), "nose": np.array([0, -0.42])}
        for side, sign in (("left", 1), ("right", -1)):
            bones = (
                ("shoulder", "neck", 0.1, np.pi / 2 * sign, 1.0), ("elbow", "", 0.17, swing * sign, arm),
                ("wrist", "", 0.15, 0.5 * swing, arm), ("hip", "mid_hip", 0.05, np.pi / 2 * sign, 1.0),
                ("knee", "", 0.24, -0.4 * swing * sign, leg), ("ankle", "", 0.23, -0.6 * swing * sign, leg),
            )  # fmt: skip
            end = np.zeros(2)
            for name, inner, length, angle, longer in bones:
                start = joints[inner] if inner else end
                end = start + length * longer * np.array([np.sin(angle), np.cos(angle)])
                joints[f"{side}_{name}"] = end
        ground = max(joints["left_ankle"][1], joints["right_ankle"][1])
        clip[frame] = pose(**{name: (200 + height * x, 400 + height * (y - ground)) for name, (x, y) in joints.items()})
    return clip


def test_reshaping_scales_each_bone_and_keeps_the_lowest_foot() -> None:
    person = pose(
        mid_hip=(50, 50), neck=(50, 30), left_shoulder=(60, 30), left_elbow=(70, 40), left_hip=(54, 50),
        left_knee=(54, 70), left_ankle=(54, 90), right_hip=(46, 50), right_knee=(40, 60),
    )  # fmt: skip
    ratios = np.ones(25, np.float32)
    for name, ratio in {"left_elbow": 0.5, "left_knee": 1.5, "right_knee": 1.5}.items():
        ratios[skeleton.JOINT[name]] = ratio
    moved = Reshaping(ratios).apply(person)
    # The knee comes 10 px lower than it was and the ankle with it: everything rises by 10.
    expected = pose(
        mid_hip=(50, 40), neck=(50, 20), left_shoulder=(60, 20), left_elbow=(65, 25), left_hip=(54, 40),
        left_knee=(54, 70), left_ankle=(54, 90), right_hip=(46, 40), right_knee=(37, 55),
    )  # fmt: skip
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_reshaping_hangs_a_joint_on_the_next_one_that_is_seen() -> None:
    ratios = np.full(25, 2, np.float32)
    moved = Reshaping(ratios, rise=5).apply(pose(mid_hip=(50, 50), left_elbow=(60, 30), nose=(50, 20)))
    np.testing.assert_allclose(moved, pose(mid_hip=(50, 45), left_elbow=(70, 5), nose=(50, -15)))  # no foot: rises by 5
    alone = pose(left_wrist=(10, 10), left_elbow=(20, 10))  # nothing inward: the elbow stays
    np.testing.assert_allclose(Reshaping(ratios).apply(alone), pose(left_wrist=(0, 10), left_elbow=(20, 10)))


def ratio(found: pose_transform.Proportions | None, joint: str) -> float:
    assert found is not None
    return float(found.ratios[skeleton.JOINT[joint]])


def test_a_whole_clip_of_the_target_tells_its_proportions() -> None:
    source, target = walker(300, frames=300), walker(150, arm=1.1, leg=0.94, frames=300)
    found = pose_transform.compare_bodies(source, target)
    assert found is not None
    # Standing height from ankle to nose: 0.47 of legs of 0.89 in all.
    assert found.scale == pytest.approx(0.5 * (1 - 0.06 * 0.47 / 0.89), rel=0.01)
    absolute = found.scale * found.ratios[[skeleton.JOINT[name] for name in ("right_elbow", "left_ankle", "neck")]]
    np.testing.assert_allclose(absolute, [0.55, 0.47, 0.5], rtol=0.02)  # drawn a little to what is usual
    np.testing.assert_array_equal(found.ratios, found.ratios[list(skeleton.MIRRORED_JOINT)])


def test_no_bone_becomes_more_than_somewhat_longer_or_shorter() -> None:
    short, long = walker(300, arm=0.7, frames=600), walker(300, arm=1.4, frames=600)
    assert ratio(pose_transform.compare_bodies(short, long), "left_elbow") == pytest.approx(1.6)
    assert ratio(pose_transform.compare_bodies(long, short), "left_elbow") == pytest.approx(0.6)


def test_a_short_limb_of_a_photo_is_not_believed_but_a_long_one_is() -> None:
    source = walker(300)
    photo = pose_transform.compare_bodies(source, walker(300, arm=0.3)[:1])  # arms held at the camera
    assert photo is not None
    assert ratio(photo, "left_elbow") == pytest.approx(1, abs=0.05)
    assert photo.scale == pytest.approx(1, abs=0.03)
    once, always = (pose_transform.compare_bodies(source, walker(300, arm=1.2)[:frames]) for frames in (1, 60))
    assert 1.05 < ratio(once, "left_elbow") < ratio(always, "left_elbow") < 1.2  # the more pictures, the more of it


def test_hips_in_profile_do_not_count_as_narrow() -> None:
    source, profile = walker(300, frames=120), walker(300, frames=120)
    sides = [skeleton.JOINT[f"{side}_{joint}"] for side in ("left", "right") for joint in ("hip", "shoulder")]
    profile[:, sides, 0] = 200 + 0.3 * (profile[:, sides, 0] - 200)
    for one, other in ((source, profile), (profile, source)):
        found = pose_transform.compare_bodies(one, other)
        assert ratio(found, "left_hip") == pytest.approx(1, abs=0.05)  # they look 0.3 times as wide
        assert ratio(found, "left_shoulder") == pytest.approx(1, abs=0.15)
        assert found is not None
        assert found.scale == pytest.approx(1, abs=0.02)


def test_a_bone_that_one_of_the_two_does_not_show_keeps_half_of_what_the_other_has() -> None:
    source, target = walker(300, arm=1.2, frames=300), walker(300, arm=1.2, frames=300)
    target[:, [skeleton.JOINT[f"{side}_wrist"] for side in ("left", "right")]] = 0
    measured = bone_lengths.measure_bones(source)
    assert measured is not None
    deviation = measured.deviations[skeleton.JOINT["left_wrist"]]
    assert deviation > 0.1
    found = pose_transform.compare_bodies(source, target)
    assert found is not None
    # Against the neck, which is alike in both, so that the common part of all ratios drops out.
    assert ratio(found, "left_wrist") / ratio(found, "neck") == pytest.approx(np.exp(-deviation / 2), rel=0.02)
    target[...] = 0
    assert pose_transform.compare_bodies(source, target) is None


def test_height_is_measured_in_pixels_and_grows_with_the_picture() -> None:
    small, large = (bone_lengths.measure_bones(walker(height, frames=300)) for height in (150, 300))
    assert small is not None
    assert large is not None
    # 0.89 of the walker's height lie between ankle and nose, and 0.894 of the standard body's.
    assert np.exp(large.log_height) == pytest.approx(300, rel=0.04)
    assert large.log_height - small.log_height == pytest.approx(np.log(2), abs=1e-3)
    assert large.deviations.keys() == small.deviations.keys()


def test_a_joint_in_a_wild_place_does_not_decide() -> None:
    photo = walker(300)[0]
    photo[skeleton.JOINT["left_wrist"], :2] += 400
    found = pose_transform.compare_bodies(walker(300), photo[None])
    assert found is not None
    assert found.scale == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(found.ratios, 1, atol=0.06)


def test_limb_fit_meets_the_truth_better_than_the_body_fit() -> None:
    source, truth = walker(300, frames=300), walker(100, arm=1.1, leg=0.94, frames=300)
    errors = []
    for fit in ("body", "limbs"):
        moved = pose_transform.fit_path(fit, source, truth, 1024, (1, 1)).apply(source)
        errors.append(np.linalg.norm((moved - truth)[..., :2], axis=-1)[truth[..., 2] > 0].mean())
        feet = moved[:, [skeleton.JOINT["left_ankle"], skeleton.JOINT["right_ankle"]], 1]
        np.testing.assert_allclose(feet.max(axis=1), 400, atol=0.01)  # on the ground in every frame
    assert errors[1] < errors[0] / 2


def test_limb_fit_stays_on_the_canvas_and_falls_back() -> None:
    source = walker(300)
    target = walker(90)[0] - np.asarray([90, 290, 0], np.float32)
    target[target[:, 2] == 0] = 0
    box = skeleton.person_box(pose_transform.fit_path("limbs", source, target, 128, (1, 1)).apply(source))
    assert box is not None
    assert box.min() >= 4 - 1e-3
    assert box.max() <= 124 + 1e-3
    eyes = pose(left_eye=(50, 50), right_eye=(60, 50))
    fitted = pose_transform.fit_path("limbs", source, eyes, 128, (1, 1))
    assert fitted == pose_transform.fit_path("body", source, eyes, 128, (1, 1))


def test_register_finds_the_scale_and_shift_that_shared_joints_have() -> None:
    path = np.stack([standing(10, 0, 10), standing(20, 0, 10)])
    onto = Similarity(3.0, 5.0, -7.0).apply(path)
    path[0, skeleton.JOINT["nose"]] = 0  # the other one has it
    onto[1, skeleton.JOINT["neck"]] = 0
    found = pose_transform.register(path, onto)
    np.testing.assert_allclose((found.scale, found.dx, found.dy), (3, 5, -7), atol=1e-4)
    assert pose_transform.register(path, np.zeros_like(path)) == Similarity(1.0, 0.0, 0.0)


def test_hold_pose_repeats_the_last_one_seen() -> None:
    first, second = standing(50, 20, 120), standing(60, 20, 120)
    held = pose_transform.hold_pose(np.stack([pose(), first, pose(), pose(), second, pose()]))
    np.testing.assert_array_equal(held, np.stack([first, first, first, first, second, second]))
    np.testing.assert_array_equal(pose_transform.hold_pose(pose()[None]), pose()[None])
