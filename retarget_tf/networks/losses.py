"""The losses: adversarial and L1 of the `paper` preset, cross entropy and Dice of the `stable` preset.

The adversarial losses follow pix2pix (Isola et al. 2017, sections 3.1 and 3.3) and take logits:
-log(sigmoid(x)) = softplus(-x). Every function returns a float32 scalar, a mean over the whole batch: on several
replicas over the rows of all of them, with the gradient of this replica's share.
"""

from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.networks import replicas


def discriminator_loss(real_logits: Tensor, generated_logits: Tensor) -> Tensor:
    """Pushes D(real) to 1 and D(generated) to 0; halved, as in pix2pix, so that D learns more slowly than G."""
    return replicas.mean(0.5 * (ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(generated_logits))))


def generator_adversarial_loss(generated_logits: Tensor) -> Tensor:
    """Pushes D(generated) to 1: the non-saturating loss -log D(generated)."""
    return replicas.mean(ops.mean(ops.softplus(-generated_logits)))


def l1_loss(real: Tensor, generated: Tensor, known: Tensor) -> Tensor:
    """Averages the absolute difference over the pixels whose class is known.

    Args:
        real: True maps, float32 `[batch, height, width, channels]`.
        generated: Generated maps of the same shape.
        known: float32 `[batch, height, width, 1]`: 1 where a pixel counts, 0 where it does not.
    """
    difference = ops.mean(ops.abs(real - generated), axis=-1, keepdims=True)
    return replicas.total(ops.sum(difference * known)) / ops.maximum(replicas.total(ops.sum(known)), 1.0)


def cross_entropy_loss(real: Tensor, probabilities: Tensor) -> Tensor:
    """Averages -log p(true class) over the pixels whose class is known.

    Args:
        real: One-hot true classes, float32 `[batch, height, width, classes]`; all zero where the class is unknown.
        probabilities: Predicted probabilities of the same shape, which add up to 1 at each pixel.
    """
    log_probabilities = ops.log(ops.maximum(probabilities, 1e-7))
    return -replicas.total(ops.sum(real * log_probabilities)) / ops.maximum(replicas.total(ops.sum(real)), 1.0)


def dice_loss(real: Tensor, probabilities: Tensor) -> Tensor:
    """Averages 1 - Dice over the foreground classes that occur in the truth (Milletari et al. 2016, V-Net).

    The Dice coefficient of a class is 2 sum(real * p) / sum(real + p) over all known pixels of the batch.

    Args:
        real: One-hot true classes, float32 `[batch, height, width, classes]`; all zero where the class is unknown.
        probabilities: Predicted probabilities of the same shape, which add up to 1 at each pixel.
    """
    known = ops.sum(real, axis=-1, keepdims=True)
    generated = probabilities * known
    overlap = replicas.total(ops.sum(real * generated, axis=(0, 1, 2)))
    total = replicas.total(ops.sum(real + generated, axis=(0, 1, 2)))
    present = ops.cast(replicas.total(ops.sum(real, axis=(0, 1, 2))) > 0, "float32")[1:]
    dice = (2.0 * overlap / ops.maximum(total, 1e-6))[1:]
    return ops.sum((1.0 - dice) * present) / ops.maximum(ops.sum(present), 1.0)
