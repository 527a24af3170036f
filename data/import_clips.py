"""Imports frames, keypoints and parsing maps of other programs as a clip folder.

    retarget-import-clips --frames=dance.mp4 --keypoints=openpose_json --maps=parsing --schema=lip20 --out=clips

Frames: a video, or a folder of pictures. Keypoints: a folder of OpenPose's JSON files (BODY_25 or COCO-18), or .npy,
or .npz with an array named keypoints: [frames, points, 3] of COCO-17, COCO-18, BODY_25 or MediaPipe-33. Maps: a folder
of PNG files, indexed or gray (values are class ids) or RGB (the schema's colours). Files are matched by the last number
in their names that is not the same in all. Frames, keypoints and maps get the same square crop around the person.
"""

from absl import flags

from retarget_tf import program

_FRAMES = flags.DEFINE_string("frames", None, "a video, or a folder of pictures", required=True)
_KEYPOINTS = flags.DEFINE_string("keypoints", None, "folder of OpenPose's JSON files, .npy or .npz", required=True)
_MAPS = flags.DEFINE_string("maps", None, "folder of parsing maps, one PNG a frame", required=True)
_SCHEMA = flags.DEFINE_string(
    "schema", None, "label schema of the maps: atr18, cihp20, lip20, mediapipe6, parts10, ppp7", required=True
)
_TO_SCHEMA = flags.DEFINE_string("to_schema", "parts10", "of the clip's maps: parts10, or the same as --schema")
_OUT = flags.DEFINE_string("out", None, "folder for the clip folder", required=True)
_CLIP_ID = flags.DEFINE_string("clip_id", None, "name of the clip; that of --frames unless given")
_PERSON_ID = flags.DEFINE_string("person_id", None, "who is seen; data are split by it; the clip's name unless given")
_PERSON = flags.DEFINE_string(
    "person",
    "0",
    "whom to follow: 0 the main person, 1 the next, or a point x,y in pixels where the person appears",
)
_SIZE = flags.DEFINE_integer("size", 256, "side of the stored square frames in pixels", lower_bound=32)
_CROP = flags.DEFINE_enum("crop", "person", ["person", "whole"], "what the square holds: the person's path or all")
_FPS = flags.DEFINE_float(
    "fps", None, "frames per second of the frames as they are; a video's own unless given", lower_bound=1
)
_MAX_PIXELS = flags.DEFINE_integer("max_pixels", 36_000_000, "videos of larger frames are refused", lower_bound=1)
_UNITS = flags.DEFINE_enum(
    "units", "auto", ["auto", "pixels", "shares"], "of the keypoints: pixels, or shares of width and height"
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace the clip where its folder holds nothing else")


def main() -> None:
    """Imports the clip and says what it holds."""
    import pathlib

    from retarget_tf.dataset.clips import clip_id_of
    from retarget_tf.footage import importers
    from retarget_tf.footage.extraction import PersonChoice

    config = importers.ImportConfig(
        schema=_SCHEMA.value,
        to_schema=_TO_SCHEMA.value,
        size=_SIZE.value,
        crop=_CROP.value,
        fps=_FPS.value,
        person_id=_PERSON_ID.value,
        units=_UNITS.value,
        max_pixels=_MAX_PIXELS.value,
        person=PersonChoice.parse(_PERSON.value),
    )
    folder = pathlib.Path(_OUT.value) / (_CLIP_ID.value or clip_id_of(_FRAMES.value))
    info = importers.import_clip(
        _FRAMES.value,
        _KEYPOINTS.value,
        _MAPS.value,
        folder,
        config,
        overwrite=_OVERWRITE.value,
        show_progress=program.progress_is_shown(),
    )
    print(f"{folder}: {info.frames} frames, {info.image_size} px, maps of {info.label_schema}")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
