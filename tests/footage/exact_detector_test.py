"""Tests of finding keypoints with two models."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.footage import extraction
from retarget_tf.footage.extraction import detectors, exact_detector
from retarget_tf.pictures import video
from tests.testing import needs_footage, needs_mediapipe, shared_videos


def look(shift: float, height: float = 100.0) -> Float32Array:
    places = np.ones((25, 3), np.float32)
    places[:, 1] = np.linspace(10, 10 + height, 25)
    places[:, 0] = 50 + shift
    return places


def test_joints_are_averaged_where_both_looks_agree() -> None:
    other = look(2.0)
    other[3, 0] += 9  # 11 px away, of a person 100 px tall
    found = exact_detector.mean_where_agreed(look(0.0), other)
    expected = look(1.0)
    expected[3] = look(0.0)[3]
    np.testing.assert_allclose(found, expected)


def test_agreement_is_measured_by_the_size_of_the_person() -> None:
    np.testing.assert_allclose(exact_detector.mean_where_agreed(look(0, 20.0), look(2.0, 20.0)), look(0, 20.0))
    np.testing.assert_allclose(exact_detector.mean_where_agreed(look(0, 90.0), look(2.0, 90.0)), look(1.0, 90.0))


class Eyes:
    """Stands in for MediaPipe: one model sees the person 2 px further right than the other, or only one sees them."""

    blind: tuple[bool, ...] = ()

    def __init__(self, *, exact: bool, **_: object) -> None:
        self.exact = exact

    def detect(self, image: Uint8Array, seconds: float) -> Float32Array | None:
        """Returns the person, or None if this model is blind."""
        return None if self.exact in self.blind else look(0.0 if self.exact else 2.0)

    def __enter__(self) -> "Eyes":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("blind", "shift"), [((), 1.0), ((True,), 2.0), ((False,), 0.0), ((True, False), None)])
def test_one_model_is_enough_to_find_a_person(
    blind: tuple[bool, ...], shift: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detectors, "PoseDetector", Eyes)
    monkeypatch.setattr(Eyes, "blind", blind)
    with exact_detector.ExactDetector() as detector:
        found = detector.detect(np.zeros((8, 8, 3), np.uint8), 0.0)
    if shift is None:
        assert found is None
    else:
        assert found is not None
        np.testing.assert_allclose(found, look(shift))


@needs_mediapipe
@needs_footage
def test_a_person_who_turns_is_found_more_exactly() -> None:
    videos = shared_videos()
    assert videos is not None
    path = videos / "ubc_fashion_c.mp4"
    header = video.probe(path)
    with np.load(videos / "ubc_fashion_c.coco18.npz") as stored:
        truth = stored["keypoints"][100:160, [9, 10, 12, 13], :2] * [header.width, header.height]
    errors = []
    for exact in (False, True):
        search = extraction.PersonSearch(exact_keypoints=exact)
        found = extraction.video_keypoints(path, search, max_frames=160)[100:, [10, 11, 13, 14], :2]
        errors.append(np.median(np.linalg.norm(found - truth, axis=-1)))
    assert errors[1] < 0.9 * errors[0]
