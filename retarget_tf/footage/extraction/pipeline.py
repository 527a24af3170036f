"""Makes a clip folder of a video in two passes: the first finds keypoints, the second writes frames and parsing maps.

The first pass also keeps a few dozen of the segmenter's small views, spread over the video, for the vote on the
clothes. If it finds several people, an additional pass follows one of them. Keypoints that are given are not searched.
"""

import contextlib
import dataclasses
import itertools
import pathlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import keypoint_filters, parsing_labels, skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dataset import clips
from retarget_tf.errors import InputDataError
from retarget_tf.footage.extraction import cropping
from retarget_tf.footage.extraction.external_parser import ExternalParser
from retarget_tf.footage.extraction.following import Track, ViewOf, find_person, follow_person, given_person
from retarget_tf.footage.extraction.parser import PartsParser, PosedImage
from retarget_tf.footage.extraction.selection import Stretch
from retarget_tf.footage.importers.keypoints import KeypointFile, with_keypoints
from retarget_tf.footage.people.choosing import (
    MAIN_PERSON,
    between_people,
    merged_doubts,
    tell_absences,
    tell_doubts,
    tell_left_out,
)
from retarget_tf.footage.people.cuts import noting_cuts
from retarget_tf.footage.schema_check import SchemaCheck
from retarget_tf.footage.settings import BUILT_IN, MAIN_SEARCH, ExtractionConfig, PersonSearch
from retarget_tf.parallel import ahead
from retarget_tf.pictures import video
from retarget_tf.program.progress import Progress, counted

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)
_WITHOUT_A_POSE = "the clip has no joints there, and empty maps where that takes over half a second"


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
    """Turns a video, or a stretch of it, into a clip folder of one person, from the first to the last frame with her.

    Logs a warning if the maps of a parser out of a file fit another label schema better.

    Args:
        path: Path of the video.
        folder: Clip folder to write; its name becomes the clip's id.
        config: Settings of the extraction.
        stretch: Frames to extract; None for all.
        person_id: Name of the person; None for the clip's id.
        overwrite: Replaces an existing clip, if its folder holds nothing else.
        show_progress: Draws progress bars.

    Raises:
        InputDataError: The video cannot be read, nobody is found in it, or the keypoints given are not of its frames.
        ConfigError: The folder exists and is not to be replaced, holds the video, or is being written by another
            process.
        MissingDependencyError: mediapipe or its models are not installed.
    """
    files.refuse_replacing(folder, path, config.keypoints)
    files.check_writable(folder, ours=clips.parts_of_clip if overwrite else None)
    header = video.probe(path, config.reading)
    name = pathlib.Path(folder).name
    stretch = stretch or Stretch(0, config.max_frames or sys.maxsize)
    frames = _Frames(path, header, config.reading, stretch, name, show_progress)
    known = _known_keypoints(frames, config)
    with clips.alone(folder, overwrite=overwrite), _open_parser(config) as parser:
        track = _track(frames, config, parser.view_of, known)
        seen = skeleton.drop_unseen(track.keypoints, header.width, header.height)
        crop = cropping.clip_crop(seen, header.width, header.height, config.margin)
        if crop is None:
            raise InputDataError(
                f"video {path}: nobody is found in it. Give a video that shows "
                "one person in full, at least a fifth of the picture tall."
            )
        clothes = parser.vote(track.views)
        bridged = keypoint_filters.bridge_absences(track.keypoints, header.fps)
        stored = skeleton.drop_unseen(crop.move_keypoints(seen, config.size), config.size, config.size)
        taken = skeleton.time_in_view(stored)
        tell_left_out(f"video {path}", taken, len(stored), stretch.first)
        stored, bridged = stored[taken], bridged[taken]
        tell_absences(f"video {path}", stored, _WITHOUT_A_POSE, stretch.first + taken.start)
        hip_lines = skeleton.hip_line(stored)
        check = SchemaCheck(parser.schema, f"parser {config.parser}", "--parser_schema")
        further = () if parser.schema == PARTS10 else (parser.schema.name,)
        source = pathlib.Path(path).name
        info = clips.ClipInfo(
            name,
            person_id or name,
            header.fps,
            image_size=config.size,
            label_schema=PARTS10.name,
            more_label_schemas=further,
            source=source,
        )
        with clips.ClipWriter(folder, info, overwrite=overwrite) as writer, frames.open("parts") as pictures:
            shown = itertools.islice(pictures, taken.start, taken.stop)
            posed = itertools.starmap(PosedImage, zip(shown, bridged, strict=True))
            parsed = parser.parse_frames(posed, crop, config.size, clothes)
            for (image, parsing_map), keypoints, hip_y in zip(parsed, stored, hip_lines, strict=True):
                check.look(parsing_map, keypoints)
                parts = parser.schema.parts10_of(parsing_map, float(hip_y))
                writer.write(image, {parser.schema.name: parsing_map, PARTS10.name: parts}, keypoints)
    if config.parser != BUILT_IN:
        check.warn()
    return dataclasses.replace(info, frames=len(stored))


def _open_parser(config: ExtractionConfig) -> Any:
    """Returns the parser as a context manager; both kinds have the same methods."""
    if config.parser == BUILT_IN:
        return PartsParser(models_folder=config.models)
    return ExternalParser(config.parser, parsing_labels.get_schema(config.parser_schema), config.parser_scaling)


def _known_keypoints(frames: "_Frames", config: ExtractionConfig) -> Float32Array | None:
    """Reads the keypoints of the whole video out of a file, if one is given."""
    if config.keypoints is None:
        return None
    return KeypointFile(config.keypoints, config.units, config.person).of_video(frames.path, frames.header)


def video_keypoints(
    path: files.PathLike,
    search: PersonSearch = MAIN_SEARCH,
    *,
    max_frames: int = 0,
    reading: video.ReadOptions = video.AS_IT_IS,
    show_progress: Progress = False,
    times: list[video.TimedFrame] | None = None,
) -> Float32Array:
    """Finds the keypoints of one person in every frame of a video; frames are not kept in memory.

    Args:
        path: Path of the video.
        search: Whom to follow, and how exactly joints are found.
        max_frames: Number of frames to read; 0 reads all.
        reading: Options of reading the video.
        show_progress: Draws a progress bar, or the function to tell of the progress.
        times: Gets the frames as `video.read_timed_frames` reads them without pictures, which saves reading them again.

    Returns:
        float32 `[frames, 25, 3]` in pixels of the upright video; unseen joints are (0, 0, 0).

    Raises:
        InputDataError: The video cannot be read, or the chosen person is not in it.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    header = video.probe(path, reading)
    stretch = Stretch(0, max_frames or sys.maxsize)
    noted = [] if times is None else times
    frames = _Frames(path, header, reading, stretch, clips.clip_id_of(path), show_progress, noted)
    track = _track(frames, search)
    return skeleton.drop_unseen(track.keypoints, header.width, header.height)


@dataclasses.dataclass(frozen=True)
class _Frames:
    """Stretch of a video that can be read several times.

    With `times` its frames need not be equally spaced, and those last read are noted there, without pictures.
    """

    path: files.PathLike
    header: video.VideoInfo
    reading: video.ReadOptions
    stretch: Stretch
    name: str
    show_progress: Progress
    times: list[video.TimedFrame] | None = None

    @contextlib.contextmanager
    def open(self, purpose: str) -> Iterator[Iterable[Uint8Array]]:
        total = min(self.header.declared_frames or sys.maxsize, self.stretch.end) - self.stretch.first
        read = video.read_frames(self.path, self.reading) if self.times is None else self._timed(self.times)
        frames = itertools.islice(read, *self.stretch)
        known = total if total < sys.maxsize - self.stretch.first else None
        with counted(frames, f"{self.name}: {purpose}", known, self.show_progress) as shown:
            yield shown

    def _timed(self, times: list[video.TimedFrame]) -> Iterator[Uint8Array]:
        times.clear()
        for timed in video.read_timed_frames(self.path, self.reading):
            times.append(timed._replace(frame=_NO_PICTURE))
            yield timed.frame


def _track(
    frames: _Frames, search: PersonSearch, view_of: ViewOf | None = None, known: Float32Array | None = None
) -> Track:
    """Finds the chosen person, with the steadier detection of a single person if nobody else is seen.

    Keypoints of the whole video that are `known` are taken as they are.

    Exchanged sides are repaired at once, because the parser tells left from right by the keypoints.
    """
    track, fps = None, frames.header.fps
    cuts: list[int] = []
    if known is not None:
        first, end = frames.stretch.first, min(frames.stretch.end, len(known))
        with frames.open("clothes") as pictures:
            shown = with_keypoints(noting_cuts(pictures, cuts), end, f"video {frames.path}", first=first)
            track = given_person(shown, known[first:end], view_of=view_of)
    elif search.person == MAIN_PERSON:
        with frames.open("pose") as pictures, contextlib.closing(ahead(noting_cuts(pictures, cuts))) as watched:
            track = find_person(watched, fps, search, view_of=view_of, stops_in_company=True)
    if track is None or track.has_company:
        cuts.clear()  # of the pass before, which may have stopped early
        with frames.open("people") as pictures, contextlib.closing(ahead(noting_cuts(pictures, cuts))) as watched:
            track = follow_person(watched, fps, search, frames.path, view_of=view_of)
    doubts = merged_doubts({*track.doubts, *between_people(cuts, track.keypoints)}, fps)
    tell_doubts(f"video {frames.path}", [frames.stretch.first + frame for frame in doubts])
    return dataclasses.replace(track, keypoints=keypoint_filters.repair_swaps(track.keypoints, fps))
