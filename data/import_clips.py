"""Imports frames, keypoints and parsing maps of other programs as a clip folder.

    retarget-import-clips --frames=dance.mp4 --keypoints=openpose_json --maps=parsing --schema=lip20 --out=clips

Frames: a video, or a folder of pictures. Keypoints: a folder of OpenPose's files (JSON, YAML or XML), a JSON file of
all frames (DWPose in ComfyUI, AlphaPose), or .npy, or .npz with an array named keypoints: [frames, points, 3] of
COCO-17, COCO-18, BODY_23, BODY_25, Halpe (26 or 136), MediaPipe-33, COCO-WholeBody (133) or DWPose's whole body (134).
Maps: a folder of PNG files, indexed or gray (values are class ids) or RGB (the schema's colours). Files are matched by
the last number in their names that is not the same in all. Frames, keypoints and maps get the same square crop around
the person.
"""

import pathlib

from absl import flags

from retarget_tf import program
from retarget_tf.footage.people.choosing import PersonChoice
from retarget_tf.footage.settings import ImportConfig
from retarget_tf.program import settings

_FRAMES = flags.DEFINE_string("frames", None, "a video, or a folder of pictures", required=True)
_KEYPOINTS = flags.DEFINE_string("keypoints", None, "folder of OpenPose's files, .json, .npy or .npz", required=True)
_MAPS = flags.DEFINE_string("maps", None, "folder of parsing maps, one PNG a frame", required=True)
_IMPORT = settings.define_flags(ImportConfig)
_OUT = flags.DEFINE_string("out", None, "folder for the clip folder", required=True)
_CLIP_ID = flags.DEFINE_string("clip_id", None, "name of the clip; that of --frames unless given")
_PERSON = flags.DEFINE_string(
    "person",
    "0",
    "whom to follow: 0 the main person, 1 the next, or a point x,y in pixels where the person appears",
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace the clip if its folder holds nothing else")


def main() -> None:
    """Imports the clip and says what it holds."""
    config = ImportConfig(person=PersonChoice.parse(_PERSON.value), **settings.given(_IMPORT))

    from retarget_tf import files
    from retarget_tf.dataset.clips import clip_id_of
    from retarget_tf.footage import importers

    files.refuse_address(_OUT.value)
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
