"""Tests of a target from a video: her best frames from each side, and the background behind her."""

import dataclasses
import pathlib

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.body.skeleton import JOINT
from retarget_tf.footage import extraction
from retarget_tf.pictures import video
from retarget_tf.retargeting import target_video
from retarget_tf.retargeting.frames import dancer_area
from retarget_tf.retargeting.frames.frame_maker import FrameMaker
from retarget_tf.retargeting.frames.options import FrameOptions
from tests.retargeting.frames import puppet

FRAMES = 9


def turning() -> Float32Array:
    """A dance of 40 frames that turns from the front (0) over the side (10) to the back (20), and on."""
    poses = np.stack([puppet.pose()] * 40)
    for index, pose in enumerate(poses):
        pose[:, 0] = 64 + (pose[:, 0] - 64) * np.cos(np.pi * index / 20)
    return poses


def test_the_front_comes_first_and_the_back_is_found() -> None:
    first, *more = target_video.best_frames(turning())
    assert min(first, 40 - first) <= 5
    assert any(abs(frame - 20) <= 5 for frame in more)
    assert len({first, *more}) == 1 + len(more) <= 4


def test_a_frame_that_is_blurred_or_lacks_joints_is_not_chosen() -> None:
    poses = np.stack([puppet.pose()] * 20)
    poses[:10:2, JOINT["left_wrist"], 0] += 30  # a hand that waves wildly
    poses[14:, JOINT["right_knee"] :] = 0
    [chosen] = target_video.best_frames(poses)
    assert 10 <= chosen < 14


def backdrop() -> Uint8Array:
    blocks = np.random.default_rng(3).integers(60, 200, (20, 20, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(cv2.resize(blocks, (puppet.WIDTH, puppet.HEIGHT)), (0, 0), 1.0), np.uint8)


def test_what_one_frame_hides_is_taken_from_the_others(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poses = np.stack([puppet.pose(dx=6.0 * (index - FRAMES // 2)) for index in range(FRAMES)])
    shift = np.array([puppet.RIGHT, puppet.DOWN, 0], np.float32)
    with video.VideoWriter(tmp_path / "me.mkv", 25, "mjpeg") as writer:
        for pose in poses:
            writer.write(puppet.photo_of(puppet.draw_map(pose), backdrop()))

    class Finder(dancer_area.DancerFinder):
        """Knows her maps, instead of a segmenter."""

        def find(
            self, frame: Uint8Array, keypoints: Float32Array, parsing_map: Uint8Array | None = None
        ) -> dancer_area.View:
            opacity = (puppet.in_photo(puppet.draw_map(keypoints - shift)) > 0).astype(np.float32)
            weight = cv2.dilate(opacity, np.ones((9, 9), np.uint8))
            return dancer_area.View(frame, keypoints, opacity, weight)

    monkeypatch.setattr(target_video, "DancerFinder", Finder)
    monkeypatch.setattr(extraction, "video_keypoints", lambda *_, **__: poses + shift)
    film = target_video.watch(tmp_path / "me.mkv")
    assert film.plate is not None
    assert len(film.pictures) == 1
    assert np.abs(film.plate.astype(int) - backdrop()).mean() < 4


def test_a_known_background_is_shown_where_she_has_left() -> None:
    parsing_map = puppet.draw_map(puppet.pose())
    photo = puppet.photo_of(parsing_map, backdrop())
    target = puppet.target(photo, parsing_map, puppet.pose())
    target = dataclasses.replace(target, photo=dataclasses.replace(target.photo, plate=backdrop()))
    [frame] = FrameMaker([target], [parsing_map], PARTS10, FrameOptions()).dance(puppet.pose(left_upper_arm=120)[None])
    left = (puppet.in_photo(parsing_map) > 0) & (puppet.in_photo(puppet.draw_map(puppet.pose(left_upper_arm=120))) == 0)
    inner = cv2.erode(left.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert inner.any()
    assert np.abs(frame[inner].astype(int) - backdrop()[inner]).mean() < 3
