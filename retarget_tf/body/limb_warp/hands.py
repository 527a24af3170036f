"""Guesses the hands that the reference does not show, so that they are not missing in every other pose.

Parsers cut off fast or small hands; pockets and the trunk hide them.
"""

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body.limb_warp import anatomy, sampling
from retarget_tf.body.limb_warp.anatomy import PART
from retarget_tf.body.limb_warp.bones import Bones
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN, LabelSchema

_NAMES = ["right_forearm", "left_forearm"]
_ARMS = [PARTS10.classes.index(f"{side}_arm") for side in ("right", "left")]
_FOREARMS = slice(PART["right_forearm"], PART["left_forearm"] + 1)

# In body units: how far a hand's middle lies from the wrist, its radius when guessed, and the least area (in squares of
# them) of one that is seen. Hands of real people at 128 px show .0020 to .0055, cut ones .0005 and less.
_PALM = 0.04
_FIST = 0.03
_LEAST = 0.0012


def guess(codes: Tensor, start: Bones, has_moved: Tensor, schema: LabelSchema) -> Tensor:
    """Adds a disc in place of each hand that is not shown, as behind all that is seen there; returns the codes.

    Without a forearm that is seen there is no hand either, and none while the forearm stays as it is in the reference.

    Args:
        codes: float32 `[batch, parts, height, width]`, see `cutting.cut`.
        start: Bones of the reference; hidden limbs are not replaced by the other side's.
        has_moved: bool `[batch, parts, 1]`, False for parts that are as in the reference.
        schema: Label schema of the map.
    """
    height, width = codes.shape[2:]
    forearms = codes[:, _FOREARMS]
    flat = ops.reshape(forearms, (-1, 2, height * width))
    bones, unit = start.of(_NAMES), start.unit
    wrist = bones.origin + bones.along * bones.length
    beyond, aside = (anatomy.scan_pixels(wrist, axis, height, width) for axis in (bones.along, bones.across))
    parts = list(schema.to_parts10)
    classes = np.array([[parts.index(arm) if arm in parts else 0] for arm in _ARMS], np.float32)
    is_skin = ops.equal(flat, classes + sampling.SEEN)
    for index in np.flatnonzero(np.equal(parts, UNKNOWN)):  # a class that `parts10` lacks may be a glove
        is_skin = ops.logical_or(is_skin, ops.equal(flat, float(index) + sampling.SEEN))
    shown = ops.sum(ops.cast(ops.logical_and(is_skin, beyond > 0), "float32"), axis=2, keepdims=True)
    seen = ops.sum(ops.cast(flat >= sampling.SEEN, "float32"), axis=2, keepdims=True)
    least = _LEAST * ops.square(unit)
    is_hand = ops.square(beyond - _PALM * unit) + ops.square(aside) < ops.square(_FIST * unit)
    is_lost = ops.logical_and(has_moved[:, _FOREARMS], ops.logical_and(seen >= least, shown < least))
    disc = ops.where(ops.logical_and(is_hand, is_lost), classes, 0.0)
    forearms = ops.maximum(forearms, ops.reshape(disc, (-1, 2, height, width)))
    return ops.concatenate([codes[:, : _FOREARMS.start], forearms, codes[:, _FOREARMS.stop :]], axis=1)
