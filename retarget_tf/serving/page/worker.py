"""The process that makes dances: apart from the page, so that a dance can be ended at once and the page stays quick."""

import contextlib
import importlib
import logging as standard_logging
import multiprocessing
import os
import pathlib
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from absl import logging

from retarget_tf.errors import stop
from retarget_tf.serving.page.task import Task

Hear = Callable[..., Any]

_FINISHED = ("finished",)


class WorkerGoneError(RuntimeError):
    """The process ended within a task."""


class Worker:
    """A process that carries out one task at a time; it starts, and imports TensorFlow, when it is built.

    Args:
        model: As for `Retargeter.load`.
        is_quiet: Hides what native code writes to stderr.
    """

    def __init__(self, model: str, *, is_quiet: bool = True) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy the page's threads and its locks
        self._connection, of_process = context.Pipe()
        self._process = context.Process(target=_work, args=(of_process, model, is_quiet), daemon=True)
        self._process.start()
        of_process.close()

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive()

    def run(self, task: Task, hear: Hear) -> None:
        """Has a task carried out, and hears the news of it until it is finished.

        Raises:
            WorkerGoneError: The process ended meanwhile.
        """
        try:
            self._connection.send(task)
            while (news := self._connection.recv()) != _FINISHED:
                hear(*news)
        except (EOFError, OSError) as error:
            raise WorkerGoneError from error

    def end(self) -> None:
        """Ends the process at once; what it has half written stays in the folder of its task."""
        self._process.kill()
        self._process.join()


def _work(connection: Connection, model: str, is_quiet: bool) -> None:
    """Carries out tasks until the page ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both processes; the page ends this one
    signal.signal(signal.SIGTERM, stop)
    sys.setswitchinterval(5e-4)  # as in `retarget`
    if is_quiet:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    telling = threading.Lock()  # frames are counted in threads

    def say(*news: object) -> None:
        with telling:
            connection.send(news)

    from retarget_tf.retargeting.retargeter import Retargeter
    from retarget_tf.serving.page.making import make

    with contextlib.suppress(ImportError):  # is told with the first task
        importlib.import_module("retarget_tf.retargeting.frames.frame_maker")  # and with it TensorFlow
    logging.get_absl_logger().addHandler(_Notes(say))
    retargeter = Retargeter.load(model)
    with contextlib.suppress(EOFError, BrokenPipeError):  # the page has ended
        while True:
            task = connection.recv()
            try:
                make(retargeter, task, say)
            except BrokenPipeError:
                raise
            except Exception:
                say("broken", traceback.format_exc())
            connection.send(_FINISHED)
    os._exit(0)


class _Notes(standard_logging.Handler):
    """Says what the library warns of."""

    def __init__(self, say: Hear) -> None:
        super().__init__(standard_logging.WARNING)
        self._say = say

    def emit(self, record: standard_logging.LogRecord) -> None:
        """Says a warning of the library; TensorFlow logs here too."""
        if "retarget_tf" in pathlib.Path(record.pathname).parts:
            self._say("note", record.getMessage())
