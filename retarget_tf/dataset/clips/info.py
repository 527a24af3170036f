"""The header of a clip folder, and the names of its files."""

import dataclasses
import pathlib
import re
import zlib
from typing import Any, Final

from retarget_tf import files
from retarget_tf.body import parsing_labels
from retarget_tf.dataset import surfaces
from retarget_tf.errors import InputDataError

SCHEMA_VERSION = 1
_NAMES_OF_ANY = ("frames", "images")  # of folders in many data sets
SURFACES: Final = "surfaces.mkv"
PIECES: Final = "pieces.npy"


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
        surface_version: `surfaces.VERSION` of the surface maps; 0 without any.
        schema_version: Version of the layout of clip folders.
    """

    image_size: int
    label_schema: str
    more_label_schemas: tuple[str, ...] = ()
    frames: int = 0
    source: str = ""
    surface_version: int = 0
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
        if not self.surface_version:  # so that programs from before surface maps can read the clip
            del values["surface_version"]
        return values


def parse_info(path: pathlib.Path, values: Any) -> ClipInfo:
    """Checks the contents of `clip.json`; raises InputDataError for what this program cannot read."""
    if not isinstance(values, dict) or values.get("schema_version") != SCHEMA_VERSION:
        version = values.get("schema_version") if isinstance(values, dict) else None
        raise InputDataError(
            f"clip {path}: schema version {version}, this program reads {SCHEMA_VERSION}. Make the clip again."
        )
    try:
        info = ClipInfo(**{**values, "more_label_schemas": tuple(values.get("more_label_schemas", ()))})
    except (TypeError, ValueError) as error:
        raise InputDataError(f"clip {path}: {error}. Make the clip again.") from error
    if info.surface_version not in (0, surfaces.VERSION):
        raise InputDataError(
            f"clip {path}: surface maps of version {info.surface_version}, this program reads {surfaces.VERSION}. "
            "Make the clip again."
        )
    for schema in info.label_schemas:
        if str(schema) not in parsing_labels.SCHEMAS:
            raise InputDataError(f"clip {path}: unknown label schema {schema}. Make the clip again.")
    return info


def maps_name(schema: str, info: ClipInfo) -> str:
    """Returns the file name of a clip's maps in one of its label schemas."""
    return "maps.mkv" if schema == info.label_schema else f"maps_{schema}.mkv"


def parts_of_clip(folder: pathlib.Path) -> set[str]:
    """Returns the names of all files that a clip folder may hold; empty if there is no clip.json of this project."""
    try:
        described = files.read_json(folder / "clip.json", "clip")
    except InputDataError:
        return set()
    if not isinstance(described, dict) or not {"clip_id", "schema_version"} <= described.keys():
        return set()
    further = {f"maps_{schema}.mkv" for schema in parsing_labels.SCHEMAS}
    return {"clip.json", "frames.mkv", "maps.mkv", "keypoints.npy", SURFACES, PIECES} | further


def clip_id_of(path: files.PathLike) -> str:
    """Turns a file name into a clip id of A-Z, a-z, 0-9, `_` and `-`; names that are not ASCII get a checksum.

    Before the name of a folder of pictures that says nothing, such as `images` or a number, come those of its parents.
    """
    stem, folder = pathlib.Path(path).stem, pathlib.Path(path)
    if folder.is_dir():
        stem = folder.name
        while folder.parent.name and (folder.name.isdigit() or folder.name in _NAMES_OF_ANY):
            folder = folder.parent
            stem = f"{folder.name}_{stem}"
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_") or "clip"
    return plain if stem.isascii() else f"{plain}_{zlib.crc32(stem.encode()):08x}"
