"""Reads parsing maps from PNG files.

In an indexed PNG the palette index is the class id, whatever its colour; in a gray one the gray value is. RGB colours
are looked up in the palette of the label schema.
"""

from typing import Any

import av
import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema
from retarget_tf.errors import InputDataError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


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
    try:
        decoder: Any = av.CodecContext.create("png", "r")
        decoder.options = {"err_detect": "crccheck+explode"}
        [picture] = decoder.decode(av.Packet(data)) + decoder.decode(None)
    except (av.FFmpegError, ValueError) as error:
        raise InputDataError(f"parsing map {path}: is cut or damaged. Copy it again.") from error
    return _ids(path, picture, data[24], schema)


def _ids(path: files.PathLike, picture: av.VideoFrame, bits: int, schema: LabelSchema) -> Uint8Array:
    kind = picture.format.name
    if kind == "pal8":
        ids, _ = picture.to_ndarray()
    elif kind == "gray" and bits == 8:  # decoding would scale fewer bits to 0..255
        ids = picture.to_ndarray()
    elif kind == "rgb24":
        try:
            return schema.ids_of(picture.to_ndarray())
        except ValueError as error:
            raise InputDataError(f"parsing map {path}: {error}. Check the schema, or write class ids.") from error
    else:
        raise InputDataError(
            f"parsing map {path}: is a PNG of kind {kind} with {bits} bits. Write it indexed, gray of 8 bits, or RGB."
        )
    if unknown := schema.unknown_ids(ids):
        raise InputDataError(
            f"parsing map {path}: ids {unknown} are not in label schema {schema.name} "
            f"(0..{schema.num_classes - 1}, {UNKNOWN} = unknown). Check the schema."
        )
    return np.ascontiguousarray(ids)
