"""Stretches of a video, and the selection of those that extraction turns into clips."""

import dataclasses
from typing import NamedTuple


class Stretch(NamedTuple):
    """Consecutive frames of a video, from `first` to `end - 1`."""

    first: int
    end: int


@dataclasses.dataclass(frozen=True)
class Selection:
    """Stretches of a video to extract.

    Attributes:
        stretches: Stretches to extract; each becomes a clip.
        left_out: A line about each stretch that is left out, with the reason.
        frames: Number of frames of the video.
    """

    stretches: tuple[Stretch, ...]
    left_out: tuple[str, ...]
    frames: int
