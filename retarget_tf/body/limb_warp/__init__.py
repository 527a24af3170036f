"""The reference's map cut into limbs, each moved by its own joints; nothing is learned.

`anatomy` knows the parts and completes the joints of a pose, `cutting` deals the pixels of the reference's map to the
parts, `warping` finds where each pixel of a new pose comes from and puts the parts on top of each other, `sampling`
reads them there. Only `keras.ops` are used: a functional model that warps can be saved and loaded where this package is
not installed.
"""

from retarget_tf.body.limb_warp.warping import warp_map

__all__ = ["warp_map"]
