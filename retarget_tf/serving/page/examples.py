"""The people and the dances that a visitor can try: procedural ones, which nobody has to be asked for."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.dancers import Recipe, render_frames
from retarget_tf.dataset import clips
from retarget_tf.pictures import image_files, video
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.serving.page.task import Given

_PHOTO_SIZE, _VIDEO_SIZE, _THUMB_SIZE = 512, 320, 160
_SECONDS = 2
_ROOM = 1.3  # side of the picture to click on, in heights of the person


@dataclasses.dataclass(frozen=True)
class Example:
    """A person or a dance to try.

    Attributes:
        name: What it is called on the page.
        recipe: What is rendered.
        at: Frame whose picture is clicked on.
    """

    name: str
    recipe: Recipe
    at: int = 0


def _person(name: str, seed: int, person: int) -> Example:
    return Example(name, Recipe(seed, person, 0, 2, _PHOTO_SIZE))


def _dance(name: str, seed: int, person: int, at: int) -> Example:
    return Example(name, Recipe(seed, person, 0, 30 * _SECONDS, _VIDEO_SIZE), at)


PEOPLE = (_person("Ada", 2026, 0), _person("Sol", 7, 4), _person("Max", 11, 10), _person("Mina", 2026, 1))
DANCES = (_dance("Wave", 7, 11, 36), _dance("Wings", 7, 5, 33), _dance("Dip", 2026, 2, 10), _dance("Groove", 11, 5, 32))


@dataclasses.dataclass(frozen=True)
class Made:
    """An example that lies ready.

    Attributes:
        name: What it is called on the page.
        given: What is given if it is chosen.
        thumb: Small picture of it.
    """

    name: str
    given: Given
    thumb: pathlib.Path


def make_people(folder: pathlib.Path, examples: Sequence[Example] = PEOPLE) -> list[Made]:
    """Renders people into a folder: a photo, a small picture, and a clip folder of each."""
    return [_make(folder, example, is_photo=True) for example in examples]


def make_dances(folder: pathlib.Path, examples: Sequence[Example] = DANCES) -> list[Made]:
    """Renders dances into a folder: a video, a small picture, and a clip folder of each."""
    return [_make(folder, example, is_photo=False) for example in examples]


def _make(folder: pathlib.Path, example: Example, *, is_photo: bool) -> Made:
    name = example.name.lower()
    clip, path = folder / f"{name}_clip", folder / f"{name}{'.jpg' if is_photo else '.mp4'}"
    thumb = folder / f"{name}_thumb.jpg"
    rendered = list(render_frames(example.recipe))
    with clips.ClipWriter(clip, example.recipe.clip_info()) as writer:
        for frame in rendered:
            writer.write(*frame)
    pictures = [frame for frame, _, _ in rendered]
    shown, _, keypoints = rendered[example.at]
    if is_photo:
        path.write_bytes(image_files.encode_jpeg(pictures[0], 92))
    else:
        with video.open_writer(path, example.recipe.clip_info().fps) as writer:
            for picture in pictures:
                writer.write(picture)
    thumb.write_bytes(image_files.encode_jpeg(_around(keypoints, shown), 90))
    return Made(example.name, Given(path, clip), thumb)


def _around(keypoints: Float32Array, picture: Uint8Array) -> Uint8Array:
    """Returns the square around a person, `[160, 160, 3]`."""
    box = skeleton.person_box(keypoints)
    left, top, right, bottom = (0, 0, *picture.shape[1::-1]) if box is None else box
    side = min(_ROOM * max(right - left, bottom - top), len(picture))
    most = len(picture) - side
    x, y = (min(max((low + high - side) / 2, 0), most) for low, high in ((left, right), (top, bottom)))
    return np.asarray(SquareCrop(float(x), float(y), float(side)).apply(picture, _THUMB_SIZE), np.uint8)
