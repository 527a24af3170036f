"""From clip folders to records. Clips are streamed; memory holds one segment and a clip's few reference frames.

Training segments are shuffled over all clips without holding them: each goes to one scratch file as it is made, and
the shards are then copied from it in a seeded order. Validation and test clips stay whole, in order of their ids.
"""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from retarget_tf import clips, files, parsing_labels, skeleton
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.records.clip_segments import num_segments, segments
from retarget_tf.records.manifest import SPLITS, TRAIN, ClipEntry, Manifest, Shard, Split, sha256_of
from retarget_tf.records.segment import FloatArray
from retarget_tf.records.splitting import split_people

_RECORDS_IN_SHARD = 64  # 64 frames at 256 pixels are about 3 MB, so a shard is about 200 MB at most
_FEWEST_SHARDS = 4  # are enough to read in parallel

_HEAD = [skeleton.JOINT[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
_FEET = [
    skeleton.JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("ankle", "heel", "big_toe", "small_toe")
]


@dataclasses.dataclass(frozen=True)
class BuildConfig:
    """How records are made.

    Attributes:
        size: side of the stored pictures in pixels; 0 keeps the clips' own, which must then agree.
        label_schema: of the stored parsing maps; every clip must carry it.
        segment_frames: consecutive frames in one record.
        validation_share: of the people.
        test_share: of the people; 1 makes a test set and nothing else.
        test_people: test exactly these in place of a share.
        shards: files of the training split; 0 for one for each 64 records, and at least 4.
        seed: of split, order and reference frames.
    """

    size: int = 0
    label_schema: str = parsing_labels.PARTS10.name
    segment_frames: int = 64
    validation_share: float = 0.1
    test_share: float = 0.2
    test_people: tuple[str, ...] = ()
    shards: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        parsing_labels.get_schema(self.label_schema)
        if self.segment_frames < 2:
            raise ConfigError(f"segment_frames must be at least 2. Received: segment_frames={self.segment_frames}")
        if self.size < 0 or self.shards < 0:
            raise ConfigError(f"size and shards must not be negative. Received: size={self.size}, shards={self.shards}")
        shares = (self.validation_share, self.test_share)
        if not all(0 <= share <= 1 for share in (*shares, sum(shares))):
            raise ConfigError(
                "validation_share and test_share must lie in 0..1, and so must their sum. "
                f"Received: validation_share={shares[0]}, test_share={shares[1]}"
            )


def build_records(
    clip_folders: Sequence[files.PathLike],
    out: files.PathLike,
    config: BuildConfig,
    *,
    overwrite: bool = False,
    show_progress: bool = False,
) -> Manifest:
    """Writes the records of all clips in `clip_folders` to the folder `out`.

    Args:
        clip_folders: folders whose subfolders are clip folders.
        out: appears when complete.
        config: how.
        overwrite: replace `out` where it exists.
        show_progress: draw a progress bar of frames.

    Raises:
        InputDataError: a clip cannot be used, clips contradict each other, the people are too few for the splits, or
            `out` exists.
    """
    found = _find_clips(clip_folders)
    size = _common_size(found, config)
    split_of = split_people(
        [clip.info for clip in found],
        validation_share=config.validation_share,
        test_share=config.test_share,
        test_people=config.test_people,
        seed=config.seed,
    )
    by_split = {split: [clip for clip in found if split_of[clip.info.person_id] == split] for split in SPLITS}
    total = sum(clip.info.frames for clip in found)
    with (
        files.atomic_folder(out, overwrite=overwrite) as folder,
        tqdm(total=total, unit="frame", disable=not show_progress) as progress,
    ):
        writer = _Writer(folder, config, size, progress)
        manifest = Manifest(
            folder=folder,
            label_schema=config.label_schema,
            image_size=size,
            segment_frames=config.segment_frames,
            person_height_share=_person_height_share(by_split[TRAIN] or found),
            seed=config.seed,
            splits={
                split: Split(
                    clips=tuple(_entry(clip.info) for clip in chosen),
                    shards=writer.write_shuffled(split, chosen)
                    if split == TRAIN
                    else writer.write_whole(split, chosen),
                )
                for split, chosen in by_split.items()
            },
        )
        manifest.save()
    return dataclasses.replace(manifest, folder=pathlib.Path(out))


class _Writer:
    """Writes the shards of one folder."""

    def __init__(self, folder: pathlib.Path, config: BuildConfig, size: int, progress: "tqdm[None]") -> None:
        self._folder = folder
        self._config = config
        self._size = size
        self._progress = progress

    def write_whole(self, split: str, chosen: Sequence[clips.Clip]) -> tuple[Shard, ...]:
        """Writes clips one after the other; no clip is parted between two shards."""
        shards: list[list[clips.Clip]] = []
        held = _RECORDS_IN_SHARD
        for clip in chosen:
            if held >= _RECORDS_IN_SHARD:
                shards.append([])
                held = 0
            shards[-1].append(clip)
            held += num_segments(clip.info.frames, self._config.segment_frames)
        return tuple(
            self._write_shard(split, index, len(shards), (record for clip in part for record in self._records(clip)))
            for index, part in enumerate(shards)
        )

    def write_shuffled(self, split: str, chosen: Sequence[clips.Clip]) -> tuple[Shard, ...]:
        """Writes the segments of all clips in a random order."""
        scratch = self._folder / "segments.scratch"
        places: list[tuple[int, int]] = []
        with scratch.open("wb") as file:
            for clip in chosen:
                for record in self._records(clip, second_reference=True):
                    places.append((file.tell(), len(record)))
                    file.write(record)
        order = np.random.default_rng(self._config.seed).permutation(len(places))
        wanted = self._config.shards or max(_FEWEST_SHARDS, -(-len(places) // _RECORDS_IN_SHARD))
        parts = np.array_split(order, min(wanted, len(places))) if places else []
        with scratch.open("rb") as file:
            shards = tuple(
                self._write_shard(split, index, len(parts), (_read_at(file, *places[i]) for i in part))
                for index, part in enumerate(parts)
            )
        scratch.unlink()
        return shards

    def _write_shard(self, split: str, index: int, count: int, records: Iterator[bytes]) -> Shard:
        path = self._folder / f"{split}-{index:05d}-of-{count:05d}.tfrecord"
        written = 0
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
                written += 1
        return Shard(path.name, written, path.stat().st_size, sha256_of(path))

    def _records(self, clip: clips.Clip, *, second_reference: bool = False) -> Iterator[bytes]:
        for segment in segments(
            clip,
            size=self._size,
            label_schema=self._config.label_schema,
            segment_frames=self._config.segment_frames,
            seed=self._config.seed,
            second_reference=second_reference,
        ):
            self._progress.update(len(segment.body))
            yield segment.serialize()


def _find_clips(folders: Sequence[files.PathLike]) -> list[clips.Clip]:
    """The clips of all folders in order of their ids."""
    found: dict[str, clips.Clip] = {}
    for clip in (clip for folder in folders for clip in clips.find_clips(folder)):
        if clip.info.clip_id in found:
            raise InputDataError(
                f"clip {clip.folder}: has the id of {found[clip.info.clip_id].folder}. Rename one in clip.json."
            )
        if not clip.info.frames:
            raise InputDataError(f"clip {clip.folder}: holds no frame. Make the clip again.")
        found[clip.info.clip_id] = clip
    return [found[clip_id] for clip_id in sorted(found)]


def _common_size(found: Sequence[clips.Clip], config: BuildConfig) -> int:
    """The side of the stored pictures; refuses clips that do not go together."""
    first = found[0]
    for clip in found:
        carried = (clip.info.label_schema, *clip.info.more_label_schemas)
        if config.label_schema not in carried:
            raise InputDataError(
                f"clip {clip.folder}: has parsing maps of {', '.join(carried)}, not of {config.label_schema}. "
                "Leave it out, or name a schema that every clip carries: --label_schema"
            )
        if not config.size and clip.info.image_size != first.info.image_size:
            raise InputDataError(
                f"clip {clip.folder}: is of {clip.info.image_size} pixels, {first.folder} of {first.info.image_size}. "
                "Bring them to one size: --size"
            )
    return config.size or first.info.image_size


def _entry(info: clips.ClipInfo) -> ClipEntry:
    return ClipEntry(info.clip_id, info.person_id, info.frames, info.fps, info.motion_of)


def _person_height_share(found: Sequence[clips.Clip]) -> float:
    """Median share of the picture's height from head to feet; arms that reach higher do not count.

    Where no frame shows both head and feet, it is the median height of whatever is seen.
    """
    anything = range(skeleton.NUM_JOINTS)
    for tops, bottoms in ((_HEAD, _FEET), (anything, anything)):
        shares = np.concatenate([_height_shares(clip, tops, bottoms) for clip in found])
        if shares.size:
            return float(np.median(shares))
    raise InputDataError(f"clip {found[0].folder}: no frame has keypoints, nor has any other clip. Extract them again.")


def _height_shares(clip: clips.Clip, tops: Sequence[int], bottoms: Sequence[int]) -> FloatArray:
    """Heights `[frames that show one of each]` from the highest of `tops` to the lowest of `bottoms`."""
    y, seen = clip.keypoints[..., 1], clip.keypoints[..., 2] > 0
    highest = np.where(seen, y, np.inf)[:, list(tops)].min(axis=1)
    lowest = np.where(seen, y, -np.inf)[:, list(bottoms)].max(axis=1)
    return (lowest - highest)[lowest > highest] / np.float32(clip.info.image_size)


def _read_at(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)
