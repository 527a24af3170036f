"""Finds all problems of a folder of records, each with its file and record."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf
from keras import ops
from tqdm import tqdm

from retarget_tf import files, parallel, program
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import correspondence
from retarget_tf.dataset.records.framing import read_record, record_offsets, told_count
from retarget_tf.dataset.records.manifest import SCHEMA_VERSION, SPLITS, TRAIN, ClipEntry, Manifest, Shard, sha256_of
from retarget_tf.dataset.records.segment import (
    EncodedFrames,
    Segment,
    decode_frame,
    decode_map,
    decode_surface_map,
    parse_tensors,
)

_SHARDS_WORTH_A_PROCESS = 4  # fewest shards per process, since importing TensorFlow takes seconds


@dataclasses.dataclass(frozen=True)
class _Place:
    """Position of a segment in the shards, and in its clip."""

    shard: str
    record: int
    clip_id: str
    first_index: int


@dataclasses.dataclass(frozen=True)
class _ShardTask:
    manifest: Manifest
    split: str
    shard: Shard


@dataclasses.dataclass
class _Report:
    """Segments and problems found in one shard."""

    task: _ShardTask
    problems: list[str] = dataclasses.field(default_factory=list)
    found: list[_Place] = dataclasses.field(default_factory=list)


def find_problems(folder: files.PathLike, *, workers: int = 1, show_progress: bool = False) -> list[str]:
    """Checks every shard, record and picture of a folder.

    Args:
        folder: Folder of records.
        workers: Number of processes.
        show_progress: Draws a progress bar of shards.

    Returns:
        One line for each problem, which begins with the file; empty if there are none.

    Raises:
        InputDataError: The manifest is missing or cannot be read.
    """
    manifest = Manifest.load(folder)
    tasks = [_ShardTask(manifest, name, shard) for name, split in manifest.splits.items() for shard in split.shards]
    reports: dict[str, _Report] = {}
    with tqdm(total=len(tasks), unit="shard", disable=not show_progress) as progress:

        def keep(report: _Report) -> None:
            reports[report.task.shard.name] = report
            progress.update()

        parallel.for_each(
            _check_shard,
            tasks,
            workers=min(workers, max(1, len(tasks) // _SHARDS_WORTH_A_PROCESS)),
            on_done=keep,
            prepare=program.import_tensorflow,
        )
    in_order = [reports[task.shard.name] for task in tasks]
    return [
        *(f"{path}: not in the manifest" for path in manifest.stray_shards()),
        *(problem for report in in_order for problem in report.problems),
        *(problem for split in SPLITS for problem in _of_split(manifest, split, in_order)),
        *_shared_people(manifest),
    ]


def _check_shard(task: _ShardTask) -> _Report:
    path, shard, report = task.manifest.folder / task.shard.name, task.shard, _Report(task)
    if not path.is_file():
        report.problems.append(f"{path}: missing")
        return report
    if (size := path.stat().st_size) != shard.bytes:
        report.problems.append(f"{path}: {size} bytes, the manifest says {shard.bytes}")
    try:
        if sha256_of(path) != shard.sha256:
            report.problems.append(f"{path}: its sha256 is not the manifest's")
        offsets = record_offsets(path, shard.records + 1)
    except OSError as error:
        report.problems.append(f"{path}: cannot be read ({error.strerror})")
        return report
    if len(offsets) != shard.records:
        report.problems.append(f"{path}: {told_count(offsets, shard.records)}")
    entries = {clip.clip_id: clip for clip in task.manifest.splits[task.split].clips}
    for number, offset in enumerate(offsets):
        place = f"{path} record {number}"
        try:
            values = parse_tensors(read_record(path, offset))
        except tf.errors.DataLossError:
            report.problems.append(f"{place}: cut, or its checksum does not fit")
            continue
        except tf.errors.InvalidArgumentError:
            report.problems.append(f"{place}: not a record of this format")
            continue
        version, segment = int(values["schema_version"]), Segment.from_tensors(values)
        if version != SCHEMA_VERSION:
            report.problems.append(f"{place}: schema version {version}, this program reads {SCHEMA_VERSION}")
        report.found.append(_Place(shard.name, number, segment.clip.clip_id, segment.first_index))
        report.problems += (f"{place}: {problem}" for problem in _of_segment(segment, task.manifest, entries))
    return report


def _of_segment(segment: Segment, manifest: Manifest, entries: dict[str, ClipEntry]) -> Iterator[str]:
    entry = entries.get(segment.clip.clip_id)
    if entry is None:
        yield f"clip {segment.clip.clip_id} is not in this split of the manifest"
    elif segment.clip.person_id != entry.person_id:
        yield f"person {segment.clip.person_id}, the manifest says {entry.person_id}"
    elif len(segment.body) != min(manifest.segment_frames, entry.frames - segment.first_index):
        yield f"{len(segment.body)} frames from frame {segment.first_index} on, of {entry.frames} of the clip"
    if not len(segment.references):
        yield "no reference frame"
    yield from _of_frames("frame", segment.body, manifest)
    yield from _of_frames("reference", segment.references, manifest)
    if manifest.surface_version:
        yield from _of_surfaces(segment, manifest.image_size)
    elif segment.reference_pieces is not None or segment.body.surface_maps:
        yield "has surface maps, the manifest says that there are none"


def _of_frames(what: str, encoded: EncodedFrames, manifest: Manifest) -> Iterator[str]:
    counts = len(encoded.frames), len(encoded.parsing_maps), len(encoded.keypoints)
    if len(set(counts)) > 1:
        yield f"{what}s: {counts[0]} pictures, {counts[1]} parsing maps, {counts[2]} sets of keypoints"
    size, schema = manifest.image_size, parsing_labels.get_schema(manifest.label_schema)
    for number, jpeg in enumerate(encoded.frames):
        _, fault = _decoded(decode_frame, jpeg, size)
        if fault:
            yield f"{what} {number}: its picture {fault}"
    for number, png in enumerate(encoded.parsing_maps):
        parsing_map, fault = _decoded(decode_map, png, size)
        if fault:
            yield f"{what} {number}: its parsing map {fault}"
        if parsing_map is not None and (unknown := schema.unknown_ids(parsing_map)):
            yield f"{what} {number}: its parsing map has ids {unknown}, which {schema.name} has not"
    for number, keypoints in enumerate(encoded.keypoints):
        if misplaced := skeleton.find_fault(keypoints[None], size):
            yield f"{what} {number}: keypoints {misplaced[1]}"


def _of_surfaces(segment: Segment, size: int) -> Iterator[str]:
    pieces = segment.reference_pieces
    if pieces is None or not np.isfinite(pieces).all():
        yield f"references: {'no' if pieces is None else 'not finite'} pieces"
        return
    for what, encoded in (("frame", segment.body), ("reference", segment.references)):
        if len(encoded.surface_maps) != len(encoded.frames):
            yield f"{what}s: {len(encoded.frames)} pictures, {len(encoded.surface_maps)} surface maps"
        for number, png in enumerate(encoded.surface_maps):
            codes, fault = _decoded(decode_surface_map, png, size)
            if codes is None or fault:
                yield f"{what} {number}: its surface map {fault}"
            elif (highest := codes[..., 0].max()) > pieces.shape[1]:
                yield f"{what} {number}: its surface map shows piece {highest} of {pieces.shape[1]}"
            elif what == "reference" and number < len(pieces) and not _sees_itself(codes, pieces[number]):
                yield f"{what} {number}: its pieces are not those that its surface map shows"


def _decoded(decode: Callable[[bytes], tf.Tensor], encoded: bytes, size: int) -> tuple[Uint8Array | None, str | None]:
    """Returns a decoded picture or map, None if it cannot be decoded, and what is wrong with it, None if nothing is."""
    try:
        picture: Uint8Array = decode(encoded).numpy()
    except tf.errors.InvalidArgumentError:
        return None, "cannot be decoded"
    height, width = picture.shape[:2]
    is_right = (height, width) == (size, size)
    return picture, None if is_right else f"is {width}x{height}, the manifest says {size}x{size}"


def _sees_itself(codes: Uint8Array, pieces: Float32Array) -> bool:
    """Whether most points of a surface map are found in it again, as they are unless the pieces are of other frames."""
    _, visibility = correspondence.find(codes[None], codes[None], pieces[None])
    return bool(2 * ops.sum(visibility) >= np.count_nonzero(codes[..., 0]))


def _of_split(manifest: Manifest, split: str, reports: Sequence[_Report]) -> Iterator[str]:
    """Yields the segments that are in no readable record, in two records, or out of order."""
    path = manifest.folder / "manifest.json"
    places = [place for report in reports if report.task.split == split for place in report.found]
    found = [(place.clip_id, place.first_index) for place in places]
    expected = [
        (clip.clip_id, start)
        for clip in manifest.splits[split].clips
        for start in range(0, clip.frames, manifest.segment_frames)
    ]
    for clip_id, start in sorted(set(expected) - set(found)):
        yield f"{path}: {split} clip {clip_id}: its frames from {start} on are in no record that can be read"
    seen: set[tuple[str, int]] = set()
    for segment, place in zip(found, places, strict=True):
        if segment in seen:
            where = f"{manifest.folder / place.shard} record {place.record}"
            yield f"{where}: another record has frames {place.first_index} and on of clip {place.clip_id} too"
        seen.add(segment)
    if split != TRAIN and found != expected and sorted(found) == sorted(expected):
        yield f"{path}: {split}: its clips are not whole and in order in the shards"


def _shared_people(manifest: Manifest) -> Iterator[str]:
    split_of: dict[str, str] = {}
    for name, split in manifest.splits.items():
        for clip in split.clips:
            if split_of.setdefault(clip.person_id, name) != name:
                path = manifest.folder / "manifest.json"
                yield f"{path}: person {clip.person_id} is in {split_of[clip.person_id]} and in {name}"
