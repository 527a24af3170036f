"""What a retargeting takes in: the target's one picture, the source's video, and keypoint files for either.

Keypoints come from a file, a clip folder, or the pose detector of the `extract` extra; the target's map likewise, or it
is left to the network. A source keeps its keypoints in memory, 300 bytes a frame, and streams its frames.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN, LabelSchema
from retarget_tf.dataset import clips
from retarget_tf.errors import InputDataError, MissingDependencyError
from retarget_tf.footage import extraction, importers
from retarget_tf.footage.importers import KeypointFile
from retarget_tf.pictures import image_files, video
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.dance import AUTO, NO_MAP, PARSE, Dance

_SHOWN_SIZE = 512
_PARSED_SIZE = extraction.ExtractionConfig().size  # clips are parsed at this size, then made smaller


@dataclasses.dataclass(frozen=True)
class Target:
    """The person to be synthesised, on the canvas that the network sees.

    Attributes:
        canvas: RGB uint8 `[size, size, 3]`.
        keypoints: float32 `[25, 3]` in pixels of the canvas.
        shown: the same square for people, RGB uint8 `[shown_size, shown_size, 3]`.
        known_keypoints: float32 `[frames, 25, 3]` on the canvas: all that is known of the body, at least `keypoints`.
        parsing_map: uint8 `[size, size]` of class ids; 255 everywhere where it is not known.
    """

    canvas: Uint8Array
    keypoints: Float32Array
    shown: Uint8Array
    known_keypoints: Float32Array
    parsing_map: Uint8Array


@dataclasses.dataclass(frozen=True)
class Source:
    """The performer.

    Attributes:
        name: of the file, for messages.
        keypoints: float32 `[frames, 25, 3]` in pixels of the upright picture.
        picture_size: width and height in pixels.
        fps: frames per second.
        open_frames: begins to read the RGB uint8 frames `[height, width, 3]`.
        is_cut: the video goes on after the last keypoints, and that is meant.
    """

    name: str
    keypoints: Float32Array
    picture_size: tuple[int, int]
    fps: float
    open_frames: Callable[[], Iterator[Uint8Array]]
    is_cut: bool = False

    def __post_init__(self) -> None:
        if skeleton.person_box(self.keypoints) is None:
            raise InputDataError(f"source {self.name}: nobody is seen in it. Give a video that shows a whole person.")

    def frames(self) -> Iterator[Uint8Array]:
        """Yields one frame for each of the keypoints; InputDataError where the video has fewer or more."""
        pictures, expected = self.open_frames(), len(self.keypoints)
        for index in range(expected):
            picture = next(pictures, None)
            if picture is None:
                raise self._mismatch(f"{index} frames")
            yield picture
        if not self.is_cut and next(pictures, None) is not None:
            raise self._mismatch(f"more than {expected} frames")

    def _mismatch(self, frames: str) -> InputDataError:
        return InputDataError(
            f"source {self.name}: has {frames}, its keypoints are of {len(self.keypoints)}. "
            "Give the keypoints of this very video."
        )


def photo_target(
    photo: files.PathLike,
    size: int,
    share: float,
    keypoints: Float32Array | KeypointFile | None = None,
    *,
    target_map: files.PathLike = NO_MAP,
    schema: LabelSchema = PARTS10,
) -> Target:
    """The person of a photo.

    Args:
        photo: a JPEG, PNG or WebP file.
        size: side of the canvas in pixels.
        share: of the canvas that the person's height takes.
        keypoints: float32 `[25, 3]` in pixels of the upright photo, or a file whose first frame is taken; detected
            where None.
        target_map: a PNG file in pixels of the upright photo, see `importers.read_parsing_png`; `PARSE` for the parser
            of the `extract` extra, `AUTO` for the parser where it is installed, `NO_MAP`.
        schema: of the map.

    Raises:
        InputDataError: the photo or its map cannot be read, or nobody is in it.
        MissingDependencyError: keypoints must be detected and the detector is not installed, or no parser for `PARSE`.
    """
    picture = image_files.load_photo(photo)
    pose = _pose_in(picture, keypoints)
    if pose is None or skeleton.person_box(pose) is None:
        raise InputDataError(f"photo {photo}: nobody is seen in it. Give a photo that shows a whole person.")
    height, width = (np.float32(length) for length in picture.shape[:2])
    square = SquareCrop(*(float(value) for value in pose_transform.person_square(pose, width, height, share)))
    if target_map == NO_MAP:
        parsing_map = _unknown_map(size)
    elif target_map in (AUTO, PARSE):
        parsing_map = _parsed_map(picture, pose, square, size, may_fail=target_map == AUTO)
    else:
        parsing_map = _file_map(target_map, picture, square, size, schema)
    return _target(picture, square, pose[None], size, parsing_map)


def clip_target(folder: files.PathLike, size: int, schema: LabelSchema | None = PARTS10) -> Target:
    """Frame 0 of a clip folder as it is: it was cut like the training pictures. All of the clip tells proportions.

    Args:
        folder: of the clip.
        size: side of the canvas in pixels.
        schema: of the map that is taken from the clip, if it carries one; None leaves the map unknown.
    """
    clip = clips.open_clip(folder)
    if skeleton.person_box(clip.keypoints[:1]) is None:
        raise InputDataError(f"clip {folder} frame 0: nobody is seen in it. Give another clip, or a photo.")
    frame = next(clip.read_frames())
    whole = SquareCrop(0.0, 0.0, float(clip.info.image_size))
    parsing_map = _unknown_map(size)
    if schema is not None and schema.name in clip.info.label_schemas:
        parsing_map = whole.apply_map(next(clip.read_maps(schema.name)), size)
    return _target(frame, whole, clip.keypoints, size, parsing_map)


def video_source(
    path: files.PathLike,
    keypoints: Float32Array | KeypointFile | None = None,
    *,
    max_frames: int | None = None,
    reading: video.ReadOptions = video.AS_IT_IS,
    show_progress: bool = False,
) -> Source:
    """A performer's video.

    Args:
        path: of the video.
        keypoints: float32 `[frames, 25, 3]` in pixels of the upright frames, one entry for each frame as `reading`
            gives them, or a file of those; detected where None: a first pass over the video.
        max_frames: leaves out what comes after this many frames.
        reading: how the video is read.
        show_progress: draws a progress bar while keypoints are detected.

    Raises:
        InputDataError: the video cannot be read, or nobody is in it.
        MissingDependencyError: keypoints must be detected and the detector is not installed.
    """
    info = video.probe(path, reading)
    if isinstance(keypoints, KeypointFile):
        keypoints = keypoints.read(info.width, info.height, info.fps)
    elif keypoints is None:
        keypoints = extraction.video_keypoints(
            path, max_frames=max_frames or 0, reading=reading, show_progress=show_progress
        )
    return Source(
        str(path),
        keypoints[:max_frames],
        (info.width, info.height),
        info.fps,
        lambda: video.read_frames(path, reading),
        is_cut=max_frames is not None and max_frames <= len(keypoints),
    )


def clip_source(folder: files.PathLike, *, max_frames: int | None = None) -> Source:
    """A clip folder as a performer."""
    clip = clips.open_clip(folder)
    size = clip.info.image_size
    keypoints = clip.keypoints[:max_frames]
    is_cut = len(keypoints) < len(clip.keypoints)
    return Source(str(folder), keypoints, (size, size), clip.info.fps, clip.read_frames, is_cut)


def dance_source(dance: Dance, reading: video.ReadOptions = video.AS_IT_IS, *, show_progress: bool = False) -> Source:
    """The performer of a dance; arguments and errors as of `video_source`."""
    if not dance.source_video:
        return clip_source(str(dance.source_clip), max_frames=dance.max_frames)
    keypoints = KeypointFile(dance.source_keypoints, dance.units) if dance.source_keypoints else None
    return video_source(
        dance.source_video, keypoints, max_frames=dance.max_frames, reading=reading, show_progress=show_progress
    )


def _pose_in(picture: Uint8Array, keypoints: Float32Array | KeypointFile | None) -> Float32Array | None:
    """The person's keypoints `[25, 3]`: given, the first of a file, or detected; None where nobody is found."""
    height, width = picture.shape[:2]
    if keypoints is None:
        return extraction.detect_keypoints(picture)
    if isinstance(keypoints, KeypointFile):
        return keypoints.read(width, height)[0]
    return skeleton.drop_unseen(keypoints, width, height)


def _target(
    picture: Uint8Array, square: SquareCrop, known_keypoints: Float32Array, size: int, parsing_map: Uint8Array
) -> Target:
    known = square.move_keypoints(known_keypoints, size)
    return Target(square.apply(picture, size), known[0], square.apply(picture, _SHOWN_SIZE), known, parsing_map)


def _unknown_map(size: int) -> Uint8Array:
    return np.full((size, size), UNKNOWN, np.uint8)


def _parsed_map(
    picture: Uint8Array, keypoints: Float32Array, square: SquareCrop, size: int, *, may_fail: bool
) -> Uint8Array:
    """The square of a photo as the built-in parser sees it."""
    at = max(size, _PARSED_SIZE)
    try:
        parsed = extraction.parse_picture(picture, keypoints, square, at)
    except MissingDependencyError as error:
        if not may_fail:
            raise
        logging.info("target: its map is left to the network (%s)", error)
        return _unknown_map(size)
    if not parsed.any():
        logging.info("target: the parser sees nobody; its map is left to the network")
        return _unknown_map(size)
    logging.info("target: its map is parsed out of the photo")
    return SquareCrop(0.0, 0.0, float(at)).apply_map(parsed, size)


def _file_map(
    path: files.PathLike, picture: Uint8Array, square: SquareCrop, size: int, schema: LabelSchema
) -> Uint8Array:
    """The square of the photo's map in a file; outside of the photo is background, as in extracted clips."""
    stored = importers.read_parsing_png(path, schema)
    if stored.shape != picture.shape[:2]:
        sizes = (f"{shape[1]}x{shape[0]}" for shape in (stored.shape, picture.shape))
        raise InputDataError("parsing map {}: is {}, the upright photo {}. Give one of its size.".format(path, *sizes))
    return square.apply_map_on_background(stored, size)
