"""Joins the poses of several people, frame by frame, into one track per person.

Poses and tracks are paired greedily by distance: that of the torso from its position predicted at constant velocity,
plus its colour difference / 60 (CIELAB). A track survives 2 seconds unseen. Frames in which two people could have
been exchanged are recorded as doubts. Distances are in body sizes: the longer side of the box of the joints.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton

_REACH = 0.35  # largest distance of a torso from its predicted position
_REACH_A_SECOND = 0.6  # added to it for each second unseen
_PATIENCE = 2.0  # seconds after which an unseen person's track ends
_COLOUR = 60.0  # CIELAB difference that counts as much as a distance of one body size
_ANOTHER_COLOUR = 30.0  # CIELAB difference that suggests other clothes
_CLEAR = 0.15  # an exchange of two people is doubtful unless it would increase their distances by this
_SAME_POSE = 0.05  # two poses with a smaller mean distance are the same person
_PATCH = 0.04  # half the side of the square whose colour is measured
_TORSO = [skeleton.JOINT[f"{side}_{joint}"] for side in ("right", "left") for joint in ("shoulder", "hip")]
_BRIEF = 0.2  # tracks shorter than this share of the longest are ignored


class Sighting(NamedTuple):
    """One person in one frame.

    Attributes:
        keypoints: float32 `[25, 3]` in pixels of the picture.
        colour: Median colour of the torso, CIELAB `[3]`.
    """

    keypoints: Float32Array
    colour: Float32Array


@dataclasses.dataclass
class PersonTrack:
    """One person through a clip.

    Attributes:
        keypoints: float32 `[25, 3]` by frame number; frames in which the person is not seen are missing.
        colour: Moving average of the torso's colour, CIELAB `[3]`.
        doubts: Frames from which on it may follow somebody else, at most one a second.
    """

    keypoints: dict[int, Float32Array]
    colour: Float32Array
    doubts: list[int] = dataclasses.field(default_factory=list)
    _centre: Float32Array = dataclasses.field(default_factory=lambda: np.zeros(2, np.float32))
    _velocity: Float32Array = dataclasses.field(default_factory=lambda: np.zeros(2, np.float32))

    @property
    def first(self) -> int:
        """First frame in which the person is seen."""
        return next(iter(self.keypoints))

    @property
    def last(self) -> int:
        """Last frame in which the person is seen."""
        return next(reversed(self.keypoints))

    @property
    def weight(self) -> float:
        """Body size in pixels, summed over the frames; the largest for a person who is large and long in view."""
        return float(sum(_body_size(keypoints) for keypoints in self.keypoints.values()))

    def over(self, count: int) -> Float32Array:
        """Returns the keypoints of frames 0 to `count - 1`, float32 `[count, 25, 3]`; zeros where unseen."""
        keypoints = np.zeros((count, skeleton.NUM_JOINTS, 3), np.float32)
        for frame, pose in self.keypoints.items():
            keypoints[frame] = pose
        return keypoints

    def distance(self, frame: int, sighting: Sighting) -> float:
        """Returns the distance of a sighting from the track's prediction, with the difference of colour added."""
        return self.way(frame, sighting) + self.colour_change(sighting) / _COLOUR

    def way(self, frame: int, sighting: Sighting) -> float:
        """Returns the distance of a sighting's torso from its predicted position, in body sizes."""
        expected = self._centre + self._velocity * min(frame - self.last, 8)
        return float(np.linalg.norm(torso_centre(sighting.keypoints) - expected)) / _body_size(sighting.keypoints)

    def colour_change(self, sighting: Sighting) -> float:
        """Returns the CIELAB difference of a sighting's colour from the track's."""
        return float(np.linalg.norm(sighting.colour - self.colour))

    def add(self, frame: int, sighting: Sighting) -> None:
        """Continues the track with a sighting."""
        centre = torso_centre(sighting.keypoints)
        if self.keypoints:
            velocity = (centre - self._centre) / (frame - self.last)
            self._velocity += np.float32(0.3) * (velocity - self._velocity)
        self._centre = centre
        self.colour = self.colour + np.float32(0.05) * (sighting.colour - self.colour)
        self.keypoints[frame] = sighting.keypoints


class PeopleTracker:
    """Joins sightings into `tracks`, one frame after another.

    Args:
        fps: Frames per second of the numbers that `update` gets.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self.tracks: list[PersonTrack] = []

    def update(self, frame: int, sightings: Sequence[Sighting]) -> None:
        """Adds all people of one frame; frame numbers must increase, and some may be left out."""
        waiting = [track for track in self.tracks if frame - track.last <= _PATIENCE * self._fps]
        pairs = self._pair_up(frame, waiting, sightings)
        for track, sighting in pairs:
            is_news = not track.doubts or frame - track.doubts[-1] > self._fps
            if is_news and self._is_doubtful(frame, track, sighting, pairs):
                track.doubts.append(frame)
        for track, sighting in pairs:
            track.add(frame, sighting)
        for sighting in sightings:
            if not any(sighting is taken for _, taken in pairs):
                newcomer = PersonTrack({}, sighting.colour)
                newcomer.add(frame, sighting)
                self.tracks.append(newcomer)

    def _pair_up(
        self, frame: int, tracks: Sequence[PersonTrack], sightings: Sequence[Sighting]
    ) -> list[tuple[PersonTrack, Sighting]]:
        """Pairs tracks and sightings greedily, the nearest first, within each track's reach."""
        costs = sorted(
            (track.distance(frame, sighting), t, s)
            for t, track in enumerate(tracks)
            for s, sighting in enumerate(sightings)
            if track.way(frame, sighting) <= _REACH + _REACH_A_SECOND * (frame - track.last - 1) / self._fps
        )
        pairs: dict[int, int] = {}
        for _, t, s in costs:
            if t not in pairs and s not in pairs.values():
                pairs[t] = s
        return [(tracks[t], sightings[s]) for t, s in pairs.items()]

    def _is_doubtful(
        self, frame: int, track: PersonTrack, sighting: Sighting, pairs: Sequence[tuple[PersonTrack, Sighting]]
    ) -> bool:
        """Whether the sighting's colour differs from the track's, or an exchange with another track is as likely."""
        change = track.colour_change(sighting)
        if frame - track.last > 0.3 * self._fps and change > _ANOTHER_COLOUR:
            return True
        if any(other.colour_change(sighting) < change - _ANOTHER_COLOUR for other in self.tracks):
            return True
        own = track.distance(frame, sighting)
        for other, taken in pairs:
            exchanged = track.distance(frame, taken) + other.distance(frame, sighting)
            if other is not track and exchanged - own - other.distance(frame, taken) < _CLEAR:
                return True
        return False


def main_tracks(tracks: Sequence[PersonTrack]) -> list[PersonTrack]:
    """Returns the tracks by decreasing weight, without those of people seen only briefly."""
    ranked = sorted(tracks, key=lambda track: -track.weight)
    longest = max((len(track.keypoints) for track in tracks), default=0)
    return [track for track in ranked if len(track.keypoints) >= _BRIEF * longest]


def sight(image: Uint8Array, poses: Sequence[Float32Array]) -> list[Sighting]:
    """Measures the torso's colour of each person in a picture, after removing duplicates as `distinct` does.

    Args:
        image: RGB uint8 `[height, width, 3]`.
        poses: Keypoints float32 `[25, 3]` of each person, in pixels of the image.
    """
    return [Sighting(pose, _torso_colour(image, pose)) for pose in distinct(poses)]


def distinct(poses: Iterable[Float32Array]) -> list[Float32Array]:
    """Removes poses `[25, 3]` of the same person, keeping the one of higher confidence; sorts by confidence."""
    kept: list[Float32Array] = []
    for pose in sorted(poses, key=lambda pose: -float(pose[:, 2].sum())):
        if all(_pose_distance(pose, other) > _SAME_POSE for other in kept):
            kept.append(pose)
    return kept


def _pose_distance(a: Float32Array, b: Float32Array) -> float:
    both = (a[:, 2] > 0) & (b[:, 2] > 0)
    if not both.any():
        return np.inf
    return float(np.linalg.norm(a[both, :2] - b[both, :2], axis=-1).mean()) / max(_body_size(a), _body_size(b))


def _torso_colour(image: Uint8Array, pose: Float32Array) -> Float32Array:
    """Returns the median colour, CIELAB `[3]`, of a grid of points around the middle of the torso."""
    import cv2  # here, since PersonChoice is needed for --help

    steps = np.linspace(-_PATCH, _PATCH, 7) * _body_size(pose)
    x, y = (np.clip(centre + steps, 0, None).astype(int) for centre in torso_centre(pose))
    patch = image[np.minimum(y, image.shape[0] - 1)][:, np.minimum(x, image.shape[1] - 1)]
    lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(np.median(lab.reshape(-1, 3), axis=0), np.float32)


def torso_centre(pose: Float32Array) -> Float32Array:
    """Returns the mean x, y `[2]` of the known shoulders and hips, or of all known joints if there are none."""
    torso = pose[_TORSO]
    known = torso if (torso[:, 2] > 0).any() else pose
    return np.asarray(known[known[:, 2] > 0, :2].mean(axis=0), np.float32)


def _body_size(pose: Float32Array) -> float:
    return max(skeleton.box_side(pose), 1.0)


def box_of(pose: Float32Array) -> Float32Array:
    """Returns left, top, right and bottom of a pose; zeros if no joint is known."""
    box = skeleton.person_box(pose)
    return np.zeros(4, np.float32) if box is None else box
