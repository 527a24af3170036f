"""Which stretches of a video extraction takes."""

import dataclasses
from typing import NamedTuple


class Stretch(NamedTuple):
    """Consecutive frames of a video: the first one, and the one after the last."""

    first: int
    end: int


@dataclasses.dataclass(frozen=True)
class Selection:
    """What is taken of a video.

    Attributes:
        stretches: each becomes a clip.
        left_out: a line about each stretch that is not taken, with the reason.
        frames: number of frames of the video.
    """

    stretches: tuple[Stretch, ...]
    left_out: tuple[str, ...]
    frames: int
