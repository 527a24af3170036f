"""Tests of the window, on a screen that is not there."""

import numpy as np
import pytest

from retarget_tf.errors import MissingDependencyError
from retarget_tf.pictures.window import Window

pygame = pytest.importorskip("pygame")
PICTURE = np.zeros((40, 60, 3), np.uint8)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Window:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    return Window("a title")


def test_a_picture_is_shown_in_its_proportions(window: Window) -> None:
    picture = PICTURE.copy()
    picture[:, :30] = (255, 0, 0)
    with window:
        assert window.show(picture, "12 frames/s")
        screen = pygame.display.get_surface()
        assert screen.get_size() == (60, 40)
        assert screen.get_at((10, 20))[:3] == (255, 0, 0)
        assert screen.get_at((50, 20))[:3] == (0, 0, 0)
        assert pygame.display.get_caption()[0] == "a title: 12 frames/s"
        pygame.display.set_mode((120, 120), pygame.RESIZABLE)
        window._screen = pygame.display.get_surface()
        assert window.show(np.full_like(PICTURE, 255), "")
        assert window._screen.get_at((60, 60))[:3] == (255, 255, 255)
        assert window._screen.get_at((60, 5))[:3] == (0, 0, 0), "no wider than its height allows"


@pytest.mark.parametrize("event", [pygame.KEYDOWN, pygame.QUIT])
def test_escape_and_closing_end_it(window: Window, event: int) -> None:
    with window:
        assert window.show(PICTURE, "")
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a))
        assert window.show(PICTURE, "")
        pygame.event.post(pygame.event.Event(event, key=pygame.K_ESCAPE))
        assert not window.show(PICTURE, "")


def test_without_a_screen_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "offscreen")  # as SDL chooses without one
    with pytest.raises(MissingDependencyError, match=r"screen: none is found .* --nowindow"), Window("a title"):
        raise AssertionError("it opened")
