"""Writes what `make test-addons` expects of TensorFlow 2.15: an export, its answers, and an instance normalization.

python -m tests.addons.make_expected FOLDER
"""

import pathlib
import sys

import numpy as np

from retarget_tf.networks import layers
from retarget_tf.serving import exporting, stranger


def main(folder: pathlib.Path) -> None:
    """Writes `served/1`, `answers.npz` and `norm.npz`."""
    export_dir = exporting.export_saved_model("stable_128", folder / "served", version=1)
    stranger.main(str(export_dir), str(folder / "answers.npz"))
    random = np.random.default_rng(0)
    norm = layers.normalization("instance", seed=0, name="norm")
    pictures = random.normal(2, 3, (2, 7, 6, 5)).astype(np.float32)
    norm.build(pictures.shape)
    scale, shift = random.normal(1, 0.5, (2, 5)).astype(np.float32)
    norm.set_weights([scale, shift])
    np.savez(
        folder / "norm.npz",
        pictures=pictures,
        scale=scale,
        shift=shift,
        epsilon=norm.epsilon,
        normalized=norm(pictures).numpy(),
    )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
