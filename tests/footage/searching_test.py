"""Tests of finding people who are too small for a look at the whole picture.

The eyes of these tests find white rectangles, as MediaPipe people: if they take a third of the picture's longer side.
"""

import dataclasses
from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage import extraction
from retarget_tf.footage.extraction import detectors, following, searching
from retarget_tf.pictures import video
from tests.testing import needs_footage, needs_mediapipe, shared_videos

SEARCH = extraction.PersonSearch(exact_keypoints=False)
SHAPE = 540, 960


class Eyes:
    """A detector in the place of MediaPipe's."""

    looks = 0

    def __init__(self, **_: object) -> None:
        pass

    def detect(self, image: Uint8Array, seconds: float = 0.0) -> Float32Array | None:
        """Returns the largest person."""
        return max(self.detect_all(image), key=skeleton.box_side, default=None)

    def detect_all(self, image: Uint8Array, seconds: float = 0.0) -> list[Float32Array]:
        """Returns joints on each rectangle's diagonal."""
        Eyes.looks += 1
        _, _, boxes, _ = cv2.connectedComponentsWithStats((image[..., 0] > 128).astype(np.uint8))
        found = [box for box in boxes[1:] if box[cv2.CC_STAT_HEIGHT] >= max(image.shape[:2]) / 3]
        return [pose_on(*box[:4]) for box in found]

    def __enter__(self) -> "Eyes":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def pose_on(left: int, top: int, width: int, height: int) -> Float32Array:
    x, y = (np.linspace(start, start + side, skeleton.NUM_JOINTS) for start, side in ((left, width), (top, height)))
    return np.stack([x, y, np.full_like(x, 0.9)], axis=-1).astype(np.float32)


@pytest.fixture
def eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts them in the place of MediaPipe."""
    monkeypatch.setattr(detectors, "PoseDetector", Eyes)
    monkeypatch.setattr(Eyes, "looks", 0)


def picture(x: int, y: int, height: int) -> Uint8Array:
    """Black, with a white person of this height, whose left upper corner is at x, y."""
    image = np.zeros((*SHAPE, 3), np.uint8)
    image[y : y + height, x : x + height // 3] = 255
    return image


def assert_found(found: Float32Array | None, x: int, y: int, height: int) -> None:
    assert found is not None
    box = np.concatenate([found[0, :2], found[-1, :2]])
    np.testing.assert_allclose(box, [x, y, x + height // 3, y + height], atol=3)


@pytest.mark.usefixtures("eyes")
@pytest.mark.parametrize("height", [500, 300, 200, 100])
@pytest.mark.parametrize("x", [8, 470, 940])
def test_a_small_person_is_found_anywhere_in_a_photo(x: int, height: int) -> None:
    x = min(x, SHAPE[1] - height // 3 - 8)
    with searching.open_detector(SEARCH) as detector:
        assert_found(detector.detect(picture(x, 30, height)), x, 30, height)


@pytest.mark.usefixtures("eyes")
def test_of_two_small_people_the_larger_counts() -> None:
    both = np.maximum(picture(100, 30, 110), picture(800, 30, 150))
    with searching.open_detector(SEARCH) as detector:
        assert_found(detector.detect(both), 800, 30, 150)


@pytest.mark.usefixtures("eyes")
def test_who_walks_and_grows_is_followed() -> None:
    """The square moves with the person, and where it has lost them the search begins anew."""
    way = [(20 + 8 * i, 60 + i, 110 + 2 * i) for i in range(80)] + [(30, 30, 150)]
    with searching.open_detector(SEARCH, video=True) as detector:
        for index, (x, y, height) in enumerate(way):
            assert_found(detector.detect(picture(x, y, height), index / 30), x, y, height)


@pytest.mark.usefixtures("eyes")
def test_nobody_is_searched_for_four_times_a_second() -> None:
    empty = np.zeros((*SHAPE, 3), np.uint8)
    with searching.open_detector(SEARCH, video=True) as detector:
        assert detector.detect(empty, 0.0) is None
        of_a_search = Eyes.looks
        for index in range(1, 31):
            assert detector.detect(empty, index / 30) is None
    assert Eyes.looks < 5 * of_a_search + 30


def people(*who: tuple[int, int, int]) -> Uint8Array:
    return np.max([picture(*one) for one in who], axis=0)


def boxes(found: Iterable[Float32Array]) -> list[tuple[int, ...]]:
    """Left, top and height of each person, from left to right, to 4 pixels."""
    corners = (np.array([*pose[0, :2], np.ptp(pose[:, 1])]) for pose in found)
    return sorted(tuple(int(side) for side in 4 * np.round(corner / 4)) for corner in corners)


@pytest.mark.usefixtures("eyes")
@pytest.mark.parametrize("video", [False, True])
def test_everybody_is_found_once_if_all_are_small(video: bool) -> None:
    who = [(40, 32, 120), (120, 40, 120), (480, 200, 240), (880, 400, 100)]
    with searching.PeopleDetector(video=video) as detector:
        assert boxes(detector.detect_all(people(*who))) == who


@pytest.mark.usefixtures("eyes")
def test_where_a_look_at_the_whole_finds_people_nothing_more_is_looked_at() -> None:
    with searching.PeopleDetector() as detector:
        whole = people((40, 32, 400), (600, 40, 120))
        reduced = np.ascontiguousarray(whole[::2, ::2])
        assert boxes(detector.detect_all(whole, reduced=reduced)) == [(40, 32, 400)]
    assert Eyes.looks == 1


@pytest.mark.usefixtures("eyes")
def test_two_who_cross_are_followed_and_a_third_is_found_within_two_seconds() -> None:
    with searching.PeopleDetector(video=True) as detector:
        for index in range(80):
            step = 4 * index
            who = [(40 + step, 40, 120), (800 - 2 * step, 200, 160)] + [(880, 400, 100)] * (index > 4)
            found = boxes(detector.detect_all(people(*who), index / 30))
            assert found == sorted(who[: 3 if index >= 60 else 2])
    assert Eyes.looks < 80 * 3 + 2 * 60


@pytest.mark.usefixtures("eyes")
@pytest.mark.parametrize("choice", ["1", "810,50"])
def test_any_of_several_small_people_may_be_chosen(choice: str) -> None:
    both = people((100, 32, 150), (800, 32, 120))
    search = dataclasses.replace(SEARCH, person=extraction.PersonChoice.parse(choice))
    found = extraction.detect_keypoints(both, search)
    assert found is not None
    assert boxes([found]) == [(800, 32, 120)]
    track = following.follow_person([both] * 5, 30.0, search, "both.mp4")
    assert track.has_company
    assert boxes(track.keypoints) == [(800, 32, 120)] * 5


@pytest.mark.usefixtures("eyes")
def test_a_video_of_several_small_people_has_company() -> None:
    assert following.find_person([people((100, 32, 150), (800, 32, 120))] * 20, 30.0, SEARCH).has_company
    assert not following.find_person([picture(100, 32, 150)] * 20, 30.0, SEARCH).has_company


@needs_mediapipe
@needs_footage
@pytest.mark.parametrize("share", [0.4, 0.2])
def test_a_real_person_is_found_in_a_wide_picture(share: float) -> None:
    videos = shared_videos()
    assert videos is not None
    frame = next(video.read_frames(videos / "ubc_fashion_b.mp4"))
    large = extraction.detect_keypoints(frame, SEARCH)
    assert large is not None
    scale = share * 1080 / frame.shape[0]
    size = round(frame.shape[1] * scale), round(frame.shape[0] * scale)
    wide = np.full((1080, 1920, 3), frame[0, 0], np.uint8)
    wide[500 : 500 + size[1], 1200 : 1200 + size[0]] = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    small = extraction.detect_keypoints(wide, SEARCH)
    assert small is not None
    both = (large[:, 2] > 0) & (small[:, 2] > 0)
    assert both.sum() >= 20
    error = np.linalg.norm((small[:, :2] - [1200, 500]) / scale - large[:, :2], axis=-1)[both]
    assert np.median(error) < 0.01 * frame.shape[0]
