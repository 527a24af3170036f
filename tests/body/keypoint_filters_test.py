"""Tests of the keypoint filters: a few joints by hand, then dances with missing, swapped and noisy joints."""

import itertools

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array
from retarget_tf.body import keypoint_filters, skeleton
from retarget_tf.body.keypoint_filters import GUESSED, OneEuroFilter
from retarget_tf.dancers import Recipe, render_frames

TWINS = np.asarray(skeleton.MIRRORED_JOINT)
FPS = 30


def joints(*names: str) -> list[int]:
    return [skeleton.JOINT[name] for name in names]


@pytest.fixture(scope="module")
def dance() -> Float32Array:
    """A dancer of 90 frames, some 45 px high."""
    return np.stack([keypoints for _, _, keypoints in render_frames(Recipe(5, 1, 0, frames=90, size=64))])


def error(keypoints: Float32Array, truth: Float32Array) -> float:
    """Mean distance in pixels of the joints seen in both."""
    seen = (keypoints[..., 2] > 0) & (truth[..., 2] > 0)
    return float(np.linalg.norm((keypoints - truth)[..., :2], axis=-1)[seen].mean())


def track(*places: tuple[float, float] | None, joint: str = "nose") -> Float32Array:
    """One joint over time, None where it is missing."""
    keypoints = np.zeros((len(places), skeleton.NUM_JOINTS, 3), np.float32)
    for frame, place in enumerate(places):
        if place is not None:
            keypoints[frame, skeleton.JOINT[joint]] = *place, 0.9
    return keypoints


def test_gaps_are_interpolated_and_ends_held() -> None:
    filled = keypoint_filters.fill_gaps(track(None, (0, 10), None, None, (3, 40), None), FPS)[:, 0]
    expected = [(0, 10, GUESSED), (0, 10, 0.9), (1, 20, GUESSED), (2, 30, GUESSED), (3, 40, 0.9), (3, 40, GUESSED)]
    np.testing.assert_allclose(filled, expected, atol=1e-5)
    assert skeleton.drop_unseen(filled, 64, 64)[:, 2].all()  # a guess just counts as seen


def test_a_lost_hand_goes_on_with_the_elbow() -> None:
    """She walks to the right; the hand is missing in the middle, and from frame 6 on."""
    wrist, elbow = joints("left_wrist", "left_elbow")
    walk = np.zeros((9, 25, 3), np.float32)
    walk[:, elbow] = [(10 + 3 * t * t, 20, 0.9) for t in range(9)]
    walk[:, wrist] = walk[:, elbow] + np.array([4, 7, 0], np.float32)
    spoilt = walk.copy()
    spoilt[[2, 3, 6, 7, 8], wrist] = 0
    filled = keypoint_filters.fill_gaps(spoilt, FPS)
    np.testing.assert_allclose(filled[..., :2], walk[..., :2], atol=1e-4)
    np.testing.assert_array_equal(filled[[2, 3, 6, 7, 8], wrist, 2], np.float32(GUESSED))
    # Without the elbow it stays where it was.
    spoilt[6:, elbow] = 0
    held = keypoint_filters.fill_gaps(spoilt, FPS)
    np.testing.assert_allclose(held[6:, wrist, :2], np.broadcast_to(walk[5, wrist, :2], (3, 2)), atol=1e-4)


def test_short_absences_are_bridged_long_ones_are_not() -> None:
    bridged = keypoint_filters.bridge_absences(track((0, 10), None, None, None, (4, 50)), FPS)[:, 0]
    np.testing.assert_allclose(bridged, [(0, 10, 0.9), (1, 20, 0.9), (2, 30, 0.9), (3, 40, 0.9), (4, 50, 0.9)], 1e-6)
    long = track((0, 10), *[None] * 16, (4, 50))
    np.testing.assert_array_equal(keypoint_filters.bridge_absences(long, FPS), long)
    assert keypoint_filters.bridge_absences(long, FPS, longest=0.6)[:, 0, 2].all()
    assert keypoint_filters.bridge_absences(long, 60)[:, 0, 2].all()  # 16 frames are not half a second


@pytest.mark.parametrize(
    ("shown", "long"),
    [("11.1..1", "0000000"), ("..1...1", "1101110"), ("1.1....", "0001111"), (".......", "1111111"), ("1..", "000")],
)
def test_absences_are_long_from_the_start_and_over_half_a_second(shown: str, long: str) -> None:
    """Two frames are half a second; one of a single joint is no absence."""
    source = track(*[(1.0, 1.0) if frame == "1" else None for frame in shown])
    found = keypoint_filters.long_absences(source, fps=4)
    assert "".join("1" if alone else "0" for alone in found) == long


def test_a_joint_that_is_missing_among_others_is_no_absence() -> None:
    source = track((0, 10), None, (2, 30))
    source[1, skeleton.JOINT["neck"]] = 1, 1, 0.9
    np.testing.assert_array_equal(keypoint_filters.bridge_absences(source, FPS), source)


def test_long_gaps_stay_open() -> None:
    source = track(None, None, (1, 1), None, None, (4, 4), None)
    filled = keypoint_filters.fill_gaps(source, FPS, longest=1 / FPS)
    np.testing.assert_array_equal(filled[:, 0, 2] > 0, [False, True, True, False, False, True, True])
    never = track(None, None)
    np.testing.assert_array_equal(keypoint_filters.fill_gaps(never, FPS), never)


def test_a_missing_arm_is_the_mirrored_twin() -> None:
    pose = track((0, 0))
    places = {
        "neck": (50, 30), "mid_hip": (50, 60), "left_shoulder": (60, 30), "right_shoulder": (40, 30),
        "left_elbow": (65, 40), "left_wrist": (75, 35),
    }  # fmt: skip
    for name, place in places.items():
        pose[0, skeleton.JOINT[name]] = *place, 0.9
    filled = keypoint_filters.fill_from_twin(pose)[0]
    np.testing.assert_allclose(
        filled[joints("right_elbow", "right_wrist")], [(35, 40, GUESSED), (25, 35, GUESSED)], atol=1e-4
    )
    assert not filled[joints("left_knee", "right_knee")].any()  # neither side has them
    # A trunk that leans by 45 degrees: its mirror line exchanges x and -y.
    pose[0, skeleton.JOINT["neck"], :2] = 80, 30
    filled = keypoint_filters.fill_from_twin(pose)[0]
    np.testing.assert_allclose(filled[skeleton.JOINT["right_elbow"], :2], (40 - 10, 30 - 5), atol=1e-4)


def test_dropped_arm_of_a_dancer_comes_back_near_its_place(dance: Float32Array) -> None:
    arm = joints("left_elbow", "left_wrist")
    spoilt = dance.copy()
    spoilt[20:30, arm] = 0
    for filled, limit in ((keypoint_filters.fill_gaps(spoilt, FPS), 4), (keypoint_filters.fill_from_twin(spoilt), 20)):
        assert (filled[20:30, arm, 2] > 0).all()
        assert error(filled[20:30, arm], dance[20:30, arm]) < limit
        untouched = spoilt[..., 2] > 0
        np.testing.assert_array_equal(filled[untouched], spoilt[untouched])


def test_an_arm_that_is_never_seen_is_the_mirrored_twin(dance: Float32Array) -> None:
    left, right = joints("left_elbow", "left_wrist"), joints("right_elbow", "right_wrist")
    spoilt = dance.copy()
    spoilt[:, left] = 0
    cleaned = keypoint_filters.fill_from_twin(keypoint_filters.fill_gaps(spoilt, FPS))
    tellable = (cleaned[:, [*right, *joints("left_shoulder")], 2] > 0).all(axis=1)
    assert tellable.mean() > 0.9
    assert (cleaned[tellable][:, left, 2] == GUESSED).all()
    # As far from the left shoulder as the right arm's joints are from the right one, in every frame.
    for arm, side in ((left, "left"), (right, "right")):
        arm.insert(0, skeleton.JOINT[f"{side}_shoulder"])
    lengths = [np.linalg.norm(np.diff(cleaned[tellable][:, arm, :2], axis=1), axis=-1) for arm in (left, right)]
    np.testing.assert_allclose(lengths[0], lengths[1], atol=1e-3)


def test_an_arm_that_is_lost_for_ten_frames_goes_on_by_continuity(dance: Float32Array) -> None:
    arm = joints("left_elbow", "left_wrist")
    spoilt = dance.copy()
    spoilt[20:30, arm] = 0
    cleaned = keypoint_filters.clean_keypoints(spoilt)
    assert (cleaned[20:30, arm, 2] > 0).all()
    by_twin = error(keypoint_filters.fill_from_twin(spoilt)[20:30, arm], dance[20:30, arm])
    assert error(cleaned[20:30, arm], dance[20:30, arm]) < 0.5 * by_twin


def noisy(dance: Float32Array, amount: float) -> Float32Array:
    noise = np.random.default_rng(0).normal(0, amount, dance.shape) * [1, 1, 0]
    return np.where(dance[..., 2:] > 0, dance + noise, 0).astype(np.float32)


def test_smoothing_lowers_noise_and_leaves_a_clean_dance_alone(dance: Float32Array) -> None:
    spoilt = noisy(dance, 0.45)  # 1 % of the height
    assert error(keypoint_filters.smooth(spoilt, FPS), dance) < 0.5 * error(spoilt, dance)
    assert error(keypoint_filters.smooth(dance, FPS), dance) < 0.01
    half = keypoint_filters.smooth(spoilt[::2], FPS / 2)
    assert error(half, dance[::2]) < 0.75 * error(spoilt[::2], dance[::2])
    assert error(keypoint_filters.smooth(dance[::2], FPS / 2), dance[::2]) < 0.05


@pytest.mark.parametrize("fps", [16, 24, 30, 60])
def test_a_fast_hand_keeps_its_amplitude(fps: int) -> None:
    """It swings by 20 px to both sides, twice a second, before a detector's noise of .5 px."""
    seconds = np.arange(4 * fps) / fps
    swing = track(*((50 + 20 * np.sin(4 * np.pi * t), 50) for t in seconds))
    shaken = noisy(swing, 0.5)
    smooth = keypoint_filters.smooth(shaken, fps)
    middle = slice(fps, 3 * fps)
    assert error(smooth[middle], swing[middle]) < (1.1 if fps < 30 else 0.9) * error(shaken[middle], swing[middle])
    assert np.ptp(smooth[middle, 0, 0]) > 0.97 * np.ptp(swing[middle, 0, 0])


def test_smoothing_keeps_missing_joints_missing_and_short_clips_as_they_are() -> None:
    places = [(x, y) for x, y in np.random.default_rng(0).normal(30, 1, (40, 2))]
    source = track(*places[:20], None, *places[21:])
    smooth = keypoint_filters.smooth(source, FPS)
    np.testing.assert_array_equal(smooth[20], 0)
    assert np.std(smooth[:20, 0, 0]) < 0.6 * np.std(source[:20, 0, 0])
    np.testing.assert_array_equal(keypoint_filters.smooth(source[:8], FPS), source[:8])


def test_outliers_are_dropped_and_fast_hands_are_not(dance: Float32Array) -> None:
    wrist = skeleton.JOINT["left_wrist"]
    spoilt = dance.copy()
    spoilt[40:42, wrist, :2] += 20
    dropped = keypoint_filters.drop_outliers(spoilt, FPS)
    np.testing.assert_array_equal(dropped[40:42, wrist], 0)
    dropped[40:42, wrist] = dance[40:42, wrist]
    np.testing.assert_array_equal(dropped, dance)
    # Guessed from its neighbours in time, and marked as a guess.
    cleaned = keypoint_filters.clean_keypoints(spoilt, FPS)
    np.testing.assert_array_equal(cleaned[40:42, wrist, 2], np.float32(GUESSED))
    assert error(cleaned[40:42], dance[40:42]) < 0.5
    stays = dance.copy()
    stays[40:, wrist, :2] += 20  # what does not come back is no outlier
    np.testing.assert_array_equal(keypoint_filters.drop_outliers(stays, FPS), stays)
    np.testing.assert_array_equal(keypoint_filters.drop_outliers(dance[::2], FPS / 2), dance[::2])


def test_stream_filter_by_hand() -> None:
    stream = OneEuroFilter(unit=100, min_cutoff=1, beta=0, derivative_cutoff=1)
    dt = 1 / (2 * np.pi)  # at a cutoff of 1 Hz half of the new value is taken
    places = [(0, 8), (4, 8), None, (7, 7)]
    steps = [stream.step(keypoints, dt)[0] for keypoints in track(*places)]
    np.testing.assert_allclose(steps, [(0, 8, 0.9), (2, 8, 0.9), (0, 0, 0), (7, 7, 0.9)], rtol=1e-6)
    quick = OneEuroFilter(unit=1, min_cutoff=1, beta=1e6)
    np.testing.assert_allclose([quick.step(k, dt)[0, 0] for k in track((0, 0), (4, 0))], [0, 4], atol=1e-4)
    with pytest.raises(ValueError, match="dt must be positive"):
        stream.step(track((0, 0))[0], 0)
    with pytest.raises(ValueError, match="unit=0"):
        OneEuroFilter(unit=0)


def test_stream_filter_lowers_noise(dance: Float32Array) -> None:
    spoilt = noisy(dance, 0.45)
    stream = OneEuroFilter(unit=45)
    assert error(np.stack([stream.step(frame, 1 / 30) for frame in spoilt]), dance) < 0.85 * error(spoilt, dance)


GROUPS = {
    "whole": list(range(skeleton.NUM_JOINTS)),
    "arms": joints("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    "legs": joints(*(f"{side}_{part}" for side in ("left", "right") for part in ("knee", "ankle", "heel", "big_toe"))),
}


@pytest.mark.parametrize("group", GROUPS)
def test_swaps_are_repaired(dance: Float32Array, group: str) -> None:
    spoilt = dance.copy()
    for span in (slice(10, 11), slice(30, 42), slice(60, 65)):
        spoilt[span, GROUPS[group]] = dance[span][:, TWINS[GROUPS[group]]]
    repaired = keypoint_filters.repair_swaps(spoilt, FPS)

    def wrong(keypoints: Float32Array) -> int:
        """Joints that lie further off than 2 % of the height."""
        return int((np.linalg.norm((keypoints - dance)[..., :2], axis=-1) > 0.9).sum())

    assert wrong(spoilt) > 30
    assert wrong(repaired) <= 0.1 * wrong(spoilt)


def test_a_dance_without_swaps_is_left_alone(dance: Float32Array) -> None:
    np.testing.assert_array_equal(keypoint_filters.repair_swaps(dance, FPS), dance)
    shaken = noisy(dance, 0.45)
    np.testing.assert_array_equal(keypoint_filters.repair_swaps(shaken, FPS), shaken)


def pirouette(fps: int, turns: float, arms: float, noise: float) -> Float32Array:
    """Three seconds of a person of 100 px who turns about the vertical, seen without perspective.

    Args:
        fps: Frames per second.
        turns: Turns per second.
        arms: Length of the arms as a share of the height; they point to the sides.
        noise: Standard deviation of the keypoints in pixels.
    """
    middle = {"nose": (0, -0.9, 0.1), "neck": (0, -0.8, 0), "mid_hip": (0, -0.5, 0)}
    left = {
        "shoulder": (0.1, -0.8, 0), "elbow": (0.1 + arms / 2, -0.75, 0.03), "wrist": (0.1 + arms, -0.7, 0.08),
        "hip": (0.06, -0.5, 0), "knee": (0.07, -0.25, 0.03), "ankle": (0.07, -0.03, 0), "heel": (0.07, 0, -0.02),
        "big_toe": (0.09, 0, 0.1), "eye": (0.015, -0.92, 0.09), "ear": (0.04, -0.91, 0.02),
    }  # fmt: skip
    sides = {f"{side}_{name}": (sign * x, y, z) for side, sign in (("left", 1), ("right", -1)) for name, (x, y, z) in
             left.items()}  # fmt: skip
    angle = 2 * np.pi * turns * np.arange(3 * fps) / fps
    keypoints = np.zeros((len(angle), skeleton.NUM_JOINTS, 3), np.float32)
    for name, (x, y, z) in (middle | sides).items():
        across = x * np.cos(angle) + z * np.sin(angle)
        keypoints[:, skeleton.JOINT[name]] = np.stack(
            [100 + 100 * across, 100 + 100 * y + 0 * across, 0.9 + 0 * across], 1
        )
    shift = np.random.default_rng(0).normal(0, noise, keypoints.shape) * [1, 1, 0]
    return np.where(keypoints[..., 2:] > 0, keypoints + shift, 0).astype(np.float32)


@pytest.mark.parametrize("fps", [15, 16, 24, 30, 60])
def test_a_turn_is_no_swap(fps: int) -> None:
    for turns, arms, noise in itertools.product((0.5, 0.77, 1, 1.3, 1.5), (0.1, 0.35), (0, 1)):
        turning = pirouette(fps, turns, arms, noise)
        np.testing.assert_array_equal(
            keypoint_filters.repair_swaps(turning, fps), turning, f"{turns=} {arms=} {noise=}"
        )


def test_a_swap_within_a_turn_is_repaired() -> None:
    turning = pirouette(FPS, 0.25, 0.1, 0)
    spoilt = turning.copy()
    spoilt[5:12] = spoilt[5:12][:, TWINS]
    np.testing.assert_array_equal(keypoint_filters.repair_swaps(spoilt, FPS), turning)


@pytest.mark.parametrize("seed", [2, 4, 10, 14])
def test_a_repair_does_not_cross_limbs(seed: int) -> None:
    """Seen from behind, a detector wavers between the sides, by way of poses in which both lie in the middle."""
    rng = np.random.default_rng(seed)
    person, share = pirouette(FPS, 0, 0.1, 0)[:1], rng.choice([0, 0.3, 0.5, 0.7, 1], 40)[:, None, None]
    wavering = person * (1 - share) + person[:, TWINS] * share
    noise = rng.normal(0, 2, wavering.shape) * [1, 1, 0]
    wavering = np.where(wavering[..., 2:] > 0, wavering + noise, 0).astype(np.float32)
    repaired = keypoint_filters.repair_swaps(wavering, FPS)
    for side, (start, end) in itertools.product(("left", "right"), (("shoulder", "elbow"), ("hip", "knee"))):
        bone = joints(f"{side}_{start}", f"{side}_{end}")
        before, after = (
            np.linalg.norm(np.subtract(*p[:, bone, :2].swapaxes(0, 1)), axis=-1) for p in (wavering, repaired)
        )
        assert (after - before).max() < 12  # pixels of some 100; 25 if only half of her sides are exchanged


def test_one_side_alone_is_no_evidence_of_a_swap() -> None:
    """The left wrist jumps to where the right one was last seen, which is lost meanwhile."""
    wrists = track(*[(40, 50)] * 10, *[(80, 50)] * 10, joint="left_wrist")
    wrists[:9, skeleton.JOINT["right_wrist"]] = 80, 50, 0.9
    wrists[:, skeleton.JOINT["nose"]] = 60, 0, 0.9
    wrists[:, skeleton.JOINT["left_ankle"]] = 60, 100, 0.9
    np.testing.assert_array_equal(keypoint_filters.repair_swaps(wrists, FPS), wrists)


def test_a_lost_hand_of_a_stream_goes_on_with_the_elbow_for_half_a_second() -> None:
    wrist, elbow = joints("left_wrist", "left_elbow")
    lost = keypoint_filters.LostJoints()
    for t in range(8):
        pose = np.zeros((25, 3), np.float32)
        pose[elbow] = 10 + 3 * t * t, 20, 0.9
        if t < 2:
            pose[wrist] = pose[elbow] + np.array([4, 7, 0], np.float32)
        filled = lost.step(pose, 0.1)
        expected = (14 + 3 * t * t, 27, 0.9 if t < 2 else GUESSED) if t < 7 else (0, 0, 0)
        np.testing.assert_allclose(filled[wrist], expected, atol=1e-4)
        np.testing.assert_array_equal(filled[elbow], pose[elbow])


def test_everything_together(dance: Float32Array) -> None:
    spoilt = noisy(dance, 0.45)
    spoilt[30:35] = spoilt[30:35, TWINS]
    spoilt[50:58, joints("right_elbow", "right_wrist")] = 0
    kept = spoilt.copy()
    cleaned = keypoint_filters.clean_keypoints(spoilt, FPS)
    np.testing.assert_array_equal(spoilt, kept)
    assert error(cleaned, dance) < 0.6 * error(spoilt, dance)
    assert cleaned.shape == dance.shape
    assert cleaned.dtype == np.float32
    nobody = np.zeros((3, 25, 3), np.float32)
    np.testing.assert_array_equal(keypoint_filters.clean_keypoints(nobody), nobody)
    with pytest.raises(ValueError, match=r"fps must be positive\. Received: fps=0"):
        keypoint_filters.clean_keypoints(dance, 0)


def test_sides_that_are_exchanged_in_a_stream_are_put_right_at_once() -> None:
    poses = np.stack([points for _, _, points in render_frames(Recipe(5, 2, 0, frames=90, size=64))])
    exchanged = poses.copy()
    bad = np.zeros(90, bool)
    for first in (10, 31, 52, 73):
        bad[first : first + 4] = True
    exchanged[bad] = exchanged[bad][:, list(skeleton.MIRRORED_JOINT)]
    stream = keypoint_filters.ExchangedSides()
    repaired = np.stack([stream.step(pose, 1 / 30) for pose in exchanged])
    is_wrong = np.abs(repaired - poses).max(axis=(1, 2)) > 0.5
    assert is_wrong.sum() <= 2, f"{bad.sum()} were exchanged"
    unharmed = keypoint_filters.ExchangedSides()
    np.testing.assert_array_equal(np.stack([unharmed.step(pose, 1 / 30) for pose in poses]), poses)
