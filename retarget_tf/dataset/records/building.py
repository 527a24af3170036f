"""Builds records from clip folders in two rounds: first every clip is encoded, then every shard is written.

Finished parts are kept in a scratch folder beside the records until these are complete, so an interrupted build can be
resumed. This module runs the tasks on the cores of this machine; `beam_build` runs them on many machines.

For records in a store the scratch folder is beside them in the store, so a build can be resumed from another machine.
"""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Sequence

from absl import logging
from tqdm import tqdm

from retarget_tf import files, parallel, program
from retarget_tf.dataset.build_config import BuildConfig
from retarget_tf.dataset.records.manifest import MANIFEST, Manifest, parts_of_records
from retarget_tf.dataset.records.planning import BuildPlan, ClipTask, ShardTask, plan_build
from retarget_tf.dataset.records.staging import Staging
from retarget_tf.errors import ConfigError

# Fewest frames or shards per process: importing TensorFlow takes as long as encoding or writing so many.
_FRAMES_WORTH_A_PROCESS = 1000
_SHARDS_WORTH_A_PROCESS = 8


@dataclasses.dataclass(frozen=True)
class Work:
    """Remaining tasks of a build: all clips in any order, and after them all shards in any order.

    Attributes:
        staging: Scratch folder; its `encode_clip` and `write_shard` carry out the tasks.
        clips: Clips to encode because a remaining shard needs them, the longest first.
        shards: Shards to write.
    """

    staging: Staging
    clips: tuple[ClipTask, ...]
    shards: tuple[ShardTask, ...]


def build_records(
    clip_folders: Sequence[files.PathLike],
    out: files.PathLike,
    config: BuildConfig,
    *,
    overwrite: bool = False,
    workers: int = 1,
    show_progress: bool = False,
    carry_out: Callable[[Work], None] | None = None,
) -> Manifest:
    """Writes the records of all clips in `clip_folders` to the folder `out`.

    Repeating an interrupted call resumes the build and makes the same files.

    Args:
        clip_folders: Folders whose subfolders are clip folders, on a disk or in a store.
        out: Folder of the records, on a disk or in a store; it appears when they are complete.
        config: Picture size, label schema, splits and shards of the records.
        overwrite: Replaces an existing `out`, if it holds records and nothing else.
        workers: Number of processes; the records do not depend on it.
        show_progress: Draws progress bars.
        carry_out: Carries out the tasks, see `beam_build.on_runner`; None runs them in processes of this machine.

    Raises:
        InputDataError: A clip cannot be used, clips contradict each other, or there are too few people for the splits.
        ConfigError: No clips are given, `workers` is below 1, or `out` exists and is not to be replaced, lies among
            the clips, or is being written by another process.
        files.StoreError: `out` lies in a store that does not answer or refuses.
    """
    if not clip_folders:
        raise ConfigError("clips must name a folder. Received: clips=")
    if workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: workers={workers}")
    final = files.place(out) if files.is_address(out) else pathlib.Path(os.path.realpath(out))
    final.exists()  # tells if a store has no such bucket, by the name that the user knows
    staging = Staging(final.with_name(f".{final.name}.building"))
    files.refuse_replacing(out, *clip_folders)
    files.check_writable(final, ours=_ours(staging, overwrite))
    plan = plan_build(clip_folders, config)
    with files.exclusive(final):
        ours = _ours(staging, overwrite)
        files.check_writable(final, ours=ours)  # again: another process may have made it before the lock
        staging.open(plan)
        work = _left_to_do(plan, staging)
        if carry_out is None:
            carry_out = functools.partial(_carry_out_here, workers=workers, show_progress=show_progress)
        carry_out(work)
        manifest = _finished(plan, staging)
        staging.drop_clips()
        manifest.save()
        files.publish_folder(staging.records, final, MANIFEST, ours=ours)
        staging.close()
    return dataclasses.replace(manifest, folder=files.place(out))


def _ours(staging: Staging, overwrite: bool) -> files.Ours | None:
    """Returns what recognizes the records that may be replaced; None if there may be none."""
    made = staging.records
    if isinstance(made, files.StorePath) and (names := files.half_published(made)):
        return lambda folder: names
    return parts_of_records if overwrite else None


def _left_to_do(plan: BuildPlan, staging: Staging) -> Work:
    shards = [shard for split in plan.shards.values() for shard in split]
    left = [shard for shard in shards if not staging.has_shard(shard)]
    needed = {record.clip_key for shard in left for record in shard.records}
    clips = [clip for clip in plan.clips if clip.key in needed and not staging.has_clip(clip)]
    if len(clips) < len(needed) or len(left) < len(shards):
        logging.info(
            "going on: %d of %d clips are encoded, %d of %d shards are written",
            len(plan.clips) - len(clips), len(plan.clips), len(shards) - len(left), len(shards),
        )  # fmt: skip
    return Work(staging, tuple(sorted(clips, key=lambda clip: -clip.info.frames)), tuple(left))


def _carry_out_here(work: Work, *, workers: int, show_progress: bool) -> None:
    frames = sum(clip.info.frames for clip in work.clips)
    workers = min(workers, max(1, frames // _FRAMES_WORTH_A_PROCESS))
    with tqdm(total=frames, unit="frame", disable=not show_progress) as progress:
        parallel.for_each(
            work.staging.encode_clip,
            work.clips,
            workers=workers,
            on_done=progress.update,
            prepare=program.import_tensorflow,
        )
    workers = min(workers, max(1, len(work.shards) // _SHARDS_WORTH_A_PROCESS))
    with tqdm(total=len(work.shards), unit="shard", disable=not show_progress) as progress:
        parallel.for_each(
            work.staging.write_shard,
            work.shards,
            workers=workers,
            on_done=lambda _: progress.update(),
            prepare=program.import_tensorflow,
        )


def _finished(plan: BuildPlan, staging: Staging) -> Manifest:
    """Returns the manifest with all shards, which must be written."""
    splits = {}
    for name, tasks in plan.shards.items():
        shards = tuple(shard for task in tasks if (shard := staging.find_shard(task)) is not None)
        if len(shards) < len(tasks):
            raise ChildProcessError(f"{len(tasks) - len(shards)} shards of {name} are missing. Run again to go on.")
        splits[name] = dataclasses.replace(plan.manifest.splits[name], shards=shards)
    return dataclasses.replace(plan.manifest, folder=staging.records, splits=splits)
