"""Tests of line charts: what is drawn where."""

import numpy as np

from retarget_tf.pictures import chart


def test_chart_draws_a_line_a_contender_and_breaks_it_where_nothing_is_known() -> None:
    t = [10, 20, 30, 40, 50]
    whole = chart.line_chart("title", t, {"a": [0.5] * 5})
    broken = chart.line_chart("title", t, {"a": [0.5, 0.5, None, 0.5, 0.5]})
    red = [np.argwhere((picture == (214, 39, 40)).all(axis=-1)) for picture in (whole, broken)]
    line = [points[points[:, 1] < 800] for points in red]  # without the legend
    assert len(np.unique(line[0][:, 0])) <= 3, "a constant is a level line"
    columns = [np.unique(points[:, 1]) for points in line]
    assert np.diff(columns[0]).max() == 1
    assert np.diff(columns[1]).max() > 200, "from t = 20 to 40 is a gap"
    assert chart.line_chart("nothing", [], {"a": []}).shape == whole.shape
