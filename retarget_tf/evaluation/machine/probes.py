"""What is tried in a process of its own: each function returns what JSON takes, or raises.

`answer` is the process: it reads a call a line from stdin and writes a result a line to stdout.
"""

import importlib
import io
import json
import os
import pathlib
import sys
from typing import Any

UNIMPORTABLE = "a package cannot be imported"
_FPS, _SECOND = 25, range(25)


def answer() -> None:
    """Answers the questions on stdin; what libraries print goes to stderr."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        for line in sys.stdin:
            function, arguments = json.loads(line)
            result: tuple[Any, str]
            try:
                result = globals()[function](*arguments), ""
            except ImportError as error:
                result = None, f"{UNIMPORTABLE}: {error}"
            except Exception as error:
                result = None, " ".join((str(error) or type(error).__name__).split())
            out.write(f"{json.dumps(result)}\n")
            out.flush()


def imported(module: str) -> str:
    """Imports a module and returns its version, if it has one."""
    return str(getattr(importlib.import_module(module), "__version__", ""))


def hdf5_version() -> str:
    """Returns the version of the HDF5 library with which Keras reads weights."""
    import h5py

    return str(h5py.version.hdf5_version)


def devices() -> dict[str, Any]:
    """Returns the GPUs that TensorFlow sees, and the precision in which a training computes."""
    import tensorflow as tf

    from retarget_tf.training import precision

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    return {"gpus": names, "precision": precision.choose(precision.AUTO)}


def video(codec: str, suffix: str, folder: str) -> str:
    """Writes a second of video and reads it.

    Raises:
        ValueError: It is not what was written.
    """
    import numpy as np

    from retarget_tf.pictures import video as videos

    ramp = np.linspace(0, 200, 96, dtype=np.uint8)[:, None] + np.zeros((96, 128), np.uint8)
    is_gray = codec == "ffv1"
    frames = [ramp + np.uint8(index) if is_gray else np.stack([ramp + np.uint8(index)] * 3, -1) for index in _SECOND]
    path = pathlib.Path(folder) / f"second{suffix}"
    with videos.VideoWriter(path, _FPS, codec) as writer:
        for frame in frames:
            writer.write(frame)
    read = list(videos.read_gray(path) if is_gray else videos.read_frames(path))
    apart = np.abs(np.stack(read).astype(int) - np.stack(frames)).mean() if len(read) == len(frames) else np.inf
    path.unlink()
    if apart > (0 if is_gray else 3):
        raise ValueError(f"{len(read)} of {len(frames)} frames were read, {apart:.1f} grey levels apart")
    return f"{len(read)} frames written and read"


def picture(kind: str, suffix: str, folder: str) -> str:
    """Writes a picture with Pillow and reads it as photos are read.

    Raises:
        ValueError: It is not what was written.
    """
    import numpy as np
    import PIL.Image

    from retarget_tf.pictures import image_files

    image = np.stack([np.linspace(0, 200, 64, dtype=np.uint8)[:, None] + np.zeros((64, 64), np.uint8)] * 3, -1)
    path = pathlib.Path(folder) / f"picture{suffix}"
    encoded = io.BytesIO()
    if kind == "HEIC":
        from pillow_heif import from_pillow

        from_pillow(PIL.Image.fromarray(image)).save(encoded, format="HEIF")
    else:
        PIL.Image.fromarray(image).save(encoded, format=kind)
    path.write_bytes(encoded.getvalue())
    apart = np.abs(image_files.load_photo(path).astype(int) - image).mean()
    path.unlink()
    if apart > 3:
        raise ValueError(f"what is read is {apart:.1f} grey levels apart from what was written")
    return "written and read"


def mediapipe_models() -> dict[str, Any]:
    """Looks for the files of MediaPipe in the folder where the programs do.

    Returns:
        `folder`, and in `problems` what is wrong, a line a file.
    """
    from retarget_tf.errors import InputDataError, MissingDependencyError
    from retarget_tf.footage.extraction import models

    problems, size = [], 0
    for model in models.MODELS:
        size += model.size
        try:
            models.find(model)
        except (InputDataError, MissingDependencyError) as error:
            problems.append(str(error))
    return {"folder": str(models.default_folder()), "count": len(models.MODELS), "size": size, "problems": problems}


def network(name: str) -> str:
    """Loads a generator and returns what it is."""
    from retarget_tf.networks import generator

    trained = generator.load_generator(name)
    model = trained.spec.model
    return f"{name}: {model.image_size} px, {model.label_schema}"


def stage(folder: str, frames: int) -> None:
    """Renders two dancers: clip folders in `clips`, the first frame of one as `photo.png`, the other as `dance.mp4`."""
    from retarget_tf import dancers
    from retarget_tf.pictures import image_files
    from retarget_tf.pictures import video as videos

    out = pathlib.Path(folder)
    clips = sorted(dancers.make_clips(out / "clips", people=2, clips_per_person=1, frames=frames, size=128, workers=1))
    image_files.write_png(out / "photo.png", next(iter(videos.read_frames(clips[0] / "frames.mkv"))))
    with videos.VideoWriter(out / "dance.mp4", _FPS) as writer:
        for frame in videos.read_frames(clips[1] / "frames.mkv"):
            writer.write(frame)
