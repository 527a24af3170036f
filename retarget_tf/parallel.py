"""Many calls of one function on all cores, in processes that never outlive the one that started them.

When the starting process fails or is stopped, a running call is interrupted by StoppedError, as by a signal, so that it
can remove what it has half written. Where the starting process is killed, the same happens.
"""

import _thread
import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2

from retarget_tf.errors import ConfigError, StoppedError, stop

Task = TypeVar("Task")
Result = TypeVar("Result")

_SECONDS_TO_CLEAN_UP = 5.0
_calling = threading.Lock()  # held in a worker while a call runs


def for_each(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    on_done: Callable[[Result], object] = lambda _: None,
    prepare: Callable[[], None] | None = None,
) -> None:
    """Calls `function` on every task; the calls begin in order and end in any.

    Args:
        function: of a module, to be found by its name in another process; likewise `prepare`.
        tasks: what to call it on.
        workers: number of processes; 1 makes the calls here, one after the other.
        on_done: called here with each result.
        prepare: called in each process before anything else.

    Raises:
        ConfigError: `workers` is below 1.
        ChildProcessError: a process was killed, as happens where memory runs out.
        Exception: the first that a call raised; calls that still run are broken off.
    """
    if workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: workers={workers}")
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            on_done(function(task))
        return
    context = multiprocessing.get_context("spawn")  # not forked: this process may hold threads of TensorFlow
    lifeline, held_here = context.Pipe(duplex=False)
    pool = concurrent.futures.ProcessPoolExecutor(
        min(workers, len(tasks)), context, initializer=_start_worker, initargs=(lifeline, prepare)
    )
    try:
        for job in concurrent.futures.as_completed([pool.submit(_call, function, task) for task in tasks]):
            on_done(job.result())
    except BrokenProcessPool as error:
        raise ChildProcessError(
            f"one of {workers} worker processes was killed. Run again, with fewer --workers if memory was short."
        ) from error
    except BaseException:
        held_here.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        held_here.close()


def _start_worker(lifeline: multiprocessing.connection.Connection, prepare: Callable[[], None] | None) -> None:
    threading.Thread(target=_exit_with_parent, args=(lifeline,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; who started the workers ends them
    signal.signal(signal.SIGTERM, stop)
    cv2.setNumThreads(1)  # the processes are as many as the cores already
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    if prepare is not None:
        prepare()


def _call(function: Callable[[Task], Result], task: Task) -> Result:
    with _calling:
        try:
            return function(task)
        except StoppedError:
            os._exit(1)  # at once, so that no other call begins


def _exit_with_parent(lifeline: multiprocessing.connection.Connection) -> None:
    """Ends this process when the other end closes: at a failure there, or as the parent is killed."""
    lifeline.poll(None)
    _thread.interrupt_main(signal.SIGTERM)
    _calling.acquire(timeout=_SECONDS_TO_CLEAN_UP)
    os._exit(1)
