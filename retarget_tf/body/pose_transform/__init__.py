"""Moves the source's poses to the target's place, size and proportions.

A photo is cropped or padded to a *canvas*, a square in which the person fills the same share of the height as in the
training pictures. One transform then maps the source's whole path, the keypoints of all frames, onto the canvas.

    canvas         crops the square around a person; scales and shifts keypoints
    similarity     fits one scale and one shift: to the target's height, ground line and place
    bone_lengths   estimates a person's height and bone lengths from keypoints
    proportions    compares the bone lengths of target and source
    reshaping      changes the bone lengths of a skeleton, keeping its feet on the ground
    fitting        chooses between these transforms, `fit_path`
    upper_body     keeps hips and legs where a photo without feet has them

Keypoints are float32 `[..., 25, 3]` in pixels, see `skeleton`.
"""

from retarget_tf.body.pose_transform.canvas import MARGIN, move_keypoints, person_square
from retarget_tf.body.pose_transform.fitting import FITS, Fit, LimbTransform, fit_path
from retarget_tf.body.pose_transform.proportions import Proportions, compare_bodies
from retarget_tf.body.pose_transform.reshaping import Reshaping
from retarget_tf.body.pose_transform.similarity import PoseTransform, Similarity, body_heights, hold_pose, register
from retarget_tf.body.pose_transform.upper_body import UpperBody, guess_legs

__all__ = [
    "FITS",
    "MARGIN",
    "Fit",
    "LimbTransform",
    "PoseTransform",
    "Proportions",
    "Reshaping",
    "Similarity",
    "UpperBody",
    "body_heights",
    "compare_bodies",
    "fit_path",
    "guess_legs",
    "hold_pose",
    "move_keypoints",
    "person_square",
    "register",
]
