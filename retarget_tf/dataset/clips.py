"""Reads and writes clip folders: one video of one person with keypoints and parsing maps, real or rendered.

    clip.json       ClipInfo
    frames.mkv      square RGB frames as MJPEG, which is lossy
    maps.mkv        class ids of `ClipInfo.label_schema` as FFV1 gray8, which is lossless
    maps_S.mkv      the same in a further label schema S (procedural dancers have `cihp20` in addition to `parts10`)
    keypoints.npy   float32 [frames, 25, 3]: x, y in pixels and confidence of each joint, see `skeleton`

A folder is written under a temporary name and renamed when complete, so a clip folder is never half written.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import zlib
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import video

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class ClipIdentity:
    """Identity of a clip, which clip folders, records and manifests store alike.

    Attributes:
        clip_id: Unique among the clips that are used together; letters, digits, `.`, `_` and `-`.
        person_id: Name of the person; data sets are split by person.
        fps: Frames per second.
        motion_of: Id of the clip whose motion this one repeats on another body (rendered clips only), or None.
    """

    clip_id: str
    person_id: str
    fps: float
    motion_of: str | None = None

    def __post_init__(self) -> None:
        for name in ("clip_id", "person_id"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be text. Received: {name}={getattr(self, name)}")
        if not re.fullmatch(r"[\w.-]+", self.clip_id, re.ASCII):
            raise ValueError(f"clip_id must be letters, digits, '.', '_' and '-'. Received: clip_id={self.clip_id}")
        if not self.fps > 0:
            raise ValueError(f"fps must be positive. Received: fps={self.fps}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipInfo(ClipIdentity):
    """Contents of `clip.json`.

    Attributes:
        image_size: Side of the square frames in pixels.
        label_schema: Name of the label schema of `maps.mkv`.
        more_label_schemas: Names of the schemas of the further `maps_<schema>.mkv`.
        frames: Number of frames; filled in by `ClipWriter`.
        source: Origin of the clip for a human reader: a file name, or the settings of the renderer.
        schema_version: Version of the layout of clip folders.
    """

    image_size: int
    label_schema: str
    more_label_schemas: tuple[str, ...] = ()
    frames: int = 0
    source: str = ""
    schema_version: int = SCHEMA_VERSION

    @property
    def label_schemas(self) -> tuple[str, ...]:
        """Names of all label schemas that the clip has maps for; that of `maps.mkv` is the first."""
        return (self.label_schema, *self.more_label_schemas)

    def to_json(self) -> dict[str, Any]:
        """Returns the values in the key order of `clip.json`."""
        values = dataclasses.asdict(self)
        for name in ("motion_of", "source", "schema_version"):
            values[name] = values.pop(name)
        return values


class ClipWriter:
    """Writes a clip folder frame by frame, as a context manager; the folder appears if the block ends without error.

    With `overwrite` it replaces a folder that is a clip folder and holds nothing else.
    """

    def __init__(self, folder: files.PathLike, info: ClipInfo, *, overwrite: bool = False) -> None:
        self._info = info
        self._atomic = files.atomic_folder(folder, ours=parts_of_clip if overwrite else None)
        self._writers = contextlib.ExitStack()
        self._keypoints: list[Float32Array] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as entered:  # leaves again if this fails, or is stopped by a signal, half way
            self._folder = entered.enter_context(self._atomic)
            open_video = entered.enter_context(self._writers).enter_context
            self._frames = open_video(video.VideoWriter(self._folder / "frames.mkv", self._info.fps, "mjpeg"))
            self._maps = {
                schema: open_video(
                    video.VideoWriter(self._folder / _maps_name(schema, self._info), self._info.fps, "ffv1")
                )
                for schema in self._info.label_schemas
            }
            entered.pop_all()
        return self

    def write(self, frame: Uint8Array, maps: Mapping[str, Uint8Array] | Uint8Array, keypoints: Float32Array) -> None:
        """Appends one frame.

        Args:
            frame: RGB uint8 `[size, size, 3]`.
            maps: Class ids, uint8 `[size, size]`; a dict by schema name if the clip has several label schemas.
            keypoints: float32 `[25, 3]`: x, y in pixels and confidence.
        """
        size = self._info.image_size
        by_schema = maps if isinstance(maps, Mapping) else {self._info.label_schema: maps}
        if frame.shape != (size, size, 3) or keypoints.shape != (skeleton.NUM_JOINTS, 3):
            raise ValueError(
                f"frame must be [{size}, {size}, 3] and keypoints [25, 3]. "
                f"Received: frame={frame.shape}, keypoints={keypoints.shape}"
            )
        if set(by_schema) != set(self._maps):
            raise ValueError(f"maps must be given for {sorted(self._maps)}. Received: maps={sorted(by_schema)}")
        for schema, parsing_map in by_schema.items():
            if parsing_map.shape != (size, size) or parsing_map.dtype != np.uint8:
                raise ValueError(
                    f"maps must be uint8 [{size}, {size}]. "
                    f"Received: {schema}={parsing_map.dtype} {list(parsing_map.shape)}"
                )
        self._frames.write(frame)
        for schema, parsing_map in by_schema.items():
            self._maps[schema].write(parsing_map)
        self._keypoints.append(np.asarray(keypoints, np.float32))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._writers.__exit__(kind, error, traceback)
            if kind is None:
                np.save(self._folder / "keypoints.npy", np.stack(self._keypoints))
                info = dataclasses.replace(self._info, frames=len(self._keypoints))
                files.write_json(self._folder / "clip.json", info.to_json())
        except BaseException as failure:
            self._atomic.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._atomic.__exit__(kind, error, traceback)


@dataclasses.dataclass(frozen=True)
class Clip:
    """An open clip folder: its header and keypoints are in memory, frames and maps are decoded as they are read."""

    folder: pathlib.Path
    info: ClipInfo
    keypoints: Float32Array

    def read_frames(self) -> Iterator[Uint8Array]:
        """Yields RGB frames uint8 `[size, size, 3]`; raises InputDataError if size or number differ from `info`."""
        return self._counted(self.folder / "frames.mkv", video.read_frames(self.folder / "frames.mkv"))

    def read_maps(self, label_schema: str | None = None) -> Iterator[Uint8Array]:
        """Yields parsing maps, class ids uint8 `[size, size]`.

        Args:
            label_schema: Which of the clip's label schemas to read; None reads `info.label_schema`.

        Raises:
            InputDataError: There are no such maps, an id is not in the schema, or size or number differ from `info`.
        """
        schema = parsing_labels.get_schema(label_schema or self.info.label_schema)
        path = self.folder / _maps_name(schema.name, self.info)
        if not path.is_file():
            carried = ", ".join((self.info.label_schema, *self.info.more_label_schemas))
            raise InputDataError(
                f"clip {self.folder}: has no maps of label schema {schema.name} ({path.name}). "
                f"Make the clip again, or choose among {carried}."
            )
        for index, parsing_map in enumerate(self._counted(path, video.read_gray(path))):
            if unknown := schema.unknown_ids(parsing_map):
                raise InputDataError(
                    f"parsing map {path} frame {index}: ids {unknown} are not in label schema {schema.name} "
                    f"(0..{schema.num_classes - 1}, 255 = unknown). "
                    "Write the clip again, or name its schema in clip.json."
                )
            yield parsing_map

    def _counted(self, path: pathlib.Path, pictures: Iterator[Uint8Array]) -> Iterator[Uint8Array]:
        count, size = 0, self.info.image_size
        for picture in pictures:
            if picture.shape[:2] != (size, size):
                raise InputDataError(
                    f"clip {path} frame {count}: is {picture.shape[1]}x{picture.shape[0]}, "
                    f"clip.json says {size}x{size}. Make the clip again."
                )
            count += 1
            yield picture
        if count != self.info.frames:
            raise InputDataError(
                f"clip {path}: holds {count} frames, clip.json and keypoints.npy {self.info.frames}. "
                "Make the clip again."
            )


def open_clip(folder: files.PathLike) -> Clip:
    """Opens a clip folder and checks its header and keypoints.

    Raises:
        InputDataError: A part is missing, of another schema version, or the parts contradict each other.
    """
    path = pathlib.Path(folder)
    info, file = _parse_info(path / "clip.json", files.read_json(path / "clip.json", "clip")), path / "keypoints.npy"
    try:
        keypoints = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputDataError(f"keypoints {file}: cannot be read ({error}). Make the clip again.") from error
    if keypoints.dtype.kind not in "fiu":
        raise InputDataError(f"keypoints {file}: must be numbers, not {keypoints.dtype}. Make the clip again.")
    if keypoints.ndim != 3 or keypoints.shape[1:] != (skeleton.NUM_JOINTS, 3):
        raise InputDataError(
            f"keypoints {file}: must be [frames, 25, 3], not {list(keypoints.shape)}. Make the clip again."
        )
    if len(keypoints) != info.frames:
        raise InputDataError(
            f"keypoints {file}: are of {len(keypoints)} frames, clip.json says {info.frames}. Make the clip again."
        )
    if fault := skeleton.find_fault(keypoints, info.image_size):
        raise InputDataError(f"keypoints {file} frame {fault[0]}: {fault[1]}. Make the clip again.")
    return Clip(path, info, keypoints.astype(np.float32))


def parts_of_clip(folder: pathlib.Path) -> set[str]:
    """Returns the names of all files that a clip folder may hold; empty if there is no clip.json."""
    if not (folder / "clip.json").is_file():
        return set()
    further = {f"maps_{schema}.mkv" for schema in parsing_labels.SCHEMAS}
    return {"clip.json", "frames.mkv", "maps.mkv", "keypoints.npy"} | further


def find_clips(folder: files.PathLike) -> list[Clip]:
    """Opens the clips in the direct subfolders of `folder`, sorted by id.

    Raises:
        InputDataError: The folder is missing, holds no clip, or two clips have the same id.
    """
    root = pathlib.Path(folder)
    with files.reading(root, "clips folder"):  # a glob would silently skip folders without read permission
        if not root.is_dir():
            raise InputDataError(f"clips folder {root}: no such folder. Check its name.")
        folders = [path for path in sorted(root.iterdir()) if path.is_dir() and not path.name.startswith(".")]
        clips = [open_clip(path) for path in folders if "clip.json" in os.listdir(path)]
    if not clips:
        raise InputDataError(f"clips folder {root}: holds no clip folder. Make some: retarget-make-dancers --help")
    seen: dict[str, pathlib.Path] = {}
    for clip in clips:
        if clip.info.clip_id in seen:
            raise InputDataError(
                f"clip {clip.folder}: has the id of {seen[clip.info.clip_id]}. Rename one in clip.json."
            )
        seen[clip.info.clip_id] = clip.folder
    return sorted(clips, key=lambda clip: clip.info.clip_id)


def clip_id_of(path: files.PathLike) -> str:
    """Turns a file name into a clip id of A-Z, a-z, 0-9, `_` and `-`; names that are not ASCII get a checksum."""
    stem = pathlib.Path(path).stem
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_") or "clip"
    return plain if stem.isascii() else f"{plain}_{zlib.crc32(stem.encode()):08x}"


def _maps_name(schema: str, info: ClipInfo) -> str:
    return "maps.mkv" if schema == info.label_schema else f"maps_{schema}.mkv"


def _parse_info(path: pathlib.Path, values: Any) -> ClipInfo:
    if not isinstance(values, dict) or values.get("schema_version") != SCHEMA_VERSION:
        version = values.get("schema_version") if isinstance(values, dict) else None
        raise InputDataError(
            f"clip {path}: schema version {version}, this program reads {SCHEMA_VERSION}. Make the clip again."
        )
    try:
        info = ClipInfo(**{**values, "more_label_schemas": tuple(values.get("more_label_schemas", ()))})
    except (TypeError, ValueError) as error:
        raise InputDataError(f"clip {path}: {error}. Make the clip again.") from error
    for schema in info.label_schemas:
        if str(schema) not in parsing_labels.SCHEMAS:
            raise InputDataError(f"clip {path}: unknown label schema {schema}. Make the clip again.")
    return info
