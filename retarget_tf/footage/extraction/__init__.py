"""Real footage in: keypoints and `parts10` maps of videos and photos, by MediaPipe (extra `[extract]`).

    extract_videos(videos, out, config)     a clip folder of each: keypoints, maps, one fixed square crop
    extract_clip(video, folder, config)     of one of them
    video_keypoints(video)                  only the keypoints
    detect_keypoints(photo)                 of a single photo
    parse_picture(picture, keypoints, ...)  the map of a square of a single picture

MediaPipe is imported when it is first needed; without it, or without its models, MissingDependencyError says the
command.
"""

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.extraction import models
from retarget_tf.footage.extraction.batch import extract_videos
from retarget_tf.footage.extraction.detectors import PoseDetector
from retarget_tf.footage.extraction.parser import PartsParser, PosedImage
from retarget_tf.footage.extraction.pipeline import extract_clip, video_keypoints
from retarget_tf.footage.extraction.selection import Selection, Stretch
from retarget_tf.footage.people.choosing import PersonChoice
from retarget_tf.footage.settings import ExtractionConfig
from retarget_tf.pictures.square_crop import SquareCrop

__all__ = [
    "ExtractionConfig",
    "PartsParser",
    "PersonChoice",
    "PoseDetector",
    "PosedImage",
    "Selection",
    "Stretch",
    "detect_keypoints",
    "extract_clip",
    "extract_videos",
    "models",
    "parse_picture",
    "video_keypoints",
]


def detect_keypoints(image: Uint8Array, *, models_folder: files.PathLike | None = None) -> Float32Array | None:
    """The keypoints of the person in a photo.

    Args:
        image: RGB uint8 `[height, width, 3]`.
        models_folder: where the model files lie; `models.default_folder()` unless given.

    Returns:
        float32 `[25, 3]` in pixels of the photo, joints not seen (0, 0, 0); None where nobody is found.

    Raises:
        MissingDependencyError: mediapipe or its model is not installed.
    """
    with PoseDetector(models_folder=models_folder) as detector:
        found = detector.detect(image)
    if found is None:
        return None
    seen = skeleton.drop_unseen(found, image.shape[1], image.shape[0])
    return seen if np.any(seen[:, 2] > 0) else None


def parse_picture(
    picture: Uint8Array,
    keypoints: Float32Array,
    square: SquareCrop,
    size: int,
    *,
    models_folder: files.PathLike | None = None,
) -> Uint8Array:
    """The `parts10` map uint8 `[size, size]` of a square of a single picture, as a clip of that square has it.

    Args:
        picture: RGB uint8 `[height, width, 3]`.
        keypoints: float32 `[25, 3]` of its person, in its pixels.
        square: of the picture; outside of the picture is background.
        size: side of the map in pixels.
        models_folder: where the model files lie; `models.default_folder()` unless given.

    Raises:
        MissingDependencyError: mediapipe or its model is not installed.
    """
    with PartsParser(models_folder=models_folder, workers=1) as parser:
        return parser.parse(PosedImage(picture, keypoints), square, size)
