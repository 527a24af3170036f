"""Checks an exported SavedModel against the trained generator, also in a process that cannot import this package."""

import dataclasses
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Float32Array, Tensor, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.errors import InputDataError
from retarget_tf.networks import encoding
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.networks.generator import load_generator, load_keras_generator, load_saved_model
from retarget_tf.networks.trained import TrainedGenerator, find_saved_model
from retarget_tf.retargeting import rollout
from retarget_tf.serving import contract, exporting, warmup

BATCH_SIZES = (1, 3, 8)
MAX_DIFFERENCE = 1e-4  # of the network's outputs, which are in [-1, 1] or [0, 1]
MIN_EQUAL_IDS = 0.999  # share of pixels; rounding may decide between two equally likely classes

FRAMES = 3  # of each random clip

_STRANGER = pathlib.Path(__file__).with_name("stranger.py")


@dataclasses.dataclass(frozen=True)
class Check:
    """Result of one check.

    Attributes:
        name: What was checked.
        finding: The result in words or numbers, for the report.
        passed: Whether the check succeeded.
    """

    name: str
    finding: str
    passed: bool


def check_saved_model(model: files.PathLike, export_dir: files.PathLike, seed: int = 0) -> list[Check]:
    """Runs all checks and returns their results.

    Args:
        model: Workdir, `.keras` file or pretrained model that was exported.
        export_dir: Folder of one version.
        seed: Makes the random pictures and keypoints repeatable.

    Raises:
        InputDataError: If the model or the version cannot be read.
    """
    network, spec = load_keras_generator(model)
    if find_saved_model(export_dir) is None:
        raise InputDataError(
            f"export folder {export_dir}: holds no SavedModel. Give the folder of one version, such as served/1."
        )
    exported = load_generator(export_dir)
    served = _load(export_dir)
    random = np.random.default_rng(seed)
    checks = [Check("description", f"step {exported.spec.step}", exported.spec == spec)]
    trained = TrainedGenerator(lambda inputs: network(inputs, training=False), spec)
    for batch in BATCH_SIZES:
        inputs = random_inputs(random, batch, network)
        checks.append(_compare_outputs(batch, trained.network(inputs), exported.network(inputs)))
        checks.append(_compare_clips(random, batch, trained, served))
    checks.append(_check_metadata(served, spec))
    checks.append(_check_files(export_dir))
    checks.append(_check_stranger(export_dir))
    return checks


def _load(export_dir: files.PathLike) -> Any:
    served = load_saved_model(export_dir)
    missing = sorted(contract.signature_inputs(1).keys() - served.signatures.keys())
    if missing:
        raise InputDataError(f"SavedModel {export_dir}: has no signature {', '.join(missing)}. Export it again.")
    return served


def random_inputs(random: np.random.Generator, batch: int, network: keras.Model) -> dict[str, Float32Array]:
    """Returns a random value for each input of the network: pictures in [-1, 1], keypoints in pixels, one-hot maps."""
    inputs = {}
    size_of_pictures = max(tensor.shape[1] for tensor in network.output.values())
    for name, tensor in network.input.items():
        size, channels = tensor.shape[1], tensor.shape[-1]
        if name.endswith("keypoints"):
            inputs[name] = _random_keypoints(random, batch, size_of_pictures)
        elif name.endswith("frame"):
            inputs[name] = encoding.to_signed(_random_pictures(random, batch, size)).numpy()
        else:
            ids = _random_pictures(random, batch, size)[..., 0] % channels
            inputs[name] = np.eye(channels, dtype=np.float32)[ids]
    return inputs


def _random_pictures(random: np.random.Generator, batch: int, size: int) -> Uint8Array:
    """Returns blurred coloured noise, RGB uint8 `[batch, size, size, 3]`."""
    noise = random.integers(0, 256, (batch, size, size, 3), dtype=np.uint8)
    return np.stack([cv2.GaussianBlur(picture, (0, 0), size / 16) for picture in noise])


def _random_keypoints(random: np.random.Generator, batch: int, size: int) -> Float32Array:
    """Returns float32 `[batch, 25, 3]`; about a fifth of the joints is missing."""
    keypoints = random.uniform(0, size, (batch, skeleton.NUM_JOINTS, 3)).astype(np.float32)
    keypoints[..., 2] = random.uniform(0.3, 1, keypoints.shape[:2])
    keypoints[random.random(keypoints.shape[:2]) < 0.2] = 0
    return keypoints


def _compare_outputs(batch: int, expected: Mapping[str, Tensor], received: Mapping[str, Tensor]) -> Check:
    differences = [float(tf.reduce_max(tf.abs(expected[name] - received[name]))) for name in expected]
    worst = max(differences)
    return Check(f"generator, batch {batch}", f"largest difference {worst:.1e}", worst <= MAX_DIFFERENCE)


def _compare_clips(random: np.random.Generator, batch: int, trained: TrainedGenerator, served: Any) -> Check:
    """Compares the rollout in Python with every signature that generates maps."""
    size = trained.spec.model.image_size  # of the pictures too: without a reference pose each is its own canvas
    pictures = _random_pictures(random, batch, size)
    maps = _random_pictures(random, batch, size)[..., 0] % trained.spec.model.schema.num_classes
    maps[::2] = UNKNOWN
    poses = np.stack([_random_keypoints(random, batch, size) for _ in range(FRAMES)], axis=1)
    running = rollout.Rollout(trained, rollout.Reference(pictures, np.zeros_like(poses[:, 0]), maps))
    expected = np.stack([running.step(poses[:, frame]) for frame in range(FRAMES)], axis=1)
    clip = {
        "image_bytes": tf.stack([tf.io.encode_png(picture) for picture in pictures]),
        "reference_keypoints": tf.zeros_like(poses[:, 0]),
        "reference_map": tf.constant(maps),
        "keypoints": tf.constant(poses),
    }
    canvases = {"canvas_bytes": clip["image_bytes"], **{name: clip[name] for name in clip if name != "image_bytes"}}
    raw = served.signatures[contract.RETARGET_CLIP_RAW](**clip)["parsing_map"].numpy()
    alike = {
        contract.RETARGET_CLIP: np.array_equal(_decoded_clip(served, contract.RETARGET_CLIP, clip), raw),
        contract.RETARGET_CLIP_ON_CANVAS: np.array_equal(
            _decoded_clip(served, contract.RETARGET_CLIP_ON_CANVAS, canvases), raw
        ),
        contract.STEP: np.array_equal(_step_by_step(served, contract.STEP, clip), raw),
        contract.STEP_ON_CANVAS: np.array_equal(_step_by_step(served, contract.STEP_ON_CANVAS, canvases), raw),
        contract.SERVING_DEFAULT: np.array_equal(_first_frame(served, clip)[::2], raw[::2, 0]),
    }
    alike[contract.STEP_FRAME] = np.array_equal(*_frames(served, clip))
    equal = float(np.mean(raw == expected))
    finding = f"{equal:.2%} of the ids as in Python, " + (
        ", ".join(f"{name} DIFFERS" for name, same in alike.items() if not same) or "all signatures alike"
    )
    return Check(f"clips of {FRAMES} frames, batch {batch}", finding, equal >= MIN_EQUAL_IDS and all(alike.values()))


def _decoded_clip(served: Any, signature: str, clip: Mapping[str, Tensor]) -> Uint8Array:
    """Returns maps `[batch, frames, size, size]` from a signature that returns a clip as PNG files."""
    pngs = served.signatures[signature](**clip)["parsing_map_png_bytes"].numpy()
    return np.stack([[tf.io.decode_png(png)[..., 0].numpy() for png in row] for row in pngs])


def _step_by_step(served: Any, signature: str, clip: Mapping[str, Tensor]) -> Uint8Array:
    """Returns maps `[batch, frames, size, size]` from repeated calls of a signature that makes one step."""
    step = served.signatures[signature]
    size = step.structured_outputs["parsing_map"].shape[-1]
    previous, maps = tf.fill([clip["keypoints"].shape[0], size, size], tf.constant(UNKNOWN, tf.uint8)), []
    for frame in range(FRAMES):
        previous = step(**{**clip, "previous_map": previous, "keypoints": clip["keypoints"][:, frame]})["parsing_map"]
        maps.append(previous.numpy())
    return np.stack(maps, axis=1)


def _first_frame(served: Any, clip: Mapping[str, Tensor]) -> Uint8Array:
    """Returns maps `[batch, size, size]` from the default signature, which takes no reference map."""
    return served.signatures[contract.SERVING_DEFAULT](
        image_bytes=clip["image_bytes"],
        keypoints=clip["keypoints"][:, 0],
        reference_keypoints=clip["reference_keypoints"],
    )["parsing_map"].numpy()


def _frames(served: Any, clip: Mapping[str, Tensor]) -> tuple[AnyArray, AnyArray]:
    """Returns the JPEG files of a clip's first frames, from repeated calls of `step_frame` and from one of the clip."""
    clip_frames = served.signatures[contract.RETARGET_CLIP_FRAMES](**clip)["frame_jpeg_bytes"].numpy()
    prepared = served.signatures[contract.PREPARE_PHOTO](**{name: clip[name] for name in clip if name != "keypoints"})
    # Without a reference pose the canvas is the whole picture: only the size differs.
    size = prepared["reference_map"].shape[-1]
    square = prepared.pop("photo_square")[:, 2:, None]
    placed = clip["keypoints"] * tf.concat([size / square, size / square, tf.ones_like(square)], axis=-1)[:, None]
    step = served.signatures[contract.STEP_FRAME]
    frames = [step(**prepared, keypoints=placed[:, frame])["frame_jpeg_bytes"].numpy() for frame in range(FRAMES)]
    return np.stack(frames, axis=1), clip_frames


def _check_metadata(served: Any, spec: GeneratorSpec) -> Check:
    received = served.signatures[contract.METADATA](request=tf.zeros([1], tf.int32))
    expected = contract.metadata(spec)
    wrong = [
        name
        for name, fact in expected.items()
        if name not in received or not np.array_equal(received[name][0].numpy(), fact.numpy())
    ]
    finding = f"contract {contract.CONTRACT_VERSION}, {len(expected['label_names'])} classes"
    return Check(contract.METADATA, finding + "".join(f", {name} DIFFERS" for name in wrong), not wrong)


def _check_files(export_dir: files.PathLike) -> Check:
    """Checks that the files of a version exist, and that the graph answers the warm-up requests."""
    folder = pathlib.Path(export_dir)
    missing = [name for name in exporting.FILES if not (folder / name).is_file()]
    answered = [] if missing else sorted(warmup.replay_warmup(folder))
    finding = f"{', '.join(missing)} MISSING" if missing else f"warm-up of {len(answered)} signatures is answered"
    return Check("files", finding, not missing and answered == sorted(contract.signature_inputs(1)))


def _check_stranger(export_dir: files.PathLike) -> Check:
    """Runs `stranger.py`, which cannot import this package; Keras is there, because TensorFlow depends on it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-I", str(_STRANGER), str(pathlib.Path(export_dir).resolve()), f"{folder}/out.npz"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    last_line = done.stderr.strip().splitlines()[-1:] or [""]
    finding = "every signature answers" if done.returncode == 0 else f"fails: {last_line[0]}"
    return Check("without retarget_tf", finding, done.returncode == 0)
