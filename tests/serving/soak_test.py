"""Runs `tests/benchmarks/serving_soak.py` for ten seconds."""

import pathlib
import sys

import pytest

from tests.benchmarks import serving_soak


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the server's memory from /proc")
def test_good_requests_survive_bad_company(tmp_path: pathlib.Path) -> None:
    tally = serving_soak.soak(tmp_path, seconds=10, clients=4, preset="paper")
    assert not tally.faults, tally.faults[:5]
    assert tally.counts["serving_default"] > 0
