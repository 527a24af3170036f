"""Tests of training into a workdir: its files, resuming, stopping, and what is refused."""

import dataclasses
import importlib.metadata
import json
import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.dataset import records
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.networks.generator import load_generator
from retarget_tf.training import callbacks, checkpoints, loop, precision, strategies
from retarget_tf.training.config import TrainingConfig
from retarget_tf.training.run_settings import environment, write_settings
from tests.testing import make_clip_folder, run_program, wait_until

MODEL = ModelConfig.of_preset("paper", image_size=32, filters=2)
COMMON = {
    "batch_size": 2,
    "steps": 4,
    "log_every": 1,
    "sample_every": 2,
    "checkpoint_every": 2,
    "mixed_precision": "float32",  # which numbers are compared in
}
CONFIG = TrainingConfig.of_preset("paper", **COMMON)


@pytest.fixture(scope="module")
def trained(records_folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A finished workdir; tests that write take a copy."""
    folder = tmp_path_factory.mktemp("trained")
    assert loop.train(records_folder, folder, MODEL, CONFIG) == 4
    return folder


def weights(folder: pathlib.Path) -> dict[str, np.ndarray]:
    """Every number in the last checkpoint but the clock."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(folder / "checkpoints")))
    names = (name for name in reader.get_variable_to_shape_map() if "VARIABLE_VALUE" in name)
    return {name: reader.get_tensor(name) for name in names if not name.startswith("seconds")}


@pytest.mark.slow
def test_the_workdir_holds_all_that_the_design_lists(trained: pathlib.Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names >= {
        "config.json", "environment.json", "checkpoints", "generator.keras", "generator.json", "tensorboard", "samples",
        "history.csv",
    }  # fmt: skip
    history = (trained / "history.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in history] == ["step", "1", "2", "3", "4"]
    assert sorted(path.name for path in (trained / "samples").iterdir()) == ["step_00000002.png", "step_00000004.png"]
    assert json.loads((trained / "config.json").read_text())["training"]["l1_weight"] == 100.0
    spec = load_generator(trained).spec
    assert spec.step == 4
    assert 0 < spec.person_height_share < 1


def train_whole_and_in_parts(records_folder: str, folder: str) -> None:
    """Runs in a process of its own: TensorFlow's determinism cannot be switched off again."""
    tf.config.experimental.enable_op_determinism()
    whole, parts = pathlib.Path(folder) / "whole", pathlib.Path(folder) / "parts"
    loop.train(records_folder, whole, MODEL, CONFIG)
    loop.train(records_folder, parts, MODEL, dataclasses.replace(CONFIG, steps=2))
    keras.utils.set_random_seed(99)  # whatever happened in between must not matter
    loop.train(records_folder, parts, MODEL, CONFIG)


@pytest.mark.slow
def test_stop_and_resume_equals_not_stopping(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    script = (
        f"from tests.training.loop_test import *; train_whole_and_in_parts({str(records_folder)!r}, {str(tmp_path)!r})"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=300)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert len(whole) > 100  # both networks, both Adams with two moments each, dropout's seeds, step
    assert any("dropout_seeds" in name for name in whole)
    for name, expected in whole.items():
        np.testing.assert_allclose(parts[name], expected, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_several_steps_in_one_call_train_the_same(
    records_folder: pathlib.Path, trained: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    loop.train(records_folder, tmp_path, MODEL, dataclasses.replace(CONFIG, log_every=2, steps_per_execution=3))
    before, rows = (np.genfromtxt(folder / "history.csv", delimiter=",", names=True) for folder in (trained, tmp_path))
    assert rows["step"].tolist() == [3, 4], "after the call that took step 2, and after the last"
    for loss in ("discriminator_loss", "l1_loss"):
        np.testing.assert_allclose(rows[loss], before[loss][2:], rtol=1e-3)
    saved = sorted(path.stem for path in (tmp_path / "checkpoints").glob("*.index"))
    assert saved == ["ckpt-3", "ckpt-4"]


@pytest.mark.slow
def test_xla_trains_the_same(records_folder: pathlib.Path) -> None:
    # Without dropout, for which XLA draws other random numbers.
    model = ModelConfig.of_preset("paper", image_size=32, filters=2, dropout=0.0, norm="instance", patch_layers=1)
    group = strategies.form(CONFIG)
    batch = next(iter(group.distribute(loop.training_dataset(records_folder, CONFIG))))
    losses = []
    for by_xla in (False, True):
        learner = loop.build_learner(model, CONFIG)
        steps = group.compiled(learner.train_step, by_xla)
        losses.append([steps([batch])["l1_loss"], steps([batch])["l1_loss"]])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert losses[0][0] != losses[0][1]


@pytest.mark.slow
def test_training_again_when_finished_changes_nothing(records_folder: pathlib.Path, workdir: pathlib.Path) -> None:
    before = load_generator(workdir)
    history = (workdir / "history.csv").read_text()
    assert loop.train(records_folder, workdir, MODEL, CONFIG) == 4
    assert load_generator(workdir).spec == before.spec
    assert (workdir / "history.csv").read_text() == history


@pytest.mark.slow
def test_a_wrecked_model_is_restored_whole(records_folder: pathlib.Path, workdir: pathlib.Path) -> None:
    gan = loop.build_learner(MODEL, CONFIG)
    for variable in (*gan.variables, *gan.generator_optimizer.variables, *gan.discriminator_optimizer.variables):
        variable.assign(tf.zeros_like(variable))
    state = callbacks.TrainingState.create()
    assert checkpoints.CheckpointStore(workdir, gan, state).restore()
    assert state.steps_done == 4
    assert int(gan.generator_optimizer.iterations.numpy()) == 4
    assert int(gan.discriminator_optimizer.iterations.numpy()) == 4
    window = next(iter(loop.training_dataset(records_folder, CONFIG)))
    frame, keypoints, *_ = gan.triplet(window)
    expected = load_generator(workdir).network({"frame": frame, "keypoints": keypoints})["parsing_rgb"]
    np.testing.assert_allclose(gan.generate(frame, keypoints), expected, atol=1e-6)


@pytest.mark.slow
def test_a_damaged_checkpoint_falls_back_to_the_one_before(records_folder: pathlib.Path, workdir: pathlib.Path) -> None:
    def restored_step() -> int:
        gan, state = loop.build_learner(MODEL, CONFIG), callbacks.TrainingState.create()
        assert checkpoints.CheckpointStore(workdir, gan, state).restore()
        return state.steps_done

    assert restored_step() == 4
    damaged = next((workdir / "checkpoints").glob("ckpt-4.data*"))
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert restored_step() == 2
    next((workdir / "checkpoints").glob("ckpt-2.data*")).unlink()
    with pytest.raises(InputDataError, match="none can be read"):
        loop.train(records_folder, workdir, MODEL, CONFIG)


STABLE = ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=2)
STREAMS = TrainingConfig.of_preset("stable", **COMMON, learning_rate=1e-3, decay_share=0.5, max_gap=1, ema=0.5)


def train_stable_whole_and_in_parts(records_folder: str, folder: str) -> None:
    """Runs in a process of its own, as `train_whole_and_in_parts`."""
    tf.config.experimental.enable_op_determinism()
    whole, parts = pathlib.Path(folder) / "whole", pathlib.Path(folder) / "parts"
    loop.train(records_folder, whole, STABLE, STREAMS)
    # The same schedule, but ended after two steps.
    stop = callbacks.is_finished
    callbacks.is_finished = lambda state, steps, seconds: state.steps_done >= 2 or stop(state, steps, seconds)
    loop.train(records_folder, parts, STABLE, STREAMS)
    callbacks.is_finished = stop
    loop.train(records_folder, parts, STABLE, STREAMS)


@pytest.mark.slow
def test_streams_stop_and_resume_as_if_they_had_not_stopped(
    records_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    call = f"train_stable_whole_and_in_parts({str(records_folder)!r}, {str(tmp_path)!r})"
    script = f"from tests.training.loop_test import *; {call}"
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=300)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert {name.split("/")[0] for name in whole} >= {
        "generator",
        "generator_optimizer",
        "streams",
        "draws",
        "averages",
    }
    assert whole["step/.ATTRIBUTES/VARIABLE_VALUE"] == 4
    for name, expected in whole.items():
        np.testing.assert_allclose(parts[name], expected, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_several_records_share_every_batch(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    folders = [records_folder]
    for person in ("x", "y"):
        clips_folder = make_clip_folder(tmp_path / person, clip_id=person, person_id=person, frames=8).parent
        build = records.BuildConfig(segment_frames=4, validation_share=0, test_share=0)
        records.build_records([clips_folder], tmp_path / f"records_{person}", build)
        folders.append(tmp_path / f"records_{person}")
    config = dataclasses.replace(CONFIG, batch_size=4, jitter=False)
    batch = next(iter(loop.training_dataset(folders, config)))
    people = [clip.decode() for clip in batch["clip_id"].numpy()]
    assert [person[0] for person in people] == ["c", "c", "x", "y"]
    streams = next(iter(loop.training_dataset(folders, dataclasses.replace(STREAMS, batch_size=4))))
    assert streams["keypoints"].shape == (4, 25, 3)
    with pytest.raises(ConfigError, match="batch_size must be at least 3, one for each records folder"):
        loop.training_dataset(folders, CONFIG)
    loop.train(folders, tmp_path / "work", MODEL, dataclasses.replace(CONFIG, batch_size=3, steps=1))
    with pytest.raises(InputDataError, match=r"began with the records .*records,.*records_x,.*records_y, these are"):
        loop.train(folders[:2], tmp_path / "work", MODEL, dataclasses.replace(CONFIG, batch_size=3, steps=1))


@pytest.mark.slow
def test_fine_tuning_begins_with_the_given_weights(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other_weights = generator.build_generator(STABLE, seed=5)
    generator.save_generator(other_weights, GeneratorSpec(STABLE, person_height_share=0.7), tmp_path / "first")
    still = dataclasses.replace(STREAMS, learning_rate=1e-12, steps=1)
    loop.train(records_folder, tmp_path / "second", STABLE, still, init_from=tmp_path / "first")
    first, second = (generator.load_keras_generator(tmp_path / name)[0] for name in ("first", "second"))
    for before, after in zip(first.trainable_variables, second.trainable_variables, strict=True):
        np.testing.assert_allclose(before, after, atol=1e-6)
    other = dataclasses.replace(STABLE, filters=3)
    with pytest.raises(InputDataError, match=r"is of another shape than the one to train \(filters=2\)"):
        loop.train(records_folder, tmp_path / "third", other, still, init_from=tmp_path / "first")
    assert not (tmp_path / "third").exists()


@pytest.mark.slow
def test_time_ends_the_training_too(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(CONFIG, steps=0, minutes=0.02)
    first = loop.train(records_folder, tmp_path, MODEL, config)
    assert first > 0
    assert loop.train(records_folder, tmp_path, MODEL, config) == first  # the time is used up


@pytest.mark.slow
def test_other_settings_are_refused(records_folder: pathlib.Path, workdir: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"began with filters=2; keep it .* Received: filters=4"):
        loop.train(records_folder, workdir, dataclasses.replace(MODEL, filters=4), CONFIG)
    with pytest.raises(ConfigError, match=r"began with preset=paper; keep it .* Received: preset=stable"):
        loop.train(records_folder, workdir, STABLE, STREAMS)
    with pytest.raises(ConfigError, match="began with batch_size=2"):
        loop.train(records_folder, workdir, MODEL, dataclasses.replace(CONFIG, batch_size=1))


def test_a_workdir_that_lacks_a_setting_is_refused(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    write_settings(tmp_path, [records_folder], STABLE, STREAMS)
    settings = json.loads((tmp_path / "config.json").read_text())
    del settings["training"]["max_gap"]
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ConfigError, match=r"began with a version that had no max_gap; choose"):
        write_settings(tmp_path, [records_folder], STABLE, STREAMS)


def as_an_earlier_version_wrote(workdir: pathlib.Path, **of_model: object) -> None:
    """Rewrites config.json: with settings of all presets, and those of streams in a dictionary of their own."""
    settings = json.loads((workdir / "config.json").read_text())
    former = {"pose_condition": "limbs", "patch_layers": 3, "anchor": "warp", "feedback": "classes", "refinement": 0}
    settings["model"] = {**former, **settings["model"], **of_model}
    of_streams = {"max_gap", "ema", "mean_frames"} & settings["training"].keys()
    settings["training"]["stream"] = {name: settings["training"].pop(name) for name in of_streams}
    settings["training"].setdefault("l1_weight", 100.0)
    (workdir / "config.json").write_text(json.dumps(settings))


@pytest.mark.parametrize(("model", "training"), [(MODEL, CONFIG), (STABLE, STREAMS)], ids=["paper", "stable"])
def test_a_workdir_of_an_earlier_version_goes_on(
    model: ModelConfig, training: TrainingConfig, records_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    write_settings(tmp_path, [records_folder], model, training)
    before = (tmp_path / "config.json").read_text()
    as_an_earlier_version_wrote(tmp_path)
    write_settings(tmp_path, [records_folder], model, training)
    assert (tmp_path / "config.json").read_text() == before
    as_an_earlier_version_wrote(tmp_path, anchor="none")
    with pytest.raises(ConfigError, match=r"began with a setting that is gone; .*Received: anchor=none"):
        write_settings(tmp_path, [records_folder], model, training)


def test_the_environment_names_what_reads_pictures_and_videos() -> None:
    found = environment()
    assert found["av"] == importlib.metadata.version("av")
    assert [name for name in found if name.startswith("opencv")]
    assert found["retarget_tf"]


def test_records_that_do_not_fit_are_refused(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match="image_size is 32, the model's is 64"):
        loop.train(records_folder, tmp_path, ModelConfig.of_preset("paper", image_size=64, filters=2), CONFIG)
    assert not (tmp_path / "config.json").exists()


def train_arguments(records_folder: pathlib.Path, workdir: pathlib.Path, *more: str) -> list[str]:
    return [
        "--preset=paper",
        f"--records={records_folder}",
        f"--workdir={workdir}",
        "--filters=2",
        "--batch_size=2",
        *more,
    ]


@pytest.mark.slow
def test_sigterm_saves_a_checkpoint_and_the_same_command_resumes(
    records_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    command = [sys.executable, "-m", "retarget_tf.train", *train_arguments(records_folder, tmp_path, "--log_every=1")]
    process = subprocess.Popen([*command, "--minutes=5"], stderr=subprocess.PIPE, text=True)
    history = tmp_path / "history.csv"
    wait_until(lambda: process.poll() or (history.exists() and len(history.read_text().splitlines()) >= 3))
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "stopped by a signal at step" in errors
    assert "Traceback" not in errors
    stopped_at = load_generator(tmp_path).spec.step

    resumed = subprocess.run(
        [*command, f"--steps={stopped_at + 2}"], capture_output=True, text=True, timeout=120, check=False
    )
    assert resumed.returncode == 0, resumed.stderr
    assert f"resuming at step {stopped_at}" in resumed.stderr
    assert load_generator(tmp_path).spec.step == stopped_at + 2
    assert (tmp_path / "flags.txt").read_text().count("--filters=2") == 1
    trained_with = json.loads((tmp_path / "config.json").read_text())
    assert trained_with["model"] == ModelConfig.of_preset("paper", image_size=32, filters=2).to_dict()
    assert trained_with["training"] == dataclasses.asdict(
        TrainingConfig.of_preset(
            "paper", batch_size=2, log_every=1, steps=stopped_at + 2, mixed_precision=precision.choose("auto")
        )
    )


@pytest.mark.slow
def test_a_training_goes_on_in_the_precision_that_it_began_with(
    records_folder: pathlib.Path, workdir: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_cpu_flags", lambda: {"avx512_bf16"})  # another machine
    assert loop.train(records_folder, workdir, MODEL, dataclasses.replace(CONFIG, steps=5, mixed_precision="auto")) == 5
    assert json.loads((workdir / "config.json").read_text())["training"]["mixed_precision"] == "float32"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--preset=paper", "--dice_weight=1"), "dice_weight is no setting of paper, it is one of stable."),
        (("--preset=paper", "--refinement=16"), "refinement is no setting of paper, it is one of stable."),
        (("--preset=stable", "--l1_weight=3"), "l1_weight is no setting of stable, it is one of paper."),
        (("--preset=stable", "--pose_condition=stick"), "pose_condition is no setting of stable, it is one of paper."),
    ],
)
def test_a_setting_of_the_other_preset_is_refused_by_name(arguments: tuple[str, ...], reason: str) -> None:
    done = run_program("retarget_tf.train", "--records=nowhere", "--workdir=nowhere", "--steps=1", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert reason in done.stderr


@pytest.mark.slow
def test_program_names_what_is_wrong(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    missing = run_program("retarget_tf.train", f"--records={tmp_path}", f"--workdir={tmp_path / 'w'}", "--steps=1")
    assert (missing.returncode, missing.stderr.count("\n")) == (3, 1)
    both = run_program(
        "retarget_tf.train", *train_arguments(records_folder, tmp_path / "w", "--steps=1", "--minutes=1")
    )
    assert (both.returncode, both.stderr.count("\n")) == (2, 1)
    odd = tmp_path / "odd"
    clips_folder = make_clip_folder(tmp_path / "clips", person_id="p", size=48).parent
    records.build_records([clips_folder], odd, records.BuildConfig(segment_frames=4, validation_share=0, test_share=0))
    odd_size = run_program("retarget_tf.train", *train_arguments(odd, tmp_path / "w", "--steps=1"))
    assert (odd_size.returncode, odd_size.stderr.count("\n")) == (3, 1)
    assert not (tmp_path / "w").exists()
