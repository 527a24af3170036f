"""Keeps the finished parts of a build in a scratch folder, so that an interrupted build can be resumed.

    clips/     the encoded clips: KEY.pictures (the files and pieces of each frame in turn) and KEY.npy (their sizes,
               checksums and keypoints)
    shards/    NAME.json: the size, checksum and key of each finished shard
    records/   the shards; this folder becomes the data set

Every file appears only when it is complete. The names of clips and the keys of shards contain a digest of everything
they were made of, so a resumed build knows what to keep. If two processes make the same file, the contents are equal.

The folder may be in a store. Then every file is made on the local disk before it is sent, and of encoded clips only the
bytes that a record takes are asked for.
"""

import contextlib
import dataclasses
import errno
import io
import os
import pathlib
import shutil
import zlib
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import tensorflow as tf

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.dataset import clips
from retarget_tf.dataset.records.manifest import Shard, sha256_of
from retarget_tf.dataset.records.planning import BuildPlan, ClipTask, RecordPlan, ShardTask
from retarget_tf.dataset.records.segment import EncodedFrames, Segment, encode_frame, encode_map, encode_surface_map
from retarget_tf.errors import InputDataError

_ROW = np.dtype(
    [
        ("offset", np.int64),
        ("sizes", np.int64, 4),  # bytes of JPEG, PNG of the parsing map, PNG of the surface map, and pieces
        ("crc", np.uint32),
        ("keypoints", np.float32, (skeleton.NUM_JOINTS, 3)),
    ]
)


@dataclasses.dataclass(frozen=True)
class Staging:
    """Scratch folder of a build; can be sent to processes and machines that see the same file system or store."""

    folder: files.Place

    @property
    def records(self) -> files.Place:
        """Folder of the shards, which becomes the data set."""
        return self.folder / "records"

    def open(self, plan: BuildPlan) -> None:
        """Makes the folder, or removes from it all files that do not belong to the plan."""
        shards = [shard.name for split in plan.shards.values() for shard in split]
        wanted = {
            self.records: set(shards),
            self.folder / "shards": {f"{name}.json" for name in shards},
            self.folder / "clips": {f"{clip.key}.{suffix}" for clip in plan.clips for suffix in ("npy", "pictures")},
        }
        for folder, names in wanted.items():
            if isinstance(folder, pathlib.Path):
                folder.mkdir(parents=True, exist_ok=True)
            for name in files.states(folder):
                if name not in names:
                    (folder / name).unlink()

    def encode_clip(self, task: ClipTask) -> int:
        """Encodes a clip and returns its number of frames.

        Raises:
            InputDataError: The clip cannot be read to its end, or its number of frames differs from its header.
        """
        rows = np.zeros(task.info.frames, _ROW)
        pictures, index = self._clip_paths(task.key)
        offset = 0
        with (
            files.atomic_file(pictures) as temporary,
            files.fetched(task.folder) as folder,
            temporary.open("wb") as file,
        ):
            for number, (parts, keypoints) in enumerate(_encoded_frames(task, folder)):
                data = b"".join(parts)
                rows[number] = (offset, [len(part) for part in parts], zlib.crc32(data), keypoints)
                offset += file.write(data)
        with files.atomic_file(index) as temporary:  # written last, so that its existence implies the pictures'
            np.save(temporary, rows)
        return len(rows)

    def has_clip(self, task: ClipTask) -> bool:
        """Whether the clip is encoded and all its checksums are right; removes the index of a damaged one."""
        _, index = self._clip_paths(task.key)
        try:
            for first in range(0, task.info.frames, 64):
                self._read(task.key, range(first, min(first + 64, task.info.frames)))
        except (OSError, ValueError):
            index.unlink(missing_ok=True)
            return False
        return True

    def write_shard(self, task: ShardTask) -> int:
        """Writes a shard from the encoded clips and returns its number of records.

        Raises:
            InputDataError: An encoded clip is damaged.
            OSError: The shard cannot be written.
        """
        path = self.records / task.name
        with files.atomic_file(path) as temporary:
            with _disk_errors(), tf.io.TFRecordWriter(str(temporary)) as writer:
                for record in task.records:
                    writer.write(self._segment(record).serialize())
            shard = Shard(path.name, len(task.records), temporary.stat().st_size, sha256_of(temporary))
        # Written last, so that its existence implies the shard's.
        files.write_json(self._note(task), {"key": task.key, **dataclasses.asdict(shard)})
        return shard.records

    def find_shard(self, task: ShardTask) -> Shard | None:
        """Returns the description of a written shard, or None if it is missing or was made for another task."""
        note = self._note(task)
        if not note.exists():
            return None
        noted = files.read_json(note, "shard")
        return Shard(**noted) if noted.pop("key") == task.key else None

    def has_shard(self, task: ShardTask) -> bool:
        """Whether the shard is written and its SHA-256 is right."""
        shard, path = self.find_shard(task), self.records / task.name
        return shard is not None and path.exists() and sha256_of(path) == shard.sha256

    def drop_clips(self) -> None:
        """Removes the encoded clips, which are not needed once all shards are written."""
        _remove(self.folder / "clips")

    def close(self) -> None:
        """Removes the scratch folder."""
        _remove(self.folder)

    def _segment(self, plan: RecordPlan) -> Segment:
        body, _ = self._read(plan.clip_key, range(plan.start, plan.start + plan.frames))
        references, pieces = self._read(plan.clip_key, plan.references)
        return Segment(plan.clip, plan.start, body, references, pieces)

    def _read(self, clip_key: str, indices: Sequence[int]) -> tuple[EncodedFrames, Float32Array | None]:
        """Reads frames of an encoded clip, and their pieces if it has surface maps."""
        pictures, index = self._clip_paths(clip_key)
        rows = _load(index)[list(indices)]
        columns: list[tuple[bytes, ...]] = []
        for row, data in zip(rows, _data_of(pictures, rows), strict=True):
            if zlib.crc32(data) != row["crc"]:
                raise InputDataError(f"encoded clip {pictures}: damaged. Run the same command again.")
            ends = np.cumsum(row["sizes"])
            columns.append(tuple(data[end - size : end] for end, size in zip(ends, row["sizes"], strict=True)))
        frames, parsing_maps, surface_maps, pieces = zip(*columns, strict=True)
        if not any(pieces):
            return EncodedFrames(frames, parsing_maps, rows["keypoints"]), None
        of_frames = np.stack([np.frombuffer(of_frame, np.float32).reshape(-1, 2, 3, 4) for of_frame in pieces])
        return EncodedFrames(frames, parsing_maps, rows["keypoints"], surface_maps), of_frames

    def _clip_paths(self, key: str) -> tuple[files.Place, files.Place]:
        folder = self.folder / "clips"
        return folder / f"{key}.pictures", folder / f"{key}.npy"

    def _note(self, task: ShardTask) -> files.Place:
        return self.folder / "shards" / f"{task.name}.json"


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """Turns TensorFlow's errors for a full disk or a too large file into OSErrors."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, tf.errors.OutOfRangeError) as error:
        is_full = isinstance(error, tf.errors.ResourceExhaustedError)
        number = errno.ENOSPC if is_full else errno.EFBIG
        raise OSError(number, os.strerror(number)) from error


def _load(index: files.Place) -> AnyArray:
    if isinstance(index, files.StorePath):
        return np.load(io.BytesIO(index.read_bytes()))
    return np.load(index, mmap_mode="r")


def _data_of(pictures: files.Place, rows: AnyArray) -> list[bytes]:
    """Reads frames of an encoded clip: all at once if they follow each other."""
    sizes = rows["sizes"].sum(-1)
    starts, ends = rows["offset"], rows["offset"] + sizes
    if (starts[1:] != ends[:-1]).any():
        return [files.read_range(pictures, int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
    data = files.read_range(pictures, int(starts[0]), int(ends[-1]))
    return [data[start:end] for start, end in zip(starts - starts[0], ends - starts[0], strict=True)]


def _remove(folder: files.Place) -> None:
    if isinstance(folder, files.StorePath):
        folder.remove()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _encoded_frames(
    task: ClipTask, folder: pathlib.Path
) -> Iterator[tuple[tuple[bytes, bytes, bytes, bytes], Float32Array]]:
    """Yields of each frame JPEG, PNG of the parsing map, PNG of the surface map and pieces, and keypoints `[25, 3]`.

    Without surface maps the last two are empty. All are resized: frames by area, maps by nearest pixel.
    """
    clip = clips.open_clip(folder)
    frames, maps = clip.read_frames(), clip.read_maps(task.label_schema)
    surfaces = clip.read_surfaces() if task.surfaces else iter(())
    scale = task.size / clip.info.image_size
    for keypoints in clip.keypoints:
        jpeg, png = encode_frame(_resized(next(frames), task.size)), encode_map(_resized_map(next(maps), task.size))
        codes, pieces = b"", b""
        if task.surfaces:
            surface = next(surfaces)
            codes = encode_surface_map(_resized_map(surface.codes, task.size))
            pieces = (surface.pieces * np.float32(scale)).tobytes()
        yield (jpeg, png, codes, pieces), keypoints * np.array([scale, scale, 1], np.float32)
    for rest in (frames, maps, surfaces):  # their number of frames is checked when they are read to the end
        for _ in rest:
            pass


def _resized(frame: Uint8Array, size: int) -> Uint8Array:
    return cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA) if len(frame) != size else frame


def _resized_map(codes: Uint8Array, size: int) -> Uint8Array:
    return cv2.resize(codes, (size, size), interpolation=cv2.INTER_NEAREST_EXACT) if len(codes) != size else codes
