"""Evaluation of random and of perfect generators on tiny records, and the program as a user runs it."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf import clips, conditioning, evaluation, generator, metrics, parsing_labels, records
from retarget_tf.config import GeneratorSpec, ModelConfig
from retarget_tf.errors import ConfigError, InputDataError
from tests import testing

CONFIG = ModelConfig(image_size=32, filters=2)
SPEC = GeneratorSpec(CONFIG, person_height_share=0.8, step=7)
FRAMES = 12
OTHER_BODY = 3
BASELINES = {"copy_first", "nearest_pose", "limb_warp"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A random generator whose maps hold several classes."""
    folder = tmp_path_factory.mktemp("model")
    network = generator.build_generator(CONFIG, seed=3)
    network.set_weights([weights * 8 if weights.ndim == 4 else weights for weights in network.get_weights()])
    generator.save_generator(network, SPEC, folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """One person trains; two are tested, on clips of different lengths; b repeats a's motion and the reverse.

    On the other body the square stands `OTHER_BODY` pixels further right, so that no two clips can be mixed up.
    """
    folder = tmp_path_factory.mktemp("data")
    for clip_id, person, frames, motion_of in (
        ("a_own", "a", FRAMES, None),
        ("a_shorter", "a", 4, None),
        ("b_own", "b", 7, None),
        ("b_as_a", "b", FRAMES, "a_own"),
        ("a_as_b", "a", 7, "b_own"),
        ("train_own", "train", 5, None),
    ):
        info = clips.ClipInfo(clip_id, person, 25.0, 32, "parts10", motion_of=motion_of)
        with clips.ClipWriter(folder / "clips" / clip_id, info) as writer:
            for index in range(frames):
                writer.write(*testing.walking_square(index + (OTHER_BODY if motion_of else 0), 32, person))
    settings = records.BuildConfig(segment_frames=5, validation_share=0, test_people=("a", "b"))
    records.build_records([folder / "clips"], folder / "records", settings)
    return folder / "records"


@pytest.fixture(scope="module")
def found(model: pathlib.Path, data: pathlib.Path) -> evaluation.Evaluation:
    return evaluation.evaluate(model, data, batch_size=2)


def test_metrics_are_as_documented(found: evaluation.Evaluation, model: pathlib.Path, data: pathlib.Path) -> None:
    scores = found.metrics
    assert list(scores) == [
        "model", "preset", "step", "records", "split", "label_schema", "start", "clips", "teacher_forced", "rollout",
        "per_class_iou", "baselines", "cross_person",
    ]  # fmt: skip
    assert (scores["model"], scores["records"], scores["step"]) == (str(model), str(data), 7)
    assert (scores["preset"], scores["label_schema"], scores["start"]) == ("paper", "parts10", "photo")
    assert [clip["clip_id"] for clip in scores["clips"]] == ["a_own", "a_shorter", "b_own"]
    assert scores["clips"][0] == {
        "clip_id": "a_own", "person_id": "a", "frames": FRAMES, "miou": scores["clips"][0]["miou"],
    }  # fmt: skip
    assert set(scores["teacher_forced"]) == {"miou", "pixel_accuracy", "l1", "psnr", "ssim"}
    spans = ["1", "10", "50", "100", "200", "1000", "mean", "mean_1000"]
    contenders = [scores["rollout"], *scores["baselines"].values(), *scores["cross_person"]["baselines"].values()]
    for part in contenders:
        assert set(part) == {
            "miou", "miou_interval", "coarse_miou", "silhouette_iou", "pixel_accuracy", "n_clips", "flicker",
        }  # fmt: skip
        for name in set(part) - {"flicker"}:
            assert list(part[name]) == spans
    assert list(scores["per_class_iou"]) == list(parsing_labels.PARTS10.classes)
    assert set(scores["baselines"]) == set(scores["cross_person"]["baselines"]) == BASELINES
    assert scores["rollout"]["n_clips"]["mean"] == 3
    assert scores["rollout"]["n_clips"]["10"] == 1, "only a_own reaches frame 10"
    assert scores["rollout"]["miou"]["50"] is None
    json.dumps(scores, allow_nan=False)


def test_copy_first_is_the_score_of_the_first_map(found: evaluation.Evaluation) -> None:
    tally = metrics.Tally(parsing_labels.PARTS10)
    _, first, _ = testing.walking_square(0)
    for t in range(1, 7):
        _, real, _ = testing.walking_square(t)
        tally.add(real, first)
    expected = tally.scores(metrics.mean_iou)["mean"]
    b_own = found.metrics["clips"][2]
    assert b_own["miou"]["copy_first"] == pytest.approx(expected)
    assert 0 < expected < 1


def test_nearest_pose_finds_the_same_square_of_another_person(found: evaluation.Evaluation) -> None:
    assert found.metrics["baselines"]["nearest_pose"]["miou"]["mean"] == pytest.approx(1)


def test_scores_do_not_depend_on_the_batch(
    found: evaluation.Evaluation, model: pathlib.Path, data: pathlib.Path
) -> None:
    for batch_size in (1, 3):
        other = evaluation.evaluate(model, data, batch_size=batch_size).metrics
        for part in ("clips", "rollout", "per_class_iou", "baselines", "cross_person"):
            assert other[part] == found.metrics[part]
        assert other["teacher_forced"] == pytest.approx(found.metrics["teacher_forced"], rel=1e-5)


def test_cross_person_is_driven_by_the_other_clip_and_scored_against_its_own_truth(
    found: evaluation.Evaluation, model: pathlib.Path, data: pathlib.Path
) -> None:
    cross = found.metrics["cross_person"]
    assert [(clip["clip_id"], clip["person_id"]) for clip in cross["clips"]] == [("a_as_b", "a"), ("b_as_a", "b")]
    by_id = {clip.clip_id: clip for clip in records.read_clips(data, "test")}
    trained = generator.load_generator(model)
    picture, tally = conditioning.to_signed(by_id["b_own"].frame(0)[None]), metrics.Tally(parsing_labels.PARTS10)
    for t in range(1, FRAMES):
        keypoints = tf.constant(by_id["a_own"].keypoints[t][None])
        picture = trained.network({"frame": picture, "keypoints": keypoints})["parsing_rgb"]
        generated = conditioning.nearest_class(picture, parsing_labels.PARTS10).numpy()[0]
        tally.add(by_id["b_as_a"].parsing_map(t), generated)
    assert cross["clips"][1]["miou"]["model"] == pytest.approx(tally.scores(metrics.mean_iou)["mean"])


def test_a_generator_that_knows_the_truth_has_perfect_scores(
    monkeypatch: pytest.MonkeyPatch, model: pathlib.Path, data: pathlib.Path
) -> None:
    """One that reads the square's place from the neck (the same for everybody) and paints the true map."""

    def network(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        lefts = np.round(inputs["keypoints"].numpy()[:, 1, 0]).astype(int) - 8
        maps = np.stack([testing.walking_square(left - 8)[1] for left in lefts])
        return {"parsing_rgb": conditioning.colour_map(maps, CONFIG.schema)}

    monkeypatch.setattr(generator, "load_generator", lambda _: generator.TrainedGenerator(network, SPEC))
    scores = evaluation.evaluate(model, data).metrics
    assert scores["rollout"]["miou"]["mean"] == 1
    assert scores["rollout"]["flicker"] == 1
    # It follows the body that drives it, and the truth is another one.
    tally = metrics.Tally(parsing_labels.PARTS10)
    for t in range(1, FRAMES):
        tally.add(testing.walking_square(t + OTHER_BODY)[1], testing.walking_square(t)[1])
    expected = tally.scores(metrics.mean_iou)["mean"]
    assert scores["cross_person"]["clips"][1]["miou"]["model"] == pytest.approx(expected)
    assert expected < 0.9
    assert scores["teacher_forced"] == {
        "miou": 1, "pixel_accuracy": 1, "l1": 0, "psnr": pytest.approx(100), "ssim": pytest.approx(1),
    }  # fmt: skip


def test_report_is_written_and_said(found: evaluation.Evaluation, tmp_path: pathlib.Path) -> None:
    for _ in range(2):  # running twice is safe
        evaluation.write_report(found, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["figure.png", "metrics.json", "panel.png"]
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == found.metrics
    for name in ("figure.png", "panel.png"):
        picture = cv2.imread(str(tmp_path / "out" / name))
        assert picture is not None
        assert picture.shape[1] > 300
    lines = evaluation.table(found.metrics).splitlines()
    assert lines[0].split()[:3] == ["rollout", "mIoU", "mean"]
    assert lines[1].startswith("self, model ")
    assert f"{found.metrics['rollout']['miou']['mean']:.3f}" in lines[1]
    assert any(line.startswith("cross-person, nearest_pose ") for line in lines)


def test_records_without_cross_person_or_training_people(model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "clips", frames=3)
    settings = records.BuildConfig(validation_share=0, test_share=1)
    records.build_records([tmp_path / "clips"], tmp_path / "records", settings)
    found = evaluation.evaluate(model, tmp_path / "records")
    assert found.metrics["cross_person"] is None
    assert set(found.metrics["baselines"]) == {"copy_first", "limb_warp"}
    assert "cross-person" not in evaluation.table(found.metrics)


def test_what_does_not_fit_is_refused(
    model: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="split must be one whose clips are whole"):
        evaluation.evaluate(model, data, "train")
    with pytest.raises(InputDataError, match="split validation is empty"):
        evaluation.evaluate(model, data, "validation")
    with pytest.raises(InputDataError, match=r"model .*nowhere: must be a workdir"):
        evaluation.evaluate(tmp_path / "nowhere", data)
    for config, message in (
        (dataclasses.replace(CONFIG, image_size=64), "image_size is 32, the model's is 64"),
        (dataclasses.replace(CONFIG, label_schema="cihp20"), "label_schema is parts10, the model's is cihp20"),
    ):
        spec = dataclasses.replace(SPEC, model=config)
        other = generator.TrainedGenerator(lambda inputs: inputs, spec)
        monkeypatch.setattr(generator, "load_generator", lambda _, other=other: other)
        with pytest.raises(InputDataError, match=message):
            evaluation.evaluate(model, data)


@pytest.mark.parametrize(
    ("clip", "message"),
    [({"frames": 1}, "clip clip: has 1 frame;"), ({"motion_of": "elsewhere"}, "repeats the motion of another")],
)
def test_clips_that_leave_nothing_to_do_are_refused(
    clip: dict[str, Any], message: str, model: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    testing.make_clip_folder(tmp_path / "clips", **clip)
    settings = records.BuildConfig(validation_share=0, test_share=1)
    records.build_records([tmp_path / "clips"], tmp_path / "records", settings)
    with pytest.raises(InputDataError, match=message):
        evaluation.evaluate(model, tmp_path / "records")


def test_the_program(model: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = testing.run_program(
        "retarget_tf.evaluate", f"--model={model}", f"--records={data}", "--split=test", f"--out={tmp_path / 'out'}"
    )
    assert done.returncode == 0, done.stderr
    assert "self, copy_first" in done.stdout
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["split"] == "test"

    failed = testing.run_program(
        "retarget_tf.evaluate", f"--model={model}", f"--records={tmp_path / 'none'}", f"--out={tmp_path / 'failed'}"
    )
    assert failed.returncode == 3
    assert failed.stderr.splitlines()[-1].startswith(f"ERROR: records {tmp_path / 'none'}: no manifest.json")
    assert "Traceback" not in failed.stderr
    assert not (tmp_path / "failed").exists()
