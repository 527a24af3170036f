"""Converts requests to arrays and checks names, types, shapes, values and limits before anything runs."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import AnyArray
from retarget_tf.pictures import image_files
from retarget_tf.serving.options import ServerOptions
from retarget_tf.serving.server.errors import invalid

_IMAGE_SUFFIX = "_bytes"  # inputs whose names end so are encoded pictures
CLIP_RANK = 4  # [batch, frames, joints, 3]


def checked_inputs(inputs: Mapping[str, Any], definition: Any, options: ServerOptions) -> dict[str, AnyArray]:
    """Converts the TensorProtos of a request to arrays.

    Args:
        inputs: TensorProtos by input name.
        definition: The signature's SignatureDef.
        options: Limits of pixels, frames, batch size and message size.

    Raises:
        RefusedError: If a name, type, rank, shape or value does not fit the signature, or a limit is exceeded.
    """
    missing, unknown = definition.inputs.keys() - inputs.keys(), inputs.keys() - definition.inputs.keys()
    if missing or unknown:
        raise invalid(f"inputs do not match the signature. Missing: {sorted(missing)}. Unknown: {sorted(unknown)}.")
    arrays = {name: _array(name, inputs[name], definition.inputs[name], options) for name in sorted(inputs)}
    if is_batched(definition.inputs):
        _check_batch({name: len(array) for name, array in arrays.items()}, is_clip(arrays), options.max_batch)
    for name, array in arrays.items():
        _check_values(name, array, options)
    return arrays


def is_clip(arrays: Mapping[str, AnyArray]) -> bool:
    """Returns whether the inputs are those of a clip, of which the keypoints have an axis of frames."""
    return "keypoints" in arrays and arrays["keypoints"].ndim == CLIP_RANK


def _check_batch(sizes: Mapping[str, int], of_clip: bool, most: int) -> None:
    """Refuses inputs of unequal batch sizes; in a clip there may be several photos for each path of keypoints."""
    people = sizes["keypoints"] if of_clip else max(sizes.values())
    photos = {size for name, size in sizes.items() if not (of_clip and name == "keypoints")}
    if len(photos) > 1 or not 1 <= people <= max(photos) <= most or max(photos) % people:
        rule = ", or the photos of as many for each dance" if of_clip else ""
        raise invalid(f"all inputs must be of one batch size from 1 to {most}{rule}. Received: {dict(sizes)}.")


def checked_filter(output_filter: Iterable[str], definition: Any) -> list[str]:
    """Returns the names of the requested outputs; an empty filter requests all."""
    names = list(output_filter)
    for name in names:
        if name not in definition.outputs:
            raise invalid(f"output tensor alias not found in signature: {name}. It has {sorted(definition.outputs)}.")
    if len(set(names)) < len(names):
        raise invalid(f"output_filter names an output twice: {names}.")
    return names or sorted(definition.outputs)


def is_batched(tensors: Mapping[str, Any]) -> bool:
    """Returns whether the first axis of every tensor may have any length."""
    shapes = [info.tensor_shape for info in tensors.values()]
    return bool(shapes) and all(not shape.unknown_rank and shape.dim and shape.dim[0].size == -1 for shape in shapes)


def _array(name: str, proto: Any, info: Any, options: ServerOptions) -> AnyArray:
    if proto.dtype != info.dtype:
        wanted, given = tf.as_dtype(info.dtype).name, proto.dtype
        raise invalid(f"{name} must be {wanted}. Received: {_dtype_name(given)}.")
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if not _fits(proto.tensor_shape, info.tensor_shape):
        raise invalid(f"{name} must be of shape {_written(info.tensor_shape)}. Received: {shape}.")
    # A TensorProto may hold fewer values than its shape; the last one is repeated. A few bytes could fill the memory.
    if np.prod(shape, dtype=object) > options.max_message_mb * 1_000_000:
        raise invalid(f"{name} has too many elements. Received: shape {shape}.")
    try:
        array = np.asarray(tf.make_ndarray(proto))
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise invalid(f"{name} does not hold the values of its shape {shape}.") from error
    if array.dtype == object and not all(isinstance(value, bytes) for value in array.flat):  # no values in the proto
        raise invalid(f"{name} does not hold the values of its shape {shape}.")
    return array


def _dtype_name(number: int) -> str:
    try:
        return str(tf.as_dtype(number).name)
    except TypeError:
        return f"type {number}"


def _fits(given: Any, wanted: Any) -> bool:
    if given.unknown_rank or any(dim.size < 0 for dim in given.dim):
        return False
    if wanted.unknown_rank:
        return True
    pairs = zip(given.dim, wanted.dim, strict=False)
    return len(given.dim) == len(wanted.dim) and all(b.size in (-1, a.size) for a, b in pairs)


def _written(shape: Any) -> str:
    return "any" if shape.unknown_rank else str([None if dim.size < 0 else dim.size for dim in shape.dim])


def _check_values(name: str, array: AnyArray, options: ServerOptions) -> None:
    if array.dtype == object and name.endswith(_IMAGE_SUFFIX):
        for index, encoded in enumerate(array.flat):
            _check_picture(f"{name}[{index}]", encoded, options.max_pixels)
    if array.dtype.kind == "f":
        if array.ndim == CLIP_RANK and not 1 <= array.shape[0] * array.shape[1] <= options.max_frames:
            raise invalid(f"{name} must be of 1 to {options.max_frames} frames. Received: shape {array.shape}.")
        if not np.isfinite(array).all():
            example = int(np.argwhere(~np.isfinite(np.atleast_1d(array)))[0][0])
            raise invalid(f"{name}[{example}]: holds a number that is not finite.")


def _check_picture(place: str, encoded: bytes, max_pixels: int) -> None:
    try:
        width, height = image_files.header_size(encoded)
    except ValueError as error:
        raise invalid(f"{place}: {error}.") from error
    if not 0 < width * height <= max_pixels:
        raise invalid(f"{place}: is {width}x{height}, not of 1 to {max_pixels} pixels.")
