"""Tests of the scores of photographic frames: known values, and that they rank pictures as the eye does."""

import cv2
import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.arrays import BoolArray, Uint8Array
from retarget_tf.dataset import clips
from retarget_tf.evaluation import frame_metrics, metrics

SIDE = 128


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> tuple[Uint8Array, Uint8Array]:
    """Picture and map of a procedural person, whose clothes are given a pattern of three pixels."""
    folder = tmp_path_factory.mktemp("clips")
    dancers.make_clips(folder, people=1, clips_per_person=1, frames=2, size=SIDE, seed=3, workers=1)
    [clip] = clips.find_clips(folder)
    picture, parsing_map = next(clip.read_frames()).copy(), next(clip.read_maps())
    checks = (np.add.outer(np.arange(SIDE) // 3, np.arange(SIDE) // 3) % 2).astype(bool)
    picture[(parsing_map > 0) & checks] //= 2
    return picture, parsing_map


def doll_of(picture: Uint8Array, parsing_map: Uint8Array) -> Uint8Array:
    """Each class in its mean colour."""
    doll = picture.copy()
    for class_id in np.unique(parsing_map)[1:]:
        doll[parsing_map == class_id] = picture[parsing_map == class_id].mean(axis=0)
    return doll


def whole(picture: Uint8Array) -> BoolArray:
    return np.ones(picture.shape[:2], bool)


def test_equal_pictures_have_the_best_scores(person: tuple[Uint8Array, Uint8Array]) -> None:
    picture, parsing_map = person
    mask = parsing_map > 0
    assert frame_metrics.ssim(picture, picture, mask) == pytest.approx(1, abs=1e-6)
    assert frame_metrics.shift_tolerant_ssim(picture, picture, mask) == pytest.approx(1, abs=1e-6)
    assert frame_metrics.texture_distance(picture, picture, parsing_map) == 0
    assert frame_metrics.sharpness(picture, picture, mask) == 1


def test_ssim_of_flat_pictures_is_that_of_their_means() -> None:
    real, generated = (np.full((16, 16, 3), value, np.uint8) for value in (100, 150))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert frame_metrics.ssim(generated, real, whole(real)) == pytest.approx(expected, abs=1e-4)


def test_a_shift_costs_little_and_a_shift_out_of_reach_much(person: tuple[Uint8Array, Uint8Array]) -> None:
    picture, parsing_map = person
    mask = parsing_map > 0
    mask[:16] = mask[-16:] = False
    near, far = (np.roll(picture, distance, axis=1) for distance in (4, 13))
    assert frame_metrics.ssim(near, picture, mask) < 0.6
    assert frame_metrics.shift_tolerant_ssim(near, picture, mask) >= 1 - 4 * 0.002 - 1e-6
    assert frame_metrics.shift_tolerant_ssim(far, picture, mask) < 0.9


def test_scores_rank_as_the_eye_does(person: tuple[Uint8Array, Uint8Array]) -> None:
    """Truth, then the sharp person a few pixels off, then that blurred, then a doll in the right place."""
    picture, parsing_map = person
    mask = parsing_map > 0
    moved = np.roll(picture, 3, axis=0)
    blurred = np.asarray(cv2.GaussianBlur(moved, (0, 0), 1.5), np.uint8)
    contenders = (picture, moved, blurred, doll_of(picture, parsing_map))
    tolerant = [frame_metrics.shift_tolerant_ssim(each, picture, mask, step=1) for each in contenders]
    texture = [frame_metrics.texture_distance(each, picture, parsing_map) for each in contenders]
    assert tolerant == sorted(tolerant, reverse=True)
    assert texture == sorted(texture)
    truth, *others = (each / 127.5 - 1 for each in contenders)
    moved_psnr, _, doll_psnr = (metrics.l1_and_psnr(truth, each, mask)[1] for each in others)
    assert doll_psnr > moved_psnr, "the trap"
    assert frame_metrics.sharpness(blurred, picture, mask) < 0.6 < frame_metrics.sharpness(moved, picture, mask)


def test_what_cannot_be_measured_is_nan(person: tuple[Uint8Array, Uint8Array]) -> None:
    picture, parsing_map = person
    nowhere = np.zeros_like(parsing_map, bool)
    for score in (frame_metrics.ssim, frame_metrics.sharpness):
        assert np.isnan(score(picture, picture, nowhere))
    assert np.isnan(frame_metrics.texture_distance(picture, picture, np.zeros_like(parsing_map)))
    assert np.isnan(frame_metrics.sharpness(picture, np.full_like(picture, 9), parsing_map > 0))
