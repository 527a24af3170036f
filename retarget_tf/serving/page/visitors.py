"""Who uses the page, by a cookie: one dance at a time for each, and their files, which are deleted when they leave."""

import contextlib
import pathlib
import secrets
import shutil
import threading
import time
from collections.abc import Callable

from retarget_tf.serving.page.jobs import Job, Jobs


class Visitor:
    """Somebody who uses the page, in one or more windows.

    Attributes:
        folder: The folder of this visitor's files.
        job: The dance that was asked for last.
        uploads: The files that were given.
        forgetting: Held while all files are deleted.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.job: Job | None = None
        self.uploads: set[pathlib.Path] = set()
        self.forgetting = threading.Lock()
        self._windows: set[str] = set()
        self._seen = time.monotonic()

    @property
    def is_busy(self) -> bool:
        """Whether a dance waits or is made."""
        return self.job is not None and not self.job.is_over

    def opened(self, window: str) -> None:
        """Notes that a window shows the page."""
        self._windows.add(window)
        self._seen = time.monotonic()

    def closed(self, window: str) -> None:
        """Notes that a window was closed, or loads the page anew."""
        self._windows.discard(window)
        self._seen = time.monotonic()

    def seen(self) -> None:
        """Notes a sign of life."""
        self._seen = time.monotonic()

    def wait_until_forgotten(self) -> None:
        """Waits until files that are being deleted are gone."""
        with self.forgetting:
            return

    def is_gone(self, seconds: float) -> bool:
        """Whether no window has shown the page for so long."""
        return not self._windows and time.monotonic() - self._seen > seconds


class Visitors:
    """All visitors, and the folder of their files.

    Args:
        folder: An empty folder.
        jobs: Makes their dances.
        keep_seconds: How long files are kept after the last window was closed, and uploads that are nobody's.
    """

    def __init__(self, folder: pathlib.Path, jobs: Jobs, keep_seconds: float) -> None:
        self._jobs, self._keep_seconds = jobs, keep_seconds
        self.uploads, self._folders = folder / "uploads", folder / "visitors"
        for made in (self.uploads, self._folders):
            made.mkdir(mode=0o700)
        self._visitors: dict[str, Visitor] = {}
        self._own: set[pathlib.Path] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_now_and_then, daemon=True)
        self._sweeper.start()

    def of(self, name: str) -> Visitor:
        """Returns the visitor with this cookie."""
        with self._lock:
            if name not in self._visitors:
                folder = self._folders / secrets.token_urlsafe(24)  # its name is in addresses, so nobody may guess it
                folder.mkdir(mode=0o700)
                self._visitors[name] = Visitor(folder)
            visitor = self._visitors[name]
            visitor.seen()
            return visitor

    def begin(self, visitor: Visitor, task: Callable[[pathlib.Path], Job]) -> Job:
        """Puts a dance in the row, in the place of the visitor's last one.

        Args:
            visitor: Who asks for it; is not busy.
            task: Makes the job, given an empty folder for its files.

        Raises:
            FullError: Too many dances wait.
        """
        before = visitor.job
        folder = visitor.folder / secrets.token_hex(4)
        folder.mkdir(mode=0o700)
        try:
            job = task(folder)
            self._jobs.add(job)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        visitor.job = job
        if before is not None:
            shutil.rmtree(before.task.folder, ignore_errors=True)
        return job

    def keep_what_is_there(self) -> None:
        """Keeps what lies among the uploads now: the page's own pictures."""
        self._own = set(self.uploads.rglob("*"))

    def forget(self, visitor: Visitor) -> None:
        """Deletes all files of a visitor; a dance of hers is given up."""
        with visitor.forgetting:
            job, visitor.job = visitor.job, None  # first, so that no window shows how it ends
            if job is not None:
                self._jobs.cancel(job)
            shutil.rmtree(visitor.folder, ignore_errors=True)
            visitor.folder.mkdir(mode=0o700)
            with self._lock:
                others = [other for other in self._visitors.values() if other is not visitor]
            for upload in visitor.uploads.difference(*(other.uploads for other in others), self._own):
                if upload.is_relative_to(self.uploads):
                    upload.unlink(missing_ok=True)
            visitor.uploads.clear()

    def sweep(self) -> None:
        """Deletes the files of those who are gone, and uploads that have lain long enough."""
        with self._lock:
            gone = {name: visitor for name, visitor in self._visitors.items() if visitor.is_gone(self._keep_seconds)}
            for name in gone:
                del self._visitors[name]
        for visitor in gone.values():
            self.forget(visitor)
            visitor.folder.rmdir()
        with self._lock:
            kept = self._own.union(*(visitor.uploads for visitor in self._visitors.values()))
        now = time.time()
        for upload in set(self.uploads.rglob("*")) - kept:
            with contextlib.suppress(FileNotFoundError):
                if upload.is_file() and now - upload.stat().st_ctime > self._keep_seconds:  # when it came here
                    upload.unlink()

    def close(self) -> None:
        """Stops looking for those who are gone."""
        self._closed.set()
        self._sweeper.join()

    def _sweep_now_and_then(self) -> None:
        while not self._closed.wait(min(self._keep_seconds / 4, 30)):
            self.sweep()
