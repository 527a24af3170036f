"""Tests of drawing styles: which classes may change, and that all maps of a stream change alike."""

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.body.parsing_labels import CIHP20, PARTS10
from retarget_tf.dataset.augmentation import StyleRange
from retarget_tf.errors import ConfigError

IDS = {name: index for index, name in enumerate(PARTS10.classes)}
SEEDS = [tf.constant([1, number], tf.int64) for number in range(40)]


def maps() -> np.ndarray:
    """Two maps with a block of every class, and unknown pixels."""
    drawn = np.zeros((2, 48, 48), np.uint8)
    for index in range(1, 10):
        row, column = divmod(index - 1, 3)
        drawn[:, 4 + 14 * row : 10 + 14 * row, 4 + 14 * column : 10 + 14 * column] = index
    drawn[:, 0, :4] = 255
    return drawn


def test_no_range_leaves_the_maps_alone() -> None:
    redrawn, is_as_seen = StyleRange().apply(maps(), SEEDS[0], PARTS10)
    np.testing.assert_array_equal(redrawn, maps())
    assert bool(is_as_seen)


def test_relabelling_is_one_table_for_all_maps_and_unknown_stays_unknown() -> None:
    style, tables = StyleRange(relabel=0.5), set()
    for seed in SEEDS:
        redrawn, is_as_seen = style.apply(maps(), seed, PARTS10)
        redrawn = redrawn.numpy()
        table = tuple(int(redrawn[0][maps()[0] == index].max()) for index in range(10))
        np.testing.assert_array_equal(redrawn, np.array([*table, *range(10, 256)], np.uint8)[maps()])
        assert bool(is_as_seen) == (table == tuple(range(10)))
        assert table[IDS["background"]] == IDS["background"]
        assert table[IDS["left_arm"]] in (IDS["left_arm"], IDS["upper_clothes"])
        assert (table[IDS["left_leg"]] == IDS["left_leg"]) == (table[IDS["right_leg"]] == IDS["right_leg"])
        tables.add(table)
    assert len(tables) > 10


def test_thickening_adds_a_pixel_around_one_class_and_takes_from_nobody_else() -> None:
    changed = set()
    for seed in SEEDS:
        redrawn, is_as_seen = StyleRange(thicken=1).apply(maps(), seed, PARTS10)
        redrawn = redrawn.numpy()
        assert bool(is_as_seen), "the photo still shows these classes"
        kept = maps() != 0
        np.testing.assert_array_equal(redrawn[kept], maps()[kept])
        thick = {index for index in range(1, 10) if (redrawn == index).sum() == 2 * 8 * 8}
        assert len(thick) == 1
        changed |= thick
    assert len(changed) > 4


def test_it_runs_inside_tf_data_and_on_other_schemas() -> None:
    style = StyleRange(relabel=0.5, thicken=0.5)
    dataset = tf.data.Dataset.from_tensor_slices(tf.stack(SEEDS))
    inside = list(dataset.map(lambda seed: style.apply(tf.constant(maps()), seed, PARTS10)[0]))
    for seed, redrawn in zip(SEEDS, inside, strict=True):
        np.testing.assert_array_equal(redrawn, style.apply(maps(), seed, PARTS10)[0])
    redrawn, is_as_seen = StyleRange(relabel=1).apply(maps(), SEEDS[0], CIHP20)  # it has the arms and no other
    arms = (CIHP20.classes.index("left_arm"), CIHP20.classes.index("right_arm"))
    assert not np.isin(redrawn, arms).any()
    assert not bool(is_as_seen)


def test_shares_are_shares() -> None:
    with pytest.raises(ConfigError, match=r"must lie in 0\.\.1\. Received: StyleRange\(relabel=2"):
        StyleRange(relabel=2)
