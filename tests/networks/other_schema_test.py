"""Runs a label schema with another number of classes through clips, records, training and evaluation."""

import pathlib

import pytest

from retarget_tf.body.parsing_labels import PPP7
from retarget_tf.dataset import records
from retarget_tf.evaluation import evaluating
from retarget_tf.networks import generator
from retarget_tf.networks.config import ModelConfig
from retarget_tf.training import loop
from retarget_tf.training.config import TrainingConfig
from tests import testing

SIZE = 32


@pytest.mark.slow
def test_ppp7_goes_all_the_way(tmp_path: pathlib.Path) -> None:
    for person in ("anna", "bela"):
        testing.make_clip_folder(tmp_path / "clips", clip_id=person, person_id=person, label_schema=PPP7.name)
    build = records.BuildConfig(label_schema=PPP7.name, segment_frames=6, validation_share=0, test_share=0.5)
    manifest = records.build_records([tmp_path / "clips"], tmp_path / "records", build)
    assert manifest.label_schema == PPP7.name

    model = ModelConfig.of_preset("stable", image_size=SIZE, label_schema=PPP7.name, filters=2, refinement=2)
    settings = TrainingConfig.of_preset("stable", steps=2, batch_size=1)
    assert loop.train([manifest.folder], tmp_path / "work", model, settings) == 2

    metrics = evaluating.evaluate(tmp_path / "work", manifest.folder).metrics
    assert metrics["label_schema"] == PPP7.name
    assert set(metrics["per_class_iou"]) <= set(PPP7.classes)

    network, _ = generator.load_keras_generator(tmp_path / "work")
    assert network.output["parsing_probabilities"].shape == (None, SIZE, SIZE, PPP7.num_classes)
