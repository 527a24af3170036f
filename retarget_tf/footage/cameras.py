"""Pictures as they are taken: by a camera, or by playing a file as if it were one."""

import contextlib
import threading
import time
from collections.abc import Generator
from typing import NamedTuple

import cv2

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import video


class Shot(NamedTuple):
    """A picture and when it was taken.

    Attributes:
        picture: RGB uint8 `[height, width, 3]`.
        taken: Time by `time.monotonic()`, in seconds.
    """

    picture: Uint8Array
    taken: float


def camera(number: int) -> Generator[Shot, None, None]:
    """Yields what a camera sees, without end.

    Args:
        number: Number of the camera, from 0.

    Raises:
        InputDataError: There is no such camera, it is in use, or it stops.
    """
    capture = cv2.VideoCapture(number)
    try:
        if not capture.isOpened():
            raise InputDataError(
                f"camera {number}: cannot be opened; it is not there, or another program uses it. "
                "Give another number as --camera."
            )
        while True:
            is_there, picture = capture.read()
            if not is_there:
                raise InputDataError(f"camera {number}: gives no more pictures. Check its cable, and run this again.")
            yield Shot(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), time.monotonic())
    finally:
        capture.release()


def played(path: files.PathLike) -> Generator[Shot, None, None]:
    """Yields the frames of a video, each at its time, as if a camera took them now.

    Raises:
        InputDataError: The video cannot be read.
    """
    start: float | None = None
    for frame in video.read_timed_frames(path):
        start = start if start is not None else time.monotonic()
        taken = start + frame.seconds
        time.sleep(max(0.0, taken - time.monotonic()))
        yield Shot(frame.frame, taken)


def newest(shots: Generator[Shot, None, None]) -> Generator[Shot, None, None]:
    """Yields the newest shot each time; those that were taken in between are dropped.

    Args:
        shots: Read by a thread, and closed in the end. An error in it is raised when the next shot is due.
    """
    latest = _Latest()
    thread = threading.Thread(target=latest.read, args=(shots,), daemon=True)
    thread.start()
    try:
        while (shot := latest.take()) is not None:
            yield shot
    finally:
        latest.is_closed = True
        thread.join()


class _Latest:
    """Hands the newest shot from the thread that reads to the one that takes."""

    def __init__(self) -> None:
        self.is_closed = False
        self._changed = threading.Condition()
        self._shot: Shot | None = None
        self._has_ended = False
        self._error: Exception | None = None

    def read(self, shots: Generator[Shot, None, None]) -> None:
        with contextlib.closing(shots):
            try:
                for shot in shots:
                    if self.is_closed:
                        return
                    self._tell(shot, has_ended=False)
            except Exception as error:
                self._error = error
        self._tell(self._shot, has_ended=True)

    def take(self) -> Shot | None:
        """Waits for a shot that was not taken yet; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._shot is not None or self._has_ended)
            shot, self._shot = self._shot, None
        if shot is None and self._error is not None:
            raise self._error
        return shot

    def _tell(self, shot: Shot | None, *, has_ended: bool) -> None:
        with self._changed:
            self._shot, self._has_ended = shot, has_ended
            self._changed.notify()
