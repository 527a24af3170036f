"""Runs requests of several clients as one batch.

A free worker takes the oldest request and all waiting requests with the same version, signature and shapes, up to the
largest batch. No request is delayed to fill a batch, so a single client loses nothing; under load batches grow.

A merged batch that fails is run again one request at a time, and a request that fails alone one example at a time, so
that a bad picture does not affect other requests and its index is known.
"""

import collections
import dataclasses
import threading
import time
from concurrent.futures import Future

import grpc
import numpy as np
import tensorflow as tf
from absl import logging

from retarget_tf.arrays import AnyArray
from retarget_tf.serving.options import ServerOptions
from retarget_tf.serving.server.errors import RefusedError, invalid
from retarget_tf.serving.server.validation import CLIP_RANK
from retarget_tf.serving.server.versions import ModelVersion

Arrays = dict[str, AnyArray]


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """One request in the queue.

    Attributes:
        version: Version to run; referenced until the job is done, even if its client has left.
        signature: Name of the signature.
        inputs: Arrays by input name.
        is_batched: Whether the first axis of all inputs and outputs is the batch.
        merges: Whether it may run together with other jobs; requires `is_batched`.
        deadline: When its client stops waiting, on the clock `time.monotonic`.
        future: Receives the outputs or a RefusedError; cancelled when the client leaves.
    """

    version: ModelVersion
    signature: str
    inputs: Arrays
    is_batched: bool
    merges: bool
    deadline: float
    future: "Future[Arrays]" = dataclasses.field(default_factory=Future)

    @property
    def is_wanted(self) -> bool:
        """Whether its client still waits."""
        return not self.future.cancelled() and time.monotonic() < self.deadline

    @property
    def examples(self) -> int:
        """Batch size, of clips the number of photos; 1 if it is not batched."""
        return max(map(len, self.inputs.values())) if self.is_batched else 1

    def goes_with(self, other: "Job") -> bool:
        """Returns whether both jobs can run as one batch."""
        return (
            self.merges
            and other.merges
            and (self.version, self.signature) == (other.version, other.signature)
            and all(array.shape[1:] == other.inputs[name].shape[1:] for name, array in self.inputs.items())
        )


class Batcher:
    """Queue of jobs and the threads that run them."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._waiting: collections.deque[Job] = collections.deque()
        self._changed = threading.Condition()
        self._is_open = True
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(options.workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Queues a job; RefusedError UNAVAILABLE if the queue is full or closed."""
        with self._changed:
            if not self._is_open:
                raise RefusedError(grpc.StatusCode.UNAVAILABLE, "the server stops")
            if len(self._waiting) >= self._options.max_queue:  # drops jobs whose clients have left
                self._waiting = collections.deque(waiting for waiting in self._waiting if waiting.is_wanted)
            if len(self._waiting) >= self._options.max_queue:
                raise RefusedError(grpc.StatusCode.UNAVAILABLE, f"{self._options.max_queue} requests wait already")
            self._waiting.append(job)
            self._changed.notify()

    def close(self, seconds: float | None = None) -> bool:
        """Runs the jobs whose clients still wait, then ends the threads.

        Args:
            seconds: Longest time to wait; a running computation cannot be interrupted, and ends with the process.

        Returns:
            Whether all threads have ended.
        """
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (jobs := self._take()) is not None:
            _run(jobs)
            del jobs  # or the waiting thread would keep their version in memory

    def _take(self) -> list[Job] | None:
        """Waits for jobs and removes those that run as one batch; None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._is_open)
            if not self._waiting:
                return None
            taken: list[Job] = []
            left: collections.deque[Job] = collections.deque()
            room = self._options.max_batch
            for job in self._waiting:
                if taken and not (taken[0].goes_with(job) and job.examples <= room):
                    left.append(job)
                elif job.is_wanted and job.future.set_running_or_notify_cancel():
                    taken.append(job)
                    room -= job.examples
            self._waiting = left
            return taken


def _run(jobs: list[Job]) -> None:
    """Runs jobs together, or one by one if that fails, and gives each its outputs or its error."""
    if len(jobs) > 1 and _run_merged(jobs):
        return
    for job in jobs:
        try:
            job.future.set_result(_call(job, job.inputs))
        except RefusedError as error:
            job.future.set_exception(_with_index(job, error))


def _run_merged(jobs: list[Job]) -> bool:
    """Runs jobs as one batch and gives each its outputs; if the run fails, sets no result and returns False."""
    merged = {name: np.concatenate([job.inputs[name] for job in jobs]) for name in jobs[0].inputs}
    try:
        outputs = _call(jobs[0], merged)
    except RefusedError:
        return False
    begin = 0
    for job in jobs:
        end = begin + job.examples
        job.future.set_result({name: array[begin:end] for name, array in outputs.items()})
        begin = end
    return True


def _with_index(job: Job, error: RefusedError) -> RefusedError:
    """Runs the examples one by one until the deadline; returns the first error with its index, or else `error`."""
    if job.examples == 1:
        return error
    for index in range(job.examples):
        if time.monotonic() >= job.deadline:
            break
        rows = {name: index * len(array) // job.examples for name, array in job.inputs.items()}  # several photos of one
        one = {name: array[rows[name] : rows[name] + 1] for name, array in job.inputs.items()}
        # The first frame of a clip is enough to reproduce an error in its picture or its map.
        try:
            _call(job, {name: array[:, :1] if array.ndim == CLIP_RANK else array for name, array in one.items()})
        except RefusedError as own:
            return RefusedError(own.code, f"example {index}: {own.reason}")
    return error


def _call(job: Job, inputs: Arrays) -> Arrays:
    run = job.version.signatures[job.signature]
    try:
        outputs = run(**{name: tf.constant(array) for name, array in inputs.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        raise invalid(_told(error.message)) from error
    except tf.errors.ResourceExhaustedError as error:
        raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, _told(error.message)) from error
    except Exception as error:  # a fault of the server: the client gets INTERNAL, the server keeps running
        logging.exception("a request failed")
        raise RefusedError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {_told(str(error))}") from error


def _told(text: str) -> str:
    """Returns the line of a TensorFlow error that says what is wrong, without the names of graph nodes around it."""
    before, node, _ = text.partition("[[{{")
    lines = [line.strip() for line in before.splitlines() if line.strip()]
    return "".join(lines[-1:] if node else lines[:1])[:500]
