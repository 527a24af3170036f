"""Warps the reference's parsing map into a new pose, limb by limb, without learned weights.

    anatomy     the parts of a body and their bones; guesses missing joints
    cutting     assigns each pixel of the reference's map to one or more parts
    hands       guesses hands that are not shown
    bones       the bones of a pose as vectors, and which part lies on top
    skirts      finds a skirt, and hangs its cloth between both legs
    warping     computes where each pixel of each moved part comes from, and overlays the parts
    sampling    looks up the parts' pixels there

Only `keras.ops` are used: a functional model that warps can be saved and loaded where this package is not installed.
Lengths that do not depend on the picture are in body units: one unit is about the height from the ankles to the eyes.
"""

from retarget_tf.body.limb_warp.warping import warp_map

__all__ = ["warp_map"]
