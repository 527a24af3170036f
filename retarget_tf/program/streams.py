"""Gives a program output streams on which it can always write, however it was started.

A stream that was closed before the start (`>&-`) becomes the null device: without it the next file that is opened gets
its number, and then what C++ code writes to stderr. What nobody reads any more (`| head -1`) is dropped, and the work
goes on. Letters that the terminal's encoding lacks are shown as escapes.
"""

import atexit
import contextlib
import io
import os
import sys
from typing import Any, TextIO

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class _Sink(io.FileIO):
    """A file that drops what cannot be written for a reason that is none of the program's."""

    def __init__(self, number: int, dropped: type[OSError], *, closefd: bool) -> None:
        super().__init__(number, "w", closefd=closefd)
        self._dropped = dropped

    def write(self, data: Any, /) -> int:
        """Writes bytes, or drops them, and returns how many they are."""
        try:
            return super().write(data)
        except self._dropped:
            return len(data)


def mend() -> None:
    """Makes the standard streams writable; call it before anything is printed or opened."""
    for number in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(number)
        except OSError:
            _lead_nowhere(number)
    if sys.stdout is sys.__stdout__:  # tests put their own in its place
        is_lined = isinstance(sys.stdout, io.TextIOWrapper) and (
            sys.stdout.line_buffering or sys.stdout.write_through  # of `python -u`
        )
        sys.stdout = _writer(_STDOUT, BrokenPipeError, sys.stdout, closefd=False, is_lined=is_lined)
        atexit.register(_flush_what_can_be)
    if sys.stderr is sys.__stderr__:
        # Of a full disk under stderr, too, nobody can be told.
        sys.stderr = _writer(_STDERR, OSError, sys.stderr, closefd=False)


def copy_of_stderr() -> TextIO:
    """Returns a stream that goes on leading to where stderr leads now."""
    return _writer(os.dup(_STDERR), OSError, sys.stderr, closefd=True)


def flush() -> None:
    """Writes what stdout holds back. If that fails it is dropped, or Python would complain once more when it exits.

    Raises:
        OSError: It cannot be written, as on a full disk.
    """
    try:
        sys.stdout.flush()
    except OSError:
        _lead_nowhere(_STDOUT)
        raise


def _writer(
    number: int, dropped: type[OSError], like: TextIO | None, *, closefd: bool, is_lined: bool = True
) -> TextIO:
    buffer = io.BufferedWriter(_Sink(number, dropped, closefd=closefd))
    encoding = like.encoding if like is not None else "utf-8"
    return io.TextIOWrapper(buffer, encoding, errors="backslashreplace", line_buffering=is_lined)


def _lead_nowhere(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null == number:
        os.set_inheritable(number, True)
    else:
        os.dup2(null, number)
        os.close(null)


def _flush_what_can_be() -> None:
    with contextlib.suppress(OSError):
        flush()
