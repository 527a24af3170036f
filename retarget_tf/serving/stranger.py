"""Calls every signature of a SavedModel with nothing of this package at hand.

    python stranger.py EXPORT_DIR OUT.npz

A script by itself, which imports TensorFlow alone, of 2.15 or later: `checking` runs it in a process of its own, and
`make test-addons` under another TensorFlow. It writes `<signature>/<output>` for each output.
"""

import importlib.abc
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

BATCH, FRAMES = 2, 3
HEIGHT, WIDTH = 90, 60  # of the photo that is sent
UNKNOWN = 255


class Blocker(importlib.abc.MetaPathFinder):
    """Lets nobody import retarget_tf."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        """Raises for this package, and leaves others to the next finder."""
        if fullname.split(".")[0] == "retarget_tf":
            raise ImportError(f"{fullname} is blocked")


def inputs_of(signature: Any) -> dict[str, Any]:
    """The same inputs whatever the TensorFlow: a picture of colours that run, poses, and no map."""
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


def main(export_dir: str, out: str) -> None:
    """Loads the SavedModel, calls its signatures, checks that they agree, and writes their answers."""
    served = tf.saved_model.load(export_dir)
    answers = {}
    for name, signature in served.signatures.items():
        for output, value in signature(**inputs_of(signature)).items():
            assert value.shape[0] == BATCH, (name, output, value.shape)
            answers[f"{name}/{output}"] = value.numpy()
    first = answers["retarget_clip_raw/parsing_map"][:, 0]
    assert (answers["step/parsing_map"] == first).all()
    assert (answers["serving_default/parsing_map"] == first).all()
    on_canvas = answers["retarget_clip_on_canvas/parsing_map_png_bytes"][:, 0]
    assert (answers["step_on_canvas/parsing_map_png_bytes"] == on_canvas).all()
    np.savez(out, **{name: value for name, value in answers.items() if value.dtype != object})


if __name__ == "__main__":
    sys.meta_path.insert(0, Blocker())
    main(*sys.argv[1:])
