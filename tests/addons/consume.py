"""Runs an export under another TensorFlow, without this package: see `make test-addons` and `make test-2.19`.

python tests/addons/consume.py FOLDER

If tensorflow-addons is installed, its instance normalization is compared with Keras's.
"""

import importlib.util
import pathlib
import runpy
import sys

import numpy as np
import tensorflow as tf

STRANGER = pathlib.Path(__file__).parents[2] / "retarget_tf" / "serving" / "stranger.py"


def check_answers(folder: pathlib.Path) -> None:
    """The SavedModel gives the maps that it gave where it was made; kernels of two versions round differently."""
    runpy.run_path(str(STRANGER))["main"](str(folder / "served" / "1"), str(folder / "here.npz"))
    expected, received = np.load(folder / "answers.npz"), np.load(folder / "here.npz")
    assert sorted(expected) == sorted(received), (sorted(expected), sorted(received))
    for name in expected:
        equal = np.mean(expected[name] == received[name])
        print(f"{name}: {equal:.3%} equal")
        assert equal >= 0.999, name


def check_norm(folder: pathlib.Path) -> None:
    """`GroupNormalization(groups=-1)` of Keras 3 is the addons' InstanceNormalization."""
    import tensorflow_addons as tfa

    stored = np.load(folder / "norm.npz")
    norm = tfa.layers.InstanceNormalization(epsilon=float(stored["epsilon"]))
    norm.build(stored["pictures"].shape)
    norm.set_weights([stored["scale"], stored["shift"]])
    difference = np.abs(norm(stored["pictures"]).numpy() - stored["normalized"]).max()
    print(f"instance normalization: largest difference {difference:.1e}")
    assert difference <= 1e-5


if __name__ == "__main__":
    print(f"TensorFlow {tf.__version__}")
    check_answers(pathlib.Path(sys.argv[1]))
    if importlib.util.find_spec("tensorflow_addons"):
        check_norm(pathlib.Path(sys.argv[1]))
