"""Real footage in: keypoints and `parts10` maps of videos and photos, by MediaPipe (extra `[extract]`).

    extract_clip(video, folder, config)     a clip folder: keypoints, maps, one fixed square crop
    video_keypoints(video)                  only the keypoints
    detect_keypoints(photo)                 of a single photo
    parse_photo(photo, keypoints)           the map of a single square photo

MediaPipe is imported when it is first needed; without it, or without its models, MissingDependencyError says the
command.
"""

import numpy as np
import numpy.typing as npt

from retarget_tf import files
from retarget_tf.extraction import detectors, models
from retarget_tf.extraction.detectors import PoseDetector
from retarget_tf.extraction.parser import PartsParser, PosedImage
from retarget_tf.extraction.pipeline import ExtractionConfig, extract_clip, extract_videos, video_keypoints

__all__ = [
    "ExtractionConfig",
    "PartsParser",
    "PoseDetector",
    "PosedImage",
    "detect_keypoints",
    "extract_clip",
    "extract_videos",
    "models",
    "parse_photo",
    "video_keypoints",
]


def detect_keypoints(
    image: npt.NDArray[np.uint8], *, models_folder: files.PathLike | None = None
) -> npt.NDArray[np.float32] | None:
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
    seen = detectors.drop_unseen(found, image.shape[1], image.shape[0])
    return seen if np.any(seen[:, 2] > 0) else None


def parse_photo(
    image: npt.NDArray[np.uint8], keypoints: npt.NDArray[np.float32], *, models_folder: files.PathLike | None = None
) -> npt.NDArray[np.uint8]:
    """The `parts10` map uint8 `[size, size]` of a square photo RGB uint8 `[size, size, 3]`.

    Args:
        image: the photo.
        keypoints: float32 `[25, 3]` of its person, in its pixels.
        models_folder: where the model files lie; `models.default_folder()` unless given.

    Raises:
        ValueError: the photo is not square.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    if image.ndim != 3 or image.shape[0] != image.shape[1]:
        raise ValueError(f"image must be [size, size, 3]. Received: shape={image.shape}")
    with PartsParser(models_folder=models_folder, workers=1) as parser:
        return parser.parse(image, keypoints)
