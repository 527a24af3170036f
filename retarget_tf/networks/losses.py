"""The objective of a conditional GAN with an L1 term, after pix2pix (Isola et al. 2017, section 3.1 and 3.3).

Each function gives one number, the mean over all that it is given, in float32. -log(sigmoid(x)) = softplus(-x).
"""

from keras import ops

from retarget_tf.arrays import Tensor


def discriminator_loss(real_logits: Tensor, generated_logits: Tensor) -> Tensor:
    """D's objective, halved to slow D down against G: real patches towards 1, generated ones towards 0."""
    return 0.5 * (ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(generated_logits)))


def generator_adversarial_loss(generated_logits: Tensor) -> Tensor:
    """G's non-saturating objective: maximize log D of what it generated."""
    return ops.mean(ops.softplus(-generated_logits))


def l1_loss(real: Tensor, generated: Tensor, known: Tensor) -> Tensor:
    """Mean absolute difference of the pixels whose class is known.

    Args:
        real: float32 `[batch, height, width, channels]`.
        generated: the same.
        known: float32 `[batch, height, width, 1]`, 1 or 0.
    """
    difference = ops.mean(ops.abs(real - generated), axis=-1, keepdims=True)
    return ops.sum(difference * known) / ops.maximum(ops.sum(known), 1.0)


def cross_entropy_loss(real: Tensor, probabilities: Tensor) -> Tensor:
    """Mean of -log p of the true class over the pixels whose class is known.

    Args:
        real: float32 `[batch, height, width, classes]`, one-hot; all zero where the class is unknown.
        probabilities: the same, sums of 1.
    """
    log_probabilities = ops.log(ops.maximum(probabilities, 1e-7))
    return -ops.sum(real * log_probabilities) / ops.maximum(ops.sum(real), 1.0)


def dice_loss(real: Tensor, probabilities: Tensor) -> Tensor:
    """1 - Dice of the foreground classes in the truth, mean over classes (Milletari et al. 2016, V-Net).

    Args:
        real: float32 `[batch, height, width, classes]`, one-hot; all zero where the class is unknown: such pixels do
            not count.
        probabilities: the same, sums of 1.
    """
    known = ops.sum(real, axis=-1, keepdims=True)
    generated = probabilities * known
    overlap = ops.sum(real * generated, axis=(0, 1, 2))
    total = ops.sum(real + generated, axis=(0, 1, 2))
    present = ops.cast(ops.sum(real, axis=(0, 1, 2)) > 0, "float32")[1:]
    dice = (2.0 * overlap / ops.maximum(total, 1e-6))[1:]
    return ops.sum((1.0 - dice) * present) / ops.maximum(ops.sum(present), 1.0)
