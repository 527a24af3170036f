"""The objective of a conditional GAN with an L1 term, after pix2pix (Isola et al. 2017, section 3.1 and 3.3).

Each function gives one number, the mean over all that it is given, in float32. -log(sigmoid(x)) = softplus(-x).
"""

from typing import Any

from keras import ops

Tensor = Any


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
