"""Cuts the windows out of a decoded record, each with a reference, as `make_dataset` yields them."""

import dataclasses

import tensorflow as tf

from retarget_tf.dataset.augmentation import Pictures
from retarget_tf.errors import ConfigError


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
            A data set of `element_spec` without the batch axis; if the pictures have surface maps, with these
            (`surface_maps`, `reference_surface_map`, `reference_pieces`) in place of correspondences.
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

            surfaces = {}
            if pictures.surface_maps is not None and pictures.pieces is not None:
                surfaces = {
                    "surface_maps": consecutive(pictures.surface_maps),
                    "reference_surface_map": pictures.surface_maps[body + reference],
                    "reference_pieces": pictures.pieces[reference],
                }
            return {
                **surfaces,
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
