"""Settings of extraction, and selections of stretches of a video."""

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
        size: Side of the stored square frames in pixels.
        margin: Free border around the person's path on each side, as a share of the path's longer side.
        max_frames: Number of frames to read of each video; 0 reads all.
        models_folder: Folder of the model files; None for `models.default_folder()`.
        person: Whom to follow if a video shows several people.
        reading: Options of reading the videos.
        parser: `mediapipe`, or the path of another parser, see `ExternalParser`.
        parser_schema: Label schema of a parser from a file; its clips get maps of it in addition to `parts10`.
        parser_scaling: Scaling of the input of a parser from a file, see `ExternalParser`.
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
