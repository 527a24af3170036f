"""The people and the dances that a visitor can try: procedural ones, which nobody has to be asked for."""

import dataclasses
import pathlib
from collections.abc import Sequence

from retarget_tf.arrays import Uint8Array
from retarget_tf.dancers import Recipe, render_frames
from retarget_tf.dataset import clips
from retarget_tf.pictures import image_files, video
from retarget_tf.serving.page.task import Given

_PHOTO_SIZE, _VIDEO_SIZE, _THUMB_SIZE = 512, 320, 160
_SECONDS = 2


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
DANCES = (_dance("Wave", 7, 11, 36), _dance("Dip", 7, 0, 0), _dance("Groove", 7, 8, 45))


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
    thumb = folder / f"{name}_thumb.webp"
    rendered = list(render_frames(example.recipe))
    with clips.ClipWriter(clip, example.recipe.clip_info()) as writer:
        for frame in rendered:
            writer.write(*frame)
    pictures = [frame for frame, _, _ in rendered]
    if is_photo:
        path.write_bytes(image_files.encode_jpeg(pictures[0], 92))
    else:
        with video.open_writer(path, example.recipe.clip_info().fps) as writer:
            for picture in pictures:
                writer.write(picture)
    _write_thumb(thumb, pictures[example.at])
    return Made(example.name, Given(path, clip), thumb)


def _write_thumb(path: pathlib.Path, picture: Uint8Array) -> None:
    import PIL.Image

    PIL.Image.fromarray(picture).resize((_THUMB_SIZE, _THUMB_SIZE), PIL.Image.Resampling.LANCZOS).save(path, quality=85)
