"""What earlier versions wrote is read by this one: clips, records, generators, SavedModels, trainings to go on with.

`tests/data/README.md` says what the archives hold.
"""

import csv
import pathlib
import shutil
import tarfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from retarget_tf.dataset import records
from retarget_tf.networks.config import read_generator_spec
from tests.data import make

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=sorted(make.FOLDER.glob("v*.tar.xz")), ids=lambda path: path.name)
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The unpacked archive of one version."""
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(request.param) as archive:
        archive.extractall(folder, filter="data")
    return folder


def check_as_it_was(old: pathlib.Path, name: str, now: Mapping[str, Any]) -> None:
    """Compares with what the old version made of it; this one may have more to say."""
    with np.load(old / "expected" / f"{name.replace('/', '_')}.npz") as expected:
        assert len(expected) > 0
        for key, array in expected.items():
            np.testing.assert_array_equal(now[key], array, err_msg=key)


def test_a_clip_is_the_same(old: pathlib.Path) -> None:
    check_as_it_was(old, "clip", make.clip_contents(old))


def test_records_are_whole_and_give_the_same_first_batch(old: pathlib.Path) -> None:
    records.Manifest.load(old / "records").verify()
    check_as_it_was(old, "batch", make.first_batch(old))


@pytest.mark.parametrize("model", make.MODELS)
def test_a_model_gives_the_same_maps(old: pathlib.Path, model: str) -> None:
    maps = make.retargeted_maps(old, model)
    assert len(np.unique(maps)) > 2
    check_as_it_was(old, model, {"maps": maps, **(make.served_outputs(old / model) if "export" in model else {})})


@pytest.mark.parametrize("preset", make.PRESETS)
def test_a_training_goes_on(old: pathlib.Path, preset: str, tmp_path: pathlib.Path) -> None:
    folder = pathlib.Path(shutil.copytree(old, tmp_path / "old"))
    make.train(folder, preset, steps=3)
    assert read_generator_spec(folder / preset / "generator.json").step == 3
    with (folder / preset / "history.csv").open(newline="") as history:
        rows = list(csv.DictReader(history))
    assert [row["step"] for row in rows] == ["1", "2", "3"]
    assert all(np.isfinite(float(value)) for row in rows for value in row.values())
