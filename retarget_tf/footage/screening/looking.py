"""Measures about ten frames a second (looks) in one pass over a video.

The people of each look are tracked within their shot. The main person of a shot is known only at its end, so its
measures are kept for everybody until then.
"""

import dataclasses
from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Int64Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.people import tracking
from retarget_tf.footage.people.cuts import with_cuts
from retarget_tf.footage.screening import sharpness
from retarget_tf.footage.screening.background import BackgroundWatcher, Behind
from retarget_tf.footage.spread_sample import SpreadSample

SIDE = 480  # longest side in pixels; larger frames are reduced
_LOOKS_PER_SECOND = 10.0
_ENOUGH = 120.0  # pixels of a person; the sharpness of a smaller one is measured in the frame as it is
_THUMBNAIL = 168  # height in pixels
_MOST_THUMBNAILS = 32

# The measures of a look, in the order in which reports list them, with their units.
MEASURES = {
    "speed": "body heights per second",
    "smear": "width of moving edges, body heights",
    "softness": "width of edges, body heights",
    "presence": "1 where the person is found, else 0",
    "full_view": "share of head and feet in view",
    "height": "pixels of the video",
    "camera": "picture sides per second",
    "change": "share of the background",
    "busyness": "share of the background",
    "company": "height beside the main person's",
}
_FAST = list(skeleton.joints("wrist", "elbow", "ankle", "knee"))


class Detector(Protocol):
    """Detector of several people in a video, such as `extraction.PeopleDetector`."""

    def detect_all(self, image: Uint8Array, seconds: float, *, reduced: Uint8Array) -> list[Float32Array]:
        """Returns keypoints float32 `[25, 3]` of each person, in pixels of the image; `reduced` shows it smaller."""
        ...


@dataclasses.dataclass(frozen=True)
class Looks:
    """Measures of a video.

    Attributes:
        frames: Number of frames of the video.
        fps: Frames per second.
        cuts: Numbers of the frames that begin a new shot; never 0.
        at: int `[looks]`: frame number of each look.
        values: float32 `[looks]` by name of the measure; NaN where it is unknown.
        people: Largest number of people in one shot, without those who are seen only briefly.
        thumbnails: RGB uint8 `[height, width, 3]` by frame number, at most 32 spread over the video.
    """

    frames: int
    fps: float
    cuts: tuple[int, ...]
    at: Int64Array
    values: dict[str, Float32Array]
    people: int
    thumbnails: dict[int, Uint8Array]


@dataclasses.dataclass
class _Look:
    frame: int
    gray: Uint8Array
    full: Uint8Array  # the frame as it is, RGB
    behind: Behind
    poses: list[Float32Array]


def take_looks(frames: Iterable[Uint8Array], fps: float, detector: Detector) -> Looks:
    """Measures a video.

    Args:
        frames: RGB uint8 `[height, width, 3]`, in order.
        fps: Frames per second.
        detector: Finds the people in each look.
    """
    stride = max(1, round(fps / _LOOKS_PER_SECOND))
    watcher = BackgroundWatcher(fps / stride)
    shots: list[_Shot] = []
    thumbnails = SpreadSample[tuple[int, Uint8Array]](_MOST_THUMBNAILS)
    count, looks, shrink = 0, 0, 1.0
    for index, (frame, is_cut) in enumerate(with_cuts(frames)):
        shrink = max(1.0, max(frame.shape[:2]) / SIDE)
        small = _smaller(frame, shrink)
        if is_cut or not shots:
            shots.append(_Shot(index, fps, stride))
            watcher.forget()
        if (index - shots[-1].first) % stride == 0:
            found = detector.detect_all(frame, index / fps, reduced=small)
            poses = [_scaled(pose, 1 / shrink) for pose in found]
            gray = _gray(small)
            shots[-1].add(_Look(index, gray, frame, watcher.look(gray, poses), poses), small)
            if thumbnails.wants(looks):
                thumbnails.add(looks, (index, _smaller(small, max(1.0, small.shape[0] / _THUMBNAIL))))
            looks += 1
        count = index + 1
    tables = [shot.table(shrink) for shot in shots]
    return Looks(
        frames=count,
        fps=fps,
        cuts=tuple(shot.first for shot in shots[1:]),
        at=np.concatenate([np.asarray(shot.at, np.int64) for shot in shots]),
        values={name: np.concatenate([table[name] for table in tables]) for name in MEASURES},
        people=max((shot.people for shot in shots), default=0),
        thumbnails=dict(thumbnails.items.values()),
    )


class _Shot:
    """Collects the looks between two cuts, and measures the main person at the end."""

    def __init__(self, first: int, fps: float, stride: int) -> None:
        self.first = first
        self.at: list[int] = []
        self._seconds = stride / fps
        self._tracker = tracking.PeopleTracker(fps)
        self._behind: list[Behind] = []
        self._size = (0, 0)
        self._sharpness: list[dict[int, tuple[float, float]]] = []
        self._before: _Look | None = None

    @property
    def people(self) -> int:
        return len(tracking.main_tracks(self._tracker.tracks))

    def add(self, look: _Look, picture: Uint8Array) -> None:
        self.at.append(look.frame)
        self._behind.append(look.behind)
        self._size = (picture.shape[1], picture.shape[0])
        self._tracker.update(look.frame, tracking.sight(picture, look.poses))
        # Pictures are not kept, so everybody's sharpness is measured now, and the main person's selected in `table`.
        self._sharpness.append(
            {id(track): self._measured(look, track) for track in self._tracker.tracks if track.last == look.frame}
        )
        self._before = look

    def _measured(self, look: _Look, track: tracking.PersonTrack) -> tuple[float, float]:
        """Returns softness and smear of a person."""
        pose, before = track.keypoints[look.frame], self._before
        is_small = skeleton.box_side(pose) < _ENOUGH
        now, then = (None if one is None else _gray(one.full) if is_small else one.gray for one in (look, before))
        assert now is not None
        pose = _scaled(pose, now.shape[1] / look.gray.shape[1])
        softness = sharpness.softness(now, pose)
        if before is None or then is None or before.frame not in track.keypoints:
            return softness, np.nan
        speeds = _speeds(track.keypoints[before.frame], track.keypoints[look.frame], self._seconds)
        ends = [float(speed) for speed in speeds[list(sharpness.ENDS)]]
        return softness, sharpness.smear(then, now, pose, ends)

    def table(self, shrink: float) -> dict[str, Float32Array]:
        """Returns the measures float32 `[looks]` by name; `shrink` converts heights to pixels of the video."""
        main = next(iter(tracking.main_tracks(self._tracker.tracks)), None)
        own = {} if main is None else main.keypoints
        rows = []
        for frame, behind, sharp in zip(self.at, self._behind, self._sharpness, strict=True):
            softness, smear = sharp.get(id(main), (np.nan, np.nan))
            pose = own.get(frame)
            rows.append(
                {
                    "speed": np.nan,
                    "smear": smear,
                    "softness": softness,
                    "presence": float(pose is not None),
                    "full_view": np.nan if pose is None else _full_view(pose, *self._size),
                    "height": np.nan if pose is None else skeleton.box_side(pose) * shrink,
                    "camera": np.nan if pose is None else behind.camera,  # an undetected person may be what moves
                    "change": np.nan if pose is None else behind.change,
                    "busyness": behind.busyness,
                    "company": np.nan if pose is None else self._company(frame, main),
                }
            )
        for index in range(1, len(rows)):
            before, now = (own.get(self.at[i]) for i in (index - 1, index))
            if before is not None and now is not None:
                rows[index]["speed"] = float(np.sort(_speeds(before, now, self._seconds)[_FAST])[-2])
        return {name: np.array([row[name] for row in rows], np.float32) for name in MEASURES}

    def _company(self, frame: int, main: tracking.PersonTrack | None) -> float:
        """Returns the height of the largest other person divided by that of the main one."""
        there = [track for track in self._tracker.tracks if frame in track.keypoints]
        heights = {id(track): skeleton.box_side(track.keypoints[frame]) for track in there}
        own = heights.pop(id(main))
        return max(heights.values(), default=0.0) / max(own, 1.0)


def _smaller(picture: Uint8Array, shrink: float) -> Uint8Array:
    if shrink == 1:
        return picture
    size = round(picture.shape[1] / shrink), round(picture.shape[0] / shrink)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _scaled(pose: Float32Array, scale: float) -> Float32Array:
    return pose * np.array([scale, scale, 1], np.float32)


def _gray(picture: Uint8Array) -> Uint8Array:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _speeds(before: Float32Array, now: Float32Array, seconds: float) -> Float32Array:
    """Returns the speed of each joint `[25]`, in body heights per second; 0 if it is not seen in both poses."""
    both = (before[:, 2] >= skeleton.CONFIDENCE_THRESHOLD) & (now[:, 2] >= skeleton.CONFIDENCE_THRESHOLD)
    distance = np.linalg.norm(now[:, :2] - before[:, :2], axis=-1)
    return np.where(both, distance / max(skeleton.box_side(now), 1.0) / np.float32(seconds), 0).astype(np.float32)


def _full_view(pose: Float32Array, width: int, height: int) -> float:
    """Returns the share of head, right foot and left foot that are seen within the picture."""
    seen = skeleton.drop_unseen(pose, width, height)[:, 2] > 0
    parts = (skeleton.HEAD, skeleton.RIGHT_FOOT, skeleton.LEFT_FOOT)
    return float(np.mean([seen[list(part)].any() for part in parts]))
