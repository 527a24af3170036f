"""The background that the frames of a video share, seen by one of them."""

from collections.abc import Sequence

import numpy as np
from absl import logging

from retarget_tf.arrays import Uint8Array
from retarget_tf.retargeting.frames import camera
from retarget_tf.retargeting.frames.dancer_area import View
from retarget_tf.retargeting.frames.plate import plate_of_frames

SAMPLES = 25  # frames that a plate is made of
_SHAKEN = 0.3  # pixels by which a corner of the picture must move for the camera to be followed
_PANNED = 0.1  # of the picture's longer side: a camera that moves farther has no plate
_AGREES = 1.0  # pixels by which the edges of plate and frames may lie apart, in frames of up to `_USUAL` pixels
_USUAL = 720


def spread(count: int) -> set[int]:
    """Returns at most `SAMPLES` of the frames 0 to count - 1, evenly spread."""
    return {round(float(at)) for at in np.linspace(0, count - 1, min(SAMPLES, count))}


def common_plate(views: Sequence[View], like: View) -> tuple[Uint8Array, bool] | None:
    """Makes the plate of frames of a video, as the camera saw it in one of them.

    Args:
        views: The frames, with the person found in them.
        like: The frame whose camera counts.

    Returns:
        The background without the person, RGB uint8 `[height, width, 3]`, and whether the camera moved a little; None
        if it moved much, or the background changes.

    Raises:
        InputDataError: The person covers everything.
    """
    height, width = like.frame.shape[:2]
    middle = camera.CameraFollower(like.frame)
    motions = [middle.motion_to(view.frame, view.background) for view in views]
    shift = max(camera.largest_shift(motion, width, height) for motion in motions)
    if shift > _PANNED * max(width, height):
        logging.info("background: the camera moves, so it is filled in")
        return None
    if shift > _SHAKEN:
        views = [view.moved(motion) for view, motion in zip(views, motions, strict=True)]
    views = [like, *views]  # the first one's brightness counts
    plate = plate_of_frames([view.frame for view in views], [view.opacity for view in views])
    apart = float(np.median([camera.edge_distance(plate, view.frame, view.background) for view in views]))
    if apart > _AGREES * max(height / _USUAL, 1.0):
        logging.info("background: it changes, so it is filled in")
        return None
    return plate, shift > _SHAKEN
