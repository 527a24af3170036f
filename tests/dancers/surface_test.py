"""Tests of the surface maps of rendered dancers: codes lead back to their pixels, and to the right points elsewhere."""

import cv2
import numpy as np
import pytest
from keras import ops

from retarget_tf import dancers
from retarget_tf.arrays import Float32Array
from retarget_tf.dataset import correspondence
from retarget_tf.dataset.surfaces import Surface

SIZE, FRAMES = 96, 40


def _recipe(person: int) -> dancers.Recipe:
    return dancers.Recipe(5, person, 0, FRAMES, SIZE)


def _correspondence(shown: Surface, reference: Surface) -> tuple[Float32Array, Float32Array]:
    place, visibility = correspondence.find(shown.codes[None], reference.codes[None], reference.pieces[None])
    return ops.convert_to_numpy(place)[0], ops.convert_to_numpy(visibility)[0]


@pytest.mark.parametrize("person", range(4))
def test_codes_lead_back_to_their_pixels(person: int) -> None:
    shown = list(dancers.render_surfaces(_recipe(person)))[:: FRAMES // 4]
    x, y = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    for surface, (_, maps, _) in zip(shown, list(dancers.render_frames(_recipe(person)))[:: FRAMES // 4], strict=True):
        is_person = maps["cihp20"] > 0
        np.testing.assert_array_equal(surface.codes[..., 0] > 0, is_person)
        place, visibility = _correspondence(surface, surface)
        error = np.hypot(place[..., 0] - x, place[..., 1] - y)[is_person]
        assert error.mean() < 0.6
        assert np.quantile(error, 0.95) < 2.5
        assert visibility[is_person].mean() > 0.9


@pytest.mark.parametrize("person", range(4))
def test_visible_points_have_the_same_class_and_colour_in_the_reference(person: int) -> None:
    """The reference's map and picture, looked up at the correspondences, are the frame's own where they are visible."""
    frames = list(dancers.render_frames(_recipe(person)))
    shown = list(dancers.render_surfaces(_recipe(person)))
    agree, differences, checked = [], [], 0
    for index in range(10, FRAMES, 10):
        place, visibility = _correspondence(shown[index], shown[0])
        sure = cv2.erode(visibility, np.ones((3, 3), np.uint8)) > 0
        x, y = (np.clip(place[..., axis] - 0.5, 0, SIZE - 1).astype(np.float32) for axis in (0, 1))
        moved_map = cv2.remap(frames[0][1]["cihp20"], x, y, cv2.INTER_NEAREST)
        moved = cv2.remap(frames[0][0], x, y, cv2.INTER_LINEAR)
        agree.append((moved_map == frames[index][1]["cihp20"])[sure])
        differences.append(np.abs(moved.astype(int) - frames[index][0]).mean(axis=-1)[sure])
        checked += int(sure.sum())
    assert checked > 60
    assert np.concatenate(agree).mean() > 0.9
    assert np.median(np.concatenate(differences)) < 25


def test_turning_round_hides_what_was_seen() -> None:
    """A person seen from behind shows hardly any point of the front."""
    dance = dancers.draw_motion(5, 0, 0, FRAMES)
    turn = np.cos(dance.path[:, 3] - dance.path[0, 3])
    shown = list(dancers.render_surfaces(_recipe(0)))
    shares = []
    for index in range(FRAMES):
        _, visibility = _correspondence(shown[index], shown[0])
        shares.append(visibility.sum() / max((shown[index].codes[..., 0] > 0).sum(), 1))
    assert np.corrcoef(turn, shares)[0, 1] > 0.3 or turn.min() > 0.8
    assert shares[0] > 0.9
