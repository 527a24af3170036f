"""The battery tests itself: contenders of known merit get the order that the eye gives them."""

import json
import pathlib

import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.errors import InputDataError
from retarget_tf.evaluation.frames import contenders, report
from retarget_tf.evaluation.frames.config import FrameEvaluationConfig
from retarget_tf.evaluation.frames.evaluating import evaluate_frames
from retarget_tf.evaluation.frames.judging import judge
from retarget_tf.evaluation.frames.tasks import FrameTask, list_tasks
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files, video
from retarget_tf.retargeting import targets
from retarget_tf.retargeting.frames.frame_maker import FrameMaker
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.frames.shadow import ground_lines
from tests import testing

SIZE = 128
CONFIG = FrameEvaluationConfig(frame_step=10, videos=False, redetect=False)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[FrameTask]:
    folder = tmp_path_factory.mktemp("clips")
    # Both wear patterns: a doll of plain classes is nearly the picture of a dancer in plain clothes.
    dancers.make_clips(folder, people=2, clips_per_person=1, frames=32, size=SIZE, seed=2)
    return list_tasks([folder], "limbs", last_frame=31)


@pytest.fixture(scope="module")
def scores(tasks: list[FrameTask]) -> dict[str, dict[str, float]]:
    """Means over the clips."""
    judged = [report.Judged(task, judge(task, PARTS10, CONFIG)) for task in tasks]
    summary = report.summarise(judged, seed=0)["contenders"]
    return {name: {key: value["mean"] for key, value in of_one.items()} for name, of_one in summary.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("measure", "sign"), [("person_st_ssim", 1), ("person_texture", -1)])
def test_measures_that_gate_order_contenders_as_the_eye_does(
    scores: dict[str, dict[str, float]], measure: str, sign: int
) -> None:
    order = [sign * scores[name][measure] for name in ("true_maps", "limbs", "blurred", "doll")]
    assert order == sorted(order, reverse=True), order


@pytest.mark.slow
def test_the_photos_pose_gives_the_photo_and_nothing_else_is_touched(scores: dict[str, dict[str, float]]) -> None:
    for name in ("copy", "limbs", "served", "true_maps"):
        assert scores[name]["own_pose_psnr"] >= 45, name
    assert {of_one["untouched"] for name, of_one in scores.items() if name != "real"} == {1.0}
    assert scores["blurred"]["person_sharpness"] < 0.6 < scores["limbs"]["person_sharpness"]


def test_limbs_are_the_frames_of_the_product(tasks: list[FrameTask]) -> None:
    target = targets.clip_target(tasks[0].target.folder, SIZE)
    product = FrameMaker([target], [target.parsing_map], PARTS10, FrameOptions(height=SIZE))
    made = contenders.Contenders(target, PARTS10)
    grounds = ground_lines(tasks[0].driving)
    for t, frame in enumerate(product.dance(tasks[0].driving)):
        if t % 15 == 0:
            moment = contenders.Moment(tasks[0].driving[t], float(grounds[t]), target.parsing_map, None)
            np.testing.assert_array_equal(made.make(moment)["limbs"].frame, frame)


def test_a_small_map_is_enlarged_with_smooth_outlines() -> None:
    small = np.zeros((16, 16), np.uint8)
    small[4:12, 4:12] = 3
    enlarged = contenders.enlarged_map(small, 64)
    assert set(np.unique(enlarged)) == {0, 3}
    assert (enlarged[20:44, 20:44] == 3).all()
    assert not enlarged[:14].any()
    assert abs(int((enlarged > 0).sum()) - 32 * 32) < 100
    assert enlarged[16, 16] == 0, "corners are rounded"
    assert contenders.enlarged_map(small, 16) is small


@pytest.mark.slow
def test_it_writes_numbers_sheets_and_videos(tmp_path: pathlib.Path) -> None:
    own, crossed, out, workdir = (tmp_path / name for name in ("own", "crossed", "out", "workdir"))
    model = ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=2)
    spec = GeneratorSpec(model, person_height_share=0.75, step=9)
    generator.save_generator(testing.lively(generator.build_generator(model)), spec, workdir)
    dancers.make_clips(own, people=2, clips_per_person=1, frames=4, size=64)
    dancers.make_cross_clips(crossed, own)
    config = FrameEvaluationConfig(frame_step=2, redetect=False)
    found = evaluate_frames([own, crossed], out, config, model=workdir)
    assert json.loads((out / "frames.json").read_text()) == found
    assert [clip["frames"] for clip in found["self"]["clips"]] == [3, 3]
    assert set(found["self"]["contenders"]) == set(found["cross_person"]["contenders"]) == {"real", *contenders.NAMES}
    psnr = found["self"]["contenders"]["limbs"]["person_psnr"]
    each = [clip["scores"]["limbs"]["person_psnr"] for clip in found["self"]["clips"]]
    assert psnr["mean"] == pytest.approx(np.mean(each))
    assert psnr["interval"] == pytest.approx(sorted(each))
    for clip in (*found["self"]["clips"], *found["cross_person"]["clips"]):
        frames = list(video.read_frames(out / f"{clip['clip_id']}.mp4"))
        assert len(frames) == 3
        assert (out / f"{clip['clip_id']}.png").is_file()
    assert image_files.load_photo(out / "frames.png").shape[1] > 4 * 160
    lines = report.table(found).splitlines()
    assert lines[0].split()[:4] == ["person", "PSNR", "SSIM", "st-SSIM"]
    assert "2 clips, cross-person (fit limbs)" in lines


def test_a_clip_without_maps_is_told_of_before_anything_is_written(tmp_path: pathlib.Path) -> None:
    for name in ("one", "two"):
        testing.make_clip_folder(tmp_path / "clips", clip_id=name)
    (tmp_path / "clips" / "two" / "maps.mkv").unlink()
    with pytest.raises(InputDataError, match=r"^clip .*two: has no maps of label schema parts10 \(maps\.mkv\)\. Make "):
        evaluate_frames([tmp_path / "clips"], tmp_path / "out", CONFIG)
    assert not (tmp_path / "out").exists()
