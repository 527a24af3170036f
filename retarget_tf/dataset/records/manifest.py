"""Reads, writes and checks `manifest.json`, which lists the contents of a folder of records.

It is written last, so a folder without it is not a complete data set.
"""

import dataclasses
import hashlib
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from retarget_tf import files
from retarget_tf.body import parsing_labels
from retarget_tf.dataset import surfaces
from retarget_tf.dataset.clips import ClipIdentity
from retarget_tf.dataset.records.framing import record_offsets, told_count
from retarget_tf.errors import ConfigError, InputDataError

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
TRAIN, VALIDATION, TEST = "train", "validation", "test"
_SUFFIX = ".tfrecord"
SPLITS = (TRAIN, VALIDATION, TEST)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipEntry(ClipIdentity):
    """Identity of one clip of a split, and its number of frames."""

    frames: int

    def to_json(self) -> dict[str, Any]:
        """Returns the values in the key order of `manifest.json`."""
        values = dataclasses.asdict(self)
        for name in ("fps", "motion_of"):
            values[name] = values.pop(name)
        return values


@dataclasses.dataclass(frozen=True)
class Shard:
    """Name and expected contents of one TFRecord file."""

    name: str
    records: int
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or pathlib.Path(self.name).name != self.name or not _is_shard(self.name):
            raise ValueError(f"a shard must be a file in the folder that ends in {_SUFFIX}. Received: {self.name!r}")
        for name in ("records", "bytes"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 0:
                raise ValueError(f"{name} of a shard must be a whole number. Received: {getattr(self, name)!r}")


@dataclasses.dataclass(frozen=True)
class Split:
    """Clips and shards of one split; both are empty if the split has no share of the people."""

    clips: tuple[ClipEntry, ...] = ()
    shards: tuple[Shard, ...] = ()

    @property
    def frames(self) -> int:
        """Number of frames of all clips."""
        return sum(clip.frames for clip in self.clips)

    @property
    def bytes(self) -> int:
        """Total size of all shards in bytes."""
        return sum(shard.bytes for shard in self.shards)


@dataclasses.dataclass(frozen=True)
class Manifest:
    """Contents of `manifest.json`.

    Attributes:
        folder: Folder of the records, on a disk or in a store; not stored in the file.
        label_schema: Name of the label schema of the parsing maps.
        image_size: Side of the square frames in pixels.
        segment_frames: Number of consecutive frames in one record; a clip's last record may hold fewer.
        person_height_share: Median distance from head to feet as a share of the picture's height, 0..1, over the
            training clips, or over all clips if there are none.
        seed: Seed of the split, the order of the records and the reference frames.
        splits: The splits by name: train, validation, test.
        surface_version: `surfaces.VERSION` of the surface maps; 0 without any.
        schema_version: Version of the layout of manifest and records.
    """

    folder: files.Place
    label_schema: str
    image_size: int
    segment_frames: int
    person_height_share: float
    seed: int
    splits: Mapping[str, Split]
    surface_version: int = 0
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def load(cls, folder: files.PathLike) -> "Manifest":
        """Reads the manifest of a folder of records.

        Raises:
            InputDataError: There is none, it is damaged, or it is of another schema version.
        """
        path = files.place(folder) / MANIFEST
        build = _command(folder)
        with files.reading(path, "records"):
            is_there = path.is_file()
        if not is_there:
            raise InputDataError(
                f"records {folder}: no manifest.json, so this is no complete data set. "
                f"Check its name, or build it: {build}"
            )
        values = files.read_json(path, "records")
        version = values.get("schema_version") if isinstance(values, dict) else None
        if version != SCHEMA_VERSION:
            raise InputDataError(
                f"records {path}: schema version {version}, this program reads {SCHEMA_VERSION}. "
                f"Build the records again: {build} --overwrite"
            )
        try:
            splits = {name: _parse_split(values["splits"][name]) for name in SPLITS}
            manifest = cls(folder=path.parent, **{**values, "splits": splits})
        except (KeyError, TypeError, ValueError) as error:
            raise InputDataError(
                f"records {path}: not a manifest ({error}). Remove the folder, and build the records again: {build}"
            ) from error
        if str(manifest.label_schema) not in parsing_labels.SCHEMAS:
            raise InputDataError(
                f"records {path}: unknown label schema {manifest.label_schema}. "
                f"Build the records again: {build} --overwrite"
            )
        if manifest.surface_version not in (0, surfaces.VERSION):
            raise InputDataError(
                f"records {path}: surface maps of version {manifest.surface_version}, this program reads "
                f"{surfaces.VERSION}. Build the records again: {build} --surfaces --overwrite"
            )
        return manifest

    def __post_init__(self) -> None:
        for name in ("image_size", "segment_frames"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise TypeError(f"{name} must be a whole number from 1. Received: {name}={getattr(self, name)!r}")

    def save(self) -> None:
        """Writes `manifest.json` into the folder."""
        values = dataclasses.asdict(self)
        del values["folder"]
        if not self.surface_version:  # so that programs from before surface maps can read the records
            del values["surface_version"]
        for name, split in self.splits.items():
            entries = [clip.to_json() for clip in split.clips]
            values["splits"][name] = {"frames": split.frames, **values["splits"][name], "clips": entries}
        files.write_json(self.folder / MANIFEST, values)

    def split(self, name: str) -> Split:
        """Returns the split of that name, which must not be empty.

        Raises:
            ConfigError: There is no split of that name.
            InputDataError: The split is empty.
        """
        if name not in self.splits:
            raise ConfigError(f"split must be one of {', '.join(SPLITS)}. Received: split={name}")
        if not self.splits[name].clips:
            flag = "fewer people to the other splits" if name == TRAIN else f"it a share: --{name}_share"
            raise InputDataError(
                f"records {self.folder}: split {name} is empty. Build the records again and give {flag}."
            )
        return self.splits[name]

    def check_fit(self, image_size: int, label_schema: str) -> None:
        """Refuses a model with another image size or label schema.

        Raises:
            InputDataError: Image size or label schema differ.
        """
        for name, flag, want in (("image_size", "size", image_size), ("label_schema", "label_schema", label_schema)):
            have = getattr(self, name)
            if have != want:
                raise InputDataError(
                    f"records {self.folder}: {name} is {have}, the model's is {want}. "
                    f"Build records with --{flag}={want}, or train a model on these."
                )

    def check_surfaces(self) -> None:
        """Refuses records without surface maps.

        Raises:
            InputDataError: There are none.
        """
        if not self.surface_version:
            raise InputDataError(
                f"records {self.folder}: have no surface maps, from which correspondences are found. "
                "Build records of dancers that have them: retarget-build-records --surfaces"
            )

    def shard_paths(self, name: str) -> list[files.Place]:
        """Returns the paths of a split's shards in order, after checking their names, sizes and numbers of records.

        In a store the records are not counted here, which would take a request for each.

        Raises:
            InputDataError: A shard is missing, has another size or number of records, or is not in the manifest.
        """
        with files.reading(self.folder, "records"):
            there = files.states(self.folder)
        if stray := self._stray(there):
            raise InputDataError(f"records {self.folder / stray[0]}: not in the manifest. Remove the file.")
        paths = []
        for shard in self.split(name).shards:
            path, state = self.folder / shard.name, there.get(shard.name)
            _check_shard(path, shard, None if state is None else state.st_size)
            paths.append(path)
        return paths

    def stray_shards(self) -> list[files.Place]:
        """Returns the TFRecord files in the folder that the manifest does not list."""
        return [self.folder / name for name in self._stray(files.states(self.folder))]

    def _stray(self, there: Iterable[str]) -> list[str]:
        listed = {shard.name for split in self.splits.values() for shard in split.shards}
        return [name for name in there if _is_shard(name) and name not in listed]

    def verify(self) -> None:
        """Compares the SHA-256 of every shard with the manifest's.

        Raises:
            InputDataError: A shard is missing or differs from the one that was written.
        """
        for name, split in self.splits.items():
            for path, shard in zip(self.shard_paths(name) if split.clips else [], split.shards, strict=True):
                if sha256_of(path) != shard.sha256:
                    raise InputDataError(
                        f"records {path}: damaged (its sha256 is not the manifest's). "
                        f"Build the records again: {_command(self.folder)} --overwrite"
                    )


def sha256_of(path: files.Place) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    if isinstance(path, files.StorePath):
        digest = hashlib.sha256()
        for chunk in path.chunks():
            digest.update(chunk)
        return digest.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parse_split(values: Any) -> Split:
    return Split(
        clips=tuple(ClipEntry(**clip) for clip in values["clips"]),
        shards=tuple(Shard(**shard) for shard in values["shards"]),
    )


def parts_of_records(folder: files.Place) -> set[str]:
    """Returns the names of the manifest and of its shards, of any schema version; empty if it cannot be read."""
    try:
        splits = files.read_json(folder / MANIFEST, "records")["splits"].values()
        names = (shard["name"] for split in splits for shard in split["shards"])
        return {MANIFEST, *filter(_is_shard, names)}
    except (InputDataError, AttributeError, KeyError, TypeError):
        return set()


def _is_shard(name: str) -> bool:
    return name.endswith(_SUFFIX)


def _command(folder: files.PathLike) -> str:
    return f"retarget-build-records --clips=CLIPS --out={folder}"


def _check_shard(path: files.Place, shard: Shard, size: int | None) -> None:
    build = f"{_command(path.parent)} --overwrite"
    if size is None:
        raise InputDataError(f"records {path}: the shard is missing. Build the records again: {build}")
    if size != shard.bytes:
        raise InputDataError(
            f"records {path}: {size} bytes, the manifest says {shard.bytes}. Build the records again: {build}"
        )
    if isinstance(path, files.StorePath):
        return
    with files.reading(path, "records"):
        offsets = record_offsets(path, shard.records + 1)
    if len(offsets) != shard.records:
        told = told_count(offsets, shard.records)
        raise InputDataError(f"records {path}: {told}. Build the records again: {build}")
