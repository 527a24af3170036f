"""Tests of the evaluation: random and perfect generators on tiny records, and the program as a user runs it."""

import dataclasses
import json
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.body import parsing_labels, pose_transform, skeleton
from retarget_tf.dataset import clips, records
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.evaluation import baselines, evaluating, metrics, places, report
from retarget_tf.evaluation import tasks as evaluation_tasks
from retarget_tf.evaluation.config import EvaluationConfig
from retarget_tf.networks import encoding, generator, presets
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.networks.trained import TrainedGenerator
from retarget_tf.retargeting import rollout, targets
from retarget_tf.retargeting.retargeter import Retargeter
from tests import testing

CONFIG = ModelConfig.of_preset("paper", image_size=32, filters=2)
SPEC = GeneratorSpec(CONFIG, person_height_share=0.8, step=7)
FRAMES = 12
OTHER_BODY = 3
NECK = skeleton.JOINT["neck"]
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
        info = clips.ClipInfo(clip_id, person, 25.0, motion_of, image_size=32, label_schema="parts10")
        with clips.ClipWriter(folder / "clips" / clip_id, info) as writer:
            for index in range(frames):
                writer.write(*testing.walking_square(index + (OTHER_BODY if motion_of else 0), 32, person))
    settings = records.BuildConfig(segment_frames=5, validation_share=0, test_people=("a", "b"))
    records.build_records([folder / "clips"], folder / "records", settings)
    return folder / "records"


@pytest.fixture(scope="module")
def found(model: pathlib.Path, data: pathlib.Path) -> evaluating.Evaluation:
    return evaluating.evaluate(model, data, EvaluationConfig(batch_size=2))


@pytest.mark.slow
def test_metrics_are_as_documented(found: evaluating.Evaluation, model: pathlib.Path, data: pathlib.Path) -> None:
    scores = found.metrics
    assert set(scores) == {
        "model", "preset", "step", "records", "split", "fit", "label_schema", "start", "clips", "teacher_forced",
        "rollout", "per_class_iou", "baselines", "reference_only", "curves", "cross_person", "photo_start",
        "references",
    }  # fmt: skip
    assert (scores["model"], scores["records"], scores["step"]) == (str(model), str(data), 7)
    assert (scores["preset"], scores["label_schema"], scores["start"]) == ("paper", "parts10", "photo")
    assert scores["photo_start"] is None, "the headline starts from the photo itself"
    assert scores["fit"] == "limbs"
    assert [clip["clip_id"] for clip in scores["clips"]] == ["a_own", "a_shorter", "b_own"]
    assert scores["clips"][0] == {
        "clip_id": "a_own", "person_id": "a", "frames": FRAMES, "miou": scores["clips"][0]["miou"],
    }  # fmt: skip
    assert set(scores["teacher_forced"]) == {"miou", "pixel_accuracy", "l1", "psnr", "ssim"}
    spans = ["1", "10", "50", "100", "200", "1000", "mean", "mean_1000"]
    contenders = [scores["rollout"], *scores["baselines"].values(), *scores["cross_person"]["baselines"].values()]
    contenders += [scores["reference_only"]["previous_true"], scores["cross_person"]["reference_only"]["previous_true"]]
    for part in contenders:
        assert set(part) == {
            "miou", "miou_interval", "coarse_miou", "silhouette_iou", "arms_iou", "pixel_accuracy", "n_clips",
            "flicker", *places.NAMES,
        }  # fmt: skip
        for name in set(part) - {"flicker", *places.NAMES}:
            assert list(part[name]) == spans
    assert list(scores["per_class_iou"]) == list(parsing_labels.PARTS10.classes)
    assert set(scores["baselines"]) == set(scores["cross_person"]["baselines"]) == BASELINES
    assert scores["rollout"]["n_clips"]["mean"] == 3
    assert scores["rollout"]["n_clips"]["10"] == 1, "only a_own reaches frame 10"
    assert scores["rollout"]["miou"]["50"] is None
    json.dumps(scores, allow_nan=False)


@pytest.mark.slow
def test_copy_first_is_the_score_of_the_first_map(found: evaluating.Evaluation) -> None:
    tally = metrics.Tally(parsing_labels.PARTS10)
    _, first, _ = testing.walking_square(0)
    for t in range(1, 7):
        _, real, _ = testing.walking_square(t)
        tally.add(real, first)
    expected = tally.scores(metrics.mean_iou)["mean"]
    b_own = found.metrics["clips"][2]
    assert b_own["miou"]["copy_first"] == pytest.approx(expected)
    assert 0 < expected < 1


@pytest.mark.slow
def test_nearest_pose_finds_the_same_square_of_another_person(found: evaluating.Evaluation) -> None:
    assert found.metrics["baselines"]["nearest_pose"]["miou"]["mean"] == pytest.approx(1)


@pytest.mark.slow
def test_poses_of_other_records_make_a_nearest_pose(
    model: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    all_tested = records.BuildConfig(segment_frames=5, validation_share=0, test_share=1)
    judged = records.build_records([data.parent / "clips"], tmp_path / "judged", all_tested).folder
    alone = evaluating.evaluate(model, judged).metrics
    assert set(alone["baselines"]) == BASELINES - {"nearest_pose"}
    helped = evaluating.evaluate(model, judged, EvaluationConfig(train_records=data)).metrics
    assert helped["baselines"]["nearest_pose"]["miou"]["mean"] == pytest.approx(1)
    assert helped["rollout"] == alone["rollout"]
    larger = records.BuildConfig(size=64, segment_frames=5, validation_share=0, test_share=0)
    other = records.build_records([data.parent / "clips"], tmp_path / "larger", larger).folder
    with pytest.raises(InputDataError, match="larger: image_size is 64, the model's is 32"):
        evaluating.evaluate(model, judged, EvaluationConfig(train_records=other))


@pytest.mark.slow
def test_scores_do_not_depend_on_the_batch(
    found: evaluating.Evaluation, model: pathlib.Path, data: pathlib.Path
) -> None:
    for batch_size in (1, 3):
        other = evaluating.evaluate(model, data, EvaluationConfig(batch_size=batch_size)).metrics
        for part in ("clips", "rollout", "per_class_iou", "baselines", "cross_person"):
            assert other[part] == found.metrics[part]
        assert other["teacher_forced"] == pytest.approx(found.metrics["teacher_forced"], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("fit", ["limbs", "none"])
def test_cross_person_is_driven_by_the_other_clip_on_the_targets_body_and_scored_against_its_own_truth(
    fit: pose_transform.Fit, model: pathlib.Path, data: pathlib.Path
) -> None:
    """The driving path is what `Retargeter.place` makes of it for the target's one photo, at the truth's place."""
    cross = evaluating.evaluate(model, data, EvaluationConfig(fit=fit)).metrics["cross_person"]
    assert [(clip["clip_id"], clip["person_id"]) for clip in cross["clips"]] == [("a_as_b", "a"), ("b_as_a", "b")]
    by_id = {clip.info.clip_id: clip for clip in records.read_clips(data, "test")}
    trained = generator.load_generator(model)
    picture, tally = encoding.to_signed(by_id["b_own"].frame(0)[None]), metrics.Tally(parsing_labels.PARTS10)
    photo, photo_keypoints = by_id["b_own"].frame(0), by_id["b_own"].keypoints[0]
    unknown = np.full(photo.shape[:2], parsing_labels.UNKNOWN, np.uint8)
    target = testing.target_of(photo, photo_keypoints, unknown)
    driving = Retargeter(trained).place(target, by_id["a_own"].keypoints, fit=fit, clean=False)
    if fit != "none":
        driving = registered(driving, by_id["b_as_a"].keypoints)
    for t in range(1, FRAMES):
        keypoints = tf.constant(driving[t][None])
        picture = trained.network({"frame": picture, "keypoints": keypoints})["parsing_rgb"]
        generated = encoding.nearest_class(picture, parsing_labels.PARTS10)
        tally.add(by_id["b_as_a"].parsing_map(t), generated.numpy()[0])
        picture = encoding.colour_map(generated, parsing_labels.PARTS10)  # what is fed back
    assert cross["clips"][1]["miou"]["model"] == pytest.approx(tally.scores(metrics.mean_iou)["mean"])


def registered(path: Any, truth: Any) -> Any:
    """The path under scale and shift nearest to the truth, as a linear system of all coordinates."""
    seen = (path[..., 2] > 0) & (truth[..., 2] > 0)
    count = int(seen.sum())
    columns = [path[seen][:, :2].T.ravel(), np.repeat([1, 0], count), np.repeat([0, 1], count)]
    scale, dx, dy = np.linalg.lstsq(np.stack(columns, axis=1), truth[seen][:, :2].T.ravel(), rcond=None)[0]
    return pose_transform.move_keypoints(path, *np.asarray([scale, dx, dy], np.float32))


def test_motion_is_led_to_the_targets_body_and_once_to_the_truths_place_and_size() -> None:
    source = np.stack([testing.walking_square(t)[2] for t in range(8)])
    smaller = pose_transform.move_keypoints(source[0], np.float32(0.75), np.float32(-3), np.float32(5))
    truth = pose_transform.move_keypoints(source, np.float32(0.6), np.float32(7), np.float32(2))
    source[3] = 0  # nobody
    held = source[[0, 1, 2, 2, 4, 5, 6, 7]]
    for fit in ("body", "limbs"):
        placed = evaluation_tasks.placed_path(fit, source, smaller, truth, 32)
        np.testing.assert_allclose(placed, registered(held, truth), atol=0.05)
    np.testing.assert_array_equal(evaluation_tasks.placed_path("none", source, smaller, truth, 32), held)
    nobody = source[3:4]
    np.testing.assert_array_equal(evaluation_tasks.placed_path("limbs", nobody, smaller, truth, 32), nobody)


@pytest.mark.slow
def test_a_generator_that_knows_the_truth_has_perfect_scores(
    monkeypatch: pytest.MonkeyPatch, model: pathlib.Path, data: pathlib.Path
) -> None:
    """One that reads the square's place from the neck (the same for everybody) and paints the true map."""

    def network(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        lefts = np.round(inputs["keypoints"].numpy()[:, 1, 0]).astype(int) - 8
        maps = np.stack([testing.walking_square(left - 8)[1] for left in lefts])
        return {"parsing_rgb": encoding.colour_map(maps, CONFIG.schema)}

    monkeypatch.setattr(generator, "load_generator", lambda _: TrainedGenerator(network, SPEC))
    scores = evaluating.evaluate(model, data, EvaluationConfig(fit="none")).metrics
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


@pytest.mark.slow
def test_report_is_written_and_said(found: evaluating.Evaluation, tmp_path: pathlib.Path) -> None:
    for _ in range(2):  # running twice is safe
        report.write_report(found, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["figure.png", "metrics.json", "panel.png"]
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == found.metrics
    for name in ("figure.png", "panel.png"):
        picture = cv2.imread(str(tmp_path / "out" / name))
        assert picture is not None
        assert picture.shape[1] > 300
    lines = report.table(found.metrics).splitlines()
    assert lines[0].split()[:3] == ["rollout", "mIoU", "mean"]
    assert lines[1].startswith("self, model (photo) ")
    assert f"{found.metrics['rollout']['miou']['mean']:.3f}" in lines[1]
    for row in ("self, previous_true (for reference only) ", "cross-person, nearest_pose "):
        assert any(line.startswith(row) for line in lines)
    assert lines[-1].startswith("3 clips, 2 cross-person (fit limbs); one step from true frames: mIoU ")


@pytest.mark.slow
def test_previous_true_is_the_truth_one_frame_late(found: evaluating.Evaluation) -> None:
    own, cross = metrics.Tally(parsing_labels.PARTS10), metrics.Tally(parsing_labels.PARTS10)
    for t in range(1, FRAMES):
        own.add(testing.walking_square(t)[1], testing.walking_square(t - 1)[1])
        cross.add(testing.walking_square(t + OTHER_BODY)[1], testing.walking_square(t - 1 + OTHER_BODY)[1])
    for clip, tally in ((found.metrics["clips"][0], own), (found.metrics["cross_person"]["clips"][1], cross)):
        assert clip["frames"] == FRAMES
        assert clip["miou"]["previous_true"] == pytest.approx(tally.scores(metrics.mean_iou)["mean"])


@pytest.mark.slow
def test_curves_are_means_over_clips_that_reach_t(found: evaluating.Evaluation) -> None:
    curves, scores = found.metrics["curves"], found.metrics
    assert curves["t"] == [10], "a_own alone reaches one window"
    assert set(curves["miou"]) == {"model", *BASELINES, "previous_true"}
    assert curves["miou"]["model"] == [pytest.approx(scores["rollout"]["miou"]["10"], abs=1e-5)]
    assert curves["miou"]["copy_first"] == [pytest.approx(scores["baselines"]["copy_first"]["miou"]["10"], abs=1e-5)]
    assert set(curves["area"]) == {"truth", "model"}
    arm = curves["area"]["truth"]["left_arm"]
    assert arm == [pytest.approx(8 * 16 / 32**2)], "the square's half"
    for area in curves["area"].values():
        assert list(area) == list(parsing_labels.PARTS10.classes)
        assert sum(share for [share] in area.values()) == pytest.approx(1, abs=1e-4)


class ReferenceMapLoop:
    """A `presets.Loop` that gives the reference's map for ever, and background where it is not known."""

    STATE = "state"

    def __init__(self, network: Any, config: ModelConfig, reference: rollout.Reference) -> None:
        del network
        self.reference: Mapping[str, Any] = {}
        self._map = tf.constant(baselines.without_unknown(reference.parsing_map))
        self._rgb = encoding.colour_map(self._map, config.schema)

    def start(self) -> Any:  # noqa: D102
        return self._map

    def truth(self, frame: Any, parsing_map: Any) -> Any:  # noqa: D102
        return parsing_map

    def inputs(self, state: Any, keypoints: Any) -> Mapping[str, Any]:  # noqa: D102
        return {}

    def take(self, outputs: Mapping[str, Any]) -> presets.Taken:  # noqa: D102
        return presets.Taken(self._map, self._map, self._rgb)


@pytest.fixture
def taking_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loaded takes a reference map and repeats it."""
    spec = dataclasses.replace(SPEC, model=ModelConfig.of_preset("stable", image_size=32, filters=2))
    loaded = TrainedGenerator(lambda inputs: inputs, spec)
    monkeypatch.setattr(generator, "load_generator", lambda _: loaded)
    monkeypatch.setattr(rollout, "make_loop", ReferenceMapLoop)


@pytest.mark.slow
@pytest.mark.usefixtures("taking_maps")
def test_a_generator_that_takes_a_map_is_run_from_both_starts(data: pathlib.Path) -> None:
    scores = evaluating.evaluate("work", data).metrics
    assert scores["start"] == "map"
    assert scores["rollout"] == scores["baselines"]["copy_first"]
    assert scores["cross_person"]["miou"] == scores["cross_person"]["baselines"]["copy_first"]["miou"]
    photo = scores["photo_start"]
    assert set(photo) == {"rollout", "cross_person"}
    assert photo["rollout"]["miou"]["mean"] == photo["cross_person"]["miou"]["mean"] == 0, "all background"
    area = scores["curves"]["area"]
    assert area["model (photo)"]["background"] == [1]
    assert area["model"]["left_arm"] == area["truth"]["left_arm"]
    lines = report.table(scores).splitlines()
    rows = ["self, model (map) ", "self, model (photo) ", "cross-person, model (map) ", "cross-person, model (photo) "]
    assert [line for line in lines if "model" in line] == [
        line for row in rows for line in lines if line.startswith(row)
    ]


def test_photos_are_spread_over_what_is_scored() -> None:
    everywhere = np.ones((1001, 25, 3), np.float32)
    assert evaluation_tasks.photo_frames(everywhere, 1) == [0]
    assert evaluation_tasks.photo_frames(everywhere, 5) == [0, 25, 75, 125, 175]
    assert evaluation_tasks.photo_frames(everywhere[:101], 3) == [0, 25, 75]


def test_the_reference_shows_somebody_and_which_one_is_said(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = testing.make_clip_folder(tmp_path / "clips", frames=20)
    keypoints = np.load(folder / "keypoints.npy")
    keypoints[:3] = keypoints[9] = keypoints[16:] = 0
    np.save(folder / "keypoints.npy", keypoints)
    settings = records.BuildConfig(segment_frames=20, validation_share=0, test_share=1)
    records.build_records([tmp_path / "clips"], tmp_path / "records", settings)
    (segment,) = records.read_segments(tmp_path / "records", "test")
    np.testing.assert_array_equal(segment.references.keypoints, keypoints[3:4])
    with testing.heard(caplog):
        [task] = evaluation_tasks.self_tasks(tmp_path / "records", "test")
    np.testing.assert_array_equal(task.references[0].keypoints, keypoints[3])
    np.testing.assert_array_equal(task.references[0].frame, task.clip.frame(3))
    assert task.unscored == {1, 2, 3, 16, 17, 18, 19}
    assert "clip clip: frame 3 is its reference, the first that shows somebody." in caplog.messages
    with testing.heard(caplog):
        target = targets.clip_target(folder, 32)
    np.testing.assert_array_equal(target.keypoints, keypoints[3])
    assert caplog.messages[-1] == f"clip {folder}: frame 3 is the photo, the first that shows somebody."


def test_frames_near_a_further_photo_are_not_scored(tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "clips", frames=60)
    settings = records.BuildConfig(validation_share=0, test_share=1)
    records.build_records([tmp_path / "clips"], tmp_path / "records", settings)
    [alone] = evaluation_tasks.self_tasks(tmp_path / "records", "test")
    [task] = evaluation_tasks.self_tasks(tmp_path / "records", "test", photos=2)
    assert not alone.unscored
    assert task.unscored == set(range(20, 41))
    np.testing.assert_array_equal(task.references[1].keypoints, task.clip.keypoints[30])
    np.testing.assert_array_equal(task.references[1].parsing_map, task.clip.parsing_map(30))
    assert (len(task.with_one_photo.references), task.with_one_photo.unscored) == (1, task.unscored)


@pytest.mark.slow
def test_several_photos_have_a_section_of_their_own(
    found: evaluating.Evaluation, model: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = EvaluationConfig(batch_size=2, references=3)
    evaluation = evaluating.evaluate(model, data, config)
    section = evaluation.metrics.pop("references")
    headline = {name: part for name, part in found.metrics.items() if name != "references"}
    assert found.metrics["references"] is None
    assert {**evaluation.metrics, "teacher_forced": None} == {**headline, "teacher_forced": None}
    assert (section["photos"], section["unscored_frames"]) == (3, 10)
    for photos in ("several", "one"):
        assert set(section[photos]) == {"model", "limb_warp"}
        assert section[photos]["limb_warp"]["self"]["miou"]["mean"] is None, "every frame is near a photo"
    # Cross-person nothing is left out, so one photo has the score of the headline.
    assert section["one"]["limb_warp"]["cross_person"] == headline["cross_person"]["baselines"]["limb_warp"]
    table = report.table({**evaluation.metrics, "references": section})
    assert "cross_person, limb_warp, photos: 1 " in table
    assert "cross_person, limb_warp, photos: 3 " in table
    report.write_report(evaluation, tmp_path)
    assert (tmp_path / "figure_references.png").exists()


@pytest.mark.slow
def test_models_are_compared_on_the_same_clips(
    found: evaluating.Evaluation, model: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    other = tmp_path / "other"
    generator.save_generator(generator.build_generator(CONFIG, seed=4), dataclasses.replace(SPEC, step=9), other)
    comparison = evaluating.compare([model, other], data)
    scores = comparison.scores
    assert list(scores["models"]) == [model.name, "other"]
    for key in ("rollout", "per_class_iou", "preset", "step", "start", "photo_start"):
        assert scores["models"][model.name][key] == found.metrics[key]
    for key in ("baselines", "reference_only"):
        assert scores[key] == found.metrics[key]
        assert scores["cross_person"][key] == found.metrics["cross_person"][key]
    alone = evaluating.evaluate(other, data).metrics
    assert scores["models"]["other"]["rollout"] == alone["rollout"] != found.metrics["rollout"]
    assert scores["curves"]["miou"]["other"] == alone["curves"]["miou"]["model"]

    report.write_comparison(comparison, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"compare.json", "compare.png", f"figure_{model.name}.png", "figure_other.png"}
    assert json.loads((tmp_path / "out" / "compare.json").read_text()) == scores
    lines = report.comparison_table(scores).splitlines()
    rows = [f"{model.name} (photo)", "other (photo)", *sorted(BASELINES), "previous_true (for reference only)"]
    assert sorted(line.split("  ")[0] for line in lines[1:-1]) == sorted(rows)
    row = dict(zip(re.split("  +", lines[0]), re.split("  +", lines[2]), strict=True))
    assert row["steps"] == "9"
    assert row["mean"] == row["mean_1000"] == f"{alone['rollout']['miou']['mean']:.3f}"
    assert row["cross-person"] == f"{alone['cross_person']['miou']['mean']:.3f}"
    assert row["one step"] == f"{alone['teacher_forced']['miou']:.3f}"
    assert row["arms"] == f"{alone['rollout']['arms_iou']['mean']:.3f}"
    assert row["t=1000"] == "-"


@pytest.mark.slow
@pytest.mark.usefixtures("taking_maps")
def test_both_starts_of_compared_models_are_in_the_table(data: pathlib.Path) -> None:
    lines = report.comparison_table(evaluating.compare(["one", "two"], data).scores).splitlines()
    assert [line.split("  ")[0] for line in lines[1:5]] == ["one (map)", "one (photo)", "two (map)", "two (photo)"]


def test_compared_models_have_names_of_their_own(model: pathlib.Path, data: pathlib.Path) -> None:
    for others in ([f"elsewhere/{model.name}"], ["elsewhere/limb_warp"]):
        with pytest.raises(ConfigError, match="models to compare must have names of their own"):
            evaluating.compare([model, *others], data)


@pytest.mark.slow
def test_a_clip_of_1001_frames(model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Every span and window has a score; a frame without anybody is driven by the pose before it."""
    info = clips.ClipInfo("long", "a", 25.0, image_size=32, label_schema="parts10")
    with clips.ClipWriter(tmp_path / "clips" / "long", info) as writer:
        for index in range(1001):
            frame, parsing_map, keypoints = testing.walking_square(index)
            writer.write(frame, parsing_map, keypoints * (index % 4 != 2))
    settings = records.BuildConfig(validation_share=0, test_share=1)
    records.build_records([tmp_path / "clips"], tmp_path / "records", settings)
    [task] = evaluation_tasks.self_tasks(tmp_path / "records", "test")
    assert task.frames == 1000
    np.testing.assert_array_equal(task.driving[2], task.driving[1])
    found = evaluating.evaluate(model, tmp_path / "records")
    assert None not in found.metrics["rollout"]["miou"].values()
    assert found.metrics["curves"]["t"] == list(range(10, 1001, 10))
    assert None not in found.metrics["curves"]["miou"]["limb_warp"]
    assert [shot.t for shot in found.strips[0].shots] == [1, 10, 50, 100, 200, 1000]


@pytest.mark.slow
def test_records_without_cross_person_or_training_people(model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "clips", frames=3)
    settings = records.BuildConfig(validation_share=0, test_share=1)
    records.build_records([tmp_path / "clips"], tmp_path / "records", settings)
    found = evaluating.evaluate(model, tmp_path / "records")
    assert found.metrics["cross_person"] is None
    assert set(found.metrics["baselines"]) == {"copy_first", "limb_warp"}
    assert "cross-person" not in report.table(found.metrics)


def test_what_does_not_fit_is_refused(
    model: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="split must be one of validation, test"):
        EvaluationConfig(split="train")
    with pytest.raises(InputDataError, match="split validation is empty"):
        evaluating.evaluate(model, data, EvaluationConfig(split="validation"))
    with pytest.raises(InputDataError, match=r"model .*nowhere: must be a workdir"):
        evaluating.evaluate(tmp_path / "nowhere", data)
    for config, message in (
        (dataclasses.replace(CONFIG, image_size=64), "image_size is 32, the model's is 64"),
        (dataclasses.replace(CONFIG, label_schema="cihp20"), "label_schema is parts10, the model's is cihp20"),
    ):
        spec = dataclasses.replace(SPEC, model=config)
        other = TrainedGenerator(lambda inputs: inputs, spec)
        monkeypatch.setattr(generator, "load_generator", lambda _, other=other: other)
        with pytest.raises(InputDataError, match=message):
            evaluating.evaluate(model, data)


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
        evaluating.evaluate(model, tmp_path / "records")


@pytest.mark.slow
def test_the_program(model: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = testing.run_program(
        "retarget_tf.evaluate", f"--model={model}", f"--records={data}", "--split=test", f"--out={tmp_path / 'out'}"
    )
    assert done.returncode == 0, done.stderr
    assert "self, copy_first" in done.stdout
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["split"] == "test"

    compared = testing.run_program(
        "retarget_tf.evaluate", f"--compare={model},{model}/generator.keras", f"--records={data}", "--fit=body",
        f"--out={tmp_path / 'compared'}",
    )  # fmt: skip
    assert compared.returncode == 0, compared.stderr
    assert "\ngenerator.keras (photo) " in compared.stdout
    assert json.loads((tmp_path / "compared" / "compare.json").read_text())["fit"] == "body"

    failed = testing.run_program(
        "retarget_tf.evaluate", f"--model={model}", f"--records={tmp_path / 'none'}", f"--out={tmp_path / 'failed'}"
    )
    assert failed.returncode == 3
    assert failed.stderr.splitlines()[-1].startswith(f"ERROR: records {tmp_path / 'none'}: no manifest.json")
    assert "Traceback" not in failed.stderr
    assert not (tmp_path / "failed").exists()


def test_the_program_takes_one_of_model_and_compare(tmp_path: pathlib.Path) -> None:
    for arguments in ((), ("--model=a", "--compare=b,c")):
        done = testing.run_program("retarget_tf.evaluate", *arguments, "--records=r", f"--out={tmp_path / 'out'}")
        assert done.returncode == 2
        assert done.stderr.startswith("ERROR: one of model and compare must be given. Received: model=")
