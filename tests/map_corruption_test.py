"""Damaged maps stay one-hot, only the asked share is touched, and the same seed damages the same way."""

import numpy as np
import tensorflow as tf

from retarget_tf import map_corruption

SEED = tf.constant([3, 4], tf.int64)


def blobs(batch: int = 64, size: int = 48) -> tf.Tensor:
    """Each picture a square of a class of its own on background."""
    ids = np.zeros((batch, size, size), np.int32)
    for index in range(batch):
        ids[index, 12:36, 16:32] = 1 + index % 4
    return tf.one_hot(ids, 5)


def damaged(share: float) -> np.ndarray:
    return map_corruption.corrupt_maps(blobs(), share, SEED).numpy()


def test_no_share_leaves_every_map_alone() -> None:
    np.testing.assert_array_equal(damaged(0.0), blobs())


def test_maps_stay_one_hot_and_about_the_share_is_damaged() -> None:
    maps = damaged(0.5)
    assert set(np.unique(maps)) == {0.0, 1.0}
    np.testing.assert_array_equal(maps.sum(axis=-1), 1.0)
    changed = (maps != blobs().numpy()).any(axis=(1, 2, 3)).mean()
    assert 0.25 < changed < 0.55  # half of the maps, and one in eight of those by none of the three ways


def test_the_seed_decides() -> None:
    np.testing.assert_array_equal(damaged(1.0), damaged(1.0))
    other = map_corruption.corrupt_maps(blobs(), 1.0, SEED + 1).numpy()
    assert (other != damaged(1.0)).any()


def test_an_unknown_map_stays_unknown() -> None:
    nothing = tf.zeros([8, 48, 48, 5])
    assert float(tf.reduce_max(map_corruption._shifted(nothing, SEED))) == 0.0


def test_erosion_takes_one_pixel_on_each_side() -> None:
    eroded = map_corruption._eroded(blobs(1)).numpy()
    assert eroded[0, ..., 1].sum() == (24 - 2) * (16 - 2)
    assert eroded[0, 13:35, 17:31, 1].all()
