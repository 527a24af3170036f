"""Tests of the row of dances: one after the other, given up, and what is said of them."""

import pathlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from retarget_tf.serving.page import jobs, words
from retarget_tf.serving.page.jobs import CANCELLED, DONE, FAILED, REFUSED, RUNNING, WAITING, FullError, Job, Jobs
from retarget_tf.serving.page.task import DANCE, FIND, LOOK, MAPS, PHOTO, VIDEO, Given, Task
from retarget_tf.serving.page.worker import WorkerGoneError
from tests.testing import wait_until


class FakeWorker:
    """Carries tasks out when it is let, in the order of `begun`."""

    begun: list[Task]
    go_on: threading.Semaphore

    def __init__(self, _: str, *, is_quiet: bool) -> None:
        self._ended = threading.Event()

    @property
    def is_alive(self) -> bool:
        """Whether it was not ended."""
        return not self._ended.is_set()

    def run(self, task: Task, hear: Callable[..., Any]) -> None:
        """Waits until it is let go on."""
        self.begun.append(task)
        while not self.go_on.acquire(timeout=0.01):
            if self._ended.is_set():
                raise WorkerGoneError
        hear("step", DANCE, 5, 9)
        if task.photo.path.stem == "bad":
            hear("refused", PHOTO, "photo bad.jpg: is bad. Give another.")
        if task.photo.path.stem == "bug":
            hear("broken", "Traceback")
        if task.photo.path.stem == "crash":
            self._ended.set()
            raise WorkerGoneError

    def end(self) -> None:
        """Ends what it does."""
        self._ended.set()


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    FakeWorker.begun, FakeWorker.go_on = [], threading.Semaphore(0)
    monkeypatch.setattr(jobs, "Worker", FakeWorker)
    made = Jobs("model", at_once=1, most=2)
    made.start()
    yield made
    made.close()


def job_of(folder: pathlib.Path, name: str = "me", *, clip: pathlib.Path | None = None) -> Job:
    return Job(Task(folder, Given(folder / f"{name}.jpg", clip), Given(folder / "dance.mp4", clip), 9))


def test_one_is_made_after_the_other(row: Jobs, tmp_path: pathlib.Path) -> None:
    first, second = job_of(tmp_path, "first"), job_of(tmp_path, "second")
    row.add(first)
    wait_until(lambda: first.state == RUNNING)
    row.add(second)
    assert (second.state, row.before(first), row.before(second)) == (WAITING, 0, 1)
    FakeWorker.go_on.release()
    wait_until(lambda: second.state == RUNNING)
    assert first.state == DONE
    assert row.before(second) == 0
    FakeWorker.go_on.release()
    wait_until(lambda: second.state == DONE)
    assert FakeWorker.begun == [first.task, second.task]


def test_one_that_waits_or_runs_is_given_up(row: Jobs, tmp_path: pathlib.Path) -> None:
    first, second, third = (job_of(tmp_path, name) for name in "abc")
    row.add(first)
    wait_until(lambda: first.state == RUNNING)
    row.add(second)
    row.add(third)
    row.cancel(second)
    assert second.state == CANCELLED
    row.cancel(first)
    wait_until(lambda: third.state == RUNNING)
    assert first.state == CANCELLED
    FakeWorker.go_on.release()
    wait_until(lambda: third.state == DONE)
    row.cancel(third)
    assert third.state == DONE
    assert FakeWorker.begun == [first.task, third.task]


def test_only_so_many_wait(row: Jobs, tmp_path: pathlib.Path) -> None:
    first = job_of(tmp_path)
    row.add(first)
    wait_until(lambda: first.state == RUNNING)
    row.add(job_of(tmp_path))
    row.add(job_of(tmp_path))
    with pytest.raises(FullError):
        row.add(job_of(tmp_path))


@pytest.mark.parametrize(("name", "state"), [("bad", REFUSED), ("bug", FAILED), ("crash", FAILED)])
def test_a_failure_does_not_stop_the_row(name: str, state: str, row: Jobs, tmp_path: pathlib.Path) -> None:
    bad, good = job_of(tmp_path, name), job_of(tmp_path)
    row.add(bad)
    row.add(good)
    FakeWorker.go_on.release(2)
    wait_until(lambda: good.is_over)
    assert (bad.state, good.state) == (state, DONE)


def test_closing_gives_all_up(row: Jobs, tmp_path: pathlib.Path) -> None:
    first, second = job_of(tmp_path), job_of(tmp_path)
    row.add(first)
    wait_until(lambda: first.state == RUNNING)
    row.add(second)
    row.close()
    assert first.state == second.state == CANCELLED


def test_the_share_of_the_work_grows_to_one(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for job in (job_of(tmp_path), job_of(tmp_path, clip=tmp_path)):
        now = [0.0]
        monkeypatch.setattr("time.monotonic", lambda now=now: now[0])
        job.begin()
        shares = []
        for step in (LOOK, FIND, DANCE, MAPS) if job.task.photo.clip is None else (DANCE, MAPS):
            for done in (0, 4, 9):
                job.hear("step", step, done, 9)
                shares.append(job.share)
        assert shares == sorted(shares)
        assert shares[0] == 0
        assert shares[-1] == pytest.approx(1)
    job.hear("step", MAPS, 0, 9)
    now[0] = 30.0
    assert job.seconds_left == pytest.approx(30 * (1 - job.share) / job.share)


def test_what_is_said_is_escaped_and_says_no_folder(tmp_path: pathlib.Path) -> None:
    job = job_of(tmp_path, "<img src=x onerror=alert(1)>")
    job.begin()
    job.hear("at", PHOTO)
    job.hear("note", f"photo {job.task.photo.path}: 2 people are seen in it")
    job.hear("made", job.task.dance)
    shown = words.notes(job, PHOTO) + words.pair(job.task.photo.path, job.task.dance, "a <b>")
    assert "<img" not in shown
    assert "<b>" not in shown
    assert f"photo {tmp_path}" not in shown
    assert "2 people are seen" in shown
    assert words.notes(job, VIDEO) == ""
    job.hear("refused", VIDEO, "video <x>: is bad. Give another.")
    assert 'role="alert"' in words.notes(job, VIDEO)
    assert "&lt;x&gt;" in words.notes(job, VIDEO)
    assert "the video" in words.heading(job, 0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (2, "nearly done"), (6, "about 5 s left"), (63, "about 65 s left"), (200, "about 3 min left")],
)
def test_time_left_in_words(seconds: float | None, said: str) -> None:
    assert words._time_left(seconds) == said
