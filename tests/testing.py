"""Helpers of several tests: tiny data sets, dancers, skips for missing extras, and ways to run the programs."""

import contextlib
import ctypes
import dataclasses
import functools
import importlib.util
import pathlib
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest
from absl import logging as absl_logging

from retarget_tf import dancers
from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import clips
from retarget_tf.errors import InputDataError, MissingDependencyError
from retarget_tf.footage.extraction import models
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.pictures.square_crop import SquareCrop

if TYPE_CHECKING:
    from retarget_tf.retargeting.targets import Target

ROOT = pathlib.Path(__file__).resolve().parents[1]  # the checkout

# x, y from the square's top left corner in quarters of the picture; arms, eyes, ears and toes are missing.
_JOINTS_IN_SQUARE = {
    "nose": (1.0, 0.1), "neck": (1.0, 0.5), "right_shoulder": (0.2, 0.5), "left_shoulder": (1.8, 0.5),
    "mid_hip": (1.0, 1.1), "right_hip": (0.6, 1.1), "left_hip": (1.4, 1.1), "right_knee": (0.5, 1.5),
    "left_knee": (1.5, 1.5), "right_ankle": (0.4, 1.9), "left_ankle": (1.6, 1.9),
}  # fmt: skip


def write_sound(path: pathlib.Path) -> None:
    """Writes a file that holds a moment of silence and no pictures."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())


def make_clip_folder(
    folder: pathlib.Path,
    *,
    clip_id: str = "clip",
    person_id: str = "person",
    frames: int = 6,
    size: int = 32,
    motion_of: str | None = None,
    label_schema: str = "parts10",
    overwrite: bool = False,
) -> pathlib.Path:
    """Writes the clip `folder/clip_id`: a square moves to the right, with the joints of trunk and legs inside it.

    Each person has another colour; in frame t the square's left edge is at `size // 4 + t % (size // 4)`.
    """
    info = clips.ClipInfo(clip_id, person_id, 25.0, motion_of, image_size=size, label_schema=label_schema)
    with clips.ClipWriter(folder / clip_id, info, overwrite=overwrite) as writer:
        for index in range(frames):
            writer.write(*walking_square(index, size, person_id))
    return folder / clip_id


def make_five_people(folder: pathlib.Path) -> pathlib.Path:
    """Writes clips of 10 frames of five people, enough for records with all three splits."""
    for person in "abcde":
        make_clip_folder(folder, clip_id=f"{person}0", person_id=person, frames=10)
    return folder


def walking_square(
    index: int, size: int = 32, person_id: str = "person"
) -> tuple[Uint8Array, Uint8Array, Float32Array]:
    """Returns frame `[size, size, 3]`, parsing map `[size, size]` and keypoints `[25, 3]` of frame `index`."""
    quarter = size // 4
    left, top = quarter + index % quarter, quarter
    colour = np.random.default_rng(list(person_id.encode())).integers(60, 255, 3)
    frame = np.full((size, size, 3), 40, np.uint8)
    frame[top : 3 * quarter, left : left + 2 * quarter] = colour
    parsing_map = np.zeros((size, size), np.uint8)
    parsing_map[top : 3 * quarter, left : left + quarter] = parsing_labels.PARTS10.classes.index("right_arm")
    parsing_map[top : 3 * quarter, left + quarter : left + 2 * quarter] = parsing_labels.PARTS10.classes.index(
        "left_arm"
    )
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for joint, (x, y) in _JOINTS_IN_SQUARE.items():
        keypoints[skeleton.JOINT[joint]] = left + x * quarter, top + y * quarter, 0.9
    return frame, parsing_map, keypoints


def target_of(frame: Uint8Array, keypoints: Float32Array, parsing_map: Uint8Array) -> "Target":
    """Returns the target whose photo is a frame, already a canvas; arguments as in `walking_square`."""
    from retarget_tf.retargeting.targets import Photo, Target

    photo = Photo(frame, SquareCrop(0.0, 0.0, float(len(frame))), parsing_map)
    return Target(frame, keypoints, keypoints[None], parsing_map, photo)


def mirror_keypoints(keypoints: Float32Array, size: int) -> Float32Array:
    """Returns the keypoints `[..., 25, 3]` of the horizontally mirrored image: x flips, left and right swap."""
    swapped = keypoints[..., skeleton.MIRRORED_JOINT, :]
    x = np.where(swapped[..., 2] > 0, size - swapped[..., 0], 0)
    return np.stack([x, swapped[..., 1], swapped[..., 2]], axis=-1).astype(np.float32)


def assert_same_batches(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    """Asserts that two lists of batches are equal in every array."""
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        for name in a:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    """Inserts an EXIF segment with the orientation (tag 0x0112) into a JPEG file."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def png_without_pixels(width: int, height: int) -> bytes:
    """Returns a PNG file that has a header of this size and no pixel data."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IEND\xaeB`\x82"
    return b"\x89PNG\r\n\x1a\n" + chunks


def lively(network: Any, seed: int = 0) -> Any:
    """Gives a Keras network random weights so large that its maps depend on pose and picture."""
    random = np.random.default_rng(seed)
    network.set_weights(
        [np.abs(w) + 0.1 if w.ndim < 2 else random.normal(0, 0.3, w.shape) for w in network.get_weights()]
    )
    return network


@dataclasses.dataclass(frozen=True)
class Served:
    """A tiny model and its export.

    Attributes:
        workdir: Folder with `generator.keras`.
        export_dir: Folder of version 1 of the export.
        spec: Settings of the model.
    """

    workdir: pathlib.Path
    export_dir: pathlib.Path
    spec: GeneratorSpec

    @functools.cached_property
    def loaded(self) -> Any:
        """The SavedModel."""
        import tensorflow as tf

        return tf.saved_model.load(str(self.export_dir))

    @functools.cached_property
    def trained(self) -> Any:
        """The Keras model, as a `trained.TrainedGenerator`."""
        from retarget_tf.networks import generator

        return generator.load_generator(self.workdir)


def run_program(module: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Runs `python -m module` in a separate process."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@contextlib.contextmanager
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Lets `caplog` hear what is logged, information too."""
    logger = absl_logging.get_absl_logger()
    before = logger.propagate
    logger.propagate = True
    try:
        with caplog.at_level("INFO", logger=logger.name):
            yield
    finally:
        logger.propagate = before


def wait_until(holds: Callable[[], object], seconds: float = 120) -> None:
    """Waits until the condition holds; fails the test after `seconds`, more than any machine needs."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            pytest.fail(f"still waiting after {seconds} seconds")
        time.sleep(0.02)


@contextlib.contextmanager
def held_to_permissions() -> Iterator[None]:
    """Makes file permissions apply to this thread although the tests may run as root."""
    libc, header, sets = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    effective = sets[0]
    sets[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = effective
        assert libc.capset(header, sets) == 0


def shared_videos() -> pathlib.Path | None:
    """Returns `shared/videos` beside the checkout, or None: the real footage is not part of the project."""
    folder = ROOT.parent / "shared" / "videos"
    return folder if folder.is_dir() else None


def dancing(
    count: int, *, size: int = 160, person: int = 0, seed: int = 5
) -> list[tuple[Uint8Array, BoolArray, Float32Array]]:
    """Renders a procedural dancer: frames `[size, size, 3]`, its masks `[size, size]`, its keypoints `[25, 3]`."""
    recipe = dancers.Recipe(seed, person, 0, count, size)
    return [(frame, maps["parts10"] > 0, keypoints) for frame, maps, keypoints in dancers.render_frames(recipe)]


def two_dancers(
    count: int, *, size: int = 160, crossing: bool = False, people: tuple[int, int] = (0, 1)
) -> tuple[list[Uint8Array], Float32Array]:
    """Renders two procedural dancers before a grey wall, side by side or changing places, the first one in front.

    Returns:
        Frames RGB uint8 `[size, 2 * size, 3]`, and their true keypoints float32 `[2, frames, 25, 3]`.
    """
    frames = [np.full((size, 2 * size, 3), 150, np.uint8) for _ in range(count)]
    truth = np.zeros((2, count, skeleton.NUM_JOINTS, 3), np.float32)
    for who in (1, 0):
        for index, (picture, is_dancer, keypoints) in enumerate(dancing(count, size=size, person=people[who])):
            share = index / (count - 1) if crossing else 0.0
            left = round(size * (share if who == 0 else 1 - share))
            frames[index][:, left : left + size][is_dancer] = picture[is_dancer]
            moved = keypoints + np.array([left, 0, 0], np.float32)
            truth[who, index] = np.where(keypoints[:, 2:] > 0, moved, 0)
    return frames, truth


class TrueDetector:
    """Replaces MediaPipe's detector in tests and returns the true keypoints.

    Args:
        keypoints: True keypoints, float32 `[people, frames, 25, 3]`, in pixels of the video.
        width: Width of the video in pixels.
        fps: Frames per second of the video.
    """

    def __init__(self, keypoints: Float32Array, width: int, fps: float = 30.0) -> None:
        self._keypoints, self._width, self._fps = keypoints, width, fps

    def __call__(self, *_: object, **__: object) -> Self:
        """Returns itself, so that an instance can replace the class."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def detect(self, image: Uint8Array, seconds: float = 0.0) -> Float32Array | None:
        """Returns the first person, or None."""
        return next(iter(self.detect_all(image, seconds)), None)

    def detect_all(self, image: Uint8Array, seconds: float = 0.0, *, reduced: object = None) -> list[Float32Array]:
        """Returns all people in pixels of the image, which may be scaled."""
        poses = self._keypoints[:, round(seconds * self._fps)]
        scale = np.array([image.shape[1] / self._width] * 2 + [1], np.float32)
        return [pose * scale for pose in poses if (pose[:, 2] > 0).any()]


def _why_no_mediapipe() -> str | None:
    if importlib.util.find_spec("mediapipe") is None:
        return "needs the extra [extract]: pip install 'retarget_tf[extract]'"
    try:
        for model in models.MODELS:
            models.find(model)
    except (MissingDependencyError, InputDataError) as error:
        return str(error)
    return None


HAS_HEIF = importlib.util.find_spec("pillow_heif") is not None
needs_mediapipe = pytest.mark.skipif(_why_no_mediapipe() is not None, reason=str(_why_no_mediapipe()))
needs_footage = pytest.mark.skipif(shared_videos() is None, reason="needs shared/videos beside the checkout")
