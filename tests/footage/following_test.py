"""Tests of following one person among several: with a detector that knows the truth, and with MediaPipe."""

import itertools
import pathlib
import threading

import numpy as np
import pytest
from absl import logging

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage import extraction
from retarget_tf.footage.extraction import detectors, following, pipeline
from retarget_tf.footage.people import tracking
from retarget_tf.pictures import video
from retarget_tf.pictures.video import reading
from tests.pictures.video_test import write_timed
from tests.testing import TrueDetector, needs_footage, needs_mediapipe, shared_videos, two_dancers


def write(path: pathlib.Path, frames: list[Uint8Array]) -> pathlib.Path:
    with video.VideoWriter(path, 30) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def share_at(found: Float32Array, own: Float32Array, other: Float32Array) -> float:
    """The share of the frames with somebody in them in which it is `own` rather than `other`."""

    def distance(truth: Float32Array) -> Float32Array:
        both = (found[..., 2] > 0) & (truth[..., 2] > 0)
        apart = np.linalg.norm(found[..., :2] - truth[..., :2], axis=-1) * both
        return np.asarray(apart.sum(axis=1) / np.maximum(both.sum(axis=1), 1))

    seen = (found[..., 2] > 0).any(axis=1)
    return float((distance(own) < distance(other))[seen].mean())


def test_either_of_two_dancers_who_cross_is_followed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = two_dancers(40, size=96, crossing=True)
    path = write(tmp_path / "two.mp4", frames)
    shuffled = truth.copy()
    shuffled[:, ::3] = truth[::-1, ::3]  # a detector's order means nothing
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(shuffled, 192))
    heights = [np.ptp(np.where(who[..., 2:] > 0, who, np.nan)[..., 1], axis=1) for who in truth]
    main = int(np.nansum(heights[1]) > np.nansum(heights[0]))
    for rank in (0, 1):
        found = extraction.video_keypoints(path, extraction.PersonSearch(extraction.PersonChoice(rank)))
        own, other = truth[main ^ rank], truth[1 - (main ^ rank)]
        assert share_at(found, own, other) == 1
    x, y = truth[1, 0, skeleton.JOINT["neck"], :2]
    choice = extraction.PersonChoice(point=(float(x), float(y)))
    at_point = extraction.video_keypoints(path, extraction.PersonSearch(choice))
    assert share_at(at_point, truth[1], truth[0]) == 1


def test_one_dancer_alone_is_found_by_the_steadier_search(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = two_dancers(20, size=64)
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth[:1], 128))
    track = following.find_person(frames, 30)
    assert not track.has_company
    np.testing.assert_array_equal(track.keypoints, truth[0])
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth, 128))
    assert following.find_person(frames, 30).has_company


def test_the_search_for_one_dancer_ends_where_two_are_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = two_dancers(40, size=64)
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth, 128))
    coming = iter(frames)
    assert following.find_person(coming, 30, stops_in_company=True).has_company
    assert len(list(coming)) > 15
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth[:1], 128))
    assert len(following.find_person(frames, 30, stops_in_company=True).keypoints) == 40


@pytest.mark.parametrize("people", [1, 2])
def test_no_thread_is_left_where_a_detector_fails(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    """A video of one person fails in the first pass, one of two in the second, when the first has stopped early."""
    frames, truth = two_dancers(40, size=64)
    path = write(tmp_path / "two.mp4", frames)
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth[:people], 128))
    monkeypatch.setattr(tracking.PeopleTracker, "update", lambda *_: 1 / 0)
    if people == 1:
        monkeypatch.setattr(following, "_Views", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        extraction.video_keypoints(path)
    assert not [thread.name for thread in threading.enumerate() if "ThreadPool" in thread.name]


def test_times_are_noted_once_while_the_video_is_read(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_timed(tmp_path / "slower.mkv", [*range(0, 330, 33), *range(330, 1330, 100)], width=128, height=64)
    _, truth = two_dancers(60, size=64)
    for people in (1, 2):  # of two the video is read twice
        monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth[:people], 128))
        times: list[video.TimedFrame] = []
        extraction.video_keypoints(path, max_frames=15, times=times)
        expected = list(itertools.islice(video.read_timed_frames(path, pictures=False), 15))
        assert [(now.seconds, now.duration) for now in times] == [(now.seconds, now.duration) for now in expected]
        assert all(not now.frame.size for now in times)


def test_views_are_kept_of_the_followed_person_only(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = two_dancers(20, size=64)
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth, 128))
    search = extraction.PersonSearch(extraction.PersonChoice(1))
    track = following.follow_person(frames, 30, search, "two.mp4", view_of=lambda posed: posed)
    assert len(track.views) == 20
    for view, keypoints in zip(track.views, track.keypoints, strict=True):
        np.testing.assert_array_equal(view.keypoints, keypoints)


def test_a_likely_exchange_is_told_with_its_frame(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = two_dancers(20, size=64)
    path = write(tmp_path / "two.mp4", frames)
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth, 128))
    doubted = following.Track(truth[0], (), has_company=True, doubts=(7,))
    monkeypatch.setattr(pipeline, "follow_person", lambda *_, **__: doubted)
    said: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: said.append(text % values))
    extraction.video_keypoints(path)
    assert said == [f"video {path} frame 7: from here on it may be another person who is followed. Look at the clip."]


def test_a_variable_rate_is_told_of_clips_but_not_of_keypoints(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_timed(tmp_path / "slower.mkv", [*range(0, 330, 33), *range(330, 1330, 100)], width=128, height=64)
    _, truth = two_dancers(60, size=64)
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth[:1], 128))
    said: list[str] = []
    monkeypatch.setattr(reading, "_warn_once", said.append)
    extraction.video_keypoints(path)
    assert not [line for line in said if "variable frame rate" in line]
    clip = pipeline._Frames(path, video.probe(path), video.AS_IT_IS, extraction.Stretch(0, 99), "clip", False)
    with clip.open("parts") as pictures:
        assert len(list(pictures)) == 20
    assert [line for line in said if "variable frame rate" in line]


@pytest.mark.parametrize(("people", "rank"), [(1, 0), (2, 0), (2, 1)])
def test_a_cut_is_told_with_its_frame(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, people: int, rank: int
) -> None:
    frames, truth = two_dancers(20, size=64)
    path = write(tmp_path / "cut.mp4", [*frames[:12], *(255 - frame[::-1] for frame in frames[12:])])
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(truth[:people], 128))
    said: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: said.append(text % values))
    extraction.video_keypoints(path, extraction.PersonSearch(extraction.PersonChoice(rank)))
    cut = f"video {path} frame 12: from here on it may be another person who is followed. Look at the clip."
    assert said.count(cut) == 1


@needs_mediapipe
def test_mediapipe_and_tracks_follow_a_chosen_dancer(tmp_path: pathlib.Path) -> None:
    frames, truth = two_dancers(12, size=192)
    path = write(tmp_path / "two.mp4", frames)
    x, y = truth[1, 0, skeleton.JOINT["neck"], :2]
    choice = extraction.PersonChoice(point=(float(x), float(y)))
    found = extraction.video_keypoints(path, extraction.PersonSearch(choice))
    assert (found[..., 2] > 0).any(axis=1).mean() > 0.9
    assert share_at(found, truth[1], truth[0]) == 1


@needs_mediapipe
@needs_footage
def test_the_walker_is_followed_before_bystanders() -> None:
    folder = shared_videos()
    assert folder is not None
    frames = itertools.islice(video.read_frames(folder / "beam_walk_bystanders.mp4"), 15)
    track = following.follow_person(frames, 60, extraction.PersonSearch(), "beam_walk_bystanders.mp4")
    hips = track.keypoints[:, skeleton.JOINT["mid_hip"]]
    assert (hips[:, 2] > 0).all()
    assert np.linalg.norm(np.diff(hips[:, :2], axis=0), axis=-1).max() < 40  # of 1,920: nobody jumps
    assert track.doubts == ()


@needs_mediapipe
@needs_footage
def test_keypoints_do_not_lag_behind_fast_hands() -> None:
    """Backwards in time the hands are found at the same places; a lag would show twice."""
    folder = shared_videos()
    assert folder is not None
    frames = list(itertools.islice(video.read_frames(folder / "basketball.mp4"), 20))
    there, back = (following.find_person(way, 30).keypoints for way in (frames, frames[::-1]))
    wrists = list(skeleton.joints("wrist"))
    apart = np.linalg.norm(there[:, wrists, :2] - back[::-1, wrists, :2], axis=-1).mean()
    assert apart < 0.018 * np.median(skeleton.heights(there))  # .025 with MediaPipe's smoothing
