"""Work on several cores: many calls of one function in processes, and an iterator that a thread keeps ahead.

The processes of `for_each` never outlive the one that started them.

When the starting process fails or is stopped, a running call is interrupted by StoppedError, as by a signal, so that it
can remove what it has half written. Where the starting process is killed, the same happens.
"""

import _thread
import collections
import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
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
    """Calls `function` on every task. The calls start in order but may end in any order.

    Args:
        function: Called on each task. Like `prepare` it must be defined at the top level of a module, to be importable.
        tasks: One argument of `function` for each call; must be picklable.
        workers: Number of processes; 1 makes the calls in this process, one after the other.
        on_done: Called in this process with each result, as soon as it is there.
        prepare: Called once in each worker process before its first task; not called if no process is started.

    Raises:
        ConfigError: `workers` is below 1.
        ChildProcessError: A worker process was killed, for example because memory ran out.
        Exception: The first exception that a call raised; calls still running are aborted.
    """
    if workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: workers={workers}")
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            on_done(function(task))
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy TensorFlow's locks, but not its threads
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


def ahead(items: Iterable[Result], most: int = 4) -> Generator[Result, None, None]:
    """Yields the items of an iterable, which a thread computes while the previous ones are used.

    Args:
        items: The iterable. An error in it is raised when its item would be yielded.
        most: Largest number of items that wait; bounds the memory.
    """
    iterator, end = iter(items), object()
    pool = concurrent.futures.ThreadPoolExecutor(1)
    own_thread = pool.submit(threading.get_ident).result()
    waiting = collections.deque(pool.submit(next, iterator, end) for _ in range(most))
    try:
        while (item := waiting.popleft().result()) is not end:
            waiting.append(pool.submit(next, iterator, end))
            yield item  # type: ignore[misc]  # not the end
    finally:
        # What is left unfinished may be collected as garbage in any thread, and none can wait for itself.
        pool.shutdown(wait=threading.get_ident() != own_thread, cancel_futures=True)


def _start_worker(lifeline: multiprocessing.connection.Connection, prepare: Callable[[], None] | None) -> None:
    threading.Thread(target=_exit_with_parent, args=(lifeline,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent ends its workers
    signal.signal(signal.SIGTERM, stop)
    cv2.setNumThreads(1)  # the worker processes use all cores already
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
    """Ends this process when the parent closes its end of the pipe: after an error there, or because it was killed."""
    lifeline.poll(None)
    _thread.interrupt_main(signal.SIGTERM)
    _calling.acquire(timeout=_SECONDS_TO_CLEAN_UP)
    os._exit(1)
