"""Indexes the records of a split by file, offset and number of frames, so that any one can be read alone."""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Int64Array
from retarget_tf.dataset import records


@dataclasses.dataclass(frozen=True)
class RecordTable:
    """Index of the records of a split, in the order of its shards.

    Attributes:
        paths: Paths of the shards.
        shards: int64 `[records]`: the position of each record's shard in `paths`.
        offsets: int64 `[records]`: the byte at which each record begins in its shard.
        frames: int64 `[records]`: the number of frames of each record.
        cached: string `[records]`: the serialized records if they are kept in memory, or None.
    """

    paths: tuple[str, ...]
    shards: Int64Array
    offsets: Int64Array
    frames: Int64Array
    cached: tf.Tensor | None = None

    @classmethod
    def scan(cls, manifest: records.Manifest, split: str, *, cache: bool = False) -> "RecordTable":
        """Builds the table by reading every record of a split once.

        Args:
            manifest: Manifest of the records.
            split: train, validation or test.
            cache: Keeps the serialized records in memory, so that `read` never goes to the disk.

        Raises:
            InputDataError: The split is empty, or its records are missing or damaged.
        """
        paths = tuple(manifest.shard_paths(split))
        shards, offsets, frames, cached = [], [], [], []
        for shard, path in enumerate(paths):
            offsets.append(np.array(records.record_offsets(path), np.int64))
            read = tf.data.TFRecordDataset(str(path)).map(
                lambda serialized: (_frames(serialized), serialized if cache else ""),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            with records.damage_as_input_error(path):
                found = list(read.as_numpy_iterator())
            frames.append(np.array([count for count, _ in found], np.int64))
            cached += [serialized for _, serialized in found]
            shards.append(np.full(len(offsets[-1]), shard, np.int64))
        with tf.device("CPU"):
            in_memory = tf.constant(cached, tf.string) if cache else None
        return cls(
            tuple(map(str, paths)), np.concatenate(shards), np.concatenate(offsets), np.concatenate(frames), in_memory
        )

    def holding(self, frames: int) -> "RecordTable":
        """Returns the table of the records with at least `frames` frames."""
        kept = self.frames >= frames
        cached = None if self.cached is None else tf.boolean_mask(self.cached, kept)
        return RecordTable(self.paths, self.shards[kept], self.offsets[kept], self.frames[kept], cached)

    def read(self, record: tf.Tensor) -> tf.data.Dataset:
        """Returns a data set of one element, the serialized record (string `[]`) at position `record`, int64 `[]`."""
        if self.cached is not None:
            return tf.data.Dataset.from_tensors(tf.gather(self.cached, record))
        path = tf.gather(self.paths, tf.gather(self.shards, record))
        return records.record_at(path, tf.gather(self.offsets, record))


def _frames(serialized: tf.Tensor) -> tf.Tensor:
    return tf.size(records.parse_tensors(serialized)["frames"], tf.int64)
