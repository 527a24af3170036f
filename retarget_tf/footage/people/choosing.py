"""Selects which of several people is followed; the main person by default."""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from absl import logging

from retarget_tf.arrays import Float32Array
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage.people import tracking


@dataclasses.dataclass(frozen=True)
class PersonChoice:
    """Choice of the person to follow.

    Attributes:
        rank: Rank by body size summed over the frames: 0 for the main person, 1 for the next and so on.
        point: x and y in pixels of the upright video; chooses the person who first appears nearest to it, and replaces
            `rank`.
    """

    rank: int = 0
    point: tuple[float, float] | None = None

    @classmethod
    def parse(cls, text: str, name: str = "person") -> "PersonChoice":
        """Parses a rank such as `1` or a point such as `640,360`; `name` is that of the setting.

        Raises:
            ConfigError: The text is neither.
        """
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        if not np.isfinite(numbers).all():
            numbers = []
        if len(numbers) == 2:
            return cls(point=(numbers[0], numbers[1]))
        if len(numbers) == 1 and numbers[0] >= 0 and numbers[0].is_integer():
            return cls(rank=int(numbers[0]))
        raise ConfigError(f"{name} must be a number from 0 or a point x,y. Received: {name}={text}")

    def of(self, tracks: Sequence[tracking.PersonTrack], source: str) -> tracking.PersonTrack:
        """Returns the chosen track.

        Args:
            tracks: All tracks of a video.
            source: Name of their source for the error message, such as `video dance.mp4`.

        Raises:
            InputDataError: There are too few people.
        """
        ranked = tracking.main_tracks(tracks)
        if self.point is not None and ranked:
            return min(tracks, key=self._distance)
        if self.rank >= len(ranked):
            people = "1 person is" if len(ranked) == 1 else f"{len(ranked)} people are"
            raise InputDataError(
                f"{source}: {people} in it, there is no person {self.rank}. Count them from 0, the largest first."
            )
        return ranked[self.rank]

    def _distance(self, track: tracking.PersonTrack) -> float:
        assert self.point is not None
        left, top, right, bottom = tracking.box_of(track.keypoints[track.first])
        x, y = self.point
        outside = np.hypot(max(left - x, x - right, 0), max(top - y, y - bottom, 0))
        centre = tracking.torso_centre(track.keypoints[track.first])
        return float(outside * 1e3 + np.hypot(centre[0] - x, centre[1] - y))


MAIN_PERSON = PersonChoice()


def tell_left_out(source: str, taken: slice, frames: int, first: int = 0) -> None:
    """Logs which frames at both ends show nobody, so that a clip leaves them out.

    Args:
        source: Name of the source, such as `video dance.mp4`.
        taken: Frames of the clip among those that were read.
        frames: How many were read.
        first: Number of the first that was read.
    """
    for start, end in ((0, taken.start), (taken.stop, frames)):
        if start < end:
            logging.info("%s: frames %d to %d show nobody, they are left out.", source, first + start, first + end - 1)


def tell_absences(source: str, keypoints: Float32Array, instead: str, first: int = 0) -> None:
    """Logs one line about the frames of `[frames, 25, 3]` without any joint.

    Args:
        source: Name of the source, such as `video dance.mp4`.
        keypoints: float32 `[frames, 25, 3]`.
        instead: What there is in these frames.
        first: Number of the first frame.
    """
    absent = np.flatnonzero(~(keypoints[..., 2] > 0).any(axis=-1))
    if len(absent):
        logging.info(
            "%s: nobody is found in %d of %d frames (first: %d); %s.",
            *(source, len(absent), len(keypoints), first + absent[0], instead),
        )


def between_people(cuts: Sequence[int], keypoints: Float32Array) -> list[int]:
    """Returns the cuts with somebody before and in the shot that begins there; `keypoints` are `[frames, 25, 3]`."""
    seen = np.asarray((keypoints[..., 2] > 0).any(axis=-1))
    shots = itertools.pairwise([*cuts, len(seen)])
    return [cut for cut, end in shots if seen[:cut].any() and seen[cut:end].any()]


def merged_doubts(frames: Iterable[int], fps: float) -> list[int]:
    """Returns the frames in order without those up to a second after one before: a cut makes several doubts."""
    merged: list[int] = []
    for frame in sorted(frames):
        if not merged or frame - merged[-1] > fps:
            merged.append(frame)
    return merged


def tell_doubts(source: str, frames: Iterable[int]) -> None:
    """Logs a warning for each frame from which on the track may follow somebody else."""
    for frame in frames:
        logging.warning(
            "%s frame %d: from here on it may be another person who is followed. Look at the clip.", source, frame
        )
