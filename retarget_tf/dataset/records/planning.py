"""Plans a build before any frame is read: the splits of the manifest and the records of each shard.

A plan depends only on the clips' headers, keypoints and files' times, and on the configuration. So the same files are
made in whatever order its tasks are carried out, on one core or on many machines.

Training segments are shuffled over all clips; validation and test clips stay whole, sorted by id.
"""

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from retarget_tf import files
from retarget_tf.body import skeleton
from retarget_tf.dataset import clips, surfaces
from retarget_tf.dataset.build_config import BuildConfig
from retarget_tf.dataset.records.manifest import SPLITS, TRAIN, ClipEntry, Manifest, Split
from retarget_tf.dataset.records.splitting import split_people
from retarget_tf.errors import InputDataError

_RECORDS_IN_SHARD = 64  # 64 frames at 256 pixels are about 3 MB, so a shard is about 200 MB at most
_FEWEST_SHARDS = 4  # enough to read in parallel


@dataclasses.dataclass(frozen=True)
class ClipTask:
    """Task to encode a clip, with everything that its encoded frames depend on.

    Attributes:
        folder: Folder of the clip, on a disk or in a store.
        info: Header of the clip.
        size: Side of the stored pictures in pixels.
        label_schema: Name of the label schema of the stored maps.
        surfaces: Whether surface maps and pieces are stored too.
        stamp: Name, size in bytes and modification time in nanoseconds of each of the clip's files.
    """

    folder: str
    info: clips.ClipInfo
    size: int
    label_schema: str
    surfaces: bool
    stamp: tuple[tuple[str, int, int], ...]

    @property
    def key(self) -> str:
        """File name that is different for every task."""
        return f"{self.info.clip_id}-{_digest(self)}"


@dataclasses.dataclass(frozen=True)
class RecordPlan:
    """Contents of one record of a shard.

    Attributes:
        clip_key: Key of the clip's `ClipTask`.
        clip: Identity of the clip.
        start: Position of the first frame in the clip.
        frames: Number of frames.
        references: Positions of the reference frames in the clip.
    """

    clip_key: str
    clip: clips.ClipIdentity
    start: int
    frames: int
    references: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class ShardTask:
    """Task to write a shard: its file name and its records."""

    name: str
    records: tuple[RecordPlan, ...]

    @property
    def key(self) -> str:
        """Digest that is different for every name and content."""
        return _digest(self)


@dataclasses.dataclass(frozen=True)
class BuildPlan:
    """All tasks of a build.

    Attributes:
        manifest: Manifest with the clips of every split, still without shards.
        clips: Clips to encode.
        shards: Shards to write, by split.
    """

    manifest: Manifest
    clips: tuple[ClipTask, ...]
    shards: Mapping[str, tuple[ShardTask, ...]]


def plan_build(clip_folders: Sequence[files.PathLike], config: BuildConfig) -> BuildPlan:
    """Plans the records of all clips in `clip_folders`.

    Raises:
        InputDataError: A clip cannot be used, clips contradict each other, or there are too few people for the splits.
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
    tasks = {clip.info.clip_id: _clip_task(clip, size, config) for clip in found}
    shards = {}
    for split, chosen in by_split.items():
        of_clips = [list(_records_of(clip, tasks[clip.info.clip_id], config, split == TRAIN)) for clip in chosen]
        parts = _shuffled(of_clips, config) if split == TRAIN else _whole(of_clips)
        shards[split] = tuple(
            ShardTask(f"{split}-{index:05d}-of-{len(parts):05d}.tfrecord", tuple(part))
            for index, part in enumerate(parts)
        )
    manifest = Manifest(
        folder=pathlib.Path(),
        label_schema=config.label_schema,
        image_size=size,
        segment_frames=config.segment_frames,
        person_height_share=_person_height_share(by_split[TRAIN] or found),
        seed=config.seed,
        splits={split: Split(tuple(_entry(clip.info) for clip in chosen)) for split, chosen in by_split.items()},
        surface_version=surfaces.VERSION if config.surfaces else 0,
    )
    return BuildPlan(manifest, tuple(tasks.values()), shards)


def _records_of(clip: clips.Clip, task: ClipTask, config: BuildConfig, second_reference: bool) -> Iterator[RecordPlan]:
    """Yields a clip's segments in order, each with frame 0 as a reference, and with another if `second_reference`.

    References are moved to the nearest frame that shows somebody.
    """
    info = clip.info
    # The seed contains the clip's id, so that its references do not depend on the other clips.
    rng = np.random.default_rng([config.seed, *info.clip_id.encode()])
    for start in range(0, info.frames, config.segment_frames):
        frames = min(config.segment_frames, info.frames - start)
        wanted = (0, _index_elsewhere(rng, info.frames, start, frames)) if second_reference else (0,)
        references = tuple(skeleton.nearest_in_view(clip.keypoints, frame) for frame in wanted)
        yield RecordPlan(task.key, _entry(info), start, frames, references)


def _index_elsewhere(rng: np.random.Generator, frames: int, start: int, length: int) -> int:
    """Draws a frame outside of the segment from `start`, or any frame if the segment is the whole clip."""
    outside = frames - length
    if outside == 0:
        return int(rng.integers(frames))
    index = int(rng.integers(outside))
    return index if index < start else index + length


def _whole(of_clips: Sequence[list[RecordPlan]]) -> list[list[RecordPlan]]:
    """Distributes clips over shards in order, without splitting a clip."""
    parts: list[list[RecordPlan]] = []
    for records in of_clips:
        if not parts or len(parts[-1]) >= _RECORDS_IN_SHARD:
            parts.append([])
        parts[-1] += records
    return parts


def _shuffled(of_clips: Sequence[list[RecordPlan]], config: BuildConfig) -> list[list[RecordPlan]]:
    """Distributes the segments of all clips over shards in random order."""
    records = [record for of_clip in of_clips for record in of_clip]
    order = np.random.default_rng(config.seed).permutation(len(records))
    wanted = config.shards or max(_FEWEST_SHARDS, -(-len(records) // _RECORDS_IN_SHARD))
    parts = np.array_split(order, min(wanted, len(records))) if records else []
    return [[records[index] for index in part] for part in parts]


def _clip_task(clip: clips.Clip, size: int, config: BuildConfig) -> ClipTask:
    there = files.states(clip.folder).items()
    stamp = tuple((name, state.st_size, state.st_mtime_ns) for name, state in there if state is not None)
    folder = str(clip.folder) if isinstance(clip.folder, files.StorePath) else os.path.realpath(clip.folder)
    return ClipTask(folder, clip.info, size, config.label_schema, config.surfaces, stamp)


def _digest(task: ClipTask | ShardTask) -> str:
    return hashlib.sha256(repr(task).encode()).hexdigest()[:16]


def _find_clips(folders: Sequence[files.PathLike]) -> list[clips.Clip]:
    """Opens the clips of all folders, sorted by id."""
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
    """Returns the side of the stored pictures; refuses clips of another size, or without what is to be stored."""
    first = found[0]
    for clip in found:
        if config.label_schema not in clip.info.label_schemas:
            raise InputDataError(
                f"clip {clip.folder}: has parsing maps of {', '.join(clip.info.label_schemas)}, "
                f"not of {config.label_schema}. "
                "Leave it out, or name a schema that every clip carries: --label_schema"
            )
        if config.surfaces and not clip.info.surface_version:
            raise InputDataError(
                f"clip {clip.folder}: has no surface maps. Leave it out, make it again (retarget-make-dancers "
                "--surfaces), or build records without them: --nosurfaces"
            )
        if not config.size and clip.info.image_size != first.info.image_size:
            raise InputDataError(
                f"clip {clip.folder}: is of {clip.info.image_size} pixels, {first.folder} of {first.info.image_size}. "
                "Scale all to one size: --size"
            )
    return config.size or first.info.image_size


def _entry(info: clips.ClipInfo) -> ClipEntry:
    return ClipEntry(info.clip_id, info.person_id, info.fps, info.motion_of, frames=info.frames)


def _person_height_share(found: Sequence[clips.Clip]) -> float:
    """Returns the median distance from head to feet as a share of the picture's height, ignoring raised arms.

    If no frame shows both head and feet, the highest and lowest visible joints are taken instead.
    """
    anything = range(skeleton.NUM_JOINTS)
    for tops, bottoms in ((skeleton.HEAD, skeleton.FEET), (anything, anything)):
        of_clips = [skeleton.heights(clip.keypoints, tops, bottoms) / clip.info.image_size for clip in found]
        shares = np.concatenate(of_clips)
        shares = shares[shares > 0]
        if shares.size:
            return float(np.median(shares))
    raise InputDataError(f"clip {found[0].folder}: no frame has keypoints, nor has any other clip. Extract them again.")
