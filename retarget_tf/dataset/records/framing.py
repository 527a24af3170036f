"""Finds the records of a TFRecord file by their length fields, and reads any one of them.

A record consists of its length (8 bytes), a checksum of the length (4), the data, and a checksum of the data (4).
TensorFlow reads files on a disk; of files in a store, which it cannot open, this module asks for the bytes itself.
"""

import sys
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from retarget_tf import files, parallel
from retarget_tf.dataset.records.collecting import collect_in_own_thread
from retarget_tf.errors import InputDataError, MissingDependencyError

FRAMING_BYTES = 16
_LENGTH_BYTES, _HEAD_BYTES, _CHECKSUM_BYTES = 8, 12, 4
_READ_BYTES = 256 * 2**10  # read buffer, about as large as a record at 64 pixels
_CHUNKS_AHEAD = 2


def record_offsets(path: files.Place, most: int = sys.maxsize) -> list[int]:
    """Returns the byte positions of a file's records without reading their data; the last record may be truncated.

    Args:
        path: The file.
        most: Where to stop: gigabytes of zeros would be a hundred million records without data.
    """
    size, offsets, position = path.stat().st_size, list[int](), 0
    if isinstance(path, files.StorePath):
        while position < size and len(offsets) < most:
            offsets.append(position)
            length = path.read_range(position, min(position + _LENGTH_BYTES, size))
            position += int.from_bytes(length, "little") + FRAMING_BYTES
        return offsets
    with path.open("rb") as file:
        while position < size and len(offsets) < most:
            offsets.append(position)
            file.seek(position)
            position += int.from_bytes(file.read(_LENGTH_BYTES), "little") + FRAMING_BYTES
    return offsets


def told_count(offsets: list[int], expected: int) -> str:
    """Says how many records `record_offsets(path, expected + 1)` found, where the manifest says otherwise."""
    found = f"more than {expected}" if len(offsets) > expected else len(offsets)
    return f"{found} records, the manifest says {expected}"


def all_records(path: files.Place) -> Iterable[bytes | tf.Tensor]:
    """Returns the serialized records of a file in order; reading them checks their checksums.

    Of a file in a store only a few megabytes are in memory at a time.
    """
    return _streamed(path) if isinstance(path, files.StorePath) else tf.data.TFRecordDataset(str(path))


def record_at(path: tf.Tensor | str, offset: tf.Tensor | int) -> tf.data.Dataset:
    """Returns a data set of one record, string `[]`; reading it checks its checksums.

    Args:
        path: string `[]`: path of a file on a disk.
        offset: int64 `[]`: byte at which the record begins.
    """
    # TFRecordDataset has no argument for an offset.
    rest_of_file = tf.raw_ops.TFRecordDatasetV2(
        filenames=tf.convert_to_tensor(path)[None],
        compression_type="",
        buffer_size=tf.constant(_READ_BYTES, tf.int64),
        byte_offsets=tf.cast(offset, tf.int64)[None],
    )
    records = tf.data.experimental.from_variant(rest_of_file, tf.TensorSpec([], tf.string))
    # Without this a file that was truncated here would silently yield no record.
    return records.take(1).apply(tf.data.experimental.assert_cardinality(1))


def record_in_store(address: tf.Tensor, offset: tf.Tensor, size: tf.Tensor) -> tf.data.Dataset:
    """Returns a data set of one record of a file in a store, string `[]`; reading it asks for these bytes alone.

    Args:
        address: string `[]`: address of the file.
        offset: int64 `[]`: byte at which the record begins.
        size: int64 `[]`: its size in bytes with lengths and checksums.
    """

    def fetch(address: tf.Tensor, offset: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.numpy_function(_fetch, (address, offset, size), tf.string), [])

    collect_in_own_thread()
    return tf.data.Dataset.from_tensors((address, offset, size)).map(fetch)


def read_record(path: files.Place, offset: int) -> tf.Tensor | bytes:
    """Reads the record that begins at a byte.

    Raises:
        tf.errors.DataLossError: It is truncated, or a checksum does not fit.
    """
    if not isinstance(path, files.StorePath):
        return _read_local(str(path), offset)
    length = int.from_bytes(path.read_range(offset, offset + _LENGTH_BYTES), "little")
    end = min(offset + length + FRAMING_BYTES, path.stat().st_size)
    return _data_of(path.read_range(offset, end), offset)


@tf.function(input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int64)])
def _read_local(path: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Reads the record of `record_at`, in a graph because TensorFlow 2.21 cannot iterate over it eagerly."""
    return record_at(path, offset).get_single_element()


def _fetch(address: bytes, offset: np.int64, size: np.int64) -> bytes:
    """Reads a record in a store within a data set, whose errors keep no more than their text."""
    path = files.place(address.decode())
    with files.reading(path, "records"):
        record = files.read_range(path, int(offset), int(offset + size))
    try:
        return _data_of(record, int(offset))
    except tf.errors.DataLossError as error:
        raise InputDataError(
            f"records {path}: a record is damaged ({error.message}). Build the records again."
        ) from error


def _streamed(path: files.StorePath) -> Iterator[bytes]:
    waiting, offset = bytearray(), 0
    with files.reading(path, "records"):
        for chunk in parallel.ahead(path.chunks(), _CHUNKS_AHEAD):
            waiting += chunk
            begin = 0
            while len(waiting) - begin >= _HEAD_BYTES:
                end = begin + int.from_bytes(waiting[begin : begin + _LENGTH_BYTES], "little") + FRAMING_BYTES
                if end > len(waiting):
                    _check(
                        waiting[begin : begin + _LENGTH_BYTES],
                        waiting[begin + _LENGTH_BYTES : begin + _HEAD_BYTES],
                        offset + begin,
                    )
                    break
                yield _data_of(bytes(waiting[begin:end]), offset + begin)
                begin = end
            del waiting[:begin]
            offset += begin
    if waiting:
        raise tf.errors.DataLossError(None, None, f"truncated record at {offset}")


def _data_of(record: bytes, offset: int) -> bytes:
    """Returns the data of the record that begins at `offset`; its checksums must fit."""
    head, data, checksum = record[:_HEAD_BYTES], record[_HEAD_BYTES:-_CHECKSUM_BYTES], record[-_CHECKSUM_BYTES:]
    if len(record) < FRAMING_BYTES or len(data) != int.from_bytes(head[:_LENGTH_BYTES], "little"):
        raise tf.errors.DataLossError(None, None, f"truncated record at {offset}")
    _check(head[:_LENGTH_BYTES], head[_LENGTH_BYTES:], offset)
    _check(data, checksum, offset)
    return data


def _check(data: bytes | bytearray, checksum: bytes | bytearray, offset: int) -> None:
    """Refuses data whose checksum, a CRC-32C that TFRecord files rotate and shift, does not fit."""
    try:
        import google_crc32c
    except ImportError as missing:
        raise MissingDependencyError(
            f"google-crc32c cannot be imported ({missing}). Install it: pip install 'retarget_tf[s3]'"
        ) from missing
    crc = google_crc32c.value(bytes(data))
    if ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF != int.from_bytes(checksum, "little"):
        raise tf.errors.DataLossError(None, None, f"corrupted record at {offset}")
