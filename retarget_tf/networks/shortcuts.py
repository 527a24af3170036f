"""Computes layers of a network faster on a processor: the same weights, files and, but for rounding, results.

TensorFlow's convolutions bring their kernels into another order at every call. Where a picture has few pixels or few
channels this takes up to ten times as long as the arithmetic, so `take` makes these layers products of matrices:

    4x4, stride 2              patches [pixels, 16 * channels] @ kernel
    4x4, stride 2, transposed  pixels [pixels, channels] @ kernel, whose 4x4 results overlap and are added

Batch normalization in training becomes one operation instead of twelve (on several replicas: a few). GPUs gain nothing,
so nothing changes there.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.networks import replicas

_FEW_PIXELS, _FEW_PIXELS_UP = 16, 8  # largest side of the input
_FEW_FILTERS = 4

_SAME3 = [[0, 0]] * 3  # padding of three axes

Gradients = tuple[Tensor, ...]


def take(network: keras.Model) -> keras.Model:
    """Replaces, in place, how layers of a network compute; returns it."""
    if tf.config.list_physical_devices("GPU"):
        return network
    for layer in network.layers:
        faster = _faster(layer)
        if faster is not None:
            layer.call = functools.partial(faster, layer)
    return network


def _faster(layer: keras.layers.Layer) -> Callable[..., Tensor] | None:
    if isinstance(layer, keras.layers.BatchNormalization):
        return _normalize
    is_up = isinstance(layer, keras.layers.Conv2DTranspose)
    if not (is_up or isinstance(layer, keras.layers.Conv2D)):
        return None
    if layer.kernel_size != (4, 4) or layer.strides != (2, 2) or layer.padding != "same":
        return None
    side = max(layer.input.shape[1:3])
    if is_up:
        return _up if side <= _FEW_PIXELS_UP or layer.filters <= _FEW_FILTERS else None
    return _down if side <= _FEW_PIXELS else None


def _down(layer: keras.layers.Conv2D, inputs: Tensor) -> Tensor:
    return _with_bias(layer, _convolve(inputs, tf.convert_to_tensor(layer.kernel)))


def _up(layer: keras.layers.Conv2DTranspose, inputs: Tensor) -> Tensor:
    return _with_bias(layer, _convolve_transposed(inputs, tf.convert_to_tensor(layer.kernel)))


def _with_bias(layer: keras.layers.Layer, outputs: Tensor) -> Tensor:
    return outputs + tf.convert_to_tensor(layer.bias) if layer.use_bias else outputs


def _normalize(
    layer: keras.layers.BatchNormalization, inputs: Tensor, training: bool | None = None, mask: None = None
) -> Tensor:
    if not training:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    normalized = _normalized_by_all if layer.synchronized else _normalized
    outputs, mean, variance = normalized(inputs, layer.gamma.value, layer.beta.value, layer.epsilon)
    for average, value in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        average.assign(average * layer.momentum + value * (1.0 - layer.momentum))
    return outputs


def _normalized(inputs: Tensor, scale: Tensor, offset: Tensor, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalizes by the statistics of the batch; returns them as well."""
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True
    )
    count = tf.cast(_pixels(inputs), tf.float32)
    return outputs, mean, variance * tf.maximum(count - 1, 1) / count  # the operation's is an estimate of all data's


def _normalized_by_all(inputs: Tensor, scale: Tensor, offset: Tensor, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalizes by the statistics of the batches of all replicas: two exchanges, one forward and one backward."""
    _, mean, variance = _normalized(tf.stop_gradient(inputs), tf.ones_like(scale), tf.zeros_like(scale), epsilon)
    mean, square = tf.unstack(replicas.mean(tf.stack([mean, variance + tf.square(mean)])))
    variance = tf.maximum(square - tf.square(mean), 0.0)

    def with_statistics(inputs: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        return tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=scale, offset=offset, mean=mean, variance=variance, epsilon=epsilon, is_training=False
        )[0]

    @tf.custom_gradient
    def normalize(inputs: Tensor, scale: Tensor, offset: Tensor) -> tuple[Tensor, Callable[[Tensor], Gradients]]:
        def gradients(upstream: Tensor) -> Gradients:
            of_inputs, of_scale, of_offset, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=upstream,
                x=inputs,
                scale=scale,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=[],
                epsilon=epsilon,
                is_training=False,
            )
            # What the inputs change by way of the statistics (Ioffe and Szegedy 2015, section 3).
            by_scale, by_offset = tf.unstack(replicas.total(tf.stack([of_scale, of_offset])))
            share = -scale * tf.math.rsqrt(variance + epsilon) / tf.cast(_pixels(inputs) * replicas.count(), tf.float32)
            return of_inputs + with_statistics(inputs, share * by_scale, share * by_offset), of_scale, of_offset

        return with_statistics(inputs, scale, offset), gradients

    return normalize(inputs, scale, offset), mean, variance


def _pixels(inputs: Tensor) -> Tensor:
    """Counts the pixels of all pictures of a batch."""
    return tf.reduce_prod(tf.shape(inputs)[:-1])


@tf.custom_gradient
def _convolve(inputs: Tensor, kernel: Tensor) -> tuple[Tensor, Callable[[Tensor], Gradients]]:
    """Convolves with stride 2 and padding 1: `[batch, 2 h, 2 w, channels]` to `[batch, h, w, filters]`."""
    channels, filters = kernel.shape[2:]
    matrix, patches = tf.reshape(kernel, [16 * channels, filters]), _patches(inputs)
    shape = [tf.shape(inputs)[0], inputs.shape[1] // 2, inputs.shape[2] // 2]

    def gradients(upstream: Tensor) -> Gradients:
        upstream = tf.reshape(upstream, [-1, filters])
        of_patches = tf.matmul(upstream, matrix, transpose_b=True)
        of_kernel = tf.matmul(patches, upstream, transpose_a=True)
        return _overlapped(of_patches, shape, channels), tf.reshape(of_kernel, kernel.shape)

    return tf.reshape(patches @ matrix, [*shape, filters]), gradients


@tf.custom_gradient
def _convolve_transposed(inputs: Tensor, kernel: Tensor) -> tuple[Tensor, Callable[[Tensor], Gradients]]:
    """Convolves transposed with stride 2: `[batch, h, w, channels]` to `[batch, 2 h, 2 w, filters]`."""
    filters, channels = kernel.shape[2:]
    matrix, pixels = tf.reshape(kernel, [16 * filters, channels]), tf.reshape(inputs, [-1, channels])
    shape = [tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]]
    if filters <= _FEW_FILTERS:
        products = tf.matmul(pixels, matrix, transpose_b=True)
    else:  # the larger matrix first: much faster for few pixels
        products = tf.transpose(tf.matmul(matrix, pixels, transpose_b=True))

    def gradients(upstream: Tensor) -> Gradients:
        patches = _patches(upstream)
        of_kernel = tf.matmul(patches, pixels, transpose_a=True)
        return tf.reshape(patches @ matrix, [*shape, channels]), tf.reshape(of_kernel, kernel.shape)

    return _overlapped(products, shape, filters), gradients


def _patches(pictures: Tensor) -> Tensor:
    """Cuts 4x4 patches at every second pixel, one pixel beyond the border: `[batch * h * w, 16 * channels]`."""
    _, height, width, channels = pictures.shape
    x = tf.pad(pictures, [[0, 0], [1, 1], [1, 1], [0, 0]])
    x = tf.reshape(x, [-1, height // 2 + 1, 2, width // 2 + 1, 2 * channels])  # blocks of 2x2, of which a patch has 2x2
    x = tf.concat([x[:, :-1], x[:, 1:]], axis=2)
    x = tf.concat([x[..., :-1, :], x[..., 1:, :]], axis=-1)
    return tf.reshape(tf.transpose(x, [0, 1, 3, 2, 4]), [-1, 16 * channels])


def _overlapped(patches: Tensor, shape: list[Tensor | int], channels: int) -> Tensor:
    """Adds patches where they overlap, the transpose of `_patches`: `[batch, 2 h, 2 w, channels]`."""
    batch, height, width = shape
    x = tf.transpose(tf.reshape(patches, [batch, height, width, 4, 4 * channels]), [0, 1, 3, 2, 4])
    left, right = x[..., : 2 * channels], x[..., 2 * channels :]
    x = tf.pad(left, [*_SAME3, [0, 1], [0, 0]]) + tf.pad(right, [*_SAME3, [1, 0], [0, 0]])
    upper, lower = x[:, :, :2], x[:, :, 2:]
    x = tf.pad(upper, [[0, 0], [0, 1], *_SAME3]) + tf.pad(lower, [[0, 0], [1, 0], *_SAME3])
    return tf.reshape(x, [batch, 2 * height + 2, 2 * width + 2, channels])[:, 1:-1, 1:-1]
