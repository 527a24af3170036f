"""Tests the scores of single frames by arithmetic."""

import numpy as np
import pytest

from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN
from retarget_tf.evaluation.frames import measures, steadiness
from retarget_tf.evaluation.frames.contenders import Made
from retarget_tf.evaluation.frames.redetection import share_of_joints

ID = {name: index for index, name in enumerate(PARTS10.classes)}


def noise(seed: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def test_regions_follow_the_true_map() -> None:
    real_map = np.array([[0, 0, UNKNOWN], [ID["hair"], ID["face"], ID["left_arm"]]], np.uint8)
    photo_map = np.array([[0, ID["shoes"], 0], [0, 0, 0]], np.uint8)
    regions = measures.region_maps(real_map, photo_map, PARTS10)
    assert regions["person"].tolist() == [[0, 0, 0], [ID["hair"], ID["face"], ID["left_arm"]]]
    assert regions["face"].tolist() == [[0, 0, 0], [ID["hair"], ID["face"], 0]]
    assert regions["arms"].tolist() == [[0, 0, 0], [0, 0, ID["left_arm"]]]
    assert regions["background"].tolist() == [[1, 0, 0], [0, 0, 0]], "neither the photo's person nor unknown pixels"


def test_the_truth_has_the_best_scores() -> None:
    real, real_map = noise(0), np.zeros((64, 64), np.uint8)
    real_map[10:50, 10:50] = ID["upper_clothes"]
    regions = measures.region_maps(real_map, real_map, PARTS10)
    scores = measures.score(Made(real, real_map > 0), real, noise(1), regions)
    assert scores["person_psnr"] == 100
    assert scores["person_ssim"] == scores["person_st_ssim"] == pytest.approx(1, abs=1e-4)
    assert scores["person_texture"] == 0
    assert scores["person_sharpness"] == 1
    assert np.isnan(scores["face_psnr"])
    assert scores["untouched"] == 0, "the photo is another picture"
    assert set(scores) == {f"{r}_{m}" for r in measures.REGIONS for m in measures.MEASURES} | {"untouched"}


def test_untouched_counts_the_pixels_that_are_not_drawn() -> None:
    photo, drawn = noise(0), np.zeros((64, 64), bool)
    drawn[:16] = True
    frame = photo.copy()
    frame[:16] = 0
    regions = measures.region_maps(drawn.astype(np.uint8), drawn.astype(np.uint8), PARTS10)
    assert measures.score(Made(frame, drawn), photo, photo, regions)["untouched"] == 1
    frame[16:28] ^= 1
    assert measures.score(Made(frame, drawn), photo, photo, regions)["untouched"] == pytest.approx(36 / 48)


def test_psnr_of_a_step_of_one_grey_level() -> None:
    black, mask = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), bool)
    assert measures.psnr(black, black + np.uint8(1), mask) == pytest.approx(20 * np.log10(255), abs=1e-3)


def test_a_picture_that_moves_with_the_truth_is_steady() -> None:
    import cv2

    scene = cv2.GaussianBlur(noise(2, 160), (0, 0), 3)
    scene = cv2.normalize(scene, None, 0, 255, cv2.NORM_MINMAX)
    before, frame = scene[30:130, 30:130], scene[30:130, 33:133]  # moves by 3 pixels to the left
    person = np.zeros((100, 100), bool)
    person[20:80, 20:80] = True
    motion = steadiness.follow(before, frame, person)
    assert motion.known.mean() > 0.3
    assert motion.x[50, 50] == pytest.approx(53, abs=0.5)
    assert motion.error(before, frame) < 2
    inverse = 255 - before, 255 - frame
    assert motion.error(*inverse) < 2, "colours do not matter, if they move along"
    assert motion.error(before, before) > 4 * motion.error(before, frame), "a picture that stays is not steady"
    nobody = steadiness.follow(before, frame, np.zeros_like(person))
    assert np.isnan(nobody.error(before, frame))


def test_share_of_joints_within_a_tenth_of_the_torso() -> None:
    wanted = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for name, place in {"neck": (50, 10), "mid_hip": (50, 60), "nose": (50, 0), "left_wrist": (80, 50)}.items():
        wanted[skeleton.JOINT[name]] = *place, 1
    assert share_of_joints(wanted, wanted) == 1
    assert share_of_joints(None, wanted) == 0
    found = wanted.copy()
    found[skeleton.JOINT["nose"], 0] += 4.9  # the torso is 50 px long
    found[skeleton.JOINT["left_wrist"], 1] += 5.1
    assert share_of_joints(found, wanted) == 0.75
    found[skeleton.JOINT["nose"], 2] = 0
    assert share_of_joints(found, wanted) == 0.5
    wanted[skeleton.JOINT["neck"], 2] = 0
    assert np.isnan(share_of_joints(found, wanted))
