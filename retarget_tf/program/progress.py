"""Progress of long work on frames: drawn as a bar, told to a function, or neither."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
Tell = Callable[[str, int, int | None], object]
Progress = bool | Tell
"""True draws a bar, False nothing. A function is told the name of the work, how many frames are done, and of how many
(None if that is not known), before the first frame and after each. What it raises ends the work."""


@contextlib.contextmanager
def counted(items: Iterable[Item], name: str, total: int | None, progress: Progress) -> Iterator[Iterable[Item]]:
    """Gives the items back one by one, and shows in the meantime how many are done.

    Args:
        items: What is worked on.
        name: What the work is called.
        total: How many items there are; None if that is not known.
        progress: How it is shown.
    """
    if callable(progress):
        yield _told(items, name, total, progress)
        return
    with tqdm(items, name, total, unit="frame", disable=not progress) as shown:
        yield shown


def _told(items: Iterable[Item], name: str, total: int | None, tell: Tell) -> Iterator[Item]:
    tell(name, 0, total)
    for done, item in enumerate(items, 1):
        yield item
        tell(name, done, total)
