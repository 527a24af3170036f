"""Runs `tests/benchmarks/training_soak.py` for a few starts, in a process of its own."""

import pytest

from tests.testing import run_program


@pytest.mark.slow
def test_whatever_happens_the_same_command_ends_with_the_same_bits() -> None:
    flags = ("--minutes=0.01", "--preset=paper", "--most_disturbed=2", "--seed=4")
    done = run_program("tests.benchmarks.training_soak", *flags)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "paper: finished" in done.stdout
