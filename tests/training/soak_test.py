"""Runs `tests/benchmarks/training_soak.py` for a few starts."""

import pathlib

import pytest

from tests.benchmarks import training_soak


@pytest.mark.slow
def test_whatever_happens_the_same_command_ends_with_the_same_bits(tmp_path: pathlib.Path) -> None:
    tally = training_soak.soak(tmp_path, ["paper"], seconds=1, seed=4, most_disturbed=2)
    assert not tally.faults, tally.faults[:5]
    assert tally.counts["paper: finished"] == 1, tally.counts
