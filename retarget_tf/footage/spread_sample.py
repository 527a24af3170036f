"""Keeps evenly spaced items of a stream of unknown length.

The kept items are those whose positions are multiples of a stride. The stride begins at 1 and is doubled whenever there
are too many items.
"""

from typing import Generic, TypeVar

T = TypeVar("T")


class SpreadSample(Generic[T]):
    """Keeps at most `most` items of a stream, and at least half as many if the stream is long enough.

    Attributes:
        items: The kept items by position in the stream, in order.
    """

    def __init__(self, most: int) -> None:
        self.items: dict[int, T] = {}
        self._most, self._stride = most, 1

    def wants(self, position: int) -> bool:
        """Whether `add` would keep the item at `position`; ask first if the item is costly to make."""
        return position % self._stride == 0

    def add(self, position: int, item: T) -> None:
        """Adds an item if it is wanted; positions must increase from call to call."""
        if self.wants(position):
            self.items[position] = item
        while len(self.items) > self._most:
            self._stride *= 2
            self.items = {kept: item for kept, item in self.items.items() if self.wants(kept)}
