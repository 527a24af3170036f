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
from retarget_tf.dataset import correspondence, records
from retarget_tf.dataset.augmentation import AugmentationConfig, Pictures, jitter, resize
from retarget_tf.dataset.input_pipeline.record_table import RecordTable
from retarget_tf.dataset.input_pipeline.seeds import FOREVER, Purpose, fold_in, purpose_seed
from retarget_tf.dataset.input_pipeline.window_cutter import WindowCutter
from retarget_tf.dataset.input_pipeline.window_plan import WindowPlan
from retarget_tf.errors import ConfigError, InputDataError

# Bytes of decoded records whose windows are mixed: 16 records of 64 frames at 256 pixels, 256 records at 64 pixels.
SHUFFLE_BYTES = 256 * 2**20
_PIXEL_BYTES, _SURFACE_BYTES = 4, 3  # of a frame and its map, and of its surface map


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
    part: tuple[int, int] = (0, 1),
    cache_records: bool = False,
    shuffle_bytes: int = SHUFFLE_BYTES,
    correspondences: bool = False,
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
        part: Takes every n-th file of the split from the i-th on, (i, n), so that n machines share the files.
        cache_records: Keeps the split's records in memory, still encoded, so that the disk is read only once.
        shuffle_bytes: Memory in bytes for decoded records whose windows are mixed; more memory mixes better.
        correspondences: Yields too where the reference shows the points that each frame shows, after `augment`; the
            records must carry surface maps.

    Returns:
        A data set of `element_spec`, of known cardinality.

    Raises:
        ConfigError: A setting is out of range.
        InputDataError: The records are missing or incomplete, the split is empty, a clip is shorter than a window, or
            there are no surface maps for `correspondences`.
    """
    manifest = records.Manifest.load(folder)
    if correspondences:
        manifest.check_surfaces()
    cutter = WindowCutter(window_frames, frame_gap, shuffle=shuffle)
    count_windows(manifest, split, window_frames=window_frames, frame_gap=frame_gap)  # refuses clips that are too short
    size = image_size or manifest.image_size
    schema = parsing_labels.get_schema(manifest.label_schema)
    table = RecordTable.scan(manifest, split, part=part, cache=cache_records, surfaces=correspondences)
    table = table.holding(cutter.span)
    if not table.frames.size:
        raise InputDataError(
            f"records {manifest.folder}: part {part[0]} of {part[1]} of split {split} has no window of {cutter.span} "
            "frames. Build the records again with fewer --shards."
        )
    pixel_bytes = _PIXEL_BYTES + _SURFACE_BYTES * correspondences
    record_bytes = manifest.segment_frames * size**2 * pixel_bytes
    slots = max(1, min(len(table.frames), shuffle_bytes // record_bytes)) if shuffle else 1
    plan = WindowPlan(table.frames - cutter.span + 1, slots, shuffle, seed)
    windows = int(plan.windows.sum())
    decoder = _Decoder(manifest.image_size, size, correspondences)
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
    if correspondences:
        dataset = dataset.map(_found, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size, drop_remainder=drop_remainder)
    left = max(0, windows - skipped)
    batches = left // batch_size if drop_remainder else -(-left // batch_size)
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY if repeat else batches)
    )
    return dataset.prefetch(tf.data.AUTOTUNE)


def element_spec(
    window_frames: int, image_size: int, batch_size: int | None, *, correspondences: bool = False
) -> dict[str, tf.TensorSpec]:
    """Returns the element spec of `make_dataset`.

    * `frames`: RGB uint8 `[batch, window, size, size, 3]`.
    * `keypoints`: float32 `[batch, window, 25, 3]` in pixels.
    * `parsing_maps`: uint8 `[batch, window, size, size]`, class ids, 255 unknown.
    * `reference_frame`, `reference_keypoints`, `reference_map`: the reference frame of the same clip, `[batch, ...]`.
    * `clip_id`: string `[batch]`; `first_index`: int64 `[batch]`, the position in the clip of the window's first frame.
    * With `correspondences`: `correspondence` float32 `[batch, window, size, size, 2]`, x and y in pixels of the
      reference of the surface point that each pixel shows, 0 in the background; `visibility` float32
      `[batch, window, size, size]`, 1 where the reference shows that point, else 0.
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
    if correspondences:
        shapes["correspondence"] = ((window_frames, image_size, image_size, 2), tf.float32)
        shapes["visibility"] = ((window_frames, image_size, image_size), tf.float32)
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
class _Decoder:
    """Decodes a parsed record, with its surface maps if wanted, and resizes it from `stored_size` to `size`."""

    stored_size: int
    size: int
    surfaces: bool

    def __call__(self, record: dict[str, tf.Tensor]) -> tuple[Pictures, dict[str, tf.Tensor]]:
        """Returns the record's frames followed by its references, and the `names` for `WindowCutter.cut`."""
        encoded = {
            name: tf.concat([record[name], record[f"reference_{name}"]], axis=0)
            for name in ("frames", "keypoints", "parsing_maps", "surface_maps")
        }
        gray = tf.TensorSpec([self.stored_size, self.stored_size], tf.uint8)
        colour = tf.TensorSpec([*gray.shape, 3], tf.uint8)
        frames = tf.map_fn(records.decode_frame, encoded["frames"], fn_output_signature=colour)
        maps = tf.map_fn(records.decode_map, encoded["parsing_maps"], fn_output_signature=gray)
        surfaces: tuple[tf.Tensor, ...] = ()
        if self.surfaces:
            codes = tf.map_fn(records.decode_surface_map, encoded["surface_maps"], fn_output_signature=colour)
            surfaces = codes, record["reference_pieces"]
        pictures = Pictures(frames, encoded["keypoints"], maps, *surfaces)
        if self.size != self.stored_size:
            pictures = resize(pictures, self.size)
        names = {"clip_id": record["clip_id"], "first_index": record["first_index"]}
        return pictures, {**names, "references": tf.size(record["reference_frames"])}


# Names in a window of the frames' tensors, in the order of `Pictures`, and of their reference's.
_NAMES = {
    "frames": "reference_frame",
    "keypoints": "reference_keypoints",
    "parsing_maps": "reference_map",
    "surface_maps": "reference_surface_map",
}


def _pictures(window: dict[str, tf.Tensor]) -> Pictures:
    """Appends the reference to a window's frames."""
    joined = [
        tf.concat([window[name], window[of_reference][None]], axis=0)
        for name, of_reference in _NAMES.items()
        if name in window
    ]
    return Pictures(*joined, *([window["reference_pieces"][None]] if "reference_pieces" in window else []))


def _parts(pictures: Pictures) -> dict[str, tf.Tensor]:
    """Inverts `_pictures`."""
    parts = {}
    for (name, of_reference), joined in zip(_NAMES.items(), pictures.tensors(), strict=False):
        parts[name], parts[of_reference] = joined[:-1], joined[-1]
    if pictures.pieces is not None:
        parts["reference_pieces"] = pictures.pieces[0]
    return parts


def _found(window: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Replaces the surface maps of a window by where the reference shows their points."""
    surface_maps, reference_map, pieces = (
        window.pop(name) for name in ("surface_maps", "reference_surface_map", "reference_pieces")
    )
    place, visibility = correspondence.find(surface_maps, reference_map[None], pieces[None])
    return {**window, "correspondence": place, "visibility": visibility}
