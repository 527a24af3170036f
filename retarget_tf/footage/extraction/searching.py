"""Finds a person who is too small for one look at the whole picture.

MediaPipe searches a picture of 224 px for a person, however large the picture is: who takes less than a third of its
longer side is often missed. Where a look at the whole finds nobody, squares of it are looked at, the larger ones first,
and the largest person counts whom a second look, at the square around them, finds again. In a video this square then
follows the person.
"""

import contextlib
from collections.abc import Iterator
from typing import Self

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.footage.extraction import detectors
from retarget_tf.footage.extraction.exact_detector import ExactDetector
from retarget_tf.footage.extraction.views import Detector, View, mean_distance, square_around
from retarget_tf.footage.settings import PersonSearch
from retarget_tf.pictures.square_crop import SquareCrop

_DIVISIONS = (1, 2)  # sides of the squares, as fractions of the picture's shorter side
_OVERLAP = 0.5  # of neighbouring squares, so that one of them shows the person whole
_LEAST_SIDE = 128  # in pixels: in smaller squares a person has no joints to speak of
_SECONDS = 0.25  # interval in a video at which somebody is searched for in vain
_SAME_PERSON = 0.15  # of the person's length, see `_confirmed`
_MARGIN = 0.5  # of the person's length, around the square that follows them
_INSIDE = 0.12  # of the person's length: what must be left of that margin
_A_MOMENT = 1e-3  # seconds


def open_detector(search: PersonSearch, *, video: bool = False) -> "SearchingDetector":
    """Opens the detector of a single person; `video` as in `PoseDetector`."""
    return SearchingDetector(search, video=video)


class SearchingDetector:
    """Finds one person in a picture, also a small one; a context manager.

    Args:
        search: How exactly joints are found, and with which models; `person` is not used.
        video: As in `PoseDetector`.

    Raises:
        MissingDependencyError: mediapipe or a model file is not installed; names the command that installs it.
    """

    def __init__(self, search: PersonSearch, *, video: bool = False) -> None:
        self._search, self._video = search, video
        self._square: SquareCrop | None = None  # around the person who is followed
        self._search_from = -np.inf
        self._closer: Detector | None = None
        self._single: Detector | None = None
        self._opened = contextlib.ExitStack()
        self._whole = self._open()

    def detect(self, image: Uint8Array, seconds: float = 0.0) -> Float32Array | None:
        """See `PoseDetector.detect`."""
        if self._square is None:
            found = self._whole.detect(image, seconds)
            return self._search_closer(image, seconds) if found is None else found
        found = self._look_at_square(image, seconds)
        if found is None:
            self._square = None
            return self._search_closer(image, seconds)
        self._square = _following(self._square, found)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _open(self) -> Detector:
        if self._search.exact_keypoints:
            return self._opened.enter_context(ExactDetector(video=self._video, models_folder=self._search.models))
        return self._opened.enter_context(detectors.PoseDetector(video=self._video, models_folder=self._search.models))

    def _look_at_square(self, image: Uint8Array, seconds: float) -> Float32Array | None:
        assert self._square is not None
        if self._closer is None:
            self._closer = self._open()
        view = View.of_square(image, self._square)
        found = view.look(self._closer, seconds)
        # After the square has moved, MediaPipe loses the person for one look, and then searches anew.
        return view.look(self._closer, seconds + _A_MOMENT) if found is None else found

    def _search_closer(self, image: Uint8Array, seconds: float) -> Float32Array | None:
        if self._video and seconds < self._search_from:
            return None
        self._search_from = seconds + _SECONDS
        if self._single is None:
            self._single = self._opened.enter_context(detectors.PoseDetector(models_folder=self._search.models))
        for squares in _squares(*image.shape[:2]):
            people = [self._confirmed(image, square) for square in squares]
            sizes = [(around.side, found) for found, around in filter(None, people)]
            if sizes:
                _, found = max(sizes, key=lambda one: one[0])
                if self._video:
                    self._square = square_around(found, _MARGIN)
                return found
        return None

    def _confirmed(self, image: Uint8Array, square: SquareCrop) -> tuple[Float32Array, SquareCrop] | None:
        """Returns the person in a square, and the square around them, if a look at that one finds the same."""
        assert self._single is not None
        found = View.of_square(image, square).look(self._single)
        around = None if found is None else square_around(found, _MARGIN)
        if found is None or around is None:
            return None
        again = View.of_square(image, around).look(self._single)
        length = around.side / (1 + 2 * _MARGIN)
        if again is None or mean_distance(again, found) > _SAME_PERSON * length:
            return None
        return again, around


def _squares(height: int, width: int) -> Iterator[list[SquareCrop]]:
    """Yields the squares to look at, the larger ones first; without the whole of a square picture."""
    for division in _DIVISIONS:
        side = min(height, width) / division
        if side >= _LEAST_SIDE and (side < height or side < width):
            yield [SquareCrop(left, top, side) for top in _starts(height, side) for left in _starts(width, side)]


def _starts(length: int, side: float) -> list[float]:
    count = 1 + int(np.ceil((length - side) / (side * (1 - _OVERLAP)) - 1e-6))
    return np.linspace(0, length - side, count).tolist()


def _following(square: SquareCrop, found: Float32Array) -> SquareCrop:
    """Returns the same square while it shows the person well, or else one around them."""
    around = square_around(found, _MARGIN)
    if around is None:
        return square
    border = (_MARGIN - _INSIDE) * around.side / (1 + 2 * _MARGIN)
    ends = [(around.left - square.left, around.side), (around.top - square.top, around.side)]
    is_inside = all(start + border > 0 and start + side - border < square.side for start, side in ends)
    return square if is_inside and around.side > 0.6 * square.side else around
