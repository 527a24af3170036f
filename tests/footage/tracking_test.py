"""Tests of tracking several people, and of choosing one of them."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage.people import tracking
from retarget_tf.footage.people.choosing import PersonChoice

RED, BLUE = np.array([50, 60, 40], np.float32), np.array([40, 10, -60], np.float32)  # CIE Lab


def figure(x: float, height: float = 100.0) -> Float32Array:
    """Somebody upright, the feet at y = 150."""
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    shares = {"nose": (0, 1), "neck": (0, 0.85), "mid_hip": (0, 0.5), "left_ankle": (0.1, 0), "right_ankle": (-0.1, 0)}
    shares |= {f"{side}_shoulder": (sign * 0.1, 0.85) for side, sign in (("left", 1), ("right", -1))}
    shares |= {f"{side}_hip": (sign * 0.08, 0.5) for side, sign in (("left", 1), ("right", -1))}
    for joint, (across, up) in shares.items():
        keypoints[skeleton.JOINT[joint]] = x + across * height, 150 - up * height, 0.9
    return keypoints


def person(x: float, colour: Float32Array = RED, height: float = 100.0) -> tracking.Sighting:
    return tracking.Sighting(figure(x, height), colour)


def place(keypoints: Float32Array) -> float:
    return float(keypoints[skeleton.JOINT["neck"], 0])


def track_all(frames: list[list[tracking.Sighting]], fps: float = 30.0) -> list[tracking.PersonTrack]:
    tracker = tracking.PeopleTracker(fps)
    for index, sightings in enumerate(frames):
        tracker.update(index, sightings)
    return tracker.tracks


def test_people_side_by_side_keep_their_tracks_in_any_order_of_sight() -> None:
    frames = [[person(100 + t), person(250 - t)][:: 1 if t % 2 else -1] for t in range(40)]
    tracks = track_all(frames)
    assert len(tracks) == 2
    ways = sorted([place(track.keypoints[t]) for t in range(40)] for track in tracks)
    np.testing.assert_allclose(ways, [100 + np.arange(40), 250 - np.arange(40)], atol=1e-4)
    assert not any(track.doubts for track in tracks)


@pytest.mark.parametrize("colour", [BLUE, RED])
def test_people_who_cross_go_on_as_they_went(colour: Float32Array) -> None:
    """One is hidden for ten frames behind the other."""
    frames = []
    for t in range(80):
        near, far = person(100 + 2 * t), person(260 - 2 * t, colour)
        frames.append([near] if 35 <= t < 45 else [far, near])
    first, second = sorted(track_all(frames), key=lambda track: place(track.keypoints[0]))
    assert place(first.keypoints[79]) == 258
    assert place(second.keypoints[79]) == 102
    assert len(second.keypoints) == 70


def test_people_who_meet_and_turn_back_are_told_by_colour_or_doubted() -> None:
    """Both were heading past each other; after ten hidden frames each is where it came from."""

    def dance(colour: Float32Array) -> list[list[tracking.Sighting]]:
        ways = [(100 + 2 * t, 200 - 2 * t) for t in range(24)]
        ways += [(130, 170)] * 2 + [(146 - 2 * t, 154 + 2 * t) for t in range(24)]
        return [[person(a), person(b, colour)] for a, b in ways]

    first, second = track_all(dance(BLUE))
    assert place(first.keypoints[49]) == 100
    np.testing.assert_array_equal(first.colour, RED)
    np.testing.assert_array_equal(second.colour, BLUE)
    assert any(track.doubts for track in track_all(dance(RED)))


def test_who_comes_back_in_other_clothes_is_doubted() -> None:
    frames = [[person(100)] for _ in range(30)] + [[] for _ in range(20)] + [[person(104, BLUE)] for _ in range(10)]
    (track,) = track_all(frames)
    assert track.doubts[0] == 50


def test_who_wears_the_other_ones_colour_is_doubted_once_a_second() -> None:
    frames = [[person(100), person(180, BLUE)]] * 30 + [[person(100, BLUE), person(180, BLUE)]] * 20
    first, second = track_all(frames)
    assert first.doubts == [30]
    assert second.doubts == []


def test_who_is_away_for_long_or_far_off_is_somebody_else() -> None:
    away = [[person(100)]] * 10 + [[]] * 80 + [[person(100)]] * 10
    assert [track.first for track in track_all(away)] == [0, 90]
    jump = [[person(100)]] * 10 + [[person(400)]] * 10
    assert [track.first for track in track_all(jump)] == [0, 10]


def test_one_person_seen_twice_counts_once_with_the_surer_pose() -> None:
    sure, unsure = figure(100), figure(102) * np.array([1, 1, 0.5], np.float32)
    image = np.zeros((200, 300, 3), np.uint8)
    image[:, 80:120] = (200, 0, 0)
    (seen,) = tracking.sight(image, [unsure, sure])
    assert seen.keypoints is sure
    assert len(tracking.sight(image, [sure, figure(200)])) == 2
    lightness, green_red, _ = seen.colour
    assert lightness == pytest.approx(42, abs=2)
    assert green_red > 50


def test_the_main_person_is_large_and_there_all_the_time() -> None:
    frames = [
        [person(100, height=100), person(300, BLUE, height=60)] + ([person(500, height=140)] if t < 20 else [])
        for t in range(60)
    ]
    frames[30].append(person(700))
    tracks = track_all(frames)
    assert len(tracks) == 4
    assert [round(track.weight) for track in tracking.main_tracks(tracks)] == [6000, 3600, 2800]
    assert place(PersonChoice().of(tracks, "v.mp4").keypoints[0]) == 100
    assert place(PersonChoice.parse("1").of(tracks, "v.mp4").keypoints[0]) == 300
    assert place(PersonChoice.parse("505,90").of(tracks, "v.mp4").keypoints[0]) == 500
    with pytest.raises(InputDataError, match=r"video v\.mp4: 3 people are in it, there is no person 3\."):
        PersonChoice.parse("3").of(tracks, "video v.mp4")
    with pytest.raises(InputDataError, match=r"^photo a\.jpg: 1 person is in it, there is no person 9\."):
        PersonChoice.parse("9").of(tracks[:1], "photo a.jpg")
    with pytest.raises(InputDataError, match="0 people are in it"):
        PersonChoice.parse("9,9").of([], "v.mp4")


@pytest.mark.parametrize("text", ["left", "-1", "1.5", "1,2,3", "", "nan", "inf,2"])
def test_a_choice_is_a_number_or_a_point(text: str) -> None:
    with pytest.raises(ConfigError, match=r"person must be a number from 0 or a point x,y\. Received: person="):
        PersonChoice.parse(text)
