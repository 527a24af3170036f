"""Makes a clip folder of frames, keypoints and parsing maps of other programs, cropped to the same square."""

import dataclasses
import pathlib

from tqdm import tqdm

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import clips
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage.extraction import cropping
from retarget_tf.footage.importers.keypoints import read_keypoints
from retarget_tf.footage.importers.parsing_pngs import read_parsing_png
from retarget_tf.footage.importers.picture_sources import Pictures, open_pictures
from retarget_tf.footage.people.choosing import tell_left_out
from retarget_tf.footage.schema_check import SchemaCheck
from retarget_tf.footage.settings import ExtractionConfig, ImportConfig
from retarget_tf.pictures import video
from retarget_tf.pictures.square_crop import SquareCrop


def import_clip(
    frames: files.PathLike,
    keypoints: files.PathLike,
    maps: files.PathLike,
    folder: files.PathLike,
    config: ImportConfig,
    *,
    overwrite: bool = False,
    show_progress: bool = False,
) -> clips.ClipInfo:
    """Writes a clip folder, and warns if its maps fit another label schema better.

    Args:
        frames: Video or folder of pictures, see `picture_sources.open_pictures`.
        keypoints: Folder of OpenPose's JSON files or a NumPy file, see `keypoints.read_keypoints`.
        maps: Folder of PNG files, see `parsing_pngs.read_parsing_png`.
        folder: Clip folder to write; its name becomes the clip's id.
        config: Settings of the import.
        overwrite: Replaces an existing clip folder if it holds nothing else.
        show_progress: Draws a progress bar.

    Raises:
        InputDataError: A file cannot be read or has the wrong contents, the parts belong to different frames, or the
            keypoints show nobody.
        ConfigError: `fps` is missing for a folder of pictures or not valid, or the folder to write exists already, is
            an input, or is being written by another process.
    """
    files.refuse_replacing(folder, frames, keypoints, maps)
    files.check_writable(folder, ours=clips.parts_of_clip if overwrite else None)
    pictures = open_pictures(frames, maps, video.ReadOptions(max_pixels=config.max_pixels))
    fps = config.fps or pictures.fps
    if fps is None:
        raise ConfigError("fps must be given for a folder of pictures. Received: fps=None")
    seen = read_keypoints(
        keypoints,
        pictures.width,
        pictures.height,
        pictures.numbers,
        units=config.units,
        fps=fps,
        person=config.person,
    )
    square = _square(seen, pictures, config.crop)
    stored = skeleton.drop_unseen(square.move_keypoints(seen, config.size), config.size, config.size)
    name = pathlib.Path(folder).name
    person_id, source = config.person_id or name, pathlib.Path(frames).name
    try:
        info = clips.ClipInfo(
            name, person_id, fps, image_size=config.size, label_schema=config.to_schema, source=source
        )
    except ValueError as error:  # the name of the folder, or fps
        raise ConfigError(str(error)) from error
    hip_lines, taken = skeleton.hip_line(seen), skeleton.time_in_view(stored)
    tell_left_out(f"frames {frames}", taken, len(stored))
    check = SchemaCheck(parsing_labels.get_schema(config.schema), f"folder of maps {maps}", "--schema")
    with (
        clips.alone(folder, overwrite=overwrite),
        clips.ClipWriter(folder, info, overwrite=overwrite) as writer,
        tqdm(pictures.read_frames(), total=len(stored), desc=name, unit="frame", disable=not show_progress) as progress,
    ):
        for index, picture in enumerate(progress):
            if not taken.start <= index < taken.stop:
                continue
            parsing_map = _read_map(pictures.maps[index], picture, check.schema)
            check.look(parsing_map, seen[index])
            if config.to_schema != config.schema:
                parsing_map = check.schema.parts10_of(parsing_map, float(hip_lines[index]))
            cropped = square.apply_map_on_background(parsing_map, config.size)
            writer.write(square.apply(picture, config.size), cropped, stored[index])
    check.warn()
    return dataclasses.replace(info, frames=taken.stop - taken.start)


def _read_map(path: pathlib.Path, picture: Uint8Array, schema: parsing_labels.LabelSchema) -> Uint8Array:
    parsing_map = read_parsing_png(path, schema)
    if parsing_map.shape != picture.shape[:2]:
        sizes = (f"{shape[1]}x{shape[0]}" for shape in (parsing_map.shape, picture.shape))
        raise InputDataError("parsing map {}: is {}, its frame {}. Give maps of the frames' size.".format(path, *sizes))
    return parsing_map


def _square(keypoints: Float32Array, pictures: Pictures, crop: str) -> SquareCrop:
    width, height = pictures.width, pictures.height
    if crop == "person":
        square = cropping.clip_crop(keypoints, width, height, ExtractionConfig.margin)
        assert square is not None, "keypoints with no joint are refused when they are read"
        return square
    side = max(width, height)
    return SquareCrop((width - side) // 2, (height - side) // 2, side)  # whole pixels: nothing is resampled
