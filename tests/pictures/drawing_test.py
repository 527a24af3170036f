"""Tests of drawing: positions, and that colours are not blended."""

import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures import drawing

RED, GREEN = (200, 0, 0), (0, 200, 0)


def cell(colour: drawing.Colour, side: int = 50) -> Uint8Array:
    return np.full((side, side, 3), colour, np.uint8)


def box(picture: Uint8Array, colour: drawing.Colour) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of what has this colour."""
    rows, columns = np.nonzero((picture == colour).all(axis=-1))
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1


def test_cells_are_enlarged_by_a_whole_number() -> None:
    checkers = np.indices((50, 50)).sum(axis=0) % 2 * 255
    large = drawing.enlarged(np.repeat(checkers[..., None], 3, axis=-1).astype(np.uint8))
    assert large.shape == (200, 200, 3)
    assert set(np.unique(large)) == {0, 255}
    assert drawing.enlarged(cell(RED, 160)).shape == (160, 160, 3)


def test_a_grid_has_its_cells_in_rows_and_columns() -> None:
    picture = drawing.grid([[cell(RED), None], [None, cell(GREEN)]], ["a", "b"], side_titles=["c", "d"])
    top, left, line, gap = drawing.LINE, drawing.LINE, drawing.LINE, drawing.GAP
    assert box(picture, RED) == (top, left, top + 200, left + 200)
    assert box(picture, GREEN) == (top + 200 + gap, left + 200 + gap, top + 400 + gap, left + 400 + gap)
    assert (picture[:, :left] < 128).any(), "the side titles"
    above = drawing.grid([[cell(RED)], [cell(GREEN)]], ["a"], row_titles=["c", "d"])
    assert box(above, GREEN)[0] - box(above, RED)[2] == line + gap


def test_a_legend_takes_as_many_lines_as_the_width_needs() -> None:
    colours = [("left_arm", RED), ("right_arm", GREEN)]
    wide, narrow = drawing.legend(colours, 600), drawing.legend(colours, 120)
    assert (len(wide), len(narrow)) == (drawing.LINE, 2 * drawing.LINE)
    assert box(wide, GREEN)[1] > box(wide, RED)[3]
    assert box(narrow, GREEN)[0] >= drawing.LINE
    assert not (box(narrow, RED)[1] - box(narrow, GREEN)[1])


def test_pictures_are_stacked_at_the_left_of_one_page() -> None:
    picture = drawing.stack([cell(RED, 30), cell(GREEN, 50)])
    assert picture.shape == (80 + 4 * drawing.GAP, 50, 3)
    assert (picture[:30, 30:] == 255).all()


def test_a_table_is_flush_left_and_then_right() -> None:
    assert drawing.aligned([["split", "MB"], ["train", "12.5"], ["x", "-"]]) == "split    MB\ntrain  12.5\nx         -"
