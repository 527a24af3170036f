"""Makes one dance for the page: photo and video in, the dance, its maps and the keypoints out."""

import dataclasses
import pathlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.footage.people.choosing import tell_absences
from retarget_tf.pictures import video
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.sources import Source, clip_source, video_source
from retarget_tf.retargeting.targets import Target, clip_target
from retarget_tf.serving.page.inputs import plays_in_browsers
from retarget_tf.serving.page.task import CHOICES, DANCE, FIND, LOOK, MAPS, MORE, PHOTO, VIDEO, Task

Say = Callable[..., Any]
"""Called with the kind of news and what is new: `("at", place)`, `("step", name, done, total)`, `("made", file)` and
`("refused", place, text)`."""

_SHOWN_HEIGHT = 480  # of a copy of the video that is made for browsers


def make(retargeter: BaseRetargeter, task: Task, say: Say) -> None:
    """Makes a dance, file by file; an input that cannot be used is said, not raised.

    Args:
        retargeter: Makes maps and frames.
        task: Inputs, choices, and the folder for the files.
        say: Is told the news.
    """
    at = PHOTO
    try:
        say("at", at := PHOTO)
        say("step", LOOK, 0, None)
        target = _target(retargeter, task)
        more = []
        for photo in task.more:
            say("at", at := MORE)
            more.append(retargeter.prepare_target(photo, search=task.choices.photo_search))
        target = dataclasses.replace(target, more=tuple(more))
        say("at", at := VIDEO)
        source = _source(task, say)
        with files.atomic_file(task.keypoints) as path, path.open("wb") as file:
            np.save(file, source.keypoints)
        say("made", task.keypoints)
        say("made", _shown_video(task, source))
        say("at", at := CHOICES)
        say("step", DANCE, 0, len(source.keypoints))
        retargeter.write_video(
            target,
            source,
            task.dance,
            options=task.choices.frames,
            show_progress=lambda _, done, total: say("step", DANCE, done, total),
        )
        say("made", task.dance)
        _write_maps(retargeter, task, target, source, say)
    except (InputDataError, ConfigError, MissingDependencyError) as error:
        say("refused", at, _without_folders(str(error), task))
    except OSError as error:
        say("refused", at, f"{error.strerror or error}.")


def cut_to_person(target: Target) -> Target:
    """Returns the target with its photo cut to the canvas, as far as the photo reaches."""
    photo, square = target.photo, target.photo.square
    height, width = photo.picture.shape[:2]
    left, top = max(0, round(square.left)), max(0, round(square.top))
    right, bottom = min(width, round(square.left + square.side)), min(height, round(square.top + square.side))

    def cut(picture: Uint8Array) -> Uint8Array:
        return np.ascontiguousarray(picture[top:bottom, left:right])

    moved = SquareCrop(square.left - left, square.top - top, square.side)
    plate = None if photo.plate is None else cut(photo.plate)
    cut_photo = dataclasses.replace(photo, picture=cut(photo.picture), square=moved, plate=plate)
    return dataclasses.replace(target, photo=cut_photo)


def _target(retargeter: BaseRetargeter, task: Task) -> Target:
    if task.photo.clip is not None:
        target = clip_target(task.photo.clip, retargeter.image_size, retargeter.label_schema)
    else:
        target = retargeter.prepare_target(task.photo.path, search=task.choices.photo_search)
    return cut_to_person(target) if task.choices.cut else target


def _source(task: Task, say: Say) -> Source:
    if task.video.clip is not None:
        return clip_source(task.video.clip, max_frames=task.frames)
    source = video_source(
        task.video.path,
        max_frames=task.frames,
        search=task.choices.video_search,
        show_progress=lambda _, done, total: say("step", FIND, done, total),
    )
    tell_absences(f"source {source.name}", source.keypoints, "the poses before and after stand in")
    return source


def _shown_video(task: Task, source: Source) -> pathlib.Path:
    """Returns the given video, or a copy of it that browsers play."""
    if plays_in_browsers(task.video.path):
        return task.video.path
    with video.open_writer(task.shown_video, source.fps) as writer:
        for timed in source.frames():
            writer.write(_small(timed.frame), timed.seconds, timed.duration)
    return task.shown_video


def _small(picture: Uint8Array) -> Uint8Array:
    height, width = picture.shape[:2]
    if height <= _SHOWN_HEIGHT:
        return picture
    size = (round(width * _SHOWN_HEIGHT / height), _SHOWN_HEIGHT)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write_maps(retargeter: BaseRetargeter, task: Task, target: Target, source: Source, say: Say) -> None:
    folder = task.folder / "maps"
    retargeter.write_video(
        target,
        source,
        task.maps,
        show="maps",
        options=dataclasses.replace(task.choices.frames, background="photo"),
        audio=False,
        maps_dir=folder,
        show_progress=lambda _, done, total: say("step", MAPS, done, total),
    )
    shutil.make_archive(str(task.map_files.with_suffix("")), "zip", folder)
    shutil.rmtree(folder)
    say("made", task.map_files)
    say("made", task.maps)


def _without_folders(text: str, task: Task) -> str:
    """Returns a message that names files as the visitor does, without the folder in which they lie here."""
    for path in _paths(task):
        text = text.replace(f"{path.parent}/", "")
    return text


def _paths(task: Task) -> Iterator[pathlib.Path]:
    yield from (task.photo.path, *task.more, task.video.path, task.dance)
    if task.choices.frames.background_file:
        yield pathlib.Path(task.choices.frames.background_file)
