"""Tests of whose files are whose, and when they are deleted."""

import os
import pathlib
from collections.abc import Iterator
from typing import cast

import pytest

from retarget_tf.serving.page.jobs import CANCELLED, Job, Jobs
from retarget_tf.serving.page.task import Given, Task
from retarget_tf.serving.page.visitors import Visitor, Visitors


class FakeJobs:
    """Takes jobs, and gives them up."""

    def add(self, job: Job) -> None:
        """Takes a job."""

    def cancel(self, job: Job) -> None:
        """Gives it up."""
        job.state = CANCELLED


@pytest.fixture
def visitors(tmp_path: pathlib.Path) -> Iterator[Visitors]:
    made = Visitors(tmp_path, cast(Jobs, FakeJobs()), 1000)
    yield made
    made.close()


def begin(visitors: Visitors, visitor: Visitor) -> Job:
    def task(folder: pathlib.Path) -> Job:
        (folder / "me.jpg").write_text("me")
        return Job(Task(folder, Given(folder / "me.jpg"), Given(folder / "dance.mp4"), 9))

    return visitors.begin(visitor, task)


def upload(visitors: Visitors, name: str, *owners: Visitor) -> pathlib.Path:
    path = visitors.uploads / "digest" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(name)
    for owner in owners:
        owner.uploads.add(path)
    return path


def test_a_visitor_keeps_files_while_a_window_is_open(visitors: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = visitors.of("ada")
    visitor.opened("window")
    job = begin(visitors, visitor)
    given = upload(visitors, "me.jpg", visitor)
    monkeypatch.setattr("time.monotonic", lambda: 1e9)
    visitors.sweep()
    assert job.task.folder.is_dir()
    assert given.is_file()
    assert visitors.of("ada") is visitor
    visitor.closed("window")
    monkeypatch.setattr("time.monotonic", lambda: 1e9 + 999)
    visitors.sweep()
    assert job.task.folder.is_dir()
    monkeypatch.setattr("time.monotonic", lambda: 1e9 + 1001)
    visitors.sweep()
    assert not visitor.folder.exists()
    assert not given.exists()
    assert job.state == CANCELLED
    assert visitors.of("ada") is not visitor


def test_uploads_of_nobody_go_after_a_time(visitors: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
    own, fresh = upload(visitors, "page's own"), visitors.uploads / "new"
    os.utime(own, (0, 0))
    visitors.keep_what_is_there()
    fresh.write_text("x")
    os.utime(fresh, (0, 0))  # a copied file may have any time
    visitors.sweep()
    assert fresh.is_file()
    came = fresh.stat().st_ctime
    monkeypatch.setattr("time.time", lambda: came + 1001)
    visitors.sweep()
    assert own.is_file()
    assert not fresh.exists()


def test_forgetting_deletes_what_is_only_the_visitors(visitors: Visitors) -> None:
    ada, bo = visitors.of("ada"), visitors.of("bo")
    job = begin(visitors, ada)
    mine, ours = upload(visitors, "mine", ada), upload(visitors, "ours", ada, bo)
    visitors.forget(ada)
    assert not job.task.folder.exists()
    assert not mine.exists()
    assert ours.is_file()
    assert ada.job is None
    assert ada.folder.is_dir()


def test_the_next_dance_takes_the_place_of_the_last(visitors: Visitors) -> None:
    ada = visitors.of("ada")
    first = begin(visitors, ada)
    second = begin(visitors, ada)
    assert not first.task.folder.exists()
    assert second.task.folder.is_dir()


def test_folders_cannot_be_guessed_and_are_nobody_elses(visitors: Visitors) -> None:
    folder = visitors.of("ada").folder
    assert len(folder.name) >= 32
    assert folder.stat().st_mode & 0o077 == 0
