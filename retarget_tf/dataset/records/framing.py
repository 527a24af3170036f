"""Finds the records of a TFRecord file by their length fields, and reads any one of them.

A record consists of its length (8 bytes), a checksum of the length (4), the data, and a checksum of the data (4).
"""

import pathlib

import tensorflow as tf

_LENGTH_BYTES, _FRAMING_BYTES = 8, 16
_READ_BYTES = 256 * 2**10  # read buffer, about as large as a record at 64 pixels


def record_offsets(path: pathlib.Path) -> list[int]:
    """Returns the byte positions of a file's records without reading their data; the last record may be truncated."""
    size, offsets, position = path.stat().st_size, [], 0
    with path.open("rb") as file:
        while position < size:
            offsets.append(position)
            file.seek(position)
            position += int.from_bytes(file.read(_LENGTH_BYTES), "little") + _FRAMING_BYTES
    return offsets


def record_at(path: tf.Tensor | str, offset: tf.Tensor | int) -> tf.data.Dataset:
    """Returns a data set of one record, string `[]`; reading it checks its checksums.

    Args:
        path: string `[]`: path of the file.
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


@tf.function(input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int64)])
def read_record(path: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Reads the record of `record_at`, in a graph because TensorFlow 2.21 cannot iterate over it eagerly."""
    return record_at(path, offset).get_single_element()
