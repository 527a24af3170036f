"""Tests of the settings of frames: what is no size and no background is refused in one line."""

import pathlib
from typing import Any

import pytest

from retarget_tf.errors import ConfigError
from retarget_tf.retargeting.dance import check_outputs
from retarget_tf.retargeting.frames.options import FrameOptions


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"height": 63}, "height must be from 64 to 4320. Received: height=63"),
        ({"height": 4321}, "height must be from 64 to 4320. Received: height=4321"),
        ({"background": "#00b14"}, "background must be like #00b140 for a colour. Received: background=#00b14"),
        ({"background": "#00b14g"}, "background must be like #00b140 for a colour. Received: background=#00b14g"),
        ({"background": "beach.jpg"}, "a picture file that is there. Received: background=beach.jpg"),
        ({"background": "Photo"}, "background must be photo, blur, source, none, a colour such as"),
        ({"background": "/"}, "a picture file that is there. Received: background=/"),
        ({"background": ""}, "a picture file that is there. Received: background="),
    ],
)
def test_bad_values_are_told_in_one_line(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError) as raised:
        FrameOptions(**given)
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_background_is_a_word_a_colour_or_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "beach.jpg").touch()
    beach = FrameOptions(background=str(tmp_path / "beach.jpg"))
    assert (beach.background_file, beach.colour) == (str(tmp_path / "beach.jpg"), None)
    green = FrameOptions(background="#00B140")
    assert (green.background_file, green.colour) == (None, (0, 177, 64))
    for word in ("photo", "blur", "source", "none"):
        named = FrameOptions(background=word)
        assert (named.background_file, named.colour) == (None, None)


@pytest.mark.parametrize(
    ("out", "show"), [("a.mp4", "frames"), ("a.MKV", "frames"), ("a.webm", "panel"), ("folder", "maps")]
)
def test_alpha_needs_frames_and_a_file_that_holds_it(out: str, show: Any) -> None:
    options = FrameOptions(background="none")
    with pytest.raises(ConfigError, match=rf"background=none needs --show=frames.*Received: out={out}, show={show}$"):
        check_outputs(out, None, show, options)
    for fitting in ("a.webm", "a.WEBM", "folder"):
        check_outputs(fitting, None, "frames", options)


def test_the_background_is_not_overwritten(tmp_path: pathlib.Path) -> None:
    (tmp_path / "beach.mp4").touch()
    options = FrameOptions(background=str(tmp_path / "beach.mp4"))
    with pytest.raises(ConfigError, match="must not be an input"):
        check_outputs(tmp_path / "beach.mp4", None, "frames", options)
    with pytest.raises(ConfigError, match="must not hold an input"):
        check_outputs("other.mp4", tmp_path, "frames", options)
