"""Draws the streams that each slot of a batch follows, without reading a record.

A stream walks through one record in steps of its frame gap, forwards or backwards. The record, gap, start, length and
direction of stream n of a slot depend only on the seed, the slot and n, so the stream and frame of a slot after any
number of batches can be computed from the drawn lengths.
"""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from retarget_tf.dataset.input_pipeline.record_table import RecordTable
from retarget_tf.dataset.input_pipeline.seeds import FOREVER, Purpose, fold_in, purpose_seed
from retarget_tf.errors import ConfigError

_BLOCK = 256  # number of streams of a slot that are drawn at once


@dataclasses.dataclass(frozen=True)
class StreamLengths:
    """Distribution of the lengths and frame gaps of streams.

    Attributes:
        frame_gap: Smallest and largest distance in the clip of consecutive frames; each stream draws its own uniformly.
        mean_frames: Mean of the geometric distribution of stream lengths; a stream also ends with its record.
        single_share: Probability that a stream is cut to one frame.
    """

    frame_gap: tuple[int, int]
    mean_frames: float
    single_share: float

    def __post_init__(self) -> None:
        smallest, largest = self.frame_gap
        if not 1 <= smallest <= largest:
            raise ConfigError(f"frame_gap must be two whole numbers from 1 in order. Received: {self}")
        if not self.mean_frames > 1 or not 0 <= self.single_share <= 1:
            raise ConfigError(f"mean_frames must be above 1 and single_share lie in 0..1. Received: {self}")


@dataclasses.dataclass(frozen=True)
class StreamPlan:
    """Random but repeatable sequence of streams for every slot.

    Attributes:
        config: Distribution of lengths and gaps.
        table: Records to draw from; each must have room for one step of the smallest gap.
        seed: Makes all draws repeatable.
    """

    config: StreamLengths
    table: RecordTable
    seed: int

    def streams(self, slot: tf.Tensor, first: tf.Tensor | int = 0) -> tf.data.Dataset:
        """Returns the endless sequence of a slot's streams, from stream number `first` on.

        Returns:
            A data set of dicts of int64 `[]`: `number` of the stream, its `record`, `start` (position in the record of
            the frame before the stream's first), `step` between frames (negative is backwards) and `length` in frames.
        """
        blocks = tf.data.Dataset.range(tf.cast(first, tf.int64) // _BLOCK, FOREVER)
        return blocks.map(lambda block: self._block(slot, block)).unbatch().skip(tf.cast(first, tf.int64) % _BLOCK)

    def seek(self, slots: int, position: int) -> list[tuple[int, int]]:
        """Returns for each slot its stream after `position` frames, and how many frames of that stream are used up."""
        lengths_of_block = tf.function(lambda slot, block: self._block(slot, block)["length"])

        def seek_slot(slot: int) -> tuple[int, int]:
            first, left = 0, position
            while True:
                lengths = lengths_of_block(tf.constant(slot, tf.int64), tf.constant(first // _BLOCK, tf.int64))
                ends = np.cumsum(lengths)
                if left < ends[-1]:
                    ended = int(np.searchsorted(ends, left, side="right"))
                    return first + ended, left - int(ends[ended] - lengths[ended])
                first, left = first + _BLOCK, left - int(ends[-1])

        with tf.device("CPU"):
            return [seek_slot(slot) for slot in range(slots)]

    def _block(self, slot: tf.Tensor | int, block: tf.Tensor) -> dict[str, tf.Tensor]:
        """Draws `_BLOCK` streams; each value of the dict is `[_BLOCK]`."""
        seed = fold_in(fold_in(purpose_seed(self.seed, Purpose.STREAM_PLAN), slot), block)
        frame_seed, draws_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        gap_draw, single_draw, length_draw, start_draw, direction_draw = tf.unstack(
            tf.random.stateless_uniform([5, _BLOCK], draws_seed)
        )
        # A record is chosen with probability proportional to its frames, so short records are not overrepresented.
        ends = np.cumsum(self.table.frames)
        frame = tf.random.stateless_uniform([_BLOCK], frame_seed, 0, ends[-1], dtype=tf.int64)
        record = tf.searchsorted(ends, frame, side="right", out_type=tf.int64)
        steps = tf.gather(self.table.frames, record) - 1
        smallest, largest = self.config.frame_gap
        gap = smallest + _whole(gap_draw, tf.minimum(steps, largest) - smallest + 1)
        # P(length > n) = (1 - 1 / mean)^n; the draw is below 1, so the logarithm is finite.
        drawn = tf.math.log1p(-length_draw) / math.log1p(-1 / self.config.mean_frames)
        length = 1 + tf.where(
            single_draw < self.config.single_share, tf.constant(0, tf.int64), tf.cast(drawn, tf.int64)
        )
        length = tf.minimum(length, steps // gap)
        start = _whole(start_draw, steps - length * gap + 1)
        backwards = direction_draw < 0.5
        return {
            "number": block * _BLOCK + tf.range(_BLOCK, dtype=tf.int64),
            "record": record,
            "start": tf.where(backwards, steps - start, start),
            "step": tf.where(backwards, -gap, gap),
            "length": length,
        }


def _whole(draw: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Turns a draw from [0, 1) into a whole number int64 in 0 .. count - 1."""
    return tf.cast(draw * tf.cast(count, tf.float32), tf.int64)
