"""Exports a trained generator into the folder of one version.

<version>/
    saved_model.pb, variables/
    assets/labels.json, assets/skeleton.json   names, colours and limbs for clients without this package
    assets.extra/generator.json                the model's settings, read by `generator.load_generator`
    assets.extra/tf_serving_warmup_requests    see `warmup`
    assets.extra/MODEL_CARD.md
"""

import pathlib
import tempfile

import tensorflow as tf

from retarget_tf import files
from retarget_tf.body import skeleton
from retarget_tf.errors import ConfigError
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.networks.generator import load_keras_generator
from retarget_tf.networks.trained import SPEC_NAME
from retarget_tf.serving import warmup
from retarget_tf.serving.graph import ServingGraph
from retarget_tf.serving.model_card import model_card

CARD_NAME = "MODEL_CARD.md"
FILES = (  # relative to the folder of a version
    "assets/labels.json",
    "assets/skeleton.json",
    f"assets.extra/{SPEC_NAME}",
    f"assets.extra/{CARD_NAME}",
    str(warmup.WARMUP_PATH),
)


def export_saved_model(model: files.PathLike, folder: files.PathLike, version: int | None = None) -> pathlib.Path:
    """Exports a model to `folder/<version>/`, which appears once the model has answered its warm-up requests.

    Args:
        model: Workdir, `.keras` file with its json, or name of a pretrained model.
        folder: Folder that holds the versions; created if needed.
        version: Positive number of the new version; None takes one more than the largest in `folder`.

    Returns:
        The version's folder.

    Raises:
        InputDataError: If the model cannot be read.
        ConfigError: If the version exists or is not positive.
        OSError: If it cannot be written.
    """
    network, spec = load_keras_generator(model)
    version = version if version is not None else max(versions(folder), default=0) + 1
    if version < 1:
        raise ConfigError(f"version must be positive. Received: version={version}")
    served = ServingGraph(network, spec)
    with files.atomic_folder(pathlib.Path(folder) / str(version)) as temporary:
        with tempfile.TemporaryDirectory() as assets:
            served.assets = [tf.saved_model.Asset(str(path)) for path in _write_assets(assets, spec)]
            try:
                tf.saved_model.save(served, str(temporary), signatures=served.functions)
            except tf.errors.OpError as error:
                needed = sum(weights.numpy().nbytes for weights in network.weights)
                told = files.why_not_written(pathlib.Path(folder) / str(version), error, needed)
                raise OSError(f"SavedModel {told}") from error
        spec.write(temporary / "assets.extra" / SPEC_NAME)
        (temporary / "assets.extra" / CARD_NAME).write_text(model_card(spec), encoding="utf-8")
        warmup.write_warmup(temporary, spec.model)
        warmup.replay_warmup(temporary)
    return pathlib.Path(folder) / str(version)


def versions(folder: files.PathLike) -> dict[int, pathlib.Path]:
    """Returns the folders of the versions in `folder` by their numbers; `00000003` is version 3."""
    paths = pathlib.Path(folder).glob("*")
    return {int(path.name): path for path in paths if path.name.isdecimal() and path.is_dir()}


def _write_assets(folder: files.PathLike, spec: GeneratorSpec) -> list[pathlib.Path]:
    """Writes class names, palette and skeleton as JSON files into `folder` and returns their paths."""
    schema = spec.model.schema
    described = {
        "labels.json": {"label_schema": schema.name, "classes": schema.classes, "palette": schema.palette},
        "skeleton.json": {"joints": skeleton.JOINTS, "limbs": skeleton.LIMBS},
    }
    for name, value in described.items():
        files.write_json(pathlib.Path(folder) / name, value)
    return [pathlib.Path(folder) / name for name in described]
