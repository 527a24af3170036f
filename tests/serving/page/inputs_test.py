"""Tests of looking at photos and videos when they are given, and of making a dance of them."""

import dataclasses
import pathlib

import av
import numpy as np
import pytest

from retarget_tf.dancers import Recipe
from retarget_tf.errors import InputDataError
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files, video
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.retargeting.targets import clip_target
from retarget_tf.serving.page import examples, inputs, making
from retarget_tf.serving.page.options import PageOptions
from retarget_tf.serving.page.task import DANCE, MAPS, PHOTO, Choices, Given, Task
from tests import testing

OPTIONS = PageOptions(max_seconds=1, max_frames=20, max_pixels=64 * 64)


def write_video(path: pathlib.Path, frames: int, size: int = 64, codec: str = "h264") -> pathlib.Path:
    with video.VideoWriter(path, 10, codec) as writer:
        for index in range(frames):
            writer.write(np.full((size, size, 3), 8 * index, np.uint8))
    return path


def test_of_a_long_video_the_beginning_is_danced(tmp_path: pathlib.Path) -> None:
    short, long = write_video(tmp_path / "short.mp4", 10), write_video(tmp_path / "long.mp4", 30)
    assert inputs.check_video(short, OPTIONS) == (10, "")
    frames, note = inputs.check_video(long, OPTIONS)
    assert frames == 10
    assert note == "This video is 3 s long; its first 1 s are danced."
    assert inputs.check_video(long, dataclasses.replace(OPTIONS, max_seconds=9))[0] == 20


def test_what_cannot_be_used_is_refused(tmp_path: pathlib.Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("hello")
    with pytest.raises(InputDataError, match="is no JPEG"):
        inputs.check_photo(text, OPTIONS)
    with pytest.raises(InputDataError, match="not a video"):
        inputs.check_video(text.rename(tmp_path / "text.mp4"), OPTIONS)
    large = tmp_path / "large.png"
    image_files.write_png(large, np.zeros((65, 64, 3), np.uint8))
    with pytest.raises(InputDataError, match=r"is 64x65, more than 0\.004096 megapixels"):
        inputs.check_photo(large, OPTIONS)
    with pytest.raises(InputDataError, match="66x66"):
        inputs.check_video(write_video(tmp_path / "large.mp4", 2, 66), OPTIONS)


def test_browsers_are_shown_what_they_can_show(tmp_path: pathlib.Path) -> None:
    import PIL.Image

    picture = PIL.Image.fromarray(np.full((32, 32, 3), 90, np.uint8))
    for name in ("me.png", "me.tiff"):
        picture.save(tmp_path / name)
    assert inputs.check_photo(tmp_path / "me.png", OPTIONS) == tmp_path / "me.png"
    assert inputs.check_photo(tmp_path / "me.tiff", OPTIONS) == tmp_path / "me_shown.jpg"
    assert image_files.load_photo(tmp_path / "me_shown.jpg").shape == (32, 32, 3)
    assert inputs.plays_in_browsers(write_video(tmp_path / "a.mp4", 2))
    assert inputs.plays_in_browsers(write_video(tmp_path / "a.webm", 2, codec="vp9"))
    assert not inputs.plays_in_browsers(write_video(tmp_path / "a.mkv", 2))
    with av.open(str(tmp_path / "old.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode())
    assert not inputs.plays_in_browsers(tmp_path / "old.mp4")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[examples.Made, examples.Made]:
    """A small person and a short dance to try."""
    folder = tmp_path_factory.mktemp("examples")
    [person] = examples.make_people(folder, [examples.Example("Ada", Recipe(7, 4, 0, 2, 96))])
    [dance] = examples.make_dances(folder, [examples.Example("Wave", Recipe(7, 5, 0, 5, 64), at=3)])
    return person, dance


def test_examples_are_what_they_look_like(made: tuple[examples.Made, examples.Made]) -> None:
    person, dance = made
    assert image_files.load_photo(person.given.path).shape == (96, 96, 3)
    assert image_files.load_photo(person.thumb).shape == image_files.load_photo(dance.thumb).shape == (160, 160, 3)
    assert len(list(video.read_frames(dance.given.path))) == 5
    assert inputs.plays_in_browsers(dance.given.path)


@pytest.fixture(scope="module")
def retargeter(tmp_path_factory: pytest.TempPathFactory) -> Retargeter:
    """Makes maps of 32 px with an untrained network."""
    model, folder = (
        ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=2),
        tmp_path_factory.mktemp("model"),
    )
    spec = GeneratorSpec(model, person_height_share=0.75, step=9)
    generator.save_generator(testing.lively(generator.build_generator(model)), spec, folder)
    return Retargeter.load(folder)


def test_a_dance_with_its_maps_and_keypoints(
    made: tuple[examples.Made, examples.Made], retargeter: Retargeter, tmp_path: pathlib.Path
) -> None:
    person, dance = made
    task = Task(tmp_path, person.given, dance.given, 4, choices=Choices(background="blur"))
    said: list[tuple[object, ...]] = []
    making.make(retargeter, task, lambda *news: said.append(news))
    files = [news[1] for news in said if news[0] == "made"]
    assert files == [task.keypoints, dance.given.path, task.dance, task.map_files, task.maps]
    assert [news for news in said if news[:2] == ("step", DANCE)][-1] == ("step", DANCE, 4, 4)
    assert [news for news in said if news[:2] == ("step", MAPS)][-1] == ("step", MAPS, 4, 4)
    assert np.load(task.keypoints).shape == (4, 25, 3)
    assert len(list(video.read_frames(task.dance))) == len(list(video.read_frames(task.maps))) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in (task.keypoints, task.dance, task.maps, task.map_files)
    )


def test_a_refusal_is_said_of_its_place_without_folders(
    made: tuple[examples.Made, examples.Made], retargeter: Retargeter, tmp_path: pathlib.Path
) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("hello")
    said: list[tuple[object, ...]] = []
    task = Task(tmp_path, Given(text), made[1].given, 4)
    making.make(retargeter, task, lambda *news: said.append(news))
    *_, (kind, place, message) = said
    assert (kind, place) == ("refused", PHOTO)
    assert str(message).startswith("photo text.jpg: is no JPEG")


def test_the_photo_is_cut_to_the_person(made: tuple[examples.Made, examples.Made]) -> None:
    target = clip_target(made[0].given.clip or "", 32)
    wide = np.zeros((96, 300, 3), np.uint8)
    wide[:, 150:246] = target.photo.picture
    square = dataclasses.replace(target.photo.square, left=150.0, top=-10.0)
    moved = dataclasses.replace(target, photo=dataclasses.replace(target.photo, picture=wide, square=square))
    cut = making.cut_to_person(moved).photo
    np.testing.assert_array_equal(cut.picture, wide[:86, 150:246])
    assert (cut.square.left, cut.square.top, cut.square.side) == (0, -10, 96)
