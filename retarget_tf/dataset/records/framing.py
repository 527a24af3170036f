"""Where the records of a TFRecord file lie, by their length fields, and reading any one of them.

A record is its length in 8 bytes, a checksum of that in 4, the data, and a checksum of the data in 4.
"""

import pathlib

import tensorflow as tf

_LENGTH_BYTES, _FRAMING_BYTES = 8, 16
_READ_BYTES = 256 * 2**10  # held while a record is read: one at 64 pixels is about as large


def record_offsets(path: pathlib.Path) -> list[int]:
    """The positions of a file's records; none is read. The last may be cut."""
    size, offsets, position = path.stat().st_size, [], 0
    with path.open("rb") as file:
        while position < size:
            offsets.append(position)
            file.seek(position)
            position += int.from_bytes(file.read(_LENGTH_BYTES), "little") + _FRAMING_BYTES
    return offsets


def record_at(path: tf.Tensor | str, offset: tf.Tensor | int) -> tf.data.Dataset:
    """A data set of one record, string `[]`; its checksums are compared when it is read.

    Args:
        path: string `[]`, of the file.
        offset: int64 `[]`, where the record begins.
    """
    # TFRecordDataset itself takes no offset; reading from one touches nothing before it.
    rest_of_file = tf.raw_ops.TFRecordDatasetV2(
        filenames=tf.convert_to_tensor(path)[None],
        compression_type="",
        buffer_size=tf.constant(_READ_BYTES, tf.int64),
        byte_offsets=tf.cast(offset, tf.int64)[None],
    )
    records = tf.data.experimental.from_variant(rest_of_file, tf.TensorSpec([], tf.string))
    # A file that was cut there since would give nothing, in silence.
    return records.take(1).apply(tf.data.experimental.assert_cardinality(1))


@tf.function(input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int64)])
def read_record(path: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """The record of `record_at`. In a graph: TensorFlow 2.21 cannot iterate over one that is made eagerly."""
    return record_at(path, offset).get_single_element()
