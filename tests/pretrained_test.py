"""The generator that comes with the package: it is there, it is small, and people whom it never saw dance with it."""

import json
import pathlib

import numpy as np
import pytest

from retarget_tf import clips, dancers, generator, metrics, rollout
from retarget_tf.baselines import CopyFirst
from retarget_tf.parsing_labels import PARTS10, UNKNOWN

FRAMES = 41


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> clips.Clip:
    """A person of a seed that no training used."""
    folder = tmp_path_factory.mktemp("clips")
    dancers.make_clips(folder, people=1, clips_per_person=1, frames=FRAMES, size=128, seed=77, workers=1)
    return clips.find_clips(folder)[0]


def test_the_package_holds_it_with_its_recipe_and_card() -> None:
    folder = generator.storage.PRETRAINED
    assert generator.pretrained_names() == ["stable_128"]
    assert (folder / "stable_128.keras").stat().st_size < 20e6
    assert json.loads((folder / "stable_128.json").read_text())["model"]["image_size"] == 128
    recipe = (folder / "stable_128.flags").read_text()
    spec = generator.load_keras_generator("stable_128")[1]
    assert f"--filters={spec.model.filters}\n" in recipe
    assert f"{spec.step:,} steps" in (folder / "MODEL_CARD.md").read_text()
    assert "pretrained" in (pathlib.Path(__file__).parent.parent / "setup.py").read_text()


@pytest.mark.parametrize("start", ["map", "photo"])
def test_a_stranger_dances(clip: clips.Clip, start: str) -> None:
    real = list(clip.read_maps())
    given = real[0] if start == "map" else np.full_like(real[0], UNKNOWN)
    reference = rollout.Reference(next(clip.read_frames())[None], clip.keypoints[:1], given[None])
    generated = rollout.rollout_clip(generator.load_generator("stable_128"), reference, clip.keypoints[1:])
    scores, still = metrics.Tally(PARTS10), metrics.Tally(PARTS10)
    first = CopyFirst().start(clip.keypoints[:1], real[0][None])(clip.keypoints[:1])[0]
    for truth, parsing_map in zip(real[1:], generated, strict=True):
        scores.add(truth, parsing_map)
        still.add(truth, first)
    reached = scores.scores(metrics.mean_iou)["mean"]
    assert reached > still.scores(metrics.mean_iou)["mean"], "a map that never moves"
    assert reached > (0.6 if start == "map" else 0.4)
