"""Tests of the sample that is kept of a stream of any length, by hand."""

import itertools

import pytest

from retarget_tf.footage.spread_sample import SpreadSample


def test_every_second_one_goes_when_there_are_too_many() -> None:
    sample = SpreadSample[str](4)
    for position, item in enumerate("abcd"):
        sample.add(position, item)
    assert sample.items == {0: "a", 1: "b", 2: "c", 3: "d"}
    sample.add(4, "e")
    assert sample.items == {0: "a", 2: "c", 4: "e"}
    assert [sample.wants(position) for position in (5, 6)] == [False, True]
    sample.add(5, "f")
    assert sample.items == {0: "a", 2: "c", 4: "e"}


@pytest.mark.parametrize("length", [1, 7, 64, 1000])
def test_what_is_kept_is_evenly_spread(length: int) -> None:
    sample = SpreadSample[int](8)
    for position in range(length):
        sample.add(position, 10 * position)
    kept = list(sample.items)
    assert min(length, 4) <= len(kept) <= 8
    assert len({after - before for before, after in itertools.pairwise(kept)}) <= 1
    assert length - kept[-1] <= (kept[1] - kept[0] if len(kept) > 1 else 1)
    assert all(item == 10 * position for position, item in sample.items.items())


def test_items_that_are_left_out_do_not_count() -> None:
    sample = SpreadSample[int](4)
    for position in range(0, 64, 2):  # only even positions have one
        sample.add(position, position)
    assert list(sample.items) == [0, 16, 32, 48]
