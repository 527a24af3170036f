"""Runs each short benchmark on little data, so that a broken one is noticed."""

import pathlib

import pytest

from retarget_tf import dancers
from retarget_tf.dataset import records
from tests.testing import run_program

# Arguments, and a part of what is printed.
BENCHMARKS = {
    "bone_lengths": ("--people=2 --frames=8", "left_knee"),
    "frames_speed": ("--frames=12 --heights=64 --heights=96", "MB late"),
    "building_rate": ("--clips={folder}/clips --scratch={folder}/scratch --turns=1", "86"),
    "keypoint_filters_cross_person": ("--clips={folder}/clips --crossed={folder}/crossed", "arm never seen"),
    "limb_warp_speed": ("--clips={folder}/clips --runs=1", "128"),
    "pose_transform_cross_person": ("--clips={folder}/clips --crossed={folder}/crossed", "photo: + each limb"),
    "reading_rate": ("--records={folder}/records --turns=1 --batch_size=2", "streams"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Four dancers' `clips`, the same dances `crossed`, and `records` of the former."""
    made = tmp_path_factory.mktemp("benchmarks")
    dancers.make_clips(made / "clips", people=4, clips_per_person=1, frames=8, size=32, seed=5, workers=1)
    dancers.make_cross_clips(made / "crossed", made / "clips", workers=1)
    config = records.BuildConfig(validation_share=0, test_share=0)
    records.build_records([made / "clips"], made / "records", config)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_a_benchmark_runs(folder: pathlib.Path, benchmark: str) -> None:
    arguments, told = BENCHMARKS[benchmark]
    done = run_program(f"tests.benchmarks.{benchmark}", *arguments.format(folder=folder).split())
    assert done.returncode == 0, done.stderr[-2000:]
    assert told in done.stdout
