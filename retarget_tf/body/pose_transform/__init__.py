"""Where the pose goes: the square canvas around the person of a photo, and the source's path fitted into it.

A photo is cut or padded to a *canvas*, a square in which the person takes the share of the height that it takes in
the training pictures. A source's whole path, all keypoints of its video, is then led onto it by one transform.

    canvas         the square around a person; keypoints moved by a scale and a shift
    similarity     one scale and one shift: to the target's height, ground line and place
    bone_lengths   how tall a person is and how long each bone, from keypoints in the picture
    proportions    how much longer each bone of the target is, from keypoints of both
    reshaping      a skeleton with bones of other lengths, its feet where they were
    fitting        the choice between them, `fit_path`

Keypoints are `[..., 25, 3]` in pixels, see `skeleton`.
"""

from retarget_tf.body.pose_transform.canvas import MARGIN, move_keypoints, person_square
from retarget_tf.body.pose_transform.fitting import FITS, Fit, LimbTransform, fit_path
from retarget_tf.body.pose_transform.proportions import Proportions, compare_bodies
from retarget_tf.body.pose_transform.reshaping import Reshaping
from retarget_tf.body.pose_transform.similarity import PoseTransform, Similarity, body_heights, hold_pose

__all__ = [
    "FITS",
    "MARGIN",
    "Fit",
    "LimbTransform",
    "PoseTransform",
    "Proportions",
    "Reshaping",
    "Similarity",
    "body_heights",
    "compare_bodies",
    "fit_path",
    "hold_pose",
    "move_keypoints",
    "person_square",
]
