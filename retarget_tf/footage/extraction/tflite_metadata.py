"""Gives a TFLite model the metadata of another one.

MediaPipe's tasks ask a model how its input is scaled and refuse one that does not say. The models of MediaPipe's older
graphs come without such metadata, though they are otherwise the same. The layout is that of TFLite's schema,
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

import struct

_NAME = b"TFLITE_METADATA"
# Numbers of fields in their tables: Model.buffers and .metadata, Metadata.name and .buffer, Buffer.data.
_BUFFERS, _METADATA, _ENTRY_NAME, _ENTRY_BUFFER, _DATA = 4, 6, 0, 1, 0
_ALIGNMENT = 16


def graft(model: bytes, donor: bytes) -> bytes:
    """Returns `model` with the donor's metadata in the place of its own last entry, which must exist.

    Args:
        model: A TFLite file.
        donor: Another one, with metadata.

    Raises:
        ValueError: The donor has no metadata, or the model no entry that can be replaced.
    """
    given = [entry for entry in _entries(donor) if _bytes_at(donor, _target(donor, entry, _ENTRY_NAME)) == _NAME]
    if not given:
        raise ValueError("donor has no metadata")
    metadata = _bytes_at(donor, _target(donor, _buffer_of(donor, given[0]), _DATA))
    entries = _entries(model)
    if not entries:
        raise ValueError("model has no entry of metadata that can be replaced")
    made = bytearray(model)
    # Offsets point forwards, so what is new is appended.
    _point_to_end(made, _field(model, entries[-1], _ENTRY_NAME), _NAME + b"\0", len(_NAME))
    _point_to_end(made, _field(model, _buffer_of(model, entries[-1]), _DATA), metadata, len(metadata))
    return bytes(made)


def _point_to_end(made: bytearray, offset_at: int, content: bytes, length: int) -> None:
    """Appends a vector and lets the offset at `offset_at` point to it."""
    # The content is aligned, which its length in 4 bytes precedes.
    made += bytes(-(len(made) + 4) % _ALIGNMENT)
    struct.pack_into("<I", made, offset_at, len(made) - offset_at)
    made += struct.pack("<I", length) + content


def _entries(model: bytes) -> list[int]:
    """Returns where the tables of the metadata's entries start."""
    root = _uint(model, 0)
    return _tables(model, _target(model, root, _METADATA)) if _field(model, root, _METADATA) else []


def _buffer_of(model: bytes, entry: int) -> int:
    """Returns where the table of an entry's buffer starts."""
    number = _uint(model, _field(model, entry, _ENTRY_BUFFER))
    return _tables(model, _target(model, _uint(model, 0), _BUFFERS))[number]


def _tables(model: bytes, vector: int) -> list[int]:
    places = range(vector + 4, vector + 4 + 4 * _uint(model, vector), 4)
    return [place + _uint(model, place) for place in places]


def _bytes_at(model: bytes, vector: int) -> bytes:
    return model[vector + 4 : vector + 4 + _uint(model, vector)]


def _target(model: bytes, table: int, field: int) -> int:
    """Returns the place to which a table's field points."""
    place = _field(model, table, field)
    return place + _uint(model, place)


def _field(model: bytes, table: int, field: int) -> int:
    """Returns the place of a table's field, 0 if it has none."""
    layout = table - struct.unpack_from("<i", model, table)[0]
    size = struct.unpack_from("<H", model, layout)[0]
    shift = struct.unpack_from("<H", model, layout + 4 + 2 * field)[0] if 4 + 2 * field < size else 0
    return table + shift if shift else 0


def _uint(model: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", model, place)[0])
