"""Holds a SavedModel against the checkpoint that it was made of, and proves that it needs nothing of this package."""

import dataclasses
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from retarget_tf import conditioning, files, rollout, serving, skeleton
from retarget_tf.errors import InputDataError
from retarget_tf.generator import TrainedGenerator, load_generator, load_keras_generator
from retarget_tf.parsing_labels import UNKNOWN

Tensor = Any
FloatArray = npt.NDArray[np.float32]

BATCH_SIZES = (1, 3, 8)
MAX_DIFFERENCE = 1e-4  # of the network's outputs, which lie in [-1, 1] or [0, 1]
MIN_EQUAL_IDS = 0.999  # share of pixels: two classes that are equally near may fall either way

# Loads and calls the export where this package cannot be imported; TensorFlow brings Keras along by itself.
_STRANGER = """
import importlib.abc, sys
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "retarget_tf":
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Blocker())
import tensorflow as tf
serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
picture = tf.io.encode_jpeg(tf.zeros([90, 60, 3], tf.uint8))
points = tf.random.uniform([2, 25, 3], 1, 59)
outputs = serve(image_bytes=tf.stack([picture, picture]), keypoints=points, reference_keypoints=points)
assert outputs["parsing_map"].shape[0] == 2, outputs
"""


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Attributes:
        name: what it is.
        finding: what came out, for people.
        passed: whether that is good.
    """

    name: str
    finding: str
    passed: bool


def check_saved_model(model: files.PathLike, export_dir: files.PathLike, seed: int = 0) -> list[Check]:
    """Tries everything and returns what was found.

    Args:
        model: the workdir or `.keras` file that was exported.
        export_dir: one version's folder.
        seed: of the random pictures and keypoints.

    Raises:
        InputDataError: one of the two cannot be read.
    """
    network, spec = load_keras_generator(model)
    exported = load_generator(export_dir)
    signature = _signature(export_dir)
    random = np.random.default_rng(seed)
    checks = [Check("description", f"step {exported.spec.step}", exported.spec == spec)]
    trained = TrainedGenerator(lambda inputs: network(inputs, training=False), spec)
    for batch in BATCH_SIZES:
        inputs = _random_inputs(random, batch, network)
        checks.append(_compare_outputs(batch, trained.network(inputs), exported.network(inputs)))
        checks.append(_compare_maps(random, batch, trained, signature))
    checks.append(_check_stranger(export_dir))
    return checks


def _signature(export_dir: files.PathLike) -> Any:
    served = tf.saved_model.load(str(export_dir))
    if serving.SERVING_DEFAULT not in served.signatures:
        raise InputDataError(f"SavedModel {export_dir}: has no signature {serving.SERVING_DEFAULT}. Export it again.")
    function = served.signatures[serving.SERVING_DEFAULT]
    function.keep_alive = served  # its variables live as long as the loaded object
    return function


def _random_inputs(random: np.random.Generator, batch: int, network: keras.Model) -> dict[str, FloatArray]:
    """Whatever the network takes: pictures, keypoints, and one-hot maps."""
    inputs = {}
    size_of_pictures = max(tensor.shape[1] for tensor in network.output.values())
    for name, tensor in network.input.items():
        size, channels = tensor.shape[1], tensor.shape[-1]
        if name.endswith("keypoints"):
            inputs[name] = _random_keypoints(random, batch, size_of_pictures)
        elif name.endswith("frame"):
            inputs[name] = conditioning.to_signed(_random_pictures(random, batch, size)).numpy()
        else:
            ids = _random_pictures(random, batch, size)[..., 0] % channels
            inputs[name] = np.eye(channels, dtype=np.float32)[ids]
    return inputs


def _random_pictures(random: np.random.Generator, batch: int, size: int) -> npt.NDArray[np.uint8]:
    """Coloured clouds, RGB uint8 `[batch, size, size, 3]`."""
    noise = random.integers(0, 256, (batch, size, size, 3), dtype=np.uint8)
    return np.stack([cv2.GaussianBlur(picture, (0, 0), size / 16) for picture in noise])


def _random_keypoints(random: np.random.Generator, batch: int, size: int) -> FloatArray:
    """float32 `[batch, 25, 3]` of which a fifth is missing."""
    keypoints = random.uniform(0, size, (batch, skeleton.NUM_JOINTS, 3)).astype(np.float32)
    keypoints[..., 2] = random.uniform(0.3, 1, keypoints.shape[:2])
    keypoints[random.random(keypoints.shape[:2]) < 0.2] = 0
    return keypoints


def _compare_outputs(batch: int, expected: Mapping[str, Tensor], received: Mapping[str, Tensor]) -> Check:
    differences = [float(tf.reduce_max(tf.abs(expected[name] - received[name]))) for name in expected]
    worst = max(differences)
    return Check(f"generator, batch {batch}", f"largest difference {worst:.1e}", worst <= MAX_DIFFERENCE)


def _compare_maps(random: np.random.Generator, batch: int, trained: TrainedGenerator, signature: Any) -> Check:
    """The signature on pictures of the model's own size: without a reference pose the canvas is the picture."""
    size = trained.spec.model.image_size
    pictures, keypoints = _random_pictures(random, batch, size), _random_keypoints(random, batch, size)
    reference = rollout.Reference(pictures, np.zeros_like(keypoints), np.full((batch, size, size), UNKNOWN, np.uint8))
    expected = rollout.Rollout(trained, reference).step(keypoints)
    encoded = tf.stack([tf.io.encode_png(picture) for picture in pictures])
    outputs = signature(
        image_bytes=encoded, keypoints=tf.constant(keypoints), reference_keypoints=tf.zeros_like(keypoints)
    )
    decoded = tf.stack([tf.io.decode_png(png)[..., 0] for png in outputs["parsing_map_png_bytes"]])
    equal = float(tf.reduce_mean(tf.cast(expected == outputs["parsing_map"], tf.float32)))
    same_png = bool(tf.reduce_all(decoded == outputs["parsing_map"]))
    finding = f"{equal:.2%} of the ids equal, PNG {'equal' if same_png else 'DIFFERENT'}"
    return Check(f"{serving.SERVING_DEFAULT}, batch {batch}", finding, equal >= MIN_EQUAL_IDS and same_png)


def _check_stranger(export_dir: files.PathLike) -> Check:
    folder = str(pathlib.Path(export_dir).resolve())
    done = subprocess.run(
        [sys.executable, "-I", "-c", _STRANGER, folder], capture_output=True, text=True, check=False, timeout=600
    )
    last_line = done.stderr.strip().splitlines()[-1:] or [""]
    finding = "loads and runs" if done.returncode == 0 else f"fails: {last_line[0]}"
    return Check("without retarget_tf", finding, done.returncode == 0)
