"""The replicas of a training: on one device, on several of this machine, or on several machines, by `tf.distribute`.

none          one replica
mirrored      one on each GPU of this machine or, without GPUs, on parts of its processor
multi_worker  one on each GPU (or on the processor) of each machine that TF_CONFIG names, see `cluster`

Every replica has the same weights and takes equally many rows of each batch. `networks.replicas` makes losses and batch
statistics those of the whole batch, so the number of replicas changes the speed and not the training. The workdir is
the chief's: it gives the others the state to begin with, and it alone saves.
"""

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from retarget_tf.arrays import Tensor
from retarget_tf.errors import ConfigError, TrainingError
from retarget_tf.training import callbacks
from retarget_tf.training.cluster import Cluster, read
from retarget_tf.training.config import TrainingConfig

# What TensorFlow raises in the others when a worker does not answer any more.
_GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)

Losses = dict[str, Tensor]


@dataclasses.dataclass(frozen=True)
class Group:
    """The replicas that train together.

    Attributes:
        strategy: TensorFlow's strategy; variables are created in its scope.
        cluster: The machines that the replicas are on.
    """

    strategy: tf.distribute.Strategy
    cluster: Cluster

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the workdir."""
        return self.cluster.is_chief

    def distribute(self, dataset: tf.data.Dataset) -> Any:
        """Returns a data set of this machine's batches that gives each replica its rows, in the order of replicas."""
        spec = dataset.element_spec
        trained_on = [name for name in spec if spec[name].dtype != tf.string]  # neither GPUs nor XLA take text
        if len(trained_on) < len(spec):
            dataset = dataset.map(lambda batch: {name: batch[name] for name in trained_on})
        replicas = self.strategy.num_replicas_in_sync // self.cluster.workers
        if replicas == 1:
            return self.strategy.distribute_datasets_from_function(lambda _: dataset)
        rows = spec[trained_on[0]].shape[0]
        return self.strategy.distribute_datasets_from_function(lambda _: dataset.rebatch(rows // replicas))

    def compiled(self, train_step: Callable[[Any], Losses], jit_compile: bool) -> Callable[[Sequence[Any]], Losses]:
        """Compiles a training step to run on all replicas, for several batches in one call.

        Args:
            train_step: Takes a replica's rows of a batch, and returns losses that are equal on all replicas.
            jit_compile: Whether XLA compiles it.

        Returns:
            Takes a sequence of batches of `distribute`, and returns the losses of the last one.
        """

        @tf.function(autograph=False, reduce_retracing=True, jit_compile=jit_compile)
        def step(batch: Any) -> Losses:
            losses = self.strategy.run(train_step, args=(batch,))
            return {name: self._first(loss) for name, loss in losses.items()}

        @tf.function(autograph=False, reduce_retracing=True)
        def steps(batches: Sequence[Any]) -> Losses:
            return [step(batch) for batch in batches][-1]

        return steps

    def agree(self, seconds: float, signal: int) -> tuple[float, int]:
        """Returns the largest values of all machines, so that all of them end after the same step."""
        if self.cluster.workers == 1:
            return seconds, signal
        told = self._first(self._told(tf.constant([[seconds, signal]], tf.float64)))
        longest, number = np.max(told, axis=0)
        return float(longest), int(number)

    def of_chief(self, number: int) -> int:
        """Returns the chief's number, which is not negative, on all machines."""
        return self.agree(0.0, number if self.is_chief else 0)[1]

    def share(self, variables: Sequence[tf.Variable]) -> None:
        """Gives variables the values that they have on the chief."""
        if self.cluster.workers == 1:
            return

        def of_chief() -> list[Tensor]:
            context = tf.distribute.get_replica_context()
            is_first = tf.equal(context.replica_id_in_sync_group, 0)
            # float64 holds every value that occurs, and is a type that can be added over machines.
            values = [tf.cast(variable, tf.float64) for variable in variables]
            sent = [tf.where(is_first, value, tf.zeros_like(value)) for value in values]
            return list(context.all_reduce(tf.distribute.ReduceOp.SUM, sent))

        received = tf.function(lambda: self.strategy.run(of_chief), autograph=False)()
        for variable, value in zip(variables, received, strict=True):
            variable.assign(tf.cast(self._first(value), variable.dtype))

    @contextlib.contextmanager
    def losing_nobody(self) -> Iterator[None]:
        """Turns what TensorFlow raises when another machine is gone into a TrainingError."""
        try:
            yield
        except _GONE as error:
            if self.cluster.workers == 1:
                raise
            logging.debug("another worker is gone", exc_info=error)
            raise TrainingError(
                f"worker {self.cluster.index} of {self.cluster.workers}: another worker of TF_CONFIG is gone, or was "
                "not heard of for too long. The last checkpoint is untouched: run the same command again on every "
                "machine."
            ) from error

    def _first(self, value: Any) -> Any:
        return self.strategy.experimental_local_results(value)[0]

    def _told(self, value: Tensor) -> Any:
        def gathered(value: Tensor) -> Tensor:
            return tf.distribute.get_replica_context().all_gather(value, axis=0)

        return self.strategy.run(gathered, args=(value,))


def form(config: TrainingConfig) -> Group:
    """Makes the group of a training; of several machines it waits for all. Call it before TensorFlow has done anything.

    Raises:
        ConfigError: The batch cannot be divided among the replicas, there are not as many devices, TF_CONFIG is wrong,
            or TensorFlow has begun already.
    """
    cluster = read(config.strategy)
    match config.strategy:
        case "mirrored":
            strategy = _mirrored(tuple(_devices(config.replicas)))
        case "multi_worker":
            strategy = _meet(cluster)
        case _:
            strategy = tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    if config.batch_size % replicas:
        raise ConfigError(
            f"batch_size must be a multiple of the {replicas} replicas. Received: batch_size={config.batch_size}"
        )
    return Group(strategy, cluster)


@functools.cache  # a second one in a process would number its exchanges as the first does, and mix them up
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy(devices)


@functools.cache
def _meet(cluster: Cluster) -> tf.distribute.Strategy:
    """Waits for all machines, and opens this one's port."""
    logging.info("worker %d waits for all %d of TF_CONFIG", cluster.index, cluster.workers)
    try:
        with callbacks.ended_by_signals():  # Python hears none while TensorFlow waits
            return tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise ConfigError(
            "TF_CONFIG must name a free port of this machine, and machines that can be reached "
            f"({error.message.splitlines()[0]}). Received: TF_CONFIG={os.environ.get('TF_CONFIG')}"
        ) from error


def _devices(replicas: int) -> list[str]:
    """Returns the names of the GPUs to take or, without GPUs, of parts of the processor."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        count = replicas or len(gpus)
        if count > len(gpus):
            raise ConfigError(f"replicas must be at most the {len(gpus)} GPUs. Received: replicas={replicas}")
        return [f"GPU:{index}" for index in range(count)]
    count = replicas or 1
    [processor] = tf.config.list_physical_devices("CPU")
    if count > max(1, len(tf.config.get_logical_device_configuration(processor) or ())):
        try:
            parts = [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
            tf.config.set_logical_device_configuration(processor, parts)
        except RuntimeError:
            raise ConfigError(
                "replicas on a processor must be chosen before TensorFlow's first operation in this process. "
                f"Received: replicas={replicas}"
            ) from None
    return [f"CPU:{index}" for index in range(count)]
