"""Reads parsing maps from PNG files.

In an indexed PNG the palette index is the class id, whatever its colour; in a gray one the gray value is, also if it is
stored as RGB with three equal channels or in 16 bits. Other colours are looked up in the palette of the label schema.
"""

from typing import Any

import av
import numpy as np

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Uint8Array
from retarget_tf.body.parsing_labels import SCHEMAS, UNKNOWN, LabelSchema
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import image_files

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KINDS = ("gray", "gray16be", "pal8", "rgb24", "rgb48be", "rgba", "rgba64be")


def read_parsing_png(path: files.PathLike, schema: LabelSchema) -> Uint8Array:
    """Reads a parsing map.

    Returns:
        Class ids of the schema, uint8 `[height, width]`; 255 is unknown.

    Raises:
        InputDataError: The file is missing, damaged, another kind of file, or has ids or colours outside the schema.
    """
    data = files.read_bytes(path, "parsing map")
    if not data.startswith(_SIGNATURE):
        raise InputDataError(f"parsing map {path}: is no PNG. Write PNG files: other formats blur the ids.")
    width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    if width * height > image_files.MAX_PIXELS:
        raise InputDataError(
            f"parsing map {path}: is {width}x{height}, more than {image_files.MAX_PIXELS // 1_000_000} megapixels. "
            "Give a smaller one."
        )
    try:
        decoder: Any = av.CodecContext.create("png", "r")
        decoder.options = {"err_detect": "crccheck+explode"}
        [picture] = decoder.decode(av.Packet(data)) + decoder.decode(None)
    except (av.FFmpegError, ValueError) as error:
        raise InputDataError(f"parsing map {path}: is cut or damaged. Copy it again.") from error
    values = _bytes_of(path, _values(path, picture, data[24]))
    ids = values if values.ndim == 2 else _ids_of_colours(path, values, schema)
    if unknown := schema.unknown_ids(ids):
        others = [other.name for other in SCHEMAS.values() if not other.unknown_ids(ids)]
        raise InputDataError(
            f"parsing map {path}: ids {unknown} are not in label schema {schema.name} "
            f"(0..{schema.num_classes - 1}, {UNKNOWN} = unknown){_known_to(others)}. Check the schema."
        )
    return np.ascontiguousarray(ids)


def _values(path: files.PathLike, picture: av.VideoFrame, bits: int) -> AnyArray:
    """Returns the stored values `[height, width]`, or of colours `[height, width, 3]`."""
    kind = picture.format.name
    if kind not in _KINDS or (bits < 8 and kind == "gray"):  # decoding scales fewer bits to 0..255
        raise InputDataError(
            f"parsing map {path}: is a PNG of kind {kind} with {bits} bits. Write it indexed, gray of 8 bits, or RGB."
        )
    values: AnyArray = picture.to_ndarray()[0] if kind == "pal8" else picture.to_ndarray()
    if kind in ("rgba", "rgba64be"):
        if seen_through := np.argwhere(values[..., 3] != np.iinfo(values.dtype).max).tolist():
            row, column = seen_through[0]
            raise InputDataError(
                f"parsing map {path}: is transparent at x={column}, y={row}, which is no class. "
                "Write it without transparency."
            )
        values = values[..., :3]
    return values


def _bytes_of(path: files.PathLike, values: AnyArray) -> Uint8Array:
    """Returns values of 16 bits as 8: they are ids as they are, or were widened by repeating the byte."""
    if values.max(initial=0) > UNKNOWN:
        if (values % 257).any():
            raise InputDataError(
                f"parsing map {path}: has values up to {values.max()} in 16 bits. Write class ids, 0..{UNKNOWN}."
            )
        values = values // 257
    return values.astype(np.uint8)


def _ids_of_colours(path: files.PathLike, picture: Uint8Array, schema: LabelSchema) -> Uint8Array:
    try:
        return schema.ids_of(picture)
    except ValueError as error:
        if (picture == picture[..., :1]).all():
            return picture[..., 0]
        others = [other.name for other in SCHEMAS.values() if _has_colours(other, picture)]
        raise InputDataError(
            f"parsing map {path}: {error}{_known_to(others)}. Check the schema, or write class ids."
        ) from error


def _has_colours(schema: LabelSchema, picture: Uint8Array) -> bool:
    try:
        schema.ids_of(picture)
    except ValueError:
        return False
    return True


def _known_to(names: list[str]) -> str:
    return f", but in {' and '.join(names)}" if names else ""
