"""A window that shows pictures, by pygame; Esc closes it."""

import os
from types import TracebackType
from typing import Any, Self

import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import MissingDependencyError

_DRIVER = "SDL_VIDEODRIVER"  # names the driver to take
_NO_SCREENS = ("dummy", "offscreen")  # what SDL takes by itself where there is no screen


class Window:
    """A window on the screen; a context manager.

    Args:
        title: Its title.

    Raises:
        MissingDependencyError: pygame is not installed, or there is no screen.
    """

    def __init__(self, title: str) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # a line on stdout
        try:
            import pygame
        except ImportError as error:
            raise MissingDependencyError(
                f"package pygame: cannot be imported ({error}). Install it: pip install 'retarget_tf[live]'"
            ) from error
        self._pygame, self._title = pygame, title
        self._screen: Any = None

    def __enter__(self) -> Self:
        try:
            self._pygame.display.init()
            reason = f"SDL has only {self._pygame.display.get_driver()}"
            is_there = self._pygame.display.get_driver() not in _NO_SCREENS or _DRIVER in os.environ
        except self._pygame.error as error:
            reason, is_there = str(error), False
        if not is_there:
            self._pygame.display.quit()
            raise MissingDependencyError(
                f"screen: none is found ({reason}). Run it on a machine with one, or record the stream: "
                "retarget-live --nowindow --record=out.mp4"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pygame.display.quit()

    def show(self, picture: Uint8Array, told: str) -> bool:
        """Shows a picture, enlarged to the window's size, and a line in the title; returns whether to go on.

        Args:
            picture: RGB uint8 `[height, width, 3]`; the first one decides how large the window opens.
            told: Line for the title.

        Returns:
            False after Esc, and after the window was closed.
        """
        pygame, (height, width) = self._pygame, picture.shape[:2]
        if self._screen is None:
            self._screen = pygame.display.set_mode((width, height), pygame.RESIZABLE)
        if any(self._ends(event) for event in pygame.event.get()):
            return False
        surface = pygame.image.frombuffer(np.ascontiguousarray(picture), (width, height), "RGB")
        room = self._screen.get_size()
        scale = min(room[0] / width, room[1] / height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if size != (width, height):
            surface = pygame.transform.smoothscale(surface, size)
        self._screen.fill((0, 0, 0))
        self._screen.blit(surface, ((room[0] - size[0]) // 2, (room[1] - size[1]) // 2))
        pygame.display.set_caption(f"{self._title}: {told}")
        pygame.display.flip()
        return True

    def _ends(self, event: Any) -> bool:
        pygame = self._pygame
        return bool(event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE))
