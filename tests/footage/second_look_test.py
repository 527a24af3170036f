"""Tests of the second look at a photo, with a detector that errs on purpose, then with MediaPipe where installed."""

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage import extraction
from retarget_tf.footage.extraction.detectors import PoseDetector
from retarget_tf.footage.extraction.second_look import look_again
from retarget_tf.pictures import video
from tests.testing import needs_footage, needs_mediapipe, shared_videos

TWINS = np.asarray(skeleton.MIRRORED_JOINT)


class Eyes:
    """Finds joints by their colour and errs by `error` pixels to the right; the red value is 10 * (joint + 1)."""

    def __init__(self, error: float) -> None:
        self._error = error
        self.pictures: list[Uint8Array] = []

    def detect(self, image: Uint8Array, seconds: float = 0.0) -> Float32Array | None:
        """Like `PoseDetector.detect`."""
        self.pictures.append(image)
        found = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
        mirrored = bool(image[0, -1, 1])  # the photo's upper left corner is green
        for joint in range(skeleton.NUM_JOINTS):
            rows, columns = np.nonzero(
                (np.abs(image[..., 0].astype(int) - 10 * (joint + 1)) < 3) & (image[..., 2] > 250)
            )
            if rows.size:
                place = TWINS[joint] if mirrored else joint
                found[place] = columns.mean() + 0.5 + self._error, rows.mean() + 0.5, 0.9
        return found if found.any() else None


def photo(size: int, box: tuple[int, int, int, int]) -> tuple[Uint8Array, Float32Array]:
    """Joints as squares of 9 px spread over a box (left, top, right, bottom), and their places."""
    picture, places = np.zeros((size, size, 3), np.uint8), np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    left, top, right, bottom = box
    for joint in range(skeleton.NUM_JOINTS):
        x = left + 4 + (joint % 5) * (right - left - 9) // 4
        y = top + 4 + (joint // 5) * (bottom - top - 9) // 4
        picture[y - 4 : y + 5, x - 4 : x + 5] = 10 * (joint + 1), 0, 255
        places[joint] = x + 0.5, y + 0.5, 0.9
    return picture, places


def as_detector(eyes: Eyes) -> PoseDetector:
    return eyes  # type: ignore[return-value]


def test_an_error_to_one_side_is_cancelled_by_the_mirrored_look() -> None:
    picture, places = photo(400, (40, 20, 360, 380))
    picture[0, 0, 1] = 255
    eyes = Eyes(error=3)
    first = eyes.detect(picture)
    assert first is not None
    np.testing.assert_allclose(look_again(as_detector(eyes), picture, first), places, atol=1e-3)
    assert len(eyes.pictures) == 2  # a person who fills the photo needs no closer look


def test_a_small_person_is_looked_at_again_from_near() -> None:
    picture, places = photo(1000, (600, 300, 800, 500))
    first = places + np.array([8, -6, 0], np.float32)  # a coarse first look
    eyes = Eyes(error=0)
    found = look_again(as_detector(eyes), picture, first)
    assert [seen.shape for seen in eyes.pictures] == [(512, 512, 3)] * 2
    np.testing.assert_allclose(found, places, atol=0.3)


def test_somebody_else_in_the_close_up_is_not_taken() -> None:
    picture, places = photo(1000, (600, 300, 800, 500))
    first = places + np.array([60, 0, 0], np.float32)
    np.testing.assert_array_equal(look_again(as_detector(Eyes(error=0)), picture, first), first)


@needs_mediapipe
@needs_footage
def test_a_small_person_is_found_as_exactly_as_a_large_one() -> None:
    videos = shared_videos()
    assert videos is not None
    frame = next(iter(video.read_frames(videos / "ubc_fashion_a.mp4")))
    large = extraction.detect_keypoints(frame)
    height, width = frame.shape[:2]
    wide = np.full((3 * height, 3 * height, 3), frame[2, 2], np.uint8)
    wide[1500 : 1500 + height, 1000 : 1000 + width] = frame
    small = extraction.detect_keypoints(wide)
    assert large is not None
    assert small is not None
    both = (large[:, 2] > 0) & (small[:, 2] > 0)
    distance = np.linalg.norm(small[:, :2] - (1000, 1500) - large[:, :2], axis=-1)[both]
    assert both.sum() > 20
    assert np.median(distance) < 0.012 * height
