"""The background that the frames of a source share, and how the dancer of a frame is replaced by it."""

import dataclasses

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.retargeting.frames import filling, shadow
from retarget_tf.retargeting.frames.camera import CameraFollower
from retarget_tf.retargeting.frames.dancer_area import View

_AROUND = 0.04  # of the picture's longer side: surroundings that tell how bright the plate must be
_COARSE = 4  # pixels of the frame in one of a smooth fill, which has no details
_LIGHT = 8  # pixels over which its brightness is fitted
_MOST_LIGHT = 40.0  # grey levels by which it is made brighter or darker at most

Region = tuple[slice, slice]  # rows and columns of a frame


@dataclasses.dataclass(frozen=True)
class Scene:
    """What the frames of a source share.

    Attributes:
        plate: RGB uint8 `[height, width, 3]` without the dancer; None fills smoothly what she hides.
        darkness: Strength of contact shadows, see `shadow.Shadow`.
        keypoints: A pose, float32 `[25, 3]` in pixels of the frames, which gives the size of a foot.
        follower: Follows a camera that is held by hand; None if it is still.
    """

    plate: Uint8Array | None
    darkness: float
    keypoints: Float32Array
    follower: CameraFollower | None = None

    def without_dancer(self, view: View, keypoints: Float32Array, ground: float) -> Uint8Array:
        """Returns a frame whose dancer is replaced by the background, with the contact shadow of a new pose in it.

        Args:
            view: The frame.
            keypoints: The new pose, float32 `[25, 3]` in pixels of the frame.
            ground: y of the floor in pixels of the frame, see `shadow.ground_lines`.

        Returns:
            RGB uint8 `[height, width, 3]`. Where `View.weight` is 0 it is the frame.
        """
        frame = view.frame.copy()
        if view.background.all():
            return frame
        region = _region(view.weight, round(_AROUND * max(frame.shape)))
        here, weight = frame[region].astype(np.float32), view.weight[region]
        behind = self._behind(view, region, here, weight > 0)
        if self.darkness:
            old = shadow.Shadow(view.background, self.darkness, self.keypoints)
            behind = behind * shadow.darkening(frame.shape, keypoints, ground, old)[region][..., None]
        frame[region] = np.clip(np.rint(here + weight[..., None] * (behind - here)), 0, 255)
        return frame

    def _behind(self, view: View, region: Region, here: Float32Array, hole: BoolArray) -> Float32Array:
        """Returns what the dancer hides in a region of the frame."""
        if self.plate is None:
            small, small_hole = filling.shrunk(here, hole, 1 / _COARSE, 1 / _COARSE, 0.3)
            return filling.enlarged(filling.smooth_fill(small, small_hole), hole.shape)
        plate = self.plate[region].astype(np.float32)
        if self.follower is not None:
            motion = self.follower.motion_to(view.frame, view.background).copy()
            motion[:, 2] -= region[1].start, region[0].start
            plate = cv2.warpAffine(self.plate, motion, hole.shape[::-1], borderMode=cv2.BORDER_REFLECT)
            plate = plate.astype(np.float32)
        return plate + _light(here - plate, hole)


def _light(difference: Float32Array, hole: BoolArray) -> Float32Array:
    """Returns the difference of frame and plate around the hole, without details and smoothly continued in it."""
    small, small_hole = filling.shrunk(difference, hole, 1 / _LIGHT, 1 / _LIGHT, 0.3)
    light = np.clip(filling.membrane(small, small_hole), -_MOST_LIGHT, _MOST_LIGHT)
    return filling.enlarged(light, hole.shape, cv2.INTER_LINEAR)


def _region(weight: Float32Array, around: int) -> Region:
    """Returns rows and columns of the box of the pixels to replace, and some around it."""
    rows, columns = (
        slice(max(int(found[0]) - around, 0), int(found[-1]) + 1 + around)
        for found in (np.flatnonzero((weight > 0).any(axis=axis)) for axis in (1, 0))
    )
    return rows, columns
