"""Indexes the records of a split by file, offset, size and number of frames, so that any one can be read alone."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from retarget_tf import files
from retarget_tf.arrays import Int64Array
from retarget_tf.dataset import records
from retarget_tf.errors import InputDataError


@dataclasses.dataclass(frozen=True)
class RecordTable:
    """Index of the records of a split, in the order of its shards.

    Attributes:
        paths: Paths of the shards.
        shards: int64 `[records]`: the position of each record's shard in `paths`.
        offsets: int64 `[records]`: the byte at which each record begins in its shard.
        sizes: int64 `[records]`: the size of each record in its shard, in bytes.
        frames: int64 `[records]`: the number of frames of each record.
        cached: string `[records]`: the serialized records if they are kept in memory, or None.
    """

    paths: tuple[str, ...]
    shards: Int64Array
    offsets: Int64Array
    sizes: Int64Array
    frames: Int64Array
    cached: tf.Tensor | None = None

    @classmethod
    def scan(
        cls,
        manifest: records.Manifest,
        split: str,
        *,
        part: tuple[int, int] = (0, 1),
        cache: bool = False,
        surfaces: bool = False,
    ) -> "RecordTable":
        """Builds the table by reading every record of a split once.

        Args:
            manifest: Manifest of the records.
            split: train, validation or test.
            part: Takes every n-th file of the split from the i-th on, (i, n), so that n machines share the files.
            cache: Keeps the serialized records in memory, so that `read` never goes to the disk.
            surfaces: Refuses records in which a frame has no surface map, or a reference no pieces.

        Raises:
            InputDataError: The split is empty, has fewer files than parts, or its records are missing, damaged or
                refused.
        """
        first, parts = part
        files = manifest.shard_paths(split)
        if len(files) < parts:
            raise InputDataError(
                f"records {manifest.folder}: split {split} has {len(files)} files, {parts} machines take at least one "
                f"each. Build the records again with --shards={parts} or more."
            )
        paths = tuple(files[first::parts])
        shards, offsets, sizes, frames, cached = [], [], [], [], []
        for shard, path in enumerate(paths):
            with records.damage_as_input_error(path):
                found = list(_scan(path, cache))
            if surfaces:
                _refuse_incomplete(path, [is_complete for _, _, is_complete, _ in found])
            sizes.append(np.array([size for size, _, _, _ in found], np.int64))
            frames.append(np.array([count for _, count, _, _ in found], np.int64))
            cached += [serialized for _, _, _, serialized in found]
            offsets.append(np.cumsum(sizes[-1]) - sizes[-1])
            shards.append(np.full(len(found), shard, np.int64))
        with tf.device("CPU"):
            in_memory = tf.constant(cached, tf.string) if cache else None
        columns = {"shards": shards, "offsets": offsets, "sizes": sizes, "frames": frames}
        joined = {name: np.concatenate(column) for name, column in columns.items()}
        return cls(tuple(map(str, paths)), **joined, cached=in_memory)

    def holding(self, frames: int) -> "RecordTable":
        """Returns the table of the records with at least `frames` frames."""
        kept = self.frames >= frames
        cached = None if self.cached is None else tf.boolean_mask(self.cached, kept)
        columns = {name: getattr(self, name)[kept] for name in ("shards", "offsets", "sizes", "frames")}
        return dataclasses.replace(self, **columns, cached=cached)

    def read(self, record: tf.Tensor) -> tf.data.Dataset:
        """Returns a data set of one element, the serialized record (string `[]`) at position `record`, int64 `[]`."""
        if self.cached is not None:
            return tf.data.Dataset.from_tensors(tf.gather(self.cached, record))
        path = tf.gather(self.paths, tf.gather(self.shards, record))
        if files.is_address(self.paths[0]):
            return records.record_in_store(path, tf.gather(self.offsets, record), tf.gather(self.sizes, record))
        return records.record_at(path, tf.gather(self.offsets, record))


def _scan(path: files.Place, cache: bool) -> Iterator[tuple[int, int, bool, bytes]]:
    """Yields of each record what `_facts` says, and itself if it is to be kept, or else nothing."""
    if isinstance(path, files.StorePath):
        for serialized in records.all_records(path):
            yield *(fact.numpy() for fact in _facts(serialized)), serialized if cache else b""
    else:
        read = tf.data.TFRecordDataset(str(path)).map(
            lambda serialized: (*_facts(serialized), serialized if cache else ""), num_parallel_calls=tf.data.AUTOTUNE
        )
        yield from read.as_numpy_iterator()


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def _facts(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns a record's size, its frames, and whether all pictures have surface maps and all references pieces."""
    parsed = records.parse_tensors(serialized)
    is_complete = tf.size(parsed["reference_pieces"]) > 0
    for prefix in ("", "reference_"):
        is_complete &= tf.size(parsed[f"{prefix}surface_maps"]) == tf.size(parsed[f"{prefix}frames"])
    size = tf.strings.length(serialized) + records.FRAMING_BYTES
    return size, tf.size(parsed["frames"], tf.int64), is_complete


def _refuse_incomplete(path: files.Place, is_complete: Sequence[bool]) -> None:
    for number, is_so in enumerate(is_complete):
        if not is_so:
            raise InputDataError(
                f"records {path} record {number}: frames without surface maps, though the manifest says that it has "
                "them. Build the records again: retarget-build-records --surfaces"
            )
