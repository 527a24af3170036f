"""The dances that visitors ask for: they wait in a row, are made one after the other, and can be given up."""

import shutil
import threading
import time
from collections.abc import Sequence

from absl import logging

from retarget_tf.serving.page.task import DANCE, FIND, LOOK, MAPS, Task
from retarget_tf.serving.page.worker import Worker, WorkerGoneError

WAITING, RUNNING, DONE, REFUSED, CANCELLED, FAILED = "waiting", "running", "done", "refused", "cancelled", "failed"
# Seconds that a step usually takes on two cores, before its first frame and for each frame: once a part of the work is
# done only their ratios count.
_USUAL = {LOOK: (3.0, 0.0), FIND: (1.0, 0.12), DANCE: (2.0, 0.03), MAPS: (2.0, 0.05)}


class FullError(RuntimeError):
    """Too many dances wait."""


class Job:
    """A dance that a visitor asked for; its attributes change while it is made.

    Attributes:
        task: What is made.
        state: `WAITING`, then `RUNNING`, then one of the others.
        step: The step of the work, None before it begins.
        done: Frames of the step that are done.
        total: Frames of the step; None if that is not known.
        at: Place of the page whose input is worked on.
        made: Files that are ready.
        notes: What a visitor should know, with the place of the page that it is of.
        refusal: Place and text, if an input cannot be used.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.state = WAITING
        self.step: str | None = None
        self.done, self.total = 0, None
        self.at = ""
        self.made: list[object] = []
        self.notes: list[tuple[str, str]] = []
        self.refusal: tuple[str, str] | None = None
        self._began = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will change."""
        return self.state not in (WAITING, RUNNING)

    @property
    def shows_dance(self) -> bool:
        """Whether the dance can be played already."""
        return self.task.dance in self.made

    @property
    def share(self) -> float:
        """How much of all the work is done, from 0 to 1, as far as can be told."""
        steps = self._steps()
        if self.step not in steps:
            return 0.0
        of_steps = {name: begin + frame * self.task.frames for name, (begin, frame) in steps.items()}
        before = list(steps)[: list(steps).index(self.step)]
        begin, frame = steps[self.step]
        within = min(self.done / max(self.total or self.task.frames, 1), 1.0)
        done = sum(of_steps[name] for name in before) + begin * (self.done > 0) + frame * within * self.task.frames
        return done / sum(of_steps.values())

    @property
    def seconds_left(self) -> float | None:
        """How long it will take, as far as can be told; None at the beginning."""
        share, taken = self.share, time.monotonic() - self._began
        if self.state != RUNNING or share < 0.05 or taken < 1:
            return None
        return taken * (1 - share) / share

    def _steps(self) -> dict[str, tuple[float, float]]:
        steps = dict(_USUAL)
        if self.task.photo.clip:
            steps.pop(LOOK)
        if self.task.video.clip:
            steps.pop(FIND)
        return steps

    def begin(self) -> None:
        """Notes that the work begins."""
        self.state, self._began = RUNNING, time.monotonic()

    def hear(self, kind: str, *news: object) -> None:
        """Takes in the news of `making.make`."""
        match kind, *news:
            case "at", str(place):
                self.at = place
            case "step", str(name), int(done), total:
                self.step, self.done, self.total = name, done, total  # type: ignore[assignment]
            case "made", path:
                self.made.append(path)
            case "note", str(text):
                self.notes.append((self.at, text))
            case "refused", str(place), str(text) if self.state == RUNNING:
                self.state, self.refusal = REFUSED, (place, text)
            case "broken", str(text) if self.state == RUNNING:
                self.state = FAILED
                logging.error("a dance failed: %s", text)


class Jobs:
    """A row of jobs, and the processes that carry them out.

    Args:
        model: As for `Retargeter.load`.
        at_once: Number of processes.
        most: Largest number of jobs that wait.
        is_quiet: As in `Worker`.
    """

    def __init__(self, model: str, *, at_once: int, most: int, is_quiet: bool = True) -> None:
        self._model, self._most, self._is_quiet = model, most, is_quiet
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._running: dict[Job, Worker] = {}
        self._is_closed = False
        self._threads = [threading.Thread(target=self._carry_out, daemon=True) for _ in range(at_once)]

    def start(self) -> None:
        """Starts the processes; jobs may wait for them already."""
        for thread in self._threads:
            thread.start()

    def add(self, job: Job) -> None:
        """Puts a job at the end of the row.

        Raises:
            FullError: Too many wait.
        """
        with self._changed:
            if len(self._waiting) >= self._most:
                raise FullError
            self._waiting.append(job)
            self._changed.notify()

    def before(self, job: Job) -> int:
        """Returns how many dances are made or begun before this one."""
        with self._changed:
            return self._waiting.index(job) + len(self._running) if job in self._waiting else 0

    def cancel(self, job: Job) -> None:
        """Gives a job up, at once; what is ready of it stays."""
        with self._changed:
            if job.is_over:
                return
            job.state = CANCELLED
            if job in self._waiting:
                self._waiting.remove(job)
            elif job in self._running:
                self._running[job].end()

    def close(self) -> None:
        """Gives up all jobs and ends the processes."""
        with self._changed:
            self._is_closed = True
            jobs: Sequence[Job] = [*self._waiting, *self._running]
            self._changed.notify_all()
        for job in jobs:
            self.cancel(job)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _carry_out(self) -> None:
        worker = self._new_worker()
        try:
            while (job := self._next(worker)) is not None:
                try:
                    worker.run(job.task, job.hear)
                except WorkerGoneError:
                    worker.end()
                with self._changed:
                    del self._running[job]
                    if job.state == RUNNING:
                        job.state = DONE if worker.is_alive else FAILED
                    is_closed = self._is_closed
                if job.state == FAILED:
                    shutil.rmtree(job.task.folder, ignore_errors=True)
                if not worker.is_alive and not is_closed:
                    worker = self._new_worker()
        finally:
            worker.end()

    def _new_worker(self) -> Worker:
        return Worker(self._model, is_quiet=self._is_quiet)

    def _next(self, worker: Worker) -> Job | None:
        """Waits for a job and begins it; None when all is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._is_closed:
                return None
            job = self._waiting.pop(0)
            self._running[job] = worker
            job.begin()
            return job
