"""Where each record of a split lies and how many frames it holds, so that any one of them can be read alone."""

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from retarget_tf import records


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
        paths = tuple(manifest.shard_paths(split))
        shards, offsets, frames = [], [], []
        for shard, path in enumerate(paths):
            offsets.append(np.array(records.record_offsets(path), np.int64))
            counted = tf.data.TFRecordDataset(str(path)).map(_frames, num_parallel_calls=tf.data.AUTOTUNE)
            with records.damage_as_input_error(path):
                frames.append(np.array(list(counted.as_numpy_iterator()), np.int64))
            shards.append(np.full(len(offsets[-1]), shard, np.int64))
        return cls(tuple(map(str, paths)), np.concatenate(shards), np.concatenate(offsets), np.concatenate(frames))

    def holding(self, frames: int) -> "RecordTable":
        """Those of at least so many frames."""
        kept = self.frames >= frames
        return RecordTable(self.paths, self.shards[kept], self.offsets[kept], self.frames[kept])

    def read(self, record: tf.Tensor) -> tf.data.Dataset:
        """A data set of the one record int64 `[]`, string `[]`."""
        path = tf.gather(self.paths, tf.gather(self.shards, record))
        return records.record_at(path, tf.gather(self.offsets, record))


def _frames(serialized: tf.Tensor) -> tf.Tensor:
    """The number of a record's frames, int64 `[]`."""
    return tf.size(records.parse_tensors(serialized)["frames"], tf.int64)
