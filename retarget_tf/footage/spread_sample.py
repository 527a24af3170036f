"""A few items of a stream, evenly spread over it, although its length is not known before its end.

Every item is kept at first. Whenever too many are there, every second one goes, and from then on half as many come: the
items kept are always those at the multiples of a stride, which is a power of two.
"""

from typing import Generic, TypeVar

T = TypeVar("T")


class SpreadSample(Generic[T]):
    """Keeps between `most / 2` and `most` items of a stream that offers each of its items.

    Attributes:
        items: what is kept, by position in the stream, in order.
    """

    def __init__(self, most: int) -> None:
        self.items: dict[int, T] = {}
        self._most, self._stride = most, 1

    def wants(self, position: int) -> bool:
        """Whether the item at a position would be kept: ask first where it is costly to make."""
        return position % self._stride == 0

    def add(self, position: int, item: T) -> None:
        """Keeps an item that is wanted; positions grow from call to call."""
        if self.wants(position):
            self.items[position] = item
        while len(self.items) > self._most:
            self._stride *= 2
            self.items = {kept: item for kept, item in self.items.items() if self.wants(kept)}
