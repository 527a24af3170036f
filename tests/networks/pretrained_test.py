"""Tests of the pretrained generator: in the package, small, and good for people it was not trained on."""

import json

import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN
from retarget_tf.dataset import clips
from retarget_tf.evaluation import metrics
from retarget_tf.networks import generator, trained
from retarget_tf.retargeting import rollout

FRAMES = 101


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[clips.Clip]:
    """People of a seed that no training used."""
    folder = tmp_path_factory.mktemp("clips")
    dancers.make_clips(folder, people=3, clips_per_person=1, frames=FRAMES, size=128, seed=77, workers=1)
    return clips.find_clips(folder)


def test_the_package_holds_it_with_its_recipe_and_card() -> None:
    folder = trained.PRETRAINED
    assert trained.pretrained_names() == ["stable_128"]
    assert (folder / "stable_128.keras").stat().st_size < 20e6
    assert json.loads((folder / "stable_128.json").read_text())["model"]["image_size"] == 128
    recipe = (folder / "stable_128.flags").read_text()
    spec = generator.load_keras_generator("stable_128")[1]
    assert f"--filters={spec.model.filters}\n" in recipe
    assert f"{spec.step:,} steps" in (folder / "MODEL_CARD.md").read_text()


@pytest.mark.slow
def test_strangers_dance(people: list[clips.Clip]) -> None:
    """Half of the batch starts from the photo and its map, the other half from the photo alone."""
    frames = np.stack([next(clip.read_frames()) for clip in people])
    maps = np.stack([list(clip.read_maps()) for clip in people], axis=1)
    keypoints = np.stack([clip.keypoints for clip in people], axis=1)
    given = np.concatenate([maps[0], np.full_like(maps[0], UNKNOWN)])
    reference = rollout.Reference(np.tile(frames, (2, 1, 1, 1)), np.tile(keypoints[0], (2, 1, 1)), given)
    running = rollout.Rollout(generator.load_generator("stable_128"), reference)
    generated, still = ([metrics.Tally(PARTS10) for _ in given] for _ in range(2))
    for t in range(1, FRAMES):
        for index, parsing_map in enumerate(running.step(np.tile(keypoints[t], (2, 1, 1)))):
            generated[index].add(maps[t, index % len(people)], parsing_map)
            still[index].add(maps[t, index % len(people)], maps[0, index % len(people)])
    scores = np.asarray(
        [[tally.scores(metrics.mean_iou)["mean"] for tally in tallies] for tallies in (generated, still)]
    )
    (from_map, from_photo), (unmoved, _) = scores.reshape(2, 2, len(people)).mean(axis=2)
    assert from_map > max(unmoved + 0.1, 0.6)
    assert from_photo > max(unmoved, 0.4)  # what is not moved is the true map, which this start has to guess
