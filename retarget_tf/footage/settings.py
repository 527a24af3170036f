"""Settings of extraction and import as frozen dataclasses, whose fields are flags; imports nothing that is heavy."""

import dataclasses

from retarget_tf.body import parsing_labels
from retarget_tf.errors import ConfigError
from retarget_tf.footage.people.choosing import MAIN_PERSON, PersonChoice
from retarget_tf.pictures.video_options import AS_IT_IS, MOST_FPS, ReadOptions
from retarget_tf.program.settings import check, setting

BUILT_IN = "mediapipe"  # the parser that is no file
SCALINGS = ("imagenet", "imagenet_bgr", "unit", "symmetric", "bytes")  # of a parser's input, see `ExternalParser`
UNITS = ("auto", "pixels", "shares")  # of the coordinates of keypoints, see `read_keypoints`

_SIZE_HELP = "side of the stored square frames in pixels"
_UNITS_HELP = "unit of the keypoints: pixels, or shares of the picture's width and height; auto decides by the values"


@dataclasses.dataclass(frozen=True)
class PersonSearch:
    """How a person's joints are found in a photo or a video; `person` says whose, if it shows several people."""

    person: PersonChoice = MAIN_PERSON
    exact_keypoints: bool = setting(
        True, "find joints with two models, more exactly; with one it takes a third of the time"
    )
    models: str | None = setting(None, "folder of the models; retarget-fetch-models' own unless given")


MAIN_SEARCH = PersonSearch()


@dataclasses.dataclass(frozen=True)
class ExtractionConfig(PersonSearch):
    """Settings of extraction; its clips carry the maps of a `parser` out of a file beside `parts10`."""

    size: int = setting(256, _SIZE_HELP, minimum=32)
    margin: float = setting(0.06, "free border around the person's path, as a share of its size", minimum=0, maximum=1)
    max_frames: int = setting(0, "frames of each video to read; 0 for all", minimum=0)
    reading: ReadOptions = AS_IT_IS
    keypoints: str | None = setting(
        None,
        "keypoints of the one video, one entry per frame: a folder of OpenPose's files, DWPose's .json, .npy or .npz; "
        "detected unless given",
    )
    units: str = setting("auto", _UNITS_HELP, choices=UNITS)
    parser: str = setting(BUILT_IN, "mediapipe, or a human parser: a SavedModel folder, a .tflite or an .onnx file")
    parser_schema: str = setting("cihp20", "label schema of a parser that is a file")
    parser_scaling: str = setting(
        "imagenet",
        "input range of a parser that is a file: ImageNet's normalization of RGB or BGR, 0..1, -1..1 or 0..255",
        choices=SCALINGS,
    )

    def __post_init__(self) -> None:
        check(self)
        parsing_labels.get_schema(self.parser_schema)


@dataclasses.dataclass(frozen=True)
class ImportConfig:
    """Settings of an import."""

    schema: str = setting(help=f"label schema of the maps: {', '.join(sorted(parsing_labels.SCHEMAS))}")
    to_schema: str = setting(
        parsing_labels.PARTS10.name, "label schema of the clip's maps: parts10, or the same as --schema"
    )
    size: int = setting(256, _SIZE_HELP, minimum=32)
    crop: str = setting(
        "person",
        "what the stored square shows: the person's whole path, or the whole picture",
        choices=("person", "whole"),
    )
    fps: float | None = setting(
        None,
        "frame rate of --frames, which are not resampled; a video's own unless given",
        minimum=1,
        maximum=MOST_FPS,
    )
    person_id: str | None = setting(
        None, "id of the person; train and test sets are split by it; the clip's name unless given"
    )
    units: str = setting("auto", _UNITS_HELP, choices=UNITS)
    max_pixels: int = setting(AS_IT_IS.max_pixels, "videos of larger frames are refused", minimum=1)
    person: PersonChoice = MAIN_PERSON

    def __post_init__(self) -> None:
        check(self)
        parsing_labels.get_schema(self.schema)
        if self.to_schema not in (self.schema, parsing_labels.PARTS10.name):
            raise ConfigError(f"to_schema must be parts10 or {self.schema}. Received: to_schema={self.to_schema}")
