"""Where each record of a split lies and how many frames it holds, so that any one of them can be read alone."""

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from retarget_tf import records

_FRAMING_BYTES = 16  # of a TFRecord: its length and two checksums
_READ_BYTES = 256 * 2**10  # held while a record is read: one at 64 pixels is about as large


@dataclasses.dataclass(frozen=True)
class RecordTable:
    """The records of a split in the order of its shards.

    Attributes:
        paths: of the shards.
        shards: int64 `[records]`, each record's position in `paths`.
        offsets: int64 `[records]`, bytes before it in its shard.
        frames: int64 `[records]`.
    """

    paths: tuple[str, ...]
    shards: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    frames: npt.NDArray[np.int64]

    @classmethod
    def scan(cls, manifest: records.Manifest, split: str) -> "RecordTable":
        """Reads every record of a split once.

        Raises:
            InputDataError: the split is empty, or its records are missing or damaged.
        """
        paths = tuple(str(path) for path in manifest.shard_paths(split))
        shards, offsets, frames = [], [], []
        with records.damage_as_input_error(f"records {manifest.folder}"):
            for shard, path in enumerate(paths):
                sizes = tf.data.TFRecordDataset(path).map(_sizes, num_parallel_calls=tf.data.AUTOTUNE)
                record_bytes, record_frames = np.array(list(sizes.as_numpy_iterator()), np.int64).T
                shards.append(np.full(len(record_frames), shard, np.int64))
                offsets.append(np.cumsum(record_bytes + _FRAMING_BYTES) - record_bytes - _FRAMING_BYTES)
                frames.append(record_frames)
        return cls(paths, np.concatenate(shards), np.concatenate(offsets), np.concatenate(frames))

    def holding(self, frames: int) -> "RecordTable":
        """Those of at least so many frames."""
        kept = self.frames >= frames
        return RecordTable(self.paths, self.shards[kept], self.offsets[kept], self.frames[kept])

    def read(self, record: tf.Tensor) -> tf.data.Dataset:
        """A data set of the one record int64 `[]`, string `[]`."""
        # TFRecordDataset itself takes no offset; reading from one touches nothing before it.
        rest_of_shard = tf.raw_ops.TFRecordDatasetV2(
            filenames=tf.gather(self.paths, tf.gather(self.shards, record)[None]),
            compression_type="",
            buffer_size=tf.constant(_READ_BYTES, tf.int64),
            byte_offsets=tf.gather(self.offsets, record)[None],
        )
        return tf.data.experimental.from_variant(rest_of_shard, tf.TensorSpec([], tf.string)).take(1)


def _sizes(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Bytes and frames of a record, int64 `[]`."""
    frames = tf.size(records.parse_tensors(serialized)["frames"], tf.int64)
    return tf.cast(tf.strings.length(serialized), tf.int64), frames
