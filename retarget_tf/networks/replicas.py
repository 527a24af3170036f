"""What a training step needs when `tf.distribute` runs it on several replicas, each with its rows of the batch.

With one replica every function returns its argument, so that a step on one device is the same graph as without them.

    loss = total(ops.sum(errors)) / total(ops.sum(known))      # the loss of the whole batch, on every replica
    optimizer.apply(tape.gradient(loss, weights), weights)     # Keras adds the gradients of all replicas
"""

import tensorflow as tf

from retarget_tf.arrays import Tensor


def count() -> int:
    """Returns the number of replicas of the strategy in whose scope or step this is called."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def total(value: Tensor) -> Tensor:
    """Adds a tensor over the replicas. Its gradient is that of this replica's own share of the sum."""
    if count() == 1:
        return value

    @tf.custom_gradient
    def summed(share: Tensor) -> tuple[Tensor, object]:
        # The gradient of `all_reduce` itself would add it over the replicas, which Keras's optimizers do afterwards.
        return _context().all_reduce(tf.distribute.ReduceOp.SUM, share), lambda upstream: upstream

    return summed(tf.convert_to_tensor(value))


def mean(value: Tensor) -> Tensor:
    """Averages over the replicas a mean that each of them took over its rows, which are equally many."""
    return total(value) / count() if count() > 1 else value


def rows(batch: Tensor) -> Tensor:
    """Returns this replica's rows of a tensor `[batch, ...]` that all replicas hold whole."""
    if count() == 1:
        return batch
    share = batch.shape[0] // count()
    first = tf.cast(_context().replica_id_in_sync_group, tf.int32) * share
    return tf.slice(batch, [first, *[0] * (len(batch.shape) - 1)], [share, *batch.shape[1:]])


def gather(share: Tensor) -> Tensor:
    """Inverts `rows`: joins the rows of all replicas."""
    return share if count() == 1 else _context().all_gather(share, axis=0)


def _context() -> tf.distribute.ReplicaContext:
    return tf.distribute.get_replica_context()
