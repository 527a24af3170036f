"""Tests of work in other processes and threads: results, errors, and that it ends with what started it."""

import os
import pathlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from retarget_tf import parallel
from retarget_tf.errors import ConfigError, InputDataError
from tests import testing


def square(number: int) -> int:
    return number * number


def refuse_three(task: tuple[pathlib.Path, int]) -> int:
    folder, number = task
    if number == 3:
        raise InputDataError("clip 3: is bad. Make it again.")
    if number > 3:
        time.sleep(60)
        (folder / f"{number} was waited for").touch()
    return number


def die(number: int) -> None:
    os._exit(9)


def note_and_sleep(folder: str) -> None:
    (pathlib.Path(folder) / str(os.getpid())).touch()
    time.sleep(120)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers: int) -> None:
    done: list[int] = []
    parallel.for_each(square, range(5), workers=workers, on_done=done.append)
    assert sorted(done) == [0, 1, 4, 9, 16]
    with pytest.raises(ConfigError, match="Received: workers=0"):
        parallel.for_each(square, [1], workers=0)


def test_an_error_comes_through_and_breaks_off_the_rest(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match="clip 3: is bad"):
        parallel.for_each(refuse_three, [(tmp_path, number) for number in (1, 4, 3, 5, 6)], workers=2)
    assert not list(tmp_path.iterdir())


def test_a_worker_that_is_killed_is_told() -> None:
    with pytest.raises(ChildProcessError, match=r"2 worker processes was killed.*fewer --workers"):
        parallel.for_each(die, [1, 2], workers=2)


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_parent(tmp_path: pathlib.Path) -> None:
    script = (
        "from retarget_tf import parallel; from tests import parallel_test\n"
        f"parallel.for_each(parallel_test.note_and_sleep, [{str(tmp_path)!r}] * 2, workers=2)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=testing.ROOT)
    testing.wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    parent.kill()
    parent.wait()
    workers = [int(path.name) for path in tmp_path.iterdir()]
    testing.wait_until(lambda: not any(_is_alive(worker) for worker in workers))


def _is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in pathlib.Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def test_what_a_thread_computes_ahead_comes_in_order() -> None:
    assert list(parallel.ahead(range(10))) == list(range(10))
    assert list(parallel.ahead([])) == []


def test_the_thread_is_ahead_by_a_few_items_and_ends_with_its_reader() -> None:
    begun, closed = list[int](), threading.Event()

    def numbers() -> Iterator[int]:
        try:
            for number in range(100):
                begun.append(number)
                yield number
        finally:
            closed.set()

    reader = parallel.ahead(numbers(), most=3)
    assert next(reader) == 0
    reader.close()
    assert len(begun) <= 5
    del reader
    assert closed.wait(10)
    assert threading.active_count() == 1 or all("ThreadPool" not in thread.name for thread in threading.enumerate())


def test_an_iterator_may_be_collected_by_its_own_thread() -> None:
    is_read, outcome = threading.Event(), queue.SimpleQueue[Exception | None]()

    def items() -> Iterator[int]:
        yield 0
        assert is_read.wait(30)
        try:
            reading.close()  # as the garbage collector does
        except RuntimeError as error:
            outcome.put(error)
        else:
            outcome.put(None)
        yield 1

    reading = parallel.ahead(items())
    assert next(reading) == 0
    is_read.set()
    assert outcome.get(timeout=30) is None


def test_an_error_ahead_is_raised_in_its_place() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        yield 2
        raise InputDataError("video x: is damaged. Give another.")

    reader = parallel.ahead(numbers())
    assert [next(reader), next(reader)] == [1, 2]
    with pytest.raises(InputDataError, match="is damaged"):
        next(reader)
