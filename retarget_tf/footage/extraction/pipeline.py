"""Video in, clip folder out, in two passes: the first keeps keypoints only, the second streams frames into the clip.

The first pass also keeps a few dozen of the segmenter's small views, spread over the video, for the vote on the
clothes. Where it meets several people, another pass follows one of them.
"""

import contextlib
import dataclasses
import itertools
import pathlib
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from absl import logging
from tqdm import tqdm

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dataset import clips
from retarget_tf.errors import ConfigError, InputDataError, batch_error
from retarget_tf.footage.extraction import detectors, square_crop
from retarget_tf.footage.extraction.external_parser import ExternalParser
from retarget_tf.footage.extraction.following import Track, ViewOf, find_person, follow_person
from retarget_tf.footage.extraction.parser import PartsParser, PosedImage
from retarget_tf.footage.people.choosing import MAIN_PERSON, PersonChoice, tell_doubts
from retarget_tf.footage.people.cuts import noting_cuts
from retarget_tf.pictures import video

MIN_SIZE = 32
BUILT_IN = "mediapipe"


@dataclasses.dataclass(frozen=True)
class ExtractionConfig:
    """Settings of extraction.

    Attributes:
        size: side of the stored square frames in pixels.
        margin: share of the person's path that the crop leaves free on each side.
        max_frames: frames of each video that are read; 0 for all.
        models_folder: where the model files lie; None for `models.default_folder()`.
        person: which one, where there are several.
        reading: how the videos are read.
        parser: `mediapipe`, or the path of another one: see `ExternalParser`.
        parser_schema: label schema of a parser out of a file. Its clips carry such maps beside `parts10`.
        parser_scaling: what the input of a parser out of a file wants.
    """

    size: int = 256
    margin: float = square_crop.MARGIN
    max_frames: int = 0
    models_folder: str | None = None
    person: PersonChoice = MAIN_PERSON
    reading: video.ReadOptions = video.AS_IT_IS
    parser: str = BUILT_IN
    parser_schema: str = "cihp20"
    parser_scaling: str = "imagenet"

    def __post_init__(self) -> None:
        parsing_labels.get_schema(self.parser_schema)
        if self.size < MIN_SIZE:
            raise ConfigError(f"size must be at least {MIN_SIZE}. Received: size={self.size}")
        if not 0 <= self.margin <= 1:
            raise ConfigError(f"margin must be in 0..1. Received: margin={self.margin}")
        if self.max_frames < 0:
            raise ConfigError(f"max_frames must not be negative. Received: max_frames={self.max_frames}")


class Stretch(NamedTuple):
    """Consecutive frames of a video: the first one, and the one after the last."""

    first: int
    end: int


@dataclasses.dataclass(frozen=True)
class Selection:
    """What is taken of a video.

    Attributes:
        stretches: each becomes a clip.
        left_out: a line about each stretch that is not taken, with the reason.
        frames: number of frames of the video.
    """

    stretches: tuple[Stretch, ...]
    left_out: tuple[str, ...]
    frames: int


def clip_id_of(path: files.PathLike) -> str:
    """A clip id out of a file name: letters, digits, `_` and `-`. Names in other scripts keep apart by a checksum."""
    stem = pathlib.Path(path).stem
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_") or "clip"
    return plain if stem.isascii() else f"{plain}_{zlib.crc32(stem.encode()):08x}"


def extract_clip(
    path: files.PathLike,
    folder: files.PathLike,
    config: ExtractionConfig,
    *,
    stretch: Stretch | None = None,
    person_id: str | None = None,
    overwrite: bool = False,
    show_progress: bool = False,
) -> clips.ClipInfo:
    """Turns a video, or a stretch of it, into a clip folder of one person.

    Args:
        path: of the video.
        folder: of the clip; its name becomes the clip's id.
        config: settings.
        stretch: the frames that are taken; all unless given.
        person_id: who it is; the clip's id unless given.
        overwrite: whether a clip that is there is replaced, if the folder holds nothing else.
        show_progress: whether to draw progress bars.

    Raises:
        InputDataError: the video cannot be read, or nobody is found in it.
        ConfigError: the folder is there already and is not to be replaced, or holds the video.
        MissingDependencyError: mediapipe or its models are not installed.
    """
    files.refuse_replacing(folder, path)
    files.check_writable(folder, ours=clips.parts_of_clip if overwrite else None)
    header = video.probe(path, config.reading)
    name = pathlib.Path(folder).name
    stretch = stretch or Stretch(0, config.max_frames or sys.maxsize)
    frames = _Frames(path, header, config.reading, stretch, name, show_progress)
    with _open_parser(config) as parser:
        track = _track(frames, config.person, config.models_folder, parser.view_of)
        seen = detectors.drop_unseen(track.keypoints, header.width, header.height)
        crop = square_crop.clip_crop(seen, header.width, header.height, config.margin)
        if crop is None:
            raise InputDataError(f"video {path}: nobody is found in it. Give a video that shows one person in full.")
        clothes = parser.vote(track.views)
        bridged = square_crop.fill_gaps(track.keypoints)
        stored = skeleton.drop_missing(crop.move_keypoints(seen, config.size), config.size)
        hip_lines = skeleton.hip_line(stored)
        further = () if parser.schema == PARTS10 else (parser.schema.name,)
        source = pathlib.Path(path).name
        info = clips.ClipInfo(name, person_id or name, header.fps, config.size, PARTS10.name, further, source=source)
        with clips.ClipWriter(folder, info, overwrite=overwrite) as writer, frames.open("parts") as pictures:
            posed = itertools.starmap(PosedImage, zip(pictures, bridged, strict=True))
            parsed = parser.parse_frames(posed, crop, config.size, clothes)
            for (image, parsing_map), keypoints, hip_y in zip(parsed, stored, hip_lines, strict=True):
                parts = parser.schema.parts10_of(parsing_map, float(hip_y))
                writer.write(image, {parser.schema.name: parsing_map, PARTS10.name: parts}, keypoints)
    return dataclasses.replace(info, frames=len(stored))


def _open_parser(config: ExtractionConfig) -> Any:
    """A context manager of the parser: both kinds offer the same methods."""
    if config.parser == BUILT_IN:
        return PartsParser(models_folder=config.models_folder)
    return ExternalParser(config.parser, parsing_labels.get_schema(config.parser_schema), config.parser_scaling)


def video_keypoints(
    path: files.PathLike,
    *,
    max_frames: int = 0,
    person: PersonChoice = MAIN_PERSON,
    reading: video.ReadOptions = video.AS_IT_IS,
    models_folder: files.PathLike | None = None,
    show_progress: bool = False,
) -> Float32Array:
    """The keypoints of a video's person, frame by frame; only keypoints are kept in memory.

    Args:
        path: of the video.
        max_frames: frames that are read; 0 for all.
        person: which one, where there are several.
        reading: how the video is read.
        models_folder: where the model files lie; `models.default_folder()` unless given.
        show_progress: whether to draw a progress bar.

    Returns:
        float32 `[frames, 25, 3]` in pixels of the upright video; joints not seen, or all of them where nobody is found,
        are (0, 0, 0).

    Raises:
        InputDataError: the video cannot be read, or the person chosen is not in it.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    header = video.probe(path, reading)
    stretch = Stretch(0, max_frames or sys.maxsize)
    frames = _Frames(path, header, reading, stretch, clip_id_of(path), show_progress)
    track = _track(frames, person, models_folder)
    return detectors.drop_unseen(track.keypoints, header.width, header.height)


@dataclasses.dataclass(frozen=True)
class _Frames:
    """A stretch of a video that can be read again and again."""

    path: files.PathLike
    header: video.VideoInfo
    reading: video.ReadOptions
    stretch: Stretch
    name: str
    show_progress: bool

    @contextlib.contextmanager
    def open(self, purpose: str) -> Iterator[Iterable[Uint8Array]]:
        total = min(self.header.declared_frames or sys.maxsize, self.stretch.end) - self.stretch.first
        frames = itertools.islice(video.read_frames(self.path, self.reading), *self.stretch)
        known = total if total < sys.maxsize - self.stretch.first else None
        with _progress(frames, known, f"{self.name}: {purpose}", self.show_progress) as shown:
            yield shown


def _track(
    frames: _Frames, person: PersonChoice, models_folder: files.PathLike | None, view_of: ViewOf | None = None
) -> Track:
    """The chosen person: by the steadier search for one where nobody else is seen."""
    track, fps = None, frames.header.fps
    cuts: list[int] = []  # noted in the first pass
    if person == MAIN_PERSON:
        with frames.open("pose") as pictures:
            track = find_person(noting_cuts(pictures, cuts), fps, models_folder=models_folder, view_of=view_of)
    if track is None or track.has_company:
        with frames.open("people") as pictures:
            watched = noting_cuts(pictures, cuts) if track is None else pictures
            track = follow_person(watched, fps, person, frames.path, models_folder=models_folder, view_of=view_of)
    doubts = sorted({*track.doubts, *cuts})
    tell_doubts(f"video {frames.path}", [frames.stretch.first + frame for frame in doubts])
    return track


def _progress(frames: Iterable[Uint8Array], total: int | None, description: str, show_progress: bool) -> Any:
    return tqdm(frames, total=total, desc=description, unit="frame", disable=not show_progress)


def extract_videos(
    paths: Sequence[files.PathLike],
    out: files.PathLike,
    config: ExtractionConfig,
    *,
    select: Callable[[files.PathLike], Selection] | None = None,
    overwrite: bool = False,
    show_progress: bool = False,
    report: Callable[[str], None] = logging.info,
) -> None:
    """Turns each video into a clip folder under `out`, named after the file. Those that are there are skipped.

    Args:
        paths: of the videos.
        out: folder of clips.
        config: settings.
        select: names the stretches of a video that are worth taking; each becomes a clip of its own, named after the
            file and its first frame. All of a video is taken unless given.
        overwrite: whether clips that are there are made again.
        show_progress: whether to draw progress bars.
        report: takes one line about each clip, and about each stretch that is left out.

    Raises:
        ConfigError: the folder of a clip holds something else, or an input.
        InputDataError: one or more videos cannot be used, see `errors.batch_error`. The others are done.
        MissingDependencyError: mediapipe or its models are not installed.
    """
    for path in paths:  # before hours of work
        files.refuse_replacing(pathlib.Path(out) / clip_id_of(path), *paths)
        files.check_writable(pathlib.Path(out) / clip_id_of(path), ours=clips.parts_of_clip)
    problems: list[InputDataError] = []
    taken: dict[str, files.PathLike] = {}
    for path in paths:
        person_id = clip_id_of(path)
        try:
            if other := taken.get(person_id):
                raise InputDataError(f"video {path}: has the clip id of {other}. Rename one of the two.")
            taken[person_id] = path
            for name, stretch in _clips_of(path, select, report).items():
                folder = pathlib.Path(out) / name
                if folder.exists() and not overwrite:
                    there = clips.open_clip(folder).info
                    if there.source not in ("", pathlib.Path(path).name):
                        raise InputDataError(
                            f"video {path}: {folder} holds a clip of {there.source}. "
                            "Rename one of the two, or choose another folder."
                        )
                    report(f"{path}: already there as {folder} ({there.frames} frames, {there.image_size} px), skipped")
                    continue
                started = time.monotonic()
                info = extract_clip(
                    path,
                    folder,
                    config,
                    stretch=stretch,
                    person_id=person_id,
                    overwrite=overwrite,
                    show_progress=show_progress,
                )
                rate = info.frames / max(time.monotonic() - started, 1e-9)
                report(f"{path}: {info.frames} frames to {folder} ({rate:.1f} frames/s)")
        except InputDataError as error:
            problems.append(error)
            report(f"{path}: failed")
    if problems:
        raise batch_error(problems, len(paths))


def _clips_of(
    path: files.PathLike, select: Callable[[files.PathLike], Selection] | None, report: Callable[[str], None]
) -> dict[str, Stretch | None]:
    """The clips that a video becomes, by name; InputDataError where nothing of it is worth taking."""
    name = clip_id_of(path)
    if select is None:
        return {name: None}
    selection = select(path)
    for line in selection.left_out:
        report(f"{path}: left out {line}")
    if not selection.stretches:
        raise InputDataError(
            f"video {path}: has no good stretch. "
            f"Look at why: retarget-screen-clips --videos={path} --report={name}.html"
        )
    if selection.stretches == (Stretch(0, selection.frames),):
        return {name: selection.stretches[0]}
    return {f"{name}_{stretch.first:06d}": stretch for stretch in selection.stretches}
