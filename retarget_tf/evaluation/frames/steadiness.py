"""Warping error: how much a frame's colours differ from those of the frame before, followed along the true motion.

    motion = follow(real_before, real, real_map)
    motion.error(frame_before, frame)

The true motion is the optical flow of the true frames (DIS: Kroeger et al., "Fast Optical Flow using Dense Inverse
Search", 2016), over the true person, where the flow back and forth agrees within a pixel. The true frames have an error
too (light, noise, and what the flow gets wrong): it stands beside the contenders' as `real`.
"""

import dataclasses

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array

_AGREES = 1.0  # pixels


@dataclasses.dataclass(frozen=True)
class TrueMotion:
    """Where the pixels of a frame were in the frame before.

    Attributes:
        x: float32 `[height, width]`, counted from the centre of the first pixel.
        y: float32 `[height, width]`.
        known: bool `[height, width]`.
    """

    x: Float32Array
    y: Float32Array
    known: BoolArray

    def error(self, before: Uint8Array, frame: Uint8Array) -> float:
        """Returns the mean absolute difference of colours, in 0..255; NaN where no motion is known."""
        if not self.known.any():
            return float("nan")
        moved = cv2.remap(before, self.x, self.y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        difference = np.abs(np.float32(frame) - np.float32(moved))
        return float(difference[self.known].mean(dtype=np.float64))


def follow(before: Uint8Array, frame: Uint8Array, person: BoolArray) -> TrueMotion:
    """Finds the motion between two true frames, RGB uint8 `[height, width, 3]`, over a person `[height, width]`."""
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    earlier, later = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, frame))
    back, forth = dis.calc(later, earlier, None), dis.calc(earlier, later, None)
    rows, columns = np.indices(person.shape, dtype=np.float32)
    x, y = columns + back[..., 0], rows + back[..., 1]
    round_trip = back + cv2.remap(forth, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return TrueMotion(x, y, person & (np.hypot(round_trip[..., 0], round_trip[..., 1]) < _AGREES))
