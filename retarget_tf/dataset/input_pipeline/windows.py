"""Reads records as batches of windows: a `tf.data.Dataset` that is deterministic and can be resumed at any batch.

A sample is a window of consecutive frames of one clip, and a reference frame of the same clip. Sample n depends only on
the seed and n; to resume after k batches, build the data set with `start_batch=k`. A frame is read, decoded and resized
once an epoch, although several windows contain it. `window_plan` defines how the windows of many records are mixed.
"""

import dataclasses
import functools

import tensorflow as tf

from retarget_tf import files
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import records
from retarget_tf.dataset.augmentation import AugmentationConfig, Pictures, jitter, resize
from retarget_tf.dataset.input_pipeline.record_table import RecordTable
from retarget_tf.dataset.input_pipeline.seeds import FOREVER, Purpose, fold_in, purpose_seed
from retarget_tf.dataset.input_pipeline.window_plan import WindowPlan
from retarget_tf.errors import ConfigError, InputDataError

# Bytes of decoded records whose windows are mixed: 16 records of 64 frames at 256 pixels, 256 records at 64 pixels.
SHUFFLE_BYTES = 256 * 2**20
_PIXEL_BYTES = 4  # of a frame and its map


def make_dataset(
    folder: files.PathLike,
    split: str,
    *,
    batch_size: int,
    window_frames: int = 2,
    frame_gap: tuple[int, int] = (1, 1),
    image_size: int | None = None,
    augment: AugmentationConfig | None = None,
    shuffle: bool = True,
    seed: int = 0,
    repeat: bool = True,
    drop_remainder: bool = True,
    start_batch: int = 0,
    cache_records: bool = False,
    shuffle_bytes: int = SHUFFLE_BYTES,
) -> tf.data.Dataset:
    """Makes batches of windows of a split.

    Args:
        folder: Folder of records.
        split: train, validation or test.
        batch_size: Number of windows in a batch.
        window_frames: Number of frames in a window.
        frame_gap: Smallest and largest distance in the clip of consecutive frames; each window draws its own uniformly.
        image_size: Side of the pictures in pixels; None keeps that of the records.
        augment: Random jitter of each window and its reference; None changes nothing.
        shuffle: Yields windows in random order with random references, or else in stored order, all with frame 0 as
            reference.
        seed: Makes all draws repeatable.
        repeat: Repeats epochs for ever, each in a new order; a batch may span the end of an epoch.
        drop_remainder: Without `repeat`, drops a last batch that is not full.
        start_batch: Skips this many batches, as if they had been taken.
        cache_records: Keeps the split's records in memory, still encoded, so that the disk is read only once.
        shuffle_bytes: Memory in bytes for decoded records whose windows are mixed; more memory mixes better.

    Returns:
        A data set of `element_spec`, of known cardinality.

    Raises:
        ConfigError: A setting is out of range.
        InputDataError: The records are missing or incomplete, the split is empty, or a clip is shorter than a window.
    """
    manifest = records.Manifest.load(folder)
    cutter = WindowCutter(window_frames, frame_gap, shuffle=shuffle)
    windows = count_windows(manifest, split, window_frames=window_frames, frame_gap=frame_gap)
    size = image_size or manifest.image_size
    schema = parsing_labels.get_schema(manifest.label_schema)
    table = RecordTable.scan(manifest, split, cache=cache_records).holding(cutter.span)
    record_bytes = manifest.segment_frames * size**2 * _PIXEL_BYTES
    slots = max(1, min(len(table.frames), shuffle_bytes // record_bytes)) if shuffle else 1
    plan = WindowPlan(table.frames - cutter.span + 1, slots, shuffle, seed)
    decoder = _Decoder(manifest.image_size, size)
    samples_seed = purpose_seed(seed, Purpose.SAMPLE)
    first_epoch, skipped = divmod(start_batch * batch_size, windows) if repeat else (0, start_batch * batch_size)

    def windows_of_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        order = plan.order(epoch)
        places = plan.seek(order, tf.where(epoch == first_epoch, tf.constant(skipped, tf.int64), 0))

        def windows_of_record(record: tf.Tensor) -> tf.data.Dataset:
            seed = plan.record_seed(epoch, record)
            return table.read(record).flat_map(lambda one: cutter.cut(*decoder(records.parse_tensors(one)), seed))

        def windows_of_slot(slot: tf.Tensor, behind: tf.Tensor) -> tf.data.Dataset:
            row, behind_in_first = plan.row(order, slot, behind)
            return tf.data.Dataset.from_tensor_slices(row).flat_map(windows_of_record).skip(behind_in_first)

        return tf.data.Dataset.from_tensor_slices(places).interleave(
            windows_of_slot, cycle_length=slots, block_length=1, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )

    def jittered(config: AugmentationConfig, position: tf.Tensor, window: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        pictures = jitter(_pictures(window), fold_in(samples_seed, position), config, schema)
        return {**window, **_parts(pictures)}

    last_epoch = FOREVER if repeat else int(skipped < windows)
    dataset = tf.data.Dataset.range(first_epoch, last_epoch).flat_map(windows_of_epoch)
    if augment is not None:
        numbered = dataset.enumerate(start=start_batch * batch_size)
        dataset = numbered.map(functools.partial(jittered, augment), num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size, drop_remainder=drop_remainder)
    left = max(0, windows - skipped)
    batches = left // batch_size if drop_remainder else -(-left // batch_size)
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY if repeat else batches)
    )
    return dataset.prefetch(tf.data.AUTOTUNE)


def element_spec(window_frames: int, image_size: int, batch_size: int | None) -> dict[str, tf.TensorSpec]:
    """Returns the element spec of `make_dataset`.

    * `frames`: RGB uint8 `[batch, window, size, size, 3]`.
    * `keypoints`: float32 `[batch, window, 25, 3]` in pixels.
    * `parsing_maps`: uint8 `[batch, window, size, size]`, class ids, 255 unknown.
    * `reference_frame`, `reference_keypoints`, `reference_map`: the reference frame of the same clip, `[batch, ...]`.
    * `clip_id`: string `[batch]`; `first_index`: int64 `[batch]`, the position in the clip of the window's first frame.
    """
    shapes = {
        "frames": ((window_frames, image_size, image_size, 3), tf.uint8),
        "keypoints": ((window_frames, skeleton.NUM_JOINTS, 3), tf.float32),
        "parsing_maps": ((window_frames, image_size, image_size), tf.uint8),
        "reference_frame": ((image_size, image_size, 3), tf.uint8),
        "reference_keypoints": ((skeleton.NUM_JOINTS, 3), tf.float32),
        "reference_map": ((image_size, image_size), tf.uint8),
        "clip_id": ((), tf.string),
        "first_index": ((), tf.int64),
    }
    return {name: tf.TensorSpec((batch_size, *shape), dtype) for name, (shape, dtype) in shapes.items()}


def count_windows(
    manifest: records.Manifest, split: str, *, window_frames: int, frame_gap: tuple[int, int] = (1, 1)
) -> int:
    """Counts the windows of an epoch: one begins at every frame after which its record has room for the largest gap.

    Raises:
        ConfigError: A window is longer than a record.
        InputDataError: The split is empty, or a clip is shorter than a window.
    """
    span = WindowCutter(window_frames, frame_gap).span
    if span > manifest.segment_frames:
        raise ConfigError(
            f"a window must fit into the {manifest.segment_frames} frames of a record "
            f"(retarget-build-records --segment_frames). Received: window_frames={window_frames}, frame_gap={frame_gap}"
        )
    windows = 0
    for clip in manifest.split(split).clips:
        if clip.frames < span:
            raise InputDataError(
                f"records {manifest.folder} clip {clip.clip_id}: has {clip.frames} frames, a window takes {span}. "
                "Leave the clip out, or train on shorter windows."
            )
        whole, rest = divmod(clip.frames, manifest.segment_frames)
        windows += whole * (manifest.segment_frames - span + 1) + max(0, rest - span + 1)
    return windows


@dataclasses.dataclass(frozen=True)
class WindowCutter:
    """Cuts the windows out of a decoded record.

    Attributes:
        window_frames: Number of frames in a window.
        frame_gap: Smallest and largest distance in the clip of consecutive frames of a window.
        shuffle: Yields windows in random order with random references, or else in stored order, all with frame 0 as
            reference.
    """

    window_frames: int
    frame_gap: tuple[int, int] = (1, 1)
    shuffle: bool = False

    def __post_init__(self) -> None:
        smallest, largest = self.frame_gap
        if self.window_frames < 1 or not 1 <= smallest <= largest:
            raise ConfigError(
                "window_frames must be at least 1, and frame_gap two whole numbers from 1 in order. "
                f"Received: window_frames={self.window_frames}, frame_gap={self.frame_gap}"
            )

    @property
    def span(self) -> int:
        """Number of consecutive frames that a window with the largest gap spans."""
        return (self.window_frames - 1) * self.frame_gap[1] + 1

    def cut(self, pictures: Pictures, names: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.data.Dataset:
        """Returns all windows of a record.

        Args:
            pictures: The record's frames, followed by its references.
            names: `clip_id`, `first_index` of the record and the number of its `references`.
            seed: int64 `[2]`; makes order, gaps and references repeatable.

        Returns:
            A data set of `element_spec` without the batch axis.
        """
        references = names["references"]
        body = tf.shape(pictures.frames)[0] - references
        count = body - self.span + 1
        order_seed, gap_seed, reference_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
        smallest, largest = self.frame_gap
        gaps = tf.random.stateless_uniform([count], gap_seed, smallest, largest + 1, dtype=tf.int32)
        starts, chosen = tf.range(count), tf.zeros([count], tf.int32)
        if self.shuffle:
            starts = tf.random.experimental.stateless_shuffle(starts, order_seed)
            chosen = tf.random.stateless_uniform([count], reference_seed, 0, references, dtype=tf.int32)

        def window(start: tf.Tensor, gap: tf.Tensor, reference: tf.Tensor) -> dict[str, tf.Tensor]:
            def consecutive(values: tf.Tensor) -> tf.Tensor:
                if largest == 1:  # a slice shares memory, a gather copies
                    return tf.ensure_shape(
                        values[start : start + self.window_frames], [self.window_frames, *values.shape[1:]]
                    )
                return tf.gather(values, start + gap * tf.range(self.window_frames))

            return {
                "frames": consecutive(pictures.frames),
                "keypoints": consecutive(pictures.keypoints),
                "parsing_maps": consecutive(pictures.parsing_maps),
                "reference_frame": pictures.frames[body + reference],
                "reference_keypoints": pictures.keypoints[body + reference],
                "reference_map": pictures.parsing_maps[body + reference],
                "clip_id": names["clip_id"],
                "first_index": names["first_index"] + tf.cast(start, tf.int64),
            }

        return tf.data.Dataset.from_tensor_slices((starts, gaps, chosen)).map(window)


@dataclasses.dataclass(frozen=True)
class _Decoder:
    """Decodes a parsed record, and resizes it from `stored_size` to `size`."""

    stored_size: int
    size: int

    def __call__(self, record: dict[str, tf.Tensor]) -> tuple[Pictures, dict[str, tf.Tensor]]:
        """Returns the record's frames followed by its references, and the `names` for `WindowCutter.cut`."""
        encoded = {
            name: tf.concat([record[name], record[f"reference_{name}"]], axis=0)
            for name in ("frames", "keypoints", "parsing_maps")
        }
        sides = [self.stored_size, self.stored_size]
        frames = tf.map_fn(
            records.decode_frame, encoded["frames"], fn_output_signature=tf.TensorSpec([*sides, 3], tf.uint8)
        )
        maps = tf.map_fn(
            records.decode_map, encoded["parsing_maps"], fn_output_signature=tf.TensorSpec(sides, tf.uint8)
        )
        pictures = Pictures(frames, encoded["keypoints"], maps)
        if self.size != self.stored_size:
            pictures = resize(pictures, self.size)
        names = {"clip_id": record["clip_id"], "first_index": record["first_index"]}
        return pictures, {**names, "references": tf.size(record["reference_frames"])}


def _pictures(window: dict[str, tf.Tensor]) -> Pictures:
    """Appends the reference to a window's frames."""
    return Pictures(
        tf.concat([window["frames"], window["reference_frame"][None]], axis=0),
        tf.concat([window["keypoints"], window["reference_keypoints"][None]], axis=0),
        tf.concat([window["parsing_maps"], window["reference_map"][None]], axis=0),
    )


def _parts(pictures: Pictures) -> dict[str, tf.Tensor]:
    """Inverts `_pictures`."""
    return {
        "frames": pictures.frames[:-1],
        "keypoints": pictures.keypoints[:-1],
        "parsing_maps": pictures.parsing_maps[:-1],
        "reference_frame": pictures.frames[-1],
        "reference_keypoints": pictures.keypoints[-1],
        "reference_map": pictures.parsing_maps[-1],
    }
