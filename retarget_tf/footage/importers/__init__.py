"""What other programs found in pictures: their keypoints and parsing maps, as ours.

import_clip(frames, keypoints, maps, folder, config)    a clip folder of all three
read_keypoints(path, width, height, frame_numbers)      OpenPose's files or a NumPy file, in pixels, BODY_25
KeypointFile(path, units)                               the same, read later
read_parsing_png(path, schema)                          class ids of an indexed, gray or RGB PNG
"""

from retarget_tf.footage.importers.clip_import import import_clip
from retarget_tf.footage.importers.keypoints import KeypointFile, read_keypoints
from retarget_tf.footage.importers.parsing_pngs import read_parsing_png
from retarget_tf.footage.settings import ImportConfig

__all__ = [
    "ImportConfig",
    "KeypointFile",
    "import_clip",
    "read_keypoints",
    "read_parsing_png",
]
