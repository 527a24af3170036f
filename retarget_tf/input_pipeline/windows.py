"""Records as batches of windows: `tf.data`, deterministic, and resumable at any batch.

A sample is a window of consecutive frames of one clip, and a reference frame of the same clip. The stream of samples is
a function of the seed alone, and sample n of its own position n besides: to resume after k batches, build the data set
with `start_batch=k`. Windows are shuffled and skipped while their pictures are still encoded, which is cheap; only then
are they decoded and jittered, in parallel.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf import files, parsing_labels, records, skeleton
from retarget_tf.augmentation import AugmentationConfig, Pictures, jitter, resize
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.input_pipeline.seeds import FOREVER, Purpose, fold_in, purpose_seed, scalar_seed

# Bytes of encoded windows that are held to shuffle: at 64 pixels about 20,000 windows of 2 frames.
SHUFFLE_BYTES = 256 * 2**20
_PARALLEL_SHARDS = 8
_SHARD_ORDER, _WINDOW_ORDER, _WINDOW_CUT = range(3)  # what is drawn within an epoch


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
    shuffle_bytes: int = SHUFFLE_BYTES,
) -> tf.data.Dataset:
    """Batches of windows of a split.

    Args:
        folder: of records.
        split: train, validation or test.
        batch_size: windows in a batch.
        window_frames: frames in a window.
        frame_gap: smallest and largest distance between two frames of a window; it is drawn for each window.
        image_size: side of the pictures in pixels; the records' own where it is None.
        augment: random jitter; None for none.
        shuffle: give windows in random order, with any of the record's references; else in order, with frame 0.
        seed: of all draws.
        repeat: give one epoch after the other for ever, each in an order of its own; batches run on over the seam.
        drop_remainder: without `repeat`, leave out a last batch that is not full.
        start_batch: begin there, as if the batches before had been taken.
        shuffle_bytes: bound of the encoded windows that are held to shuffle.

    Returns:
        A data set of `element_spec`, of known cardinality. The order holds while TensorFlow's global seed
        (`tf.random.set_seed`) stays what it is.

    Raises:
        ConfigError: a setting is out of range.
        InputDataError: the records are missing or incomplete, the split is empty, or a clip is shorter than a window.
    """
    manifest = records.Manifest.load(folder)
    cutter = WindowCutter(window_frames, frame_gap, any_reference=shuffle)
    windows = count_windows(manifest, split, window_frames=window_frames, frame_gap=frame_gap)
    size = image_size or manifest.image_size
    schema = parsing_labels.get_schema(manifest.label_schema)
    contents = manifest.split(split)
    paths = [str(path) for path in manifest.shard_paths(split)]
    counts = np.array([shard.records for shard in contents.shards], np.int64)
    window_bytes = contents.bytes / contents.frames * (window_frames + 1)
    buffer = min(windows, max(batch_size, int(shuffle_bytes / window_bytes)))
    epochs_seed, samples_seed = purpose_seed(seed, Purpose.EPOCH), purpose_seed(seed, Purpose.SAMPLE)

    def encoded_windows(epoch: tf.Tensor) -> tf.data.Dataset:
        epoch_seed = fold_in(epochs_seed, epoch)
        shards = tf.data.Dataset.from_tensor_slices((paths, counts))
        cycle = 1
        if shuffle:
            shards = shards.shuffle(len(paths), seed=scalar_seed(epoch_seed, _SHARD_ORDER))
            cycle = min(_PARALLEL_SHARDS, len(paths))
        serialized = shards.interleave(_read_shard, cycle_length=cycle, num_parallel_calls=cycle)
        cut_seed = fold_in(epoch_seed, _WINDOW_CUT)
        cut = serialized.enumerate().map(
            lambda index, record: cutter.cut(records.parse_tensors(record), fold_in(cut_seed, index)),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        samples = cut.unbatch()
        if shuffle:
            samples = samples.shuffle(buffer, seed=scalar_seed(epoch_seed, _WINDOW_ORDER))
        return samples

    def finished(position: tf.Tensor, encoded: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        pictures = _decode(encoded, window_frames + 1, manifest.image_size)
        if size != manifest.image_size:
            pictures = resize(pictures, size)
        if augment is not None:
            pictures = jitter(pictures, fold_in(samples_seed, position), augment, schema)
        return _sample(pictures, encoded)

    first_epoch, skipped = divmod(start_batch * batch_size, windows) if repeat else (0, start_batch * batch_size)
    epochs = tf.data.Dataset.range(first_epoch, FOREVER if repeat else 1)
    dataset = epochs.flat_map(encoded_windows).skip(skipped)
    dataset = dataset.enumerate(start=start_batch * batch_size).map(finished, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size, drop_remainder=drop_remainder)
    left = max(0, windows - skipped)
    batches = left // batch_size if drop_remainder else -(-left // batch_size)
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY if repeat else batches)
    )
    return dataset.prefetch(tf.data.AUTOTUNE)


def element_spec(window_frames: int, image_size: int, batch_size: int | None) -> dict[str, tf.TensorSpec]:
    """What `make_dataset` yields.

    * `frames`: uint8 `[batch, window, size, size, 3]`, RGB.
    * `keypoints`: float32 `[batch, window, 25, 3]`, in pixels of the sample's picture.
    * `parsing_maps`: uint8 `[batch, window, size, size]`, class ids, 255 unknown.
    * `reference_frame`, `reference_keypoints`, `reference_map`: of one frame more of the clip, `[batch, ...]`.
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
    """The number of windows in an epoch: one from every frame whose record leaves room for the largest gap.

    Raises:
        ConfigError: a window is longer than a record.
        InputDataError: the split is empty, or a clip is shorter than a window.
    """
    span = WindowCutter(window_frames, frame_gap).span
    if span > manifest.segment_frames:
        raise ConfigError(
            f"a window must fit into the {manifest.segment_frames} frames of a record "
            f"(build_records --segment_frames). Received: window_frames={window_frames}, frame_gap={frame_gap}"
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
    """Cuts the windows out of a parsed record.

    Attributes:
        window_frames: frames in a window.
        frame_gap: smallest and largest distance between two frames of a window.
        any_reference: draw one of the record's references for each window; else take the first, frame 0.
    """

    window_frames: int
    frame_gap: tuple[int, int] = (1, 1)
    any_reference: bool = False

    def __post_init__(self) -> None:
        smallest, largest = self.frame_gap
        if self.window_frames < 1 or not 1 <= smallest <= largest:
            raise ConfigError(
                "window_frames must be at least 1, and frame_gap two whole numbers from 1 in order. "
                f"Received: window_frames={self.window_frames}, frame_gap={self.frame_gap}"
            )

    @property
    def span(self) -> int:
        """Consecutive frames that the longest window takes."""
        return (self.window_frames - 1) * self.frame_gap[1] + 1

    def cut(self, record: dict[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """All windows of a record, still encoded, each followed by its reference.

        Args:
            record: of `records.parse_tensors`.
            seed: int64 `[2]`.

        Returns:
            `frames`, `parsing_maps` string `[windows, window + 1]`, `keypoints` float32 `[windows, window + 1, 25, 3]`,
            `clip_id` string and `first_index` int64 `[windows]`.
        """
        count = tf.maximum(tf.shape(record["frames"])[0] - self.span + 1, 0)
        gap_seed, reference_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        smallest, largest = self.frame_gap
        gaps = tf.random.stateless_uniform([count], gap_seed, smallest, largest + 1, dtype=tf.int32)
        starts = tf.range(count)
        indices = starts[:, None] + gaps[:, None] * tf.range(self.window_frames)
        references = tf.zeros([count], tf.int32)
        if self.any_reference:
            available = tf.shape(record["reference_frames"])[0]
            references = tf.random.stateless_uniform([count], reference_seed, 0, available, dtype=tf.int32)
        windows = {
            name: tf.concat(
                [tf.gather(record[name], indices), tf.gather(record[f"reference_{name}"], references)[:, None]], axis=1
            )
            for name in ("frames", "keypoints", "parsing_maps")
        }
        windows["clip_id"] = tf.repeat(record["clip_id"], count)
        windows["first_index"] = record["first_index"] + tf.cast(starts, tf.int64)
        return windows


def _read_shard(path: tf.Tensor, records_in_it: tf.Tensor) -> tf.data.Dataset:
    """All records of a shard; fails where it is shorter, which tf.data alone would pass over."""
    return tf.data.TFRecordDataset(path).apply(tf.data.experimental.assert_cardinality(records_in_it))


def _decode(encoded: dict[str, tf.Tensor], count: int, size: int) -> Pictures:
    frames = [records.decode_frame(encoded["frames"][index]) for index in range(count)]
    maps = [records.decode_map(encoded["parsing_maps"][index]) for index in range(count)]
    return Pictures(
        tf.ensure_shape(tf.stack(frames), [count, size, size, 3]),
        encoded["keypoints"],
        tf.ensure_shape(tf.stack(maps), [count, size, size]),
    )


def _sample(pictures: Pictures, encoded: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {
        "frames": pictures.frames[:-1],
        "keypoints": pictures.keypoints[:-1],
        "parsing_maps": pictures.parsing_maps[:-1],
        "reference_frame": pictures.frames[-1],
        "reference_keypoints": pictures.keypoints[-1],
        "reference_map": pictures.parsing_maps[-1],
        "clip_id": encoded["clip_id"],
        "first_index": encoded["first_index"],
    }
