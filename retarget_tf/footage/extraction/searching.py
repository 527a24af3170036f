"""Finds people who are too small for one look at the whole picture.

MediaPipe searches a picture of 224 px for a person, however large the picture is: who takes less than a third of its
longer side is often missed. Where a look at the whole finds nobody, squares of it are looked at, the larger ones first,
and those count whom a second look, at the square around them, finds again: the largest of them, or everybody. In a
video these squares then follow the people.
"""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Self

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.extraction import detectors
from retarget_tf.footage.extraction.exact_detector import ExactDetector
from retarget_tf.footage.extraction.views import Detector, View, is_same_person, mean_distance, square_around
from retarget_tf.footage.people import tracking
from retarget_tf.footage.settings import PersonSearch
from retarget_tf.pictures.square_crop import SquareCrop

MAX_PEOPLE = 4  # most people that are found in one look

_DIVISIONS = (1, 2)  # sides of the squares, as fractions of the picture's shorter side
_OVERLAP = 0.5  # of neighbouring squares, so that one of them shows the person whole
_LEAST_SIDE = 128  # in pixels: in smaller squares a person has no joints to speak of
_SECONDS = 0.25  # interval in a video at which somebody is searched for in vain
_SECONDS_FOR_MORE = 2.0  # interval at which others are searched for while nobody is lost of those who are followed
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
        return None if again is None or not is_same_person(again, found) else (again, around)


class PeopleDetector:
    """Finds several people in a picture, also where everybody in it is small; a context manager.

    Args:
        video: As in `PoseDetector`.
        models_folder: As in `PoseDetector`.
        exact: As in `PoseDetector`.

    Raises:
        MissingDependencyError: mediapipe or the model file is not installed; names the command that installs it.
    """

    def __init__(
        self, *, video: bool = False, models_folder: files.PathLike | None = None, exact: bool = False
    ) -> None:
        self._video, self._models, self._exact = video, models_folder, exact
        self._followed: list[Float32Array] = []
        self._search_from = -np.inf
        self._closer: detectors.PoseDetector | None = None
        self._opened = contextlib.ExitStack()
        self._whole = self._open(video=video)

    def detect_all(
        self, image: Uint8Array, seconds: float = 0.0, *, reduced: Uint8Array | None = None
    ) -> list[Float32Array]:
        """See `PoseDetector.detect_all`; a look at the whole picture sees `reduced`, if it is given."""
        looks = (self._again(image, pose) for pose in self._followed)
        followed = tracking.distinct(again for again in looks if again is not None)
        if len(followed) < len(self._followed):
            self._search_from = min(self._search_from, seconds + _SECONDS)
        self._followed = followed
        if not self._followed:
            whole = image if reduced is None else reduced
            scale = np.array([image.shape[1] / whole.shape[1], image.shape[0] / whole.shape[0], 1], np.float32)
            people = self._whole.detect_all(whole, seconds)
            if people:
                return [pose * scale for pose in people]
        if self._video and seconds < self._search_from:
            return self._followed
        people = tracking.distinct(self._small_people(image))
        if self._video:
            self._followed = people = sorted(people, key=skeleton.box_side, reverse=True)[:MAX_PEOPLE]
            self._search_from = seconds + (_SECONDS_FOR_MORE if people else _SECONDS)
        return people

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _open(self, *, video: bool) -> detectors.PoseDetector:
        return self._opened.enter_context(
            detectors.PoseDetector(video=video, max_people=MAX_PEOPLE, models_folder=self._models, exact=self._exact)
        )

    def _small_people(self, image: Uint8Array) -> list[Float32Array]:
        """Returns those who are followed, and everybody else in the squares."""
        people = self._followed.copy()
        for square in itertools.chain.from_iterable(_squares(*image.shape[:2])):
            for found in self._look(image, square):
                if not any(is_same_person(found, known) for known in people):
                    again = self._again(image, found)
                    people += [] if again is None else [again]
        return people

    def _again(self, image: Uint8Array, pose: Float32Array) -> Float32Array | None:
        """Returns a person whose pose is known nearly, as a look at the square around them finds the same."""
        around = square_around(pose, _MARGIN)
        seen = [] if around is None else self._look(image, around)
        if not seen:
            return None
        again = min(seen, key=lambda one: mean_distance(one, pose))
        return again if is_same_person(again, pose) else None

    def _look(self, image: Uint8Array, square: SquareCrop) -> list[Float32Array]:
        if self._closer is None:
            self._closer = self._open(video=False)
        view = View.of_square(image, square)
        return [view.in_whole(found) for found in self._closer.detect_all(view.picture)]


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
