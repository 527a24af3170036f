"""What other programs found in pictures: their keypoints and parsing maps, as ours.

import_clip(frames, keypoints, maps, folder, config)    a clip folder of all three
read_keypoints(path, width, height, frame_numbers)      an OpenPose folder or a NumPy file, in pixels, BODY_25
read_keypoint_array(path)                               a NumPy file in its own units, BODY_25
read_parsing_png(path, schema)                          class ids of an indexed, gray or RGB PNG
"""

from retarget_tf.footage.importers.clip_import import CROPS, ImportConfig, import_clip
from retarget_tf.footage.importers.keypoint_arrays import read_keypoint_array
from retarget_tf.footage.importers.keypoints import UNITS, read_keypoints
from retarget_tf.footage.importers.parsing_pngs import read_parsing_png

__all__ = [
    "CROPS",
    "UNITS",
    "ImportConfig",
    "import_clip",
    "read_keypoint_array",
    "read_keypoints",
    "read_parsing_png",
]
