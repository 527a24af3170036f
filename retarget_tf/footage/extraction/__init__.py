"""Extracts keypoints and `parts10` maps from real videos and photos with MediaPipe (extra `[extract]`).

    extract_videos(videos, out, config)     makes a clip folder of each video, cropped to one fixed square
    extract_clip(video, folder, config)     makes a clip folder of one video
    video_keypoints(video)                  finds only the keypoints of a video
    detect_keypoints(photo)                 finds the keypoints of a photo
    tell_others(photo, search, source)      warns of several people in a photo
    parse_picture(picture, keypoints, ...)  makes the parsing map of a square of a picture

MediaPipe is imported when it is first needed. Without it or its models, MissingDependencyError names the command that
installs them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.extraction import models
from retarget_tf.footage.extraction.batch import extract_videos
from retarget_tf.footage.extraction.detectors import PoseDetector
from retarget_tf.footage.extraction.parser import PartsParser, PosedImage
from retarget_tf.footage.extraction.pipeline import extract_clip, video_keypoints
from retarget_tf.footage.extraction.searching import PeopleDetector, open_detector
from retarget_tf.footage.extraction.second_look import look_again
from retarget_tf.footage.extraction.selection import Selection, Stretch
from retarget_tf.footage.people import tracking
from retarget_tf.footage.people.choosing import MAIN_PERSON, PersonChoice
from retarget_tf.footage.settings import MAIN_SEARCH, ExtractionConfig, PersonSearch
from retarget_tf.pictures.square_crop import SquareCrop

__all__ = [
    "ExtractionConfig",
    "ParsedPicture",
    "PartsParser",
    "PeopleDetector",
    "PersonChoice",
    "PersonSearch",
    "PoseDetector",
    "PosedImage",
    "Selection",
    "Stretch",
    "detect_keypoints",
    "extract_clip",
    "extract_videos",
    "models",
    "parse_picture",
    "tell_others",
    "video_keypoints",
]


def detect_keypoints(
    image: Uint8Array, search: PersonSearch = MAIN_SEARCH, *, source: str = "photo"
) -> Float32Array | None:
    """Finds the keypoints of a person in a photo.

    Args:
        image: RGB uint8 `[height, width, 3]`.
        search: Which person is found, and how exactly.
        source: Name of the photo for error messages.

    Returns:
        float32 `[25, 3]`: x, y in pixels and confidence, unseen joints (0, 0, 0); None if nobody is found.

    Raises:
        InputDataError: There are too few people for the choice.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    with open_detector(search) as detector:
        if search.person != MAIN_PERSON:
            main: Float32Array | None = search.person.of(_people_in(image, search), source).keypoints[0]
        else:
            main = detector.detect(image)
        if main is None:
            return None
        found = look_again(detector, image, main)
    seen = skeleton.drop_unseen(found, image.shape[1], image.shape[0])
    return seen if np.any(seen[:, 2] > 0) else None


def tell_others(image: Uint8Array, search: PersonSearch, source: str) -> None:
    """Logs a warning if a photo shows several people and none of them was chosen; see `detect_keypoints`."""
    if search.person == MAIN_PERSON and (people := len(_people_in(image, search))) > 1:
        logging.warning(
            "%s: %d people are seen in it, the main one is taken. Choose another with --target_person=1, or "
            "--target_person=x,y for the one at that pixel.",
            source,
            people,
        )


def _people_in(image: Uint8Array, search: PersonSearch) -> Sequence[tracking.PersonTrack]:
    """Returns everybody who is seen in a photo, each as the track of a video of one frame."""
    tracker = tracking.PeopleTracker(fps=1.0)
    with PeopleDetector(models_folder=search.models) as of_everybody:
        tracker.update(0, tracking.sight(image, of_everybody.detect_all(image)))
    return tracker.tracks


class ParsedPicture(NamedTuple):
    """The person in a square of a picture.

    Attributes:
        parsing_map: Class ids of `parts10`, uint8 `[size, size]`.
        opacity: float32 `[size, size]`, the segmenter's confidence 0..1 that a pixel shows a person, soft at outlines.
    """

    parsing_map: Uint8Array
    opacity: Float32Array


def parse_picture(
    picture: Uint8Array,
    keypoints: Float32Array,
    square: SquareCrop,
    sizes: Sequence[int],
    *,
    models_folder: files.PathLike | None = None,
) -> list[ParsedPicture]:
    """Parses a square of a single picture, as `extract_clip` does for a clip, at several sizes.

    Args:
        picture: RGB uint8 `[height, width, 3]`.
        keypoints: float32 `[25, 3]` of its person, in pixels of the picture.
        square: Square of the picture to parse; any part outside of the picture becomes background.
        sizes: Sides of the maps in pixels.
        models_folder: Folder of the model files; None for `models.default_folder()`.

    Raises:
        MissingDependencyError: mediapipe or its model is not installed.
    """
    posed = PosedImage(picture, keypoints)
    with PartsParser(models_folder=models_folder, workers=1) as parser:
        return [ParsedPicture(parser.parse(posed, square, size), parser.opacity(posed, square, size)) for size in sizes]
