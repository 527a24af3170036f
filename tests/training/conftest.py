"""Fixtures of the tests of trainings."""

import pathlib
import shutil

import pytest

from retarget_tf.dataset import records
from tests.testing import make_clip_folder


@pytest.fixture(scope="package")
def records_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Records of three people, a clip of 8 frames each."""
    folder = tmp_path_factory.mktemp("data")
    for person in range(3):
        make_clip_folder(folder / "clips", clip_id=f"clip_{person}", person_id=f"person_{person}", frames=8)
    config = records.BuildConfig(segment_frames=4, validation_share=0.34, test_share=0.34)
    records.build_records([folder / "clips"], folder / "records", config)
    return folder / "records"


@pytest.fixture
def workdir(trained: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the finished workdir `trained` of the test's module."""
    return pathlib.Path(shutil.copytree(trained, tmp_path / "work"))
