"""Data that several files of tests share: dancers with surface maps."""

import pathlib

import pytest

from retarget_tf import dancers
from retarget_tf.dataset import records


@pytest.fixture(scope="session")
def dancer_clips(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Three dancers of 20 frames of 128 pixels."""
    folder = tmp_path_factory.mktemp("clips")
    dancers.make_clips(folder, people=3, clips_per_person=1, frames=20, size=128, seed=5, with_surfaces=True)
    return folder


@pytest.fixture(scope="session")
def dancer_records(dancer_clips: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> records.Manifest:
    """Their records of 10 frames: two dancers to train on in one shard, one to test."""
    config = records.BuildConfig(surfaces=True, segment_frames=10, validation_share=0, test_share=0.34, shards=1)
    return records.build_records([dancer_clips], tmp_path_factory.mktemp("records") / "records", config)
