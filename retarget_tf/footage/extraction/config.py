"""What extraction is told: its settings, and which stretches of a video it takes."""

import dataclasses
from typing import NamedTuple

from retarget_tf.body import parsing_labels
from retarget_tf.errors import ConfigError
from retarget_tf.footage.extraction import cropping
from retarget_tf.footage.people.choosing import MAIN_PERSON, PersonChoice
from retarget_tf.pictures import video

MIN_SIZE = 32
BUILT_IN = "mediapipe"


@dataclasses.dataclass(frozen=True)
class ExtractionConfig:
    """Settings of extraction.

    Attributes:
        size: side of the stored square frames in pixels.
        margin: share of the person's path that the crop leaves free on each side.
        max_frames: frames of each video that are read; 0 for all.
        models_folder: where the model files lie; None for `models.default_folder()`.
        person: which one, where there are several.
        reading: how the videos are read.
        parser: `mediapipe`, or the path of another one: see `ExternalParser`.
        parser_schema: label schema of a parser out of a file. Its clips carry such maps beside `parts10`.
        parser_scaling: what the input of a parser out of a file wants.
    """

    size: int = 256
    margin: float = cropping.MARGIN
    max_frames: int = 0
    models_folder: str | None = None
    person: PersonChoice = MAIN_PERSON
    reading: video.ReadOptions = video.AS_IT_IS
    parser: str = BUILT_IN
    parser_schema: str = "cihp20"
    parser_scaling: str = "imagenet"

    def __post_init__(self) -> None:
        parsing_labels.get_schema(self.parser_schema)
        if self.size < MIN_SIZE:
            raise ConfigError(f"size must be at least {MIN_SIZE}. Received: size={self.size}")
        if not 0 <= self.margin <= 1:
            raise ConfigError(f"margin must be in 0..1. Received: margin={self.margin}")
        if self.max_frames < 0:
            raise ConfigError(f"max_frames must not be negative. Received: max_frames={self.max_frames}")


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
