"""Tests of what goes wrong around checkpoints: nothing that was learned is lost, and nobody believes in what failed."""

import dataclasses
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf import files
from retarget_tf.errors import ConfigError, TrainingError
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.training import callbacks, checkpoints, loop
from retarget_tf.training.config import TrainingConfig
from retarget_tf.training.learner import Learner
from retarget_tf.training.run_settings import write_settings

MODEL = ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=2)
CONFIG = TrainingConfig.of_preset("stable", batch_size=2, steps=4, log_every=1, sample_every=100, checkpoint_every=2)
LONGER = dataclasses.replace(CONFIG, steps=5)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(records_folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("trained")
    assert loop.train(records_folder, folder, MODEL, CONFIG) == 4
    return folder


def rows(workdir: pathlib.Path) -> list[str]:
    return [line.split(",")[0] for line in (workdir / "history.csv").read_text().splitlines()[1:]]


@pytest.mark.parametrize("content", [None, "", "nonsense", 'model_checkpoint_path: "ckpt-9"'])
def test_whatever_became_of_their_list_the_newest_is_found(
    records_folder: pathlib.Path, workdir: pathlib.Path, content: str | None
) -> None:
    listed = workdir / "checkpoints" / "checkpoint"
    listed.unlink()
    if content is not None:
        listed.write_text(content)
    assert loop.train(records_folder, workdir, MODEL, LONGER) == 5
    assert rows(workdir) == ["1", "2", "3", "4", "5"], "steps 1 to 4 were not repeated"


def test_what_a_killed_write_left_behind_goes(records_folder: pathlib.Path, workdir: pathlib.Path) -> None:
    half = workdir / ".generator.5165c7aa.tmp.keras"
    half.touch()
    folder = workdir / "checkpoints"
    (folder / "ckpt-7_temp").mkdir()
    (folder / "ckpt-7_temp" / "part-00000").write_bytes(b"half")
    (folder / "checkpoint.tmp0a1b2c3d").write_bytes(b"half")
    (folder / "ckpt-7.data-00000-of-00001").write_bytes(b"half")
    assert loop.train(records_folder, workdir, MODEL, LONGER) == 5
    assert not list(folder.glob("ckpt-7*"))
    assert not list(folder.glob("checkpoint.tmp*"))
    assert not half.exists()


def test_a_start_that_died_early_does_not_drop_the_initial_weights(
    records_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    generator.save_generator(generator.build_generator(MODEL, seed=5), GeneratorSpec(MODEL, 0.7), tmp_path / "first")
    still = dataclasses.replace(CONFIG, learning_rate=1e-12, steps=1)
    write_settings(tmp_path / "work", [records_folder], MODEL, still)
    (tmp_path / "work" / "checkpoints").mkdir()
    loop.train(records_folder, tmp_path / "work", MODEL, still, init_from=tmp_path / "first")
    first, second = (generator.load_keras_generator(tmp_path / name)[0] for name in ("first", "work"))
    for before, after in zip(first.trainable_variables, second.trainable_variables, strict=True):
        np.testing.assert_allclose(before, after, atol=1e-6)


def test_weights_that_are_not_finite_are_never_saved_and_the_advice_helps(
    records_folder: pathlib.Path, workdir: pathlib.Path
) -> None:
    before = (workdir / "generator.keras").read_bytes()
    wild = dataclasses.replace(CONFIG, learning_rate=1e38, steps=8, checkpoint_every=1)
    with pytest.raises(TrainingError, match=r"not finite.*the same command again with a lower --learning_rate"):
        loop.train(records_folder, workdir, MODEL, wild)
    assert (workdir / "generator.keras").read_bytes() == before
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(workdir / "checkpoints")))
    for name, dtype in reader.get_variable_to_dtype_map().items():
        assert not dtype.is_floating or np.isfinite(reader.get_tensor(name)).all()
    assert loop.train(records_folder, workdir, MODEL, dataclasses.replace(wild, learning_rate=1e-4)) == 8


def test_a_training_goes_back_from_nan_and_on_with_a_lower_learning_rate(
    records_folder: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(CONFIG, checkpoint_every=1, on_nan="rollback")
    check, failures = checkpoints.check_weights, iter(range(2))

    def check_with_failures(learner: Learner, step: int) -> None:
        if step == 3 and next(failures, None) is not None:
            raise callbacks.NotFiniteError("training step 3: weights are not finite.")
        check(learner, step)

    monkeypatch.setattr(checkpoints, "check_weights", check_with_failures)
    assert loop.train(records_folder, tmp_path, MODEL, config) == 4
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path / "checkpoints")))
    assert reader.get_tensor("slowed/.ATTRIBUTES/VARIABLE_VALUE").tolist() == [config.learning_rate, 0.25]
    assert rows(tmp_path) == ["1", "2", "3", "4"]

    hopeless = dataclasses.replace(config, steps=8, learning_rate=1e38)
    with pytest.raises(TrainingError, match="not finite"):
        loop.train(records_folder, tmp_path, MODEL, hopeless)


def test_whoever_asks_for_another_learning_rate_gets_the_whole_of_it() -> None:
    state = callbacks.TrainingState.create()
    state.ask_for(0.5)
    state.slowed.assign([0.5, 0.25])
    state.ask_for(0.5)
    assert state.slowdown == 0.25
    state.ask_for(0.1)
    assert state.slowdown == 1


def test_two_trainings_do_not_share_a_workdir(records_folder: pathlib.Path, workdir: pathlib.Path) -> None:
    with (
        files.exclusive(workdir / checkpoints.FOLDER),
        pytest.raises(ConfigError, match="no other process may be writing"),
    ):
        loop.train(records_folder, workdir, MODEL, LONGER)
    assert loop.train(records_folder, workdir, MODEL, LONGER) == 5


def test_a_checkpoint_that_cannot_be_written_is_told_in_a_line(
    records_folder: pathlib.Path, workdir: pathlib.Path
) -> None:
    """A limit on the size of files stands in for a full disk."""
    flags = ("--batch_size=2", "--log_every=1", "--sample_every=100", "--checkpoint_every=2", "--filters=2")
    command = [sys.executable, "-m", "retarget_tf.train", "--steps=6", "--refinement=2", *flags]
    command += [f"--records={records_folder}", f"--workdir={workdir}"]
    limited = ["bash", "-c", 'ulimit -f 40; exec "$@"', "limited", *command]
    done = subprocess.run(limited, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert "ckpt-6: cannot be written" in line
    assert "MB needed" in line
    assert not list((workdir / "checkpoints").glob("ckpt-6*"))
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert again.returncode == 0, again.stderr
