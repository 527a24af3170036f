"""One person out of several: detections of consecutive frames are joined to tracks, and the weightiest one is kept."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from retarget_tf import skeleton

FloatArray = npt.NDArray[np.float32]

_REACH = 0.35  # of the body's longer side: how far joints move at most, on average, to the next sight of a person
_LONGEST_GAP = 30  # in frames: who is away for longer comes back as somebody else


@dataclasses.dataclass
class _Track:
    """Where one person was seen: `[25, 3]` by frame number, and the sum of the body's sizes."""

    seen: dict[int, FloatArray]
    weight: float = 0.0

    def add(self, number: int, person: FloatArray) -> None:
        self.seen[number] = person
        self.weight += _size(person)

    def distance(self, number: int, person: FloatArray) -> float:
        """The mean way of the joints since the person was last seen, in body sizes; infinite where nothing compares."""
        last_number, last = next(reversed(self.seen.items()))
        both = (last[:, 2] > 0) & (person[:, 2] > 0)
        if number - last_number > _LONGEST_GAP or not both.any():
            return float("inf")
        ways = np.hypot(*(person[both, :2] - last[both, :2]).T)
        return float(np.mean(ways)) / max(_size(last), _size(person), 1e-6)


def follow_person(people: Mapping[int, Sequence[FloatArray]]) -> dict[int, FloatArray]:
    """The person who is seen largest and longest: the track with the greatest sum of body sizes over its frames.

    Args:
        people: BODY_25 keypoints `[25, 3]` of everybody seen, by frame number, in order.

    Returns:
        That person's keypoints by frame number, where seen; empty where nobody ever is.
    """
    tracks: list[_Track] = []
    for number, everybody in people.items():
        pairs = [
            (track.distance(number, person), t, p)
            for t, track in enumerate(tracks)
            for p, person in enumerate(everybody)
        ]
        continued: set[int] = set()
        placed: set[int] = set()
        for distance, t, p in sorted(pairs):
            if distance <= _REACH and t not in continued and p not in placed:
                tracks[t].add(number, everybody[p])
                continued.add(t)
                placed.add(p)
        for p, person in enumerate(everybody):
            if p not in placed and _size(person) > 0:
                track = _Track({})
                track.add(number, person)
                tracks.append(track)
    return max(tracks, key=lambda track: track.weight).seen if tracks else {}


def _size(person: FloatArray) -> float:
    """The longer side of the joints' box."""
    box = skeleton.person_box(person)
    return 0.0 if box is None else float(max(box[2] - box[0], box[3] - box[1]))
