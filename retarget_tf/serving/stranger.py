"""Calls every signature of a SavedModel in a process that cannot import this package.

    python stranger.py EXPORT_DIR OUT.npz

This script needs only NumPy and TensorFlow 2.15 or later. `checking` runs it in a separate process, `make test-addons`
and `make test-2.19` under older versions of TensorFlow. The inputs are always the same, so the answers of several
versions can be compared. OUT.npz gets each numeric output under the name `<signature>/<output>`.
"""

import importlib.abc
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

BATCH, FRAMES = 2, 3
HEIGHT, WIDTH = 90, 60  # of the photo, in pixels
UNKNOWN = 255


class Blocker(importlib.abc.MetaPathFinder):
    """Makes every import of retarget_tf fail."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        """Raises ImportError for this package; other packages are left to the next finder."""
        if fullname.split(".")[0] == "retarget_tf":
            raise ImportError(f"{fullname} is blocked")


def inputs_of(signature: Any) -> dict[str, Any]:
    """Returns inputs for a signature: a colour gradient as the picture, random poses, and unknown maps."""
    specs = signature.structured_input_signature[1]
    height, width = specs["reference_map"].shape[1:] if "canvas_bytes" in specs else (HEIGHT, WIDTH)
    random = np.random.default_rng(0)
    ramp = np.stack(np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height)), axis=-1)
    picture = tf.io.encode_png(np.concatenate([ramp, ramp[..., :1]], axis=-1).astype(np.uint8))
    pictures = np.asarray([picture.numpy()] * BATCH, object)
    poses = random.uniform(0.2, 0.8, (BATCH, FRAMES, 25, 3)) * [width, height, 1]
    values = {
        "image_bytes": pictures,
        "canvas_bytes": pictures,
        "reference_keypoints": poses[:, 0],
        "reference_map": np.full((BATCH, height, width), UNKNOWN),
        "request": np.zeros(BATCH),
    }
    given = {}
    for name, spec in specs.items():
        value = values.get(name)
        if name == "keypoints":
            value = poses if spec.shape.rank == 4 else poses[:, 0]
        elif name == "previous_map":
            value = np.full((BATCH, *spec.shape[1:]), UNKNOWN)
        given[name] = tf.constant(value, spec.dtype)
    return given


def first_pose_of_prepared(signatures: Any) -> dict[str, Any]:
    """Returns inputs of `step_frame`: what `prepare_photo` answers, and the first pose moved onto its canvas."""
    prepare = signatures["prepare_photo"]
    prepared = prepare(**inputs_of(prepare))
    square = prepared.pop("photo_square")[:, None]
    scale = prepared["reference_map"].shape[-1] / square[..., 2:]
    pose = inputs_of(signatures["retarget_clip_frames"])["keypoints"][:, 0]
    return {**prepared, "keypoints": tf.concat([(pose[..., :2] - square[..., :2]) * scale, pose[..., 2:]], axis=-1)}


def main(export_dir: str, out: str) -> None:
    """Loads a SavedModel, calls its signatures, checks that their first maps agree, and writes the outputs."""
    served = tf.saved_model.load(export_dir)
    answers = {}
    for name, signature in served.signatures.items():
        inputs = first_pose_of_prepared(served.signatures) if name == "step_frame" else inputs_of(signature)
        for output, value in signature(**inputs).items():
            assert value.shape[0] == BATCH, (name, output, value.shape)
            answers[f"{name}/{output}"] = value.numpy()
    first = answers["retarget_clip_raw/parsing_map"][:, 0]
    assert (answers["step/parsing_map"] == first).all()
    assert (answers["serving_default/parsing_map"] == first).all()
    on_canvas = answers["retarget_clip_on_canvas/parsing_map_png_bytes"][:, 0]
    assert (answers["step_on_canvas/parsing_map_png_bytes"] == on_canvas).all()
    frames = [answers[f"{name}/frame_jpeg_bytes"].ravel()[0] for name in ("step_frame", "retarget_clip_frames")]
    frame, same_frame = (tf.io.decode_jpeg(encoded).numpy().astype(int) for encoded in frames)
    assert np.abs(frame - same_frame).mean() < 1  # of 255; where a joint lies may be rounded differently
    np.savez(out, **{name: value for name, value in answers.items() if value.dtype != object})


if __name__ == "__main__":
    sys.meta_path.insert(0, Blocker())
    main(*sys.argv[1:])
