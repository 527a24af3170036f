"""Imports keypoints and parsing maps of other programs.

import_clip(frames, keypoints, maps, folder, config)    makes a clip folder of all three
read_keypoints(path, width, height, frame_numbers)      reads OpenPose's files or a NumPy file, in pixels, BODY_25
KeypointFile(path, units)                               reads them later, when the picture's size is known
with_keypoints(frames, count, source)                   yields frames that must be as many as the keypoints
read_parsing_png(path, schema)                          reads the class ids of an indexed, gray or RGB PNG
SchemaCheck(schema, source, flag)                       warns of maps that fit another label schema better
"""

from retarget_tf.footage.importers.clip_import import import_clip
from retarget_tf.footage.importers.keypoints import KeypointFile, read_keypoints, with_keypoints
from retarget_tf.footage.importers.parsing_pngs import read_parsing_png
from retarget_tf.footage.schema_check import SchemaCheck
from retarget_tf.footage.settings import ImportConfig

__all__ = [
    "ImportConfig",
    "KeypointFile",
    "SchemaCheck",
    "import_clip",
    "read_keypoints",
    "read_parsing_png",
    "with_keypoints",
]
