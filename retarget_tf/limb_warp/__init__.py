"""The reference's map cut into limbs, each moved by its own joints; nothing is learned.

`anatomy` knows the parts and completes the joints of a pose, `cutting` deals the pixels of the reference's map to the
parts, `moving` finds for every pixel of a new pose the pixel of each part that comes to lie there, and `warp_map` puts
them on top of each other. Only `keras.ops` are used: a functional model that warps can be saved and loaded where this
package is not installed.
"""

from retarget_tf.limb_warp.warping import warp_map

__all__ = ["warp_map"]
