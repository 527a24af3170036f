"""Tests of the figures in reports: what is drawn where."""

import cv2
import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.networks import encoding
from retarget_tf.pictures import figures
from tests.testing import walking_square

SIZE, FACTOR = 32, 5  # 32 px are enlarged to 160


def shot(t: int, *, generated: bool = True) -> figures.Shot:
    frame, parsing_map, keypoints = walking_square(t, SIZE)
    return figures.Shot(t, frame, keypoints, parsing_map, np.full_like(parsing_map, 7) if generated else None)


def strip(*steps: int) -> figures.Strip:
    return figures.Strip("clip (person)", shot(0, generated=False), tuple(shot(t) for t in steps))


def place_of(picture: Uint8Array, cell: Uint8Array) -> list[tuple[int, int]]:
    """Where the enlarged cell stands in the picture: (row, column) of each place."""
    large = cell.repeat(FACTOR, axis=0).repeat(FACTOR, axis=1)
    near = cv2.matchTemplate(picture, large, cv2.TM_SQDIFF) < large.size  # a difference of under 1 a value
    side = len(large)
    corners = [(int(y), int(x)) for y, x in np.argwhere(near)]
    return [(y, x) for y, x in corners if np.array_equal(picture[y : y + side, x : x + side], large)]


def test_training_panel_has_a_row_a_sample() -> None:
    moments = [walking_square(t, SIZE) for t in (1, 5)]
    frame, real, keypoints = (np.stack(values) for values in zip(*moments, strict=True))
    colours = encoding.colour_map(real, PARTS10)
    panel = figures.training_panel(encoding.to_signed(frame), keypoints, -colours, colours)
    assert panel.dtype == np.uint8
    [(first_row, frame_column)] = place_of(panel, frame[0])
    [(second_row, column)] = place_of(panel, frame[1])
    assert column == frame_column
    assert second_row > first_row
    for row, index in ((first_row, 0), (second_row, 1)):
        [(truth_row, truth_column)] = place_of(panel, PARTS10.colour(real[index]))
        assert truth_row == row
        assert truth_column > frame_column


def test_retargeting_panel_shows_the_last_shot() -> None:
    panel = figures.retargeting_panel([strip(1, 6)], PARTS10)
    [(row, frame_column)] = place_of(panel, shot(6).frame)
    generated = shot(6).generated_map
    assert generated is not None
    [(generated_row, generated_column)] = place_of(panel, PARTS10.colour(generated))
    [(truth_row, truth_column)] = place_of(panel, PARTS10.colour(shot(6).real_map))
    assert row == generated_row == truth_row
    assert frame_column < generated_column < truth_column
    assert not place_of(panel, shot(1).frame)


def test_rollout_figure_has_truth_above_generated_over_time() -> None:
    picture = figures.rollout_figure([strip(1, 3), strip(1)], PARTS10)
    truths = place_of(picture, PARTS10.colour(shot(1).real_map))
    generated = place_of(picture, PARTS10.colour(np.full((SIZE, SIZE), 7, np.uint8)))
    photos = place_of(picture, shot(0).frame)
    assert len(truths) == 2, "one a clip"
    assert len(generated) == 3
    assert len(photos) == 2
    later = place_of(picture, PARTS10.colour(shot(3).real_map))
    assert later[0][0] == truths[0][0]
    assert later[0][1] > truths[0][1]
    below = [place for place in generated if place[1] == truths[0][1]]
    assert below[0][0] > truths[0][0]
