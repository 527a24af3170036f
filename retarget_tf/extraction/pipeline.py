"""Video in, clip folder out, in two passes: the first keeps keypoints only, the second streams frames into the clip.

The first pass also keeps a few dozen of the segmenter's small views, spread over the video, for the vote on the
clothes.
"""

import dataclasses
import itertools
import pathlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from absl import logging
from tqdm import tqdm

from retarget_tf import clips, files, skeleton, video
from retarget_tf.errors import InputDataError
from retarget_tf.extraction import detectors, square_crop
from retarget_tf.extraction.parser import PartsParser, PosedImage

Uint8Array = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

MIN_SIZE = 32
_VOTES = 32  # at least so many views vote, and at most twice as many, where the video is long enough


@dataclasses.dataclass(frozen=True)
class ExtractionConfig:
    """Settings of extraction.

    Attributes:
        size: side of the stored square frames in pixels.
        margin: share of the person's path that the crop leaves free on each side.
        max_frames: frames of each video that are read; 0 for all.
        models_folder: where the model files lie; None for `models.default_folder()`.
        reading: how the videos are read.
    """

    size: int = 256
    margin: float = 0.06
    max_frames: int = 0
    models_folder: str | None = None
    reading: video.ReadOptions = video.AS_IT_IS

    def __post_init__(self) -> None:
        if self.size < MIN_SIZE:
            raise ValueError(f"size must be at least {MIN_SIZE}. Received: size={self.size}")
        if not 0 <= self.margin <= 1:
            raise ValueError(f"margin must be in 0..1. Received: margin={self.margin}")
        if self.max_frames < 0:
            raise ValueError(f"max_frames must not be negative. Received: max_frames={self.max_frames}")


@dataclasses.dataclass(frozen=True)
class Track:
    """What the first pass knows of a video.

    Attributes:
        keypoints: float32 `[frames, 25, 3]` in pixels of the upright video; all zero where nobody is found. Joints that
            are unsure are still in it: see `detectors.drop_unseen`.
        views: of the segmenter, spread over the video.
    """

    keypoints: FloatArray
    views: tuple[PosedImage, ...]


def clip_id_of(path: files.PathLike) -> str:
    """A clip id out of a file name: letters, digits, `_` and `-`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", pathlib.Path(path).stem).strip("_") or "clip"


def extract_clip(
    path: files.PathLike,
    folder: files.PathLike,
    config: ExtractionConfig,
    *,
    overwrite: bool = False,
    show_progress: bool = False,
) -> clips.ClipInfo:
    """Turns a video of one person into a clip folder.

    Args:
        path: of the video.
        folder: of the clip; its name becomes the clip's and the person's id.
        config: settings.
        overwrite: whether a clip that is there is replaced.
        show_progress: whether to draw progress bars.

    Raises:
        InputDataError: the video cannot be read, nobody is found in it, or the folder is there already.
        MissingDependencyError: mediapipe or its models are not installed.
    """
    header = video.probe(path, config.reading)
    name = pathlib.Path(folder).name
    with PartsParser(models_folder=config.models_folder) as parser:
        total = min(header.declared_frames, config.max_frames or header.declared_frames)
        with _progress(
            _frames(path, config.max_frames, config.reading), total, f"{name}: pose", show_progress
        ) as frames:
            track = find_person(frames, header.fps, models_folder=config.models_folder, view_of=parser.view_of)
        seen = detectors.drop_unseen(track.keypoints, header.width, header.height)
        crop = square_crop.clip_crop(seen, header.width, header.height, config.margin)
        if crop is None:
            raise InputDataError(f"video {path}: nobody is found in it. Give a video that shows one person in full.")
        clothes = parser.vote(track.views)
        bridged = square_crop.fill_gaps(track.keypoints)
        stored = skeleton.drop_missing(crop.move_keypoints(seen, config.size), config.size)
        info = clips.ClipInfo(name, name, header.fps, config.size, "parts10", source=pathlib.Path(path).name)
        with (
            clips.ClipWriter(folder, info, overwrite=overwrite) as writer,
            _progress(
                _frames(path, config.max_frames, config.reading), len(stored), f"{name}: parts", show_progress
            ) as frames,
        ):
            posed = itertools.starmap(PosedImage, zip(frames, bridged, strict=True))
            parsed = parser.parse_frames(posed, crop, config.size, clothes)
            for (image, parsing_map), keypoints in zip(parsed, stored, strict=True):
                writer.write(image, parsing_map, keypoints)
    return dataclasses.replace(info, frames=len(stored))


def video_keypoints(
    path: files.PathLike,
    *,
    max_frames: int = 0,
    reading: video.ReadOptions = video.AS_IT_IS,
    models_folder: files.PathLike | None = None,
    show_progress: bool = False,
) -> FloatArray:
    """The keypoints of a video's person, frame by frame; only keypoints are kept in memory.

    Args:
        path: of the video.
        max_frames: frames that are read; 0 for all.
        reading: how the video is read.
        models_folder: where the model files lie; `models.default_folder()` unless given.
        show_progress: whether to draw a progress bar.

    Returns:
        float32 `[frames, 25, 3]` in pixels of the upright video; joints not seen, or all of them where nobody is found,
        are (0, 0, 0).

    Raises:
        InputDataError: the video cannot be read.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    header = video.probe(path, reading)
    total = min(header.declared_frames, max_frames or header.declared_frames)
    with _progress(_frames(path, max_frames, reading), total, f"{clip_id_of(path)}: pose", show_progress) as frames:
        track = find_person(frames, header.fps, models_folder=models_folder)
    return detectors.drop_unseen(track.keypoints, header.width, header.height)


def find_person(
    frames: Iterable[Uint8Array],
    fps: float,
    *,
    models_folder: files.PathLike | None = None,
    view_of: Callable[[PosedImage], PosedImage | None] | None = None,
) -> Track:
    """The first pass over a video.

    Args:
        frames: RGB uint8 `[height, width, 3]`, in order.
        fps: frames per second.
        models_folder: where the model file lies; `models.default_folder()` unless given.
        view_of: gives the segmenter's view of a picture; without it no views are kept.
    """
    keypoints: list[FloatArray] = []
    views: dict[int, PosedImage] = {}
    stride = 1
    with detectors.PoseDetector(video=True, models_folder=models_folder) as detector:
        for index, frame in enumerate(frames):
            found = detector.detect(frame, index / fps)
            keypoints.append(np.zeros((skeleton.NUM_JOINTS, 3), np.float32) if found is None else found)
            if view_of is None or found is None or index % stride:
                continue
            if view := view_of(PosedImage(frame, found)):
                views[index] = view
            if len(views) >= 2 * _VOTES:  # the length is not known before the end: thin out, then go on wider
                stride *= 2
                views = {i: view for i, view in views.items() if i % stride == 0}
    return Track(np.stack(keypoints), tuple(views.values()))


def _frames(path: files.PathLike, max_frames: int, reading: video.ReadOptions) -> Iterator[Uint8Array]:
    frames = video.read_frames(path, reading)
    return itertools.islice(frames, max_frames) if max_frames else frames


def _progress(frames: Iterable[Uint8Array], total: int, description: str, show_progress: bool) -> Any:
    return tqdm(frames, total=total or None, desc=description, unit="frame", disable=not show_progress)


def extract_videos(
    paths: Sequence[files.PathLike],
    out: files.PathLike,
    config: ExtractionConfig,
    *,
    overwrite: bool = False,
    show_progress: bool = False,
    report: Callable[[str], None] = logging.info,
) -> None:
    """Turns each video into a clip folder under `out`, named after the file. Those that are there are skipped.

    Args:
        paths: of the videos.
        out: folder of clips.
        config: settings.
        overwrite: whether clips that are there are made again.
        show_progress: whether to draw progress bars.
        report: takes one line about each video.

    Raises:
        InputDataError: one or more videos cannot be used; names them all. The others are done.
        MissingDependencyError: mediapipe or its models are not installed.
    """
    problems: list[str] = []
    taken: dict[str, files.PathLike] = {}
    for path in paths:
        folder = pathlib.Path(out) / clip_id_of(path)
        try:
            if other := taken.get(folder.name):
                raise InputDataError(f"video {path}: has the clip id of {other}. Rename one of the two.")
            taken[folder.name] = path
            if folder.exists() and not overwrite:
                there = clips.open_clip(folder).info
                report(f"{path}: already there as {folder} ({there.frames} frames, {there.image_size} px), skipped")
                continue
            started = time.monotonic()
            info = extract_clip(path, folder, config, overwrite=overwrite, show_progress=show_progress)
            rate = info.frames / max(time.monotonic() - started, 1e-9)
            report(f"{path}: {info.frames} frames to {folder} ({rate:.1f} frames/s)")
        except InputDataError as error:
            problems.append(str(error))
            report(f"{path}: failed")
    if problems:
        raise InputDataError(" ".join(problems))
