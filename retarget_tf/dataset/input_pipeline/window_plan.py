"""Computes the order of the windows of an epoch without reading a record.

Each epoch shuffles the records and assigns them round-robin to S slots. The slots yield one window each in turn, and a
slot yields all windows of a record before it opens its next record. So S records are open at a time, each record is
decoded once an epoch, and the state of every slot after any number of windows can be computed without reading.
"""

import dataclasses

import tensorflow as tf

from retarget_tf.arrays import Int64Array
from retarget_tf.dataset.input_pipeline.seeds import Purpose, fold_in, purpose_seed

_RECORD_ORDER, _WINDOWS = range(2)  # folded into an epoch's seed, so that the two kinds of draws are independent


@dataclasses.dataclass(frozen=True)
class WindowPlan:
    """Order of the windows of each epoch.

    Attributes:
        windows: int64 `[records]`: the number of windows of each record, at least 1.
        slots: Number of records that are open at the same time; more slots mix the windows better.
        shuffle: Takes the records of each epoch in a new random order, or else in stored order.
        seed: Makes all draws repeatable.
    """

    windows: Int64Array
    slots: int
    shuffle: bool
    seed: int

    def order(self, epoch: tf.Tensor) -> tf.Tensor:
        """Returns the records of an epoch in order, int64 `[records]`; the n-th belongs to slot n modulo `slots`."""
        records = tf.range(len(self.windows), dtype=tf.int64)
        if not self.shuffle:
            return records
        return tf.random.experimental.stateless_shuffle(records, fold_in(self._seed_of(epoch), _RECORD_ORDER))

    def record_seed(self, epoch: tf.Tensor, record: tf.Tensor) -> tf.Tensor:
        """Returns the seed int64 `[2]` of the draws within a record in an epoch."""
        return fold_in(fold_in(self._seed_of(epoch), _WINDOWS), record)

    def seek(self, order: tf.Tensor, position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes the state of the slots after `position` windows of an epoch.

        Returns:
            The slots that have windows left, in the order of their next turns, and the number of windows that each has
            already yielded; both int64 `[slots left]`.
        """
        slot_of = tf.range(len(self.windows)) % self.slots
        lengths = tf.math.unsorted_segment_sum(tf.gather(self.windows, order), slot_of, self.slots)
        # Every slot yields one window a round, until it has no more.
        rounds = tf.range(tf.reduce_max(lengths))
        givers = self.slots - tf.searchsorted(tf.sort(lengths), rounds, side="right", out_type=tf.int64)
        ends = tf.cumsum(givers)
        current = tf.searchsorted(ends, position[None], side="right", out_type=tf.int64)[0]
        given = position - (ends[current] - givers[current])
        slots = tf.where(lengths > current)[:, 0]
        behind = current + tf.cast(tf.range(tf.size(slots, tf.int64)) < given, tf.int64)
        slots, behind = tf.roll(slots, -given, 0), tf.roll(behind, -given, 0)
        left = behind < tf.gather(lengths, slots)
        return slots[left], behind[left]

    def row(self, order: tf.Tensor, slot: tf.Tensor, behind: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns a slot's unfinished records after `behind` windows, and how many windows of the first are used up."""
        records = order[slot :: self.slots]
        windows = tf.gather(self.windows, records)
        ends = tf.cumsum(windows)
        first = tf.searchsorted(ends, behind[None], side="right")[0]
        return records[first:], behind - (ends[first] - windows[first])

    def _seed_of(self, epoch: tf.Tensor) -> tf.Tensor:
        return fold_in(purpose_seed(self.seed, Purpose.EPOCH), epoch)
