"""Batches for training on a network's own outputs: each slot of a batch follows one clip frame by frame.

Slot i of the next batch holds the next frame of slot i, until `is_start` marks the beginning of a new stream. The
trainer keeps the network's last output of each slot as its next input and takes one gradient step per frame.

`interleave` over streams would skip a slot for one round whenever a stream ends, and so shift the slots. Therefore each
slot is an endless data set, and the slots are interleaved one element at a time.

A stream is decoded, resized and augmented as a whole, so each map is decoded once although it is used twice, as a
target and as the previous map of the next frame.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from retarget_tf import files
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import correspondence, records
from retarget_tf.dataset.augmentation import (
    Pictures,
    Stream,
    StreamAugmentationConfig,
    augment_stream,
    resize,
    resize_maps,
    resize_nearest,
)
from retarget_tf.dataset.input_pipeline.record_table import RecordTable
from retarget_tf.dataset.input_pipeline.seeds import Purpose, fold_in, purpose_seed
from retarget_tf.dataset.input_pipeline.stream_plan import StreamLengths, StreamPlan
from retarget_tf.errors import ConfigError, InputDataError


def make_streams(
    folder: files.PathLike,
    split: str,
    lengths: StreamLengths,
    *,
    batch_size: int,
    image_size: int | None = None,
    augment: StreamAugmentationConfig | None = None,
    seed: int = 0,
    start_batch: int = 0,
    part: tuple[int, int] = (0, 1),
    cache_records: bool = False,
    correspondences: bool = False,
) -> tf.data.Dataset:
    """Makes endless batches whose slots follow streams.

    A stream is a walk through a random record with random gap, direction, start and length. Every record with room for
    one step of the smallest gap is used.

    Args:
        folder: Folder of records.
        split: train, validation or test.
        lengths: Distribution of the streams' lengths and frame gaps.
        batch_size: Number of slots.
        image_size: Side of the pictures in pixels; None keeps that of the records.
        augment: Random changes of each stream, such as `stream_augmentation()`; None changes nothing.
        seed: Makes all draws repeatable.
        start_batch: Skips this many batches, as if they had been taken; slots may then begin within a stream.
        part: Takes every n-th file of the split from the i-th on, (i, n), so that n machines share the files.
        cache_records: Keeps the split's records in memory, still encoded, so that the disk is read only once.
        correspondences: Yields too where the reference shows the points that each frame shows, after `augment`; the
            records must carry surface maps.

    Returns:
        An infinite data set of `stream_spec` that depends only on the records and the arguments.

    Raises:
        ConfigError: A setting is out of range.
        InputDataError: The records are missing or damaged, the split is empty, no record can hold a stream, or there
            are no surface maps for `correspondences`.
    """
    if batch_size < 1 or start_batch < 0:
        raise ConfigError(
            "batch_size must be at least 1 and start_batch not negative. "
            f"Received: batch_size={batch_size}, start_batch={start_batch}"
        )
    manifest = records.Manifest.load(folder)
    if correspondences:
        manifest.check_surfaces()
    table = _usable_records(manifest, split, lengths, part, cache_records, correspondences)
    plan = StreamPlan(lengths, table, seed)
    size, stream_seed = image_size or manifest.image_size, purpose_seed(seed, Purpose.STREAM)
    finish = _Finisher(manifest, size, augment, stream_seed, correspondences)
    places = [(slot, *place) for slot, place in enumerate(plan.seek(batch_size, start_batch))]

    def frames_of_slot(slot: tf.Tensor, first: tf.Tensor, frames_behind: tf.Tensor) -> tf.data.Dataset:
        def stream(planned: dict[str, tf.Tensor]) -> tf.data.Dataset:
            return plan.table.read(planned["record"]).flat_map(lambda record: finish(record, planned, slot))

        return plan.streams(slot, first).flat_map(stream).skip(frames_behind)

    # The places are arguments: TensorFlow 2.21 crashes if an interleaved function skips by a captured number.
    slots = tf.data.Dataset.from_tensor_slices(tuple(np.array(places, np.int64).T))
    dataset = slots.interleave(
        frames_of_slot, cycle_length=batch_size, block_length=1, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    dataset = dataset.batch(batch_size, drop_remainder=True)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
    return dataset.prefetch(tf.data.AUTOTUNE)


def stream_spec(image_size: int, batch_size: int, *, correspondences: bool = False) -> dict[str, tf.TensorSpec]:
    """Returns the element spec of `make_streams`.

    * `keypoints` float32 `[batch, 25, 3]` in pixels: the pose to generate. `parsing_map` uint8 `[batch, size, size]`:
      its true map, class ids, 255 unknown.
    * `previous_keypoints`, `previous_map`: those of the frame before, also at the start of a stream.
    * `reference_frame` RGB uint8 `[batch, size, size, 3]`, `reference_keypoints`, `reference_map`: one of the record's
      reference frames, the same for a whole stream.
    * `is_start` bool `[batch]`: whether this is the first frame of a stream.
    * `is_as_seen` bool `[batch]`: false if augmentation relabelled classes, so that the maps contradict the photo.
    * With `correspondences`: `correspondence` float32 `[batch, size, size, 2]`, x and y in pixels of the reference of
      the surface point that each pixel shows, 0 in the background; `visibility` float32 `[batch, size, size]`, 1 where
      the reference shows that point, else 0.
    """
    keypoints, parsing_map = ((skeleton.NUM_JOINTS, 3), tf.float32), ((image_size, image_size), tf.uint8)
    shapes = {
        "keypoints": keypoints,
        "parsing_map": parsing_map,
        "previous_keypoints": keypoints,
        "previous_map": parsing_map,
        "reference_frame": ((image_size, image_size, 3), tf.uint8),
        "reference_keypoints": keypoints,
        "reference_map": parsing_map,
        "is_start": ((), tf.bool),
        "is_as_seen": ((), tf.bool),
    }
    if correspondences:
        shapes["correspondence"] = ((image_size, image_size, 2), tf.float32)
        shapes["visibility"] = ((image_size, image_size), tf.float32)
    return {name: tf.TensorSpec((batch_size, *shape), dtype) for name, (shape, dtype) in shapes.items()}


class _Finisher:
    """Decodes, resizes and augments a planned stream, and splits it into elements."""

    def __init__(
        self,
        manifest: records.Manifest,
        size: int,
        augment: StreamAugmentationConfig | None,
        seed: tf.Tensor,
        correspondences: bool,
    ) -> None:
        self._stored_size = manifest.image_size
        self._size = size
        self._augment = augment
        self._schema = parsing_labels.get_schema(manifest.label_schema)
        self._seed = seed
        self._correspondences = correspondences

    def __call__(self, serialized: tf.Tensor, planned: dict[str, tf.Tensor], slot: tf.Tensor) -> tf.data.Dataset:
        """Returns the elements of a stream: `stream_spec` without the batch axis."""
        seed = fold_in(fold_in(self._seed, slot), planned["number"])
        reference_seed, augment_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        stream = self._decode(records.parse_tensors(serialized), planned, reference_seed)
        if self._size != self._stored_size:
            moved = resize_maps(stream.keypoints, stream.parsing_maps, self._size)
            surface_maps = stream.surface_maps
            if surface_maps is not None:
                surface_maps = resize_nearest(surface_maps, self._size)
            stream = Stream(*moved, resize(stream.reference, self._size), surface_maps)
        if self._augment is not None:
            stream = augment_stream(stream, augment_seed, self._augment, self._schema)

        def element(index: tf.Tensor) -> dict[str, tf.Tensor]:
            found = {}
            if stream.surface_maps is not None:
                shown = stream.surface_maps[index + 1][None]
                place, visibility = correspondence.find(shown, stream.reference.surface_maps, stream.reference.pieces)
                found = {"correspondence": place[0], "visibility": visibility[0]}
            return {
                **found,
                "keypoints": stream.keypoints[index + 1],
                "parsing_map": stream.parsing_maps[index + 1],
                "previous_keypoints": stream.keypoints[index],
                "previous_map": stream.parsing_maps[index],
                "reference_frame": stream.reference.frames[0],
                "reference_keypoints": stream.reference.keypoints[0],
                "reference_map": stream.reference.parsing_maps[0],
                "is_start": index == 0,
                "is_as_seen": stream.is_as_seen,
            }

        return tf.data.Dataset.range(planned["length"]).map(element)

    def _decode(self, record: dict[str, tf.Tensor], planned: dict[str, tf.Tensor], seed: tf.Tensor) -> Stream:
        indices = planned["start"] + planned["step"] * tf.range(planned["length"] + 1)
        available = tf.shape(record["reference_frames"])[0]
        chosen = tf.random.stateless_uniform([], seed, 0, available, dtype=tf.int32)
        surface_maps: tf.Tensor | None = None
        of_reference: tuple[tf.Tensor, ...] = ()
        if self._correspondences:
            surface_maps = self._decoded(records.decode_surface_map, tf.gather(record["surface_maps"], indices), 3)
            codes = record["reference_surface_maps"][chosen][None]
            pieces = record["reference_pieces"][chosen][None]
            of_reference = self._decoded(records.decode_surface_map, codes, 3), pieces
        return Stream(
            tf.gather(record["keypoints"], indices),
            self._decoded(records.decode_map, tf.gather(record["parsing_maps"], indices)),
            Pictures(
                self._decoded(records.decode_frame, record["reference_frames"][chosen][None], 3),
                record["reference_keypoints"][chosen][None],
                self._decoded(records.decode_map, record["reference_parsing_maps"][chosen][None]),
                *of_reference,
            ),
            surface_maps,
        )

    def _decoded(self, decode: Callable[[tf.Tensor], tf.Tensor], encoded: tf.Tensor, *channels: int) -> tf.Tensor:
        spec = tf.TensorSpec([self._stored_size, self._stored_size, *channels], tf.uint8)
        return tf.map_fn(decode, encoded, fn_output_signature=spec)


def _usable_records(
    manifest: records.Manifest,
    split: str,
    lengths: StreamLengths,
    part: tuple[int, int],
    cache_records: bool,
    surfaces: bool,
) -> RecordTable:
    """Returns the records of a split that have room for one step of the smallest gap."""
    fewest = lengths.frame_gap[0] + 1
    if fewest > manifest.segment_frames:
        raise ConfigError(
            f"a step of a stream must fit into the {manifest.segment_frames} frames of a record "
            f"(retarget-build-records --segment_frames). Received: frame_gap={lengths.frame_gap}"
        )
    table = RecordTable.scan(manifest, split, part=part, cache=cache_records, surfaces=surfaces).holding(fewest)
    if not table.frames.size:
        raise InputDataError(
            f"records {manifest.folder}: no record of split {split} has the {fewest} frames that a stream takes. "
            "Build records of longer clips, or train with a smaller gap between frames."
        )
    return table
