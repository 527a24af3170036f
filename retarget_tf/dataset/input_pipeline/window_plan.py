"""In which order an epoch gives its windows, known without reading a record.

Records are dealt to slots, in an order of their own in every epoch. Slots give one window each in turn, and each gives
all windows of one record after the other. So a record is decoded once, as many records are open as there are slots,
and where each slot stands after any number of windows is counted, not read.
"""

import dataclasses

import tensorflow as tf

from retarget_tf.arrays import Int64Array
from retarget_tf.dataset.input_pipeline.seeds import Purpose, fold_in, purpose_seed

_RECORD_ORDER, _WINDOWS = range(2)  # what is drawn within an epoch


@dataclasses.dataclass(frozen=True)
class WindowPlan:
    """The order of windows.

    Attributes:
        windows: int64 `[records]`, those of each record; none is 0.
        slots: records that are open at the same time.
        shuffle: take the records in a random order, else as they lie.
        seed: of all draws.
    """

    windows: Int64Array
    slots: int
    shuffle: bool
    seed: int

    def order(self, epoch: tf.Tensor) -> tf.Tensor:
        """The records of an epoch, int64 `[records]`; number n belongs to slot n modulo the number of slots."""
        records = tf.range(len(self.windows), dtype=tf.int64)
        if not self.shuffle:
            return records
        return tf.random.experimental.stateless_shuffle(records, fold_in(self._seed_of(epoch), _RECORD_ORDER))

    def record_seed(self, epoch: tf.Tensor, record: tf.Tensor) -> tf.Tensor:
        """The seed int64 `[2]` of what is drawn about a record's windows."""
        return fold_in(fold_in(self._seed_of(epoch), _WINDOWS), record)

    def seek(self, order: tf.Tensor, position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Where the slots stand after `position` windows of an epoch.

        Returns:
            The slots that have windows left, in the order in which they come next, and how many windows of each are
            behind it; int64 `[slots left]`.
        """
        slot_of = tf.range(len(self.windows)) % self.slots
        lengths = tf.math.unsorted_segment_sum(tf.gather(self.windows, order), slot_of, self.slots)
        # Every slot gives one window a round, until it has no more.
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
        """The records that a slot still has to give after `behind` windows, and how many are behind of the first."""
        records = order[slot :: self.slots]
        windows = tf.gather(self.windows, records)
        ends = tf.cumsum(windows)
        first = tf.searchsorted(ends, behind[None], side="right")[0]
        return records[first:], behind - (ends[first] - windows[first])

    def _seed_of(self, epoch: tf.Tensor) -> tf.Tensor:
        return fold_in(purpose_seed(self.seed, Purpose.EPOCH), epoch)
