"""Makes tests/data/v<version>.tar.xz: what this version writes, and what it reads in it, for later versions to compare.

    python -m tests.data.make

The README beside it says what it holds. The functions below are what `compatibility_test.py` calls on it.
"""

import importlib.metadata
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import warnings
from typing import Any

import numpy as np

FOLDER = pathlib.Path(__file__).parent
PRESETS = {"paper": ["--filters=2"], "stable": ["--filters=2", "--refinement=2"]}
MODELS = ("paper", "stable", "paper_export/1", "stable_export/1")


def main() -> None:
    """Writes the archive; one that is there stays."""
    archive = FOLDER / f"v{importlib.metadata.version('retarget_tf')}.tar.xz"
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive, "x:xz") as tar:
        make(pathlib.Path(folder))
        tar.add(folder, ".")
    print(f"{archive}: {archive.stat().st_size / 1e6:.2f} MB")


def make(folder: pathlib.Path) -> None:
    """Fills the folder: clips, records, of each preset a workdir and an export, and `expected`."""
    size = ["--people=5", "--clips_per_person=1", "--frames=8", "--size=32"]
    run(folder, "data.make_dancers", "--out=clips", *size)
    splits = ["--segment_frames=4", "--validation_share=0.2", "--test_share=0.2"]
    run(folder, "data.build_records", "--clips=clips", "--out=records", *splits)
    for preset in PRESETS:
        train(folder, preset, steps=2)
        enliven(folder / preset / "generator.keras")
        run(folder, "export.export_saved_model", f"--model={preset}", f"--out={preset}_export")
    (folder / "expected").mkdir()
    expected = {"clip": clip_contents(folder), "batch": first_batch(folder)}
    for model in MODELS:
        expected[model] = {"maps": retargeted_maps(folder, model)}
        if "export" in model:
            expected[model] |= served_outputs(folder / model)
    for name, arrays in expected.items():
        np.savez_compressed(folder / "expected" / f"{name.replace('/', '_')}.npz", **arrays)


def train(folder: pathlib.Path, preset: str, steps: int) -> None:
    """Trains a workdir up to this step, or goes on with it."""
    arguments = [f"--preset={preset}", "--records=records", f"--workdir={preset}", f"--steps={steps}"]
    run(folder, "retarget_tf.train", *arguments, "--batch_size=2", "--log_every=1", *PRESETS[preset])


def run(folder: pathlib.Path, program: str, *arguments: str) -> None:
    """Runs a program in the folder."""
    subprocess.run([sys.executable, "-m", program, *arguments], cwd=folder, check=True)


def enliven(file: pathlib.Path) -> None:
    """Gives a generator weights so large that its maps hold several classes, as two steps of training do not."""
    import keras

    from tests import testing

    testing.lively(keras.models.load_model(file, compile=False)).save(file)


def clip_contents(folder: pathlib.Path) -> dict[str, Any]:
    """Everything in the first clip."""
    from retarget_tf.dataset import clips

    clip = clips.find_clips(folder / "clips")[0]
    frames, maps = np.stack(list(clip.read_frames())), np.stack(list(clip.read_maps()))
    return {"frames": frames, "maps": maps, "keypoints": clip.keypoints}


def first_batch(folder: pathlib.Path) -> dict[str, Any]:
    """The first training windows of the records, in an order that the seed decides."""
    from retarget_tf.dataset import input_pipeline

    dataset = input_pipeline.make_dataset(folder / "records", "train", window_frames=2, batch_size=3, seed=4)
    return {name: _plain(tensor) for name, tensor in next(iter(dataset)).items()}


def retargeted_maps(folder: pathlib.Path, model: str) -> Any:
    """The maps of the second clip's person in the dance of the first: uint8 `[frames, height, width]`.

    The dance is smoothed as version 0.1.0 did, since how paths are cleaned changes and is not what is compared.
    """
    from retarget_tf.body import keypoint_filters
    from retarget_tf.retargeting import sources, targets
    from retarget_tf.retargeting.retargeter import Retargeter

    source, target = sorted((folder / "clips").iterdir())[:2]
    retargeter = Retargeter.load(folder / model)
    path = _median(keypoint_filters.fill_from_twin(sources.clip_source(source).keypoints))
    dance = retargeter.retarget(targets.clip_target(target, retargeter.image_size), path, clean=False)
    return np.stack(list(dance))


def _median(keypoints: Any, window: int = 7) -> Any:
    """The median of each coordinate over the frames around it in which the joint is seen."""
    places = np.where(keypoints[..., 2:] > 0, keypoints[..., :2], np.float32(np.nan))
    padded = np.pad(places, ((window // 2, window // 2), (0, 0), (0, 0)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of joints that are never seen
        median = np.nan_to_num(np.nanmedian(around, axis=-1))
    seen = keypoints[..., 2:] > 0
    return np.concatenate([np.where(seen, median, 0), keypoints[..., 2:]], axis=-1).astype(np.float32)


def served_outputs(export_dir: pathlib.Path) -> dict[str, Any]:
    """What every signature of a SavedModel answers to the request that lies beside it for servers to warm up."""
    from retarget_tf.serving import warmup

    answers = warmup.replay_warmup(export_dir)
    return {
        f"{signature}.{name}": _plain(tensor)
        for signature, outputs in answers.items()
        for name, tensor in outputs.items()
        if not name.endswith("_bytes")
    }


def _plain(tensor: Any) -> Any:
    """An array that `np.load` reads without pickles."""
    array = np.asarray(tensor)
    return array.astype(np.bytes_) if array.dtype == object else array


if __name__ == "__main__":
    main()
