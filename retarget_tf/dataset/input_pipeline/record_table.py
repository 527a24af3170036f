"""Where each record of a split lies and how many frames it holds, so that any one of them can be read alone."""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Int64Array
from retarget_tf.dataset import records


@dataclasses.dataclass(frozen=True)
class RecordTable:
    """The records of a split in the order of its shards.

    Attributes:
        paths: of the shards.
        shards: int64 `[records]`, each record's position in `paths`.
        offsets: int64 `[records]`, bytes before it in its shard.
        frames: int64 `[records]`.
        cached: string `[records]`, the records themselves where they are kept in memory.
    """

    paths: tuple[str, ...]
    shards: Int64Array
    offsets: Int64Array
    frames: Int64Array
    cached: tf.Tensor | None = None

    @classmethod
    def scan(cls, manifest: records.Manifest, split: str, *, cache: bool = False) -> "RecordTable":
        """Reads every record of a split once.

        Args:
            manifest: of the records.
            split: train, validation or test.
            cache: keep them in memory, as they are stored: `read` then never goes to the disk.

        Raises:
            InputDataError: the split is empty, or its records are missing or damaged.
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
        """Those of at least so many frames."""
        kept = self.frames >= frames
        cached = None if self.cached is None else tf.boolean_mask(self.cached, kept)
        return RecordTable(self.paths, self.shards[kept], self.offsets[kept], self.frames[kept], cached)

    def read(self, record: tf.Tensor) -> tf.data.Dataset:
        """A data set of the one record int64 `[]`, string `[]`."""
        if self.cached is not None:
            return tf.data.Dataset.from_tensors(tf.gather(self.cached, record))
        path = tf.gather(self.paths, tf.gather(self.shards, record))
        return records.record_at(path, tf.gather(self.offsets, record))


def _frames(serialized: tf.Tensor) -> tf.Tensor:
    """The number of a record's frames, int64 `[]`."""
    return tf.size(records.parse_tensors(serialized)["frames"], tf.int64)
