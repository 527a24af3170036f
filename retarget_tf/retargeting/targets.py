"""Reads the target of a retargeting, the person who is to dance, from a photo or a clip.

Keypoints come from a file, from the clip, or from the pose detector of the `extract` extra. The parsing map comes from
a file, from the clip, from the parser of the `extract` extra, or is left unknown. The target is cut out and scaled to
the canvas, the square picture that the network takes.
"""

import dataclasses
import itertools

import numpy as np
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN, LabelSchema, get_schema
from retarget_tf.dataset import clips
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.footage import extraction, importers
from retarget_tf.footage.importers import KeypointFile
from retarget_tf.footage.settings import MAIN_SEARCH, PersonSearch
from retarget_tf.pictures import image_files
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.dance import AUTO, MAP_CHOICES, NO_MAP, PARSE

_SHOWN_SIZE = 512
_PARSED_SIZE = extraction.ExtractionConfig().size  # smallest size to parse at; the map is scaled down for the canvas
_PHOTO_SIZE = 512  # size of the photo's own map, whose outlines are seen in photographic frames


@dataclasses.dataclass(frozen=True)
class Photo:
    """The picture that the target was cut out of, for photographic frames.

    Attributes:
        picture: The whole picture, RGB uint8 `[height, width, 3]`.
        square: The canvas in it, in its pixels.
        parsing_map: Class ids in the square, uint8 `[size, size]`, of the canvas's size or larger; 255 where unknown.
        opacity: float32 of the same size, 0..1, how much of a pixel the person covers; None if it is not known.
        plate: The picture without the person, RGB uint8 `[height, width, 3]`, if more than this picture shows it.
    """

    picture: Uint8Array
    square: SquareCrop
    parsing_map: Uint8Array
    opacity: Float32Array | None = None
    plate: Uint8Array | None = None


@dataclasses.dataclass(frozen=True)
class Target:
    """The person to generate, on the canvas.

    Attributes:
        canvas: Picture for the network, RGB uint8 `[size, size, 3]`.
        keypoints: float32 `[25, 3]` in pixels of the canvas. If no known pose shows feet, the missing joints of the
            legs are guessed, see `pose_transform.guess_legs`.
        known_keypoints: All known poses, float32 `[frames, 25, 3]` in pixels of the canvas, to measure proportions.
        parsing_map: Class ids, uint8 `[size, size]`. A map filled with 255 means that it is unknown.
        photo: The picture that the canvas was cut out of.
        more: The same person in more photos. Photographic frames take from them what this one hides; maps are made from
            the photo that is nearest in pose.
    """

    canvas: Uint8Array
    keypoints: Float32Array
    known_keypoints: Float32Array
    parsing_map: Uint8Array
    photo: Photo
    more: tuple["Target", ...] = ()

    @property
    def shows_feet(self) -> bool:
        """Whether a foot is seen in one of the known poses; otherwise the photo shows the upper body only."""
        return _shows_feet(self.known_keypoints)

    @property
    def lower_edge(self) -> float:
        """Where the photo ends below: y in pixels of the canvas."""
        square = self.photo.square
        return (len(self.photo.picture) - square.top) * len(self.canvas) / square.side

    @property
    def shown(self) -> Uint8Array:
        """The canvas at a higher resolution, for the panel, RGB uint8 `[512, 512, 3]`."""
        return self.photo.square.apply(self.photo.picture, _SHOWN_SIZE)


def photo_target(
    photo: files.PathLike,
    size: int,
    share: float,
    keypoints: Float32Array | KeypointFile | None = None,
    *,
    target_map: files.PathLike = NO_MAP,
    map_schema: str | None = None,
    schema: LabelSchema = PARTS10,
    search: PersonSearch = MAIN_SEARCH,
) -> Target:
    """Reads the target from a photo and cuts the square around the person out of it.

    Args:
        photo: A file that `image_files.load_photo` reads, such as JPEG or PNG.
        size: Side of the canvas in pixels.
        share: Height of the person on the canvas, divided by the canvas's side.
        keypoints: float32 `[25, 3]` in pixels of the upright photo, or a keypoint file, of which the first frame is
            used; None detects them.
        target_map: A PNG file of class ids as large as the upright photo, see `importers.read_parsing_png`; `PARSE` to
            run the parser of the `extract` extra; `AUTO` to run it if it is installed; `NO_MAP` for an unknown map.
        map_schema: Name of the file's label schema, if it is another than `schema`, which must be `parts10` then.
        schema: Label schema of the target's map.
        search: Which person is detected, and how exactly.

    Raises:
        InputDataError: The photo or its map cannot be read, or the photo shows nobody.
        MissingDependencyError: The keypoint detector, or the parser for `PARSE`, is needed and not installed.
        ConfigError: The file's schema cannot be converted to `schema`.
    """
    picture = image_files.load_photo(photo)
    pose = _pose_in(picture, keypoints, search, f"photo {photo}")
    nothing_given = keypoints is None and target_map in MAP_CHOICES
    if pose is not None and nothing_given and (turns := skeleton.quarter_turns(pose)):
        logging.warning("photo %s: shows a person who lies, so it is turned. Give target_keypoints to leave it.", photo)
        picture = np.ascontiguousarray(np.rot90(picture, -turns))
        pose = _pose_in(picture, keypoints, search, f"photo {photo}")
    if pose is None or skeleton.person_box(pose) is None:
        raise InputDataError(
            f"photo {photo}: nobody is seen in it. Give a photo that shows a whole person, at least a fifth of it tall."
        )
    if not pose[list(skeleton.joints("neck", "mid_hip")), 2].any():
        raise InputDataError(f"photo {photo}: no trunk is seen in it. Give a photo that shows a whole person.")
    if keypoints is None:
        extraction.tell_others(picture, search, f"photo {photo}")
    return picture_target(picture, pose, size, share, target_map=target_map, map_schema=map_schema, schema=schema)


def picture_target(
    picture: Uint8Array,
    pose: Float32Array,
    size: int,
    share: float,
    *,
    target_map: files.PathLike = NO_MAP,
    map_schema: str | None = None,
    schema: LabelSchema = PARTS10,
) -> Target:
    """Cuts the target out of a picture, RGB uint8 `[height, width, 3]`.

    Args:
        picture: The upright photo.
        pose: Its keypoints, float32 `[25, 3]` in its pixels.
        size: As in `photo_target`; the other arguments and the errors too.
        share: See `photo_target`.
        target_map: See `photo_target`.
        map_schema: See `photo_target`.
        schema: See `photo_target`.
    """
    square = _person_square(picture, pose, share)
    opacity = None
    if target_map == NO_MAP:
        canvas_map, parsing_map = _unknown_map(size), _unknown_map(size)
    elif target_map in (AUTO, PARSE):
        canvas_map, parsing_map, opacity = _parsed_maps(
            picture, _with_legs(pose[None]), square, size, may_fail=target_map == AUTO
        )
    else:
        stored = _file_map(target_map, picture, pose, map_schema or schema.name, schema)
        # Background outside of the photo, as in extracted clips.
        canvas_map, parsing_map = (
            square.apply_map_on_background(stored, side) for side in (size, max(size, _PHOTO_SIZE))
        )
    return _target(Photo(picture, square, parsing_map, opacity), pose[None], canvas_map)


def clip_target(folder: files.PathLike, size: int, schema: LabelSchema | None = PARTS10) -> Target:
    """Reads the target from a clip folder, uncropped, because clips are already cut like training pictures.

    Its photo is the first frame that shows somebody. The body's proportions are measured in all frames of the clip.

    Args:
        folder: The clip folder.
        size: Side of the canvas in pixels.
        schema: Label schema of the clip's map to use, if the clip has one; None leaves the map unknown.
    """
    clip = clips.open_clip(folder)
    if skeleton.person_box(clip.keypoints) is None:
        raise InputDataError(f"clip {folder}: nobody is seen in it. Give another clip, or a photo.")
    first = skeleton.nearest_in_view(clip.keypoints, 0)
    if first:
        logging.info("clip %s: frame %d is the photo, the first that shows somebody.", folder, first)
    frame = next(itertools.islice(clip.read_frames(), first, None))
    whole = SquareCrop(0.0, 0.0, float(clip.info.image_size))
    canvas_map = parsing_map = _unknown_map(size)
    if schema is not None and schema.name in clip.info.label_schemas:
        parsing_map = next(itertools.islice(clip.read_maps(schema.name), first, None))
        canvas_map = whole.apply_map(parsing_map, size)
    return _target(Photo(frame, whole, parsing_map), clip.keypoints[first:], canvas_map)


def _pose_in(
    picture: Uint8Array, keypoints: Float32Array | KeypointFile | None, search: PersonSearch, source: str
) -> Float32Array | None:
    """Returns the given keypoints `[25, 3]`, the first of a file, or detected ones; None if nobody is detected."""
    height, width = picture.shape[:2]
    if keypoints is None:
        return extraction.detect_keypoints(picture, search=search, source=source)
    if isinstance(keypoints, KeypointFile):
        return keypoints.read(width, height)[0]
    return skeleton.drop_unseen(keypoints, width, height)


def _target(photo: Photo, known_keypoints: Float32Array, canvas_map: Uint8Array) -> Target:
    size = len(canvas_map)
    known = photo.square.move_keypoints(known_keypoints, size)
    return Target(photo.square.apply(photo.picture, size), _with_legs(known), known, canvas_map, photo)


def _with_legs(known: Float32Array) -> Float32Array:
    """Returns the first of known poses `[frames, 25, 3]`, with guessed legs if no foot is seen in any of them."""
    return known[0] if _shows_feet(known) else pose_transform.guess_legs(known[0])


def _shows_feet(known: Float32Array) -> bool:
    return bool((known[:, skeleton.FEET, 2] > 0).any())


def _person_square(picture: Uint8Array, pose: Float32Array, share: float) -> SquareCrop:
    """Returns the canvas in a picture; where the picture cuts the legs off, both have the same lower edge."""
    height, width = (np.float32(length) for length in picture.shape[:2])
    whole = _with_legs(pose[None]).copy()
    is_cut = bool(whole[:, 1].max() >= height)
    if is_cut:
        whole[:, 1] = np.minimum(whole[:, 1], height - 1)
    left, top, side = (float(value) for value in pose_transform.person_square(whole, width, height, share))
    return SquareCrop(left, float(height) - side if is_cut else top, side)


def _unknown_map(size: int) -> Uint8Array:
    return np.full((size, size), UNKNOWN, np.uint8)


def _parsed_maps(
    picture: Uint8Array, keypoints: Float32Array, square: SquareCrop, size: int, *, may_fail: bool
) -> tuple[Uint8Array, Uint8Array, Float32Array | None]:
    """Parses the square of a photo; returns the canvas's map, the photo's own, and the photo's opacity.

    The maps are unknown if nobody is found, or `may_fail` and no parser is there.
    """
    at = max(size, _PARSED_SIZE)
    try:
        parsed, detailed = extraction.parse_picture(picture, keypoints, square, (at, max(size, _PHOTO_SIZE)))
    except MissingDependencyError as error:
        if not may_fail:
            raise
        logging.info("target: its map is left to the network (%s)", error)
        return _unknown_map(size), _unknown_map(size), None
    if not parsed.parsing_map.any() or not detailed.parsing_map.any():
        logging.info("target: the parser sees nobody; its map is left to the network")
        return _unknown_map(size), _unknown_map(size), None
    logging.info("target: its map is parsed out of the photo")
    return SquareCrop(0.0, 0.0, float(at)).apply_map(parsed.parsing_map, size), *detailed


def _file_map(
    path: files.PathLike, picture: Uint8Array, pose: Float32Array, map_schema: str, schema: LabelSchema
) -> Uint8Array:
    """Reads the photo's map in a file, in the target's schema; warns if it fits another schema better."""
    own = get_schema(map_schema)
    if schema not in (own, PARTS10):
        raise ConfigError(f"target_map_schema must be {schema.name}. Received: target_map_schema={map_schema}")
    stored = importers.read_parsing_png(path, own)
    if stored.shape != picture.shape[:2]:
        sizes = (f"{shape[1]}x{shape[0]}" for shape in (stored.shape, picture.shape))
        raise InputDataError("parsing map {}: is {}, the upright photo {}. Give one of its size.".format(path, *sizes))
    check = importers.SchemaCheck(own, f"parsing map {path}", "--target_map_schema")
    check.look(stored, pose)
    check.warn()
    return stored if own == schema else own.parts10_of(stored, float(skeleton.hip_line(pose[None])[0]))
