"""Tests of the progress that is told to a function."""

import pytest

from retarget_tf.program.progress import counted


@pytest.mark.parametrize("progress", [False, True])
def test_items_come_through(progress: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with counted("abc", "work", 3, progress) as items:
        assert list(items) == ["a", "b", "c"]
    assert ("work" in capsys.readouterr().err) == progress


def test_a_function_is_told_before_the_first_and_after_each() -> None:
    told: list[object] = []
    with counted("ab", "work", None, lambda *news: told.append(news)) as items:
        for item in items:
            told.append(item)
    assert told == [("work", 0, None), "a", ("work", 1, None), "b", ("work", 2, None)]


def test_what_the_function_raises_ends_the_work() -> None:
    def stop(_: str, done: int, __: int | None) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with counted("abc", "work", 3, stop) as items:
        left = iter(items)
        assert [next(left), next(left)] == ["a", "b"]
        with pytest.raises(KeyboardInterrupt):
            next(left)
