"""Tests of the page in a browser: somebody tries it, gives a wrong file, gives up, waits, comes back."""

import pathlib
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures import video
from tests.serving.page.conftest import FRAMES, RunningPage, start_page
from tests.testing import wait_until

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

MADE = "#dance video.made"
_BRIGHTNESS = """player => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [player.videoWidth, player.videoHeight];
  const brush = canvas.getContext("2d");
  brush.drawImage(player, 0, 0);
  const values = brush.getImageData(0, 0, canvas.width, canvas.height).data;
  return values.reduce((sum, value, at) => at % 4 == 3 ? sum : sum + value, 0) / (values.length * .75);
}"""


def give_example(window: Any, person: str = "Ada", dance: str = "Wave") -> None:
    window.get_by_role("button", name=person).click()
    window.get_by_role("button", name=dance).click()
    window.locator("#photo img").wait_for()
    window.locator("#video video").wait_for()


def ask(window: Any) -> None:
    window.get_by_role("button", name="Make it dance").click()
    window.get_by_role("button", name="Cancel").wait_for()


def give_up(window: Any) -> None:
    window.get_by_role("button", name="Cancel").click()
    window.get_by_role("button", name="Make it dance").wait_for()


def downloaded(window: Any, name: str, folder: pathlib.Path) -> pathlib.Path:
    with window.expect_download() as waiting:
        window.get_by_role("link", name=name).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def frames_of(path: pathlib.Path) -> Uint8Array:
    return np.stack(list(video.read_frames(path)))


def test_an_example_dances(visit: Visit, tmp_path: pathlib.Path) -> None:
    window = visit(accept_downloads=True)
    assert window.get_by_text("Only make people dance who agreed to it").is_visible()
    give_example(window)
    ask(window)
    window.get_by_role("progressbar", name="Progress").wait_for()
    window.locator("#status", has_text=f"of {FRAMES} frames").wait_for()
    player = window.locator(MADE)
    player.wait_for()
    player.evaluate("player => player.play()")
    window.wait_for_function(f"document.querySelector('{MADE}').currentTime > 0.1")
    assert player.evaluate(_BRIGHTNESS) > 40
    apart = "document.querySelector('#dance .made').currentTime - document.querySelector('#dance .given').currentTime"
    window.wait_for_function(f"Math.abs({apart}) < 0.2")
    window.get_by_role("button", name="Make it dance").wait_for()
    assert window.locator("#status").inner_text().strip() == ""

    dance = frames_of(downloaded(window, "Dance", tmp_path))
    assert dance.shape == (FRAMES, 512, 512, 3)
    assert dance.mean(axis=(1, 2, 3)).min() > 40
    assert np.abs(dance[-1].astype(int) - dance[0]).mean() > 0.5
    maps = frames_of(downloaded(window, "Maps, video", tmp_path))
    assert len(maps) == FRAMES
    assert downloaded(window, "Maps, PNG", tmp_path).suffix == ".zip"
    assert np.load(downloaded(window, "Keypoints", tmp_path)).shape == (FRAMES, 25, 3)

    window.get_by_role("tab", name="Maps").click()
    window.locator("#maps video.made").wait_for(state="visible")


@pytest.mark.parametrize(
    ("place", "name", "said"), [("photo", "me.jpg", "is no JPEG"), ("video", "me.mp4", "not a video")]
)
def test_a_text_is_refused_in_place(place: str, name: str, said: str, visit: Visit, tmp_path: pathlib.Path) -> None:
    window = visit()
    text, large = tmp_path / name, tmp_path / f"large{name}"
    text.write_text("hello")
    large.write_bytes(bytes(6_000_000))
    window.locator(f"#{place} input[type=file]").set_input_files(large)
    card = window.locator(".card", has=window.locator(f"#{place}"))
    card.get_by_role("alert").filter(
        has_text=f"file large{name}: has 6 MB, more than 5. Give a smaller one."
    ).wait_for()
    words = tmp_path / "words.txt"
    words.write_text("hello")
    window.locator(f"#{place} input[type=file]").set_input_files(words)
    card.get_by_role("alert").filter(has_text="file words.txt: is no").wait_for()
    window.locator(f"#{place} input[type=file]").set_input_files(text)
    told = window.locator(f"#{place}-note").get_by_role("alert")
    told.wait_for()
    assert told.inner_text().startswith(f"{place} {name}: {said}")
    window.get_by_role("button", name="Make it dance").click()
    window.locator(f"#{'video' if place == 'photo' else 'photo'}-note").get_by_role("alert").wait_for()
    assert window.locator("#result").is_hidden()


def test_giving_up(visit: Visit) -> None:
    window = visit()
    give_example(window)
    ask(window)
    window.get_by_role("button", name="Cancel").focus()
    window.keyboard.press("Enter")
    window.get_by_role("button", name="Make it dance").wait_for()
    assert window.locator("#status").inner_text().strip() == "Cancelled."


def test_two_visitors_wait_for_each_other_and_see_their_own(visit: Visit) -> None:
    first, second = visit(), visit()
    give_example(first, "Sol")
    give_example(second, "Max", "Dip")
    ask(first)
    ask(second)
    second.locator("#status", has_text="Waiting for 1 other dance").wait_for()
    assert first.locator("#status", has_text="Waiting").count() == 0
    give_up(first)
    second.locator(MADE).wait_for()
    assert "max_dancing" in second.locator(MADE).get_attribute("src")
    assert first.locator(MADE).count() == 0
    give_up(second)


def test_who_loads_the_page_again_goes_on(visit: Visit) -> None:
    window = visit()
    give_example(window, "Mina", "Groove")
    ask(window)
    window.reload()
    window.locator("#photo img").wait_for()
    window.get_by_role("button", name="Cancel").wait_for()
    window.locator(MADE).wait_for()
    assert "mina_dancing" in window.locator(MADE).get_attribute("src")
    window.reload()
    window.locator(MADE).wait_for()


def test_the_keyboard_is_enough(visit: Visit) -> None:
    window = visit()

    def tab_to(selector: str) -> None:
        for _ in range(60):
            window.keyboard.press("Tab")
            if window.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"the Tab key does not lead to {selector}")

    tab_to(".people .example")
    window.keyboard.press("Enter")
    tab_to(".dances .example")
    window.keyboard.press("Space")
    window.locator("#photo img").wait_for()
    window.locator("#video video").wait_for()
    tab_to("#go")
    window.keyboard.press("Enter")
    window.locator(MADE).wait_for()
    player = window.locator(MADE)
    window.wait_for_function(f"document.querySelector('{MADE}').currentTime > 0")
    player.evaluate("player => player.pause()")
    player.focus()
    window.keyboard.press("Space")
    window.wait_for_function(f"!document.querySelector('{MADE}').paused")
    window.get_by_role("button", name="Make it dance").wait_for()


def test_a_narrow_screen(visit: Visit) -> None:
    window = visit(viewport={"width": 400, "height": 800})
    photo, film = (window.locator(name).bounding_box() for name in ("#photo", "#video"))
    assert film["y"] > photo["y"] + photo["height"]
    assert window.evaluate("document.documentElement.scrollWidth") <= 400
    window.set_viewport_size({"width": 1200, "height": 800})
    photo, film = (window.locator(name).bounding_box() for name in ("#photo", "#video"))
    assert abs(film["y"] - photo["y"]) < 2
    assert film["x"] > photo["x"] + photo["width"]


def test_files_go_with_the_visitor(page: RunningPage, browser: Any) -> None:
    before = set(page.files("retarget_page_*/visitors/*"))
    context = browser.new_context()
    window = context.new_page()
    window.goto(page.address)
    give_example(window)
    ask(window)
    [mine] = set(page.files("retarget_page_*/visitors/*")) - before
    assert [path.name for path in mine.glob("*/photo/*")] == ["ada.jpg"]
    window.get_by_role("button", name="Delete my files now").click()
    window.get_by_text("All your files are deleted.").wait_for()
    assert not list(mine.iterdir())
    window.get_by_role("button", name="Make it dance").wait_for()
    context.close()
    wait_until(lambda: not mine.exists())


def test_ctrl_c_ends_it_in_seconds(tmp_path: pathlib.Path, page: RunningPage) -> None:
    running = start_page(tmp_path)
    assert running.files("retarget_page_*")
    start = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 128 + signal.SIGINT
    assert time.monotonic() - start < 30
    assert not running.files("retarget_page_*")
