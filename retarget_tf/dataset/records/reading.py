"""Reads records as numpy arrays: whole clips in order for evaluation, or single segments in stored order."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.dataset.records.damage import damage_as_input_error
from retarget_tf.dataset.records.framing import all_records
from retarget_tf.dataset.records.manifest import TRAIN, ClipEntry, Manifest
from retarget_tf.dataset.records.segment import EncodedFrames, Segment, decode_frame, decode_map
from retarget_tf.errors import ConfigError, InputDataError


@dataclasses.dataclass(frozen=True)
class Reference:
    """Reference frame, which shows the network what the person looks like.

    Attributes:
        frame: RGB uint8 `[size, size, 3]`.
        keypoints: float32 `[25, 3]`: x, y in pixels and confidence.
        parsing_map: Class ids uint8 `[size, size]`.
    """

    frame: Uint8Array
    keypoints: Float32Array
    parsing_map: Uint8Array


@dataclasses.dataclass(frozen=True)
class RecordClip:
    """Whole clip, kept encoded in memory and decoded on demand.

    Attributes:
        info: Identity and number of frames of the clip.
        encoded: The encoded frames and maps, and the keypoints.
    """

    info: ClipEntry
    encoded: EncodedFrames

    def __len__(self) -> int:
        return len(self.encoded)

    @property
    def keypoints(self) -> Float32Array:
        """Keypoints float32 `[frames, 25, 3]`: x, y in pixels and confidence."""
        return self.encoded.keypoints

    @property
    def reference(self) -> Reference:
        """Frame 0, the reference of evaluation."""
        return self.reference_at(0)

    def reference_at(self, index: int) -> Reference:
        """Decodes a frame to be a reference."""
        return Reference(self.frame(index), self.keypoints[index], self.parsing_map(index))

    def frame(self, index: int) -> Uint8Array:
        """Decodes a frame: RGB uint8 `[size, size, 3]`."""
        return decode_frame(self.encoded.frames[index]).numpy()

    def parsing_map(self, index: int) -> Uint8Array:
        """Decodes a parsing map: class ids uint8 `[size, size]`."""
        return decode_map(self.encoded.parsing_maps[index]).numpy()

    def frames(self) -> Iterator[Uint8Array]:
        """Yields every `frame` in order."""
        return (self.frame(index) for index in range(len(self)))

    def parsing_maps(self) -> Iterator[Uint8Array]:
        """Yields every `parsing_map` in order."""
        return (self.parsing_map(index) for index in range(len(self)))


def read_clips(folder: files.PathLike, split: str) -> Iterator[RecordClip]:
    """Yields the clips of a split in the manifest's order, one at a time in memory.

    Raises:
        ConfigError: `split` is train, whose records are shuffled.
        InputDataError: The records are missing, incomplete or damaged.
    """
    if split == TRAIN:
        raise ConfigError(f"split must be one whose clips are whole: validation or test. Received: split={split}")
    manifest = Manifest.load(folder)
    entries = iter(manifest.split(split).clips)
    for clip_id, segments in itertools.groupby(read_segments(folder, split), key=lambda segment: segment.clip.clip_id):
        clip = _join(next(entries), list(segments))
        if clip is None:
            raise InputDataError(
                f"records {folder}: clip {clip_id} is not whole and in order. Build the records again."
            )
        yield clip


def read_segments(folder: files.PathLike, split: str) -> Iterator[Segment]:
    """Yields the records of a split in stored order.

    Raises:
        InputDataError: The records are missing, incomplete, damaged, or of another schema version.
    """
    for path in Manifest.load(folder).shard_paths(split):
        with damage_as_input_error(path, tf.errors.InvalidArgumentError):
            for serialized in all_records(path):
                yield Segment.parse(serialized)


def _join(entry: ClipEntry, segments: list[Segment]) -> RecordClip | None:
    """Joins the segments of a clip; returns None if they are not complete and in order."""
    starts = np.cumsum([0] + [len(segment.body) for segment in segments])
    if [segment.first_index for segment in segments] != list(starts[:-1]) or starts[-1] != entry.frames:
        return None
    if any(segment.clip.clip_id != entry.clip_id for segment in segments):
        return None
    encoded = EncodedFrames(
        tuple(itertools.chain.from_iterable(segment.body.frames for segment in segments)),
        tuple(itertools.chain.from_iterable(segment.body.parsing_maps for segment in segments)),
        np.concatenate([segment.body.keypoints for segment in segments]),
        tuple(itertools.chain.from_iterable(segment.body.surface_maps for segment in segments)),
    )
    return RecordClip(entry, encoded)
