"""What other programs found in pictures: their keypoints in our skeleton.

read_keypoints(path, width, height, ...)  an OpenPose folder or a NumPy file, in pixels, BODY_25
read_keypoint_array(path)                 a NumPy file as it is, but BODY_25
"""

from retarget_tf.importers.keypoint_arrays import read_keypoint_array
from retarget_tf.importers.keypoints import UNITS, read_keypoints

__all__ = ["UNITS", "read_keypoint_array", "read_keypoints"]
