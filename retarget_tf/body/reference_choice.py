"""Chooses, of several photos of a person, the one to move into a wanted pose: the nearest in pose.

What counts of a pose are its bones as vectors in the picture (so direction and foreshortening), the lines through
shoulders and hips (front, side or back), and the gaze. All are measured in body units, so that a photo may show the
person at another place and size. A photo stays chosen until another one is clearly nearer.

Only `keras.ops` are used, so that a SavedModel can choose too.
"""

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton
from retarget_tf.body.limb_warp import anatomy
from retarget_tf.body.limb_warp.anatomy import PART
from retarget_tf.body.limb_warp.bones import bones_of

_GAZE = 0.2  # body units that the unit vector of the gaze counts as
_STAY = 0.01  # another photo must be nearer by this, in squared body units
_BONES = np.array([index for name, index in PART.items() if name not in ("lap", "hem")])
_LEFT, _RIGHT = np.array([skeleton.joints("shoulder"), skeleton.joints("hip")]).T


def difference(reference_keypoints: Tensor, keypoints: Tensor) -> Tensor:
    """Compares each photo's pose with one wanted pose; see `distances`.

    Args:
        reference_keypoints: float32 `[batch, 25, 3]` in pixels.
        keypoints: Wanted poses, float32 `[batch, 25, 3]` in pixels.

    Returns:
        float32 `[batch]`: sums of squared differences, in squared body units.
    """
    return ops.sum(ops.square(_vectors(reference_keypoints) - _vectors(keypoints)), axis=-1)


def distances(reference_keypoints: Tensor, keypoints: Tensor) -> Tensor:
    """Compares the poses of all photos with all wanted ones.

    Args:
        reference_keypoints: float32 `[batch * photos, 25, 3]` in pixels: the photos of the first person, then those of
            the second, and so on.
        keypoints: Wanted poses, float32 `[batch, frames, 25, 3]` in pixels.

    Returns:
        float32 `[batch, frames, photos]`: sums of squared differences, in squared body units.
    """
    batch, frames = (ops.shape(keypoints)[axis] for axis in (0, 1))
    known, wanted = _vectors(reference_keypoints), _vectors(ops.reshape(keypoints, (-1, skeleton.NUM_JOINTS, 3)))
    known, wanted = (ops.reshape(vectors, (batch, -1, vectors.shape[-1])) for vectors in (known, wanted))
    apart = known[:, None] - ops.reshape(wanted, (batch, frames, 1, known.shape[-1]))
    return ops.sum(ops.square(apart), axis=-1)


def choose(distance: Tensor, last: Tensor) -> Tensor:
    """Chooses a photo for each person of a batch.

    Args:
        distance: float32 `[batch, photos]`, see `distances`.
        last: The rows that were chosen for the frame before, int32 `[batch]`; -1 at first.

    Returns:
        int32 `[batch]`: rows of the `[batch * photos]` photos.
    """
    batch, photos = (ops.shape(distance)[axis] for axis in (0, 1))
    rows = ops.reshape(ops.arange(batch * photos, dtype="int32"), (batch, photos))
    stays = ops.cast(ops.equal(rows, last[:, None]), "float32")
    return rows[:, 0] + ops.cast(ops.argmin(distance - _STAY * stays, axis=1), "int32")


def nearest(reference_keypoints: Tensor, keypoints: Tensor, last: Tensor) -> Tensor:
    """Chooses photos for one frame: `distances` and `choose` in one, with keypoints `[batch, 25, 3]`."""
    return choose(distances(reference_keypoints, keypoints[:, None])[:, 0], last)


def _vectors(keypoints: Tensor) -> Tensor:
    """Returns what counts of poses `[n, 25, 3]`: float32 `[n, values]` in body units."""
    points = anatomy.complete(keypoints, anatomy.template(1, 1))
    bones = bones_of(points)
    lines = (ops.take(points, _LEFT, axis=1) - ops.take(points, _RIGHT, axis=1)) / bones.unit
    in_units = ops.concatenate([ops.take(bones.vectors, _BONES, axis=1), lines], axis=1)
    gaze = _GAZE * ops.concatenate(bones.gaze, axis=1)[..., 0]
    return ops.concatenate([ops.reshape(in_units, (-1, 2 * in_units.shape[1])), gaze], axis=1)
