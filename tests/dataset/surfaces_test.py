"""Tests of surface maps on figures whose numbers can be worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from retarget_tf.arrays import Float32Array, Float64Array, Uint8Array
from retarget_tf.dataset import correspondence, surfaces

SIZE = 32
# Columns of an ellipsoid's half-axes: to the front (towards the camera), to the right, and along the piece (down).
UPRIGHT = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], float)


def piece(
    start: tuple[float, float, float], end: tuple[float, float, float], radii: tuple[float, float]
) -> Float64Array:
    """A piece `[2, 3, 4]` that hangs down, between two balls."""
    ends = [np.column_stack([centre, radius * UPRIGHT]) for centre, radius in zip((start, end), radii, strict=True)]
    return np.stack(ends)


def turned(pieces: Float64Array, degrees: float, about: float) -> Float64Array:
    """Turns pieces about the vertical axis through x = `about`, z = 0."""
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    middle = np.array([[about], [0], [0]]) * np.array([1, 0, 0, 0])
    return rotation @ (pieces - middle) + middle


def code(pieces: Float64Array, number: int, point: tuple[float, float, float]) -> Uint8Array:
    [found] = surfaces.encode(np.array([number]), pieces[None, number], np.array([point], float))
    return found


def locate(codes: Uint8Array, pieces: Float64Array) -> Float32Array:
    """Locates one code: x, y, z and the cosine of its normal."""
    located = correspondence.locate(codes[None, None, None], ops.convert_to_tensor(pieces[None].astype(np.float32)))
    return ops.convert_to_numpy(located)[0, 0, 0]


ARM = piece((16, 8, 0), (16, 24, 0), (4, 2))[None]


@pytest.mark.parametrize(
    ("point", "along", "around"),
    [
        ((16, 8, 4), 32, 0),  # front of the upper end
        ((20, 8, 0), 32, 64),  # its right side
        ((16, 16, 3), 128, 0),  # front of the middle
        ((13, 16, 0), 128, 192),  # left side of the middle
        ((16, 26, 0), 255, None),  # the tip of the lower cap
        ((16, 4, 0), 0, None),  # the tip of the upper cap
    ],
)
def test_codes_of_points_on_two_balls(point: tuple[float, float, float], along: int, around: int | None) -> None:
    found = code(ARM, 0, point)
    assert found[0] == 1
    assert abs(int(found[1]) - along) <= 1
    if around is not None:
        assert (int(found[2]) - around + 1) % 256 <= 2
    # The tip of a cap is round: half a code beside it is half a pixel aside.
    np.testing.assert_allclose(locate(found, ARM)[:3], point, atol=0.8 if around is None else 0.25)


def test_points_go_where_the_piece_goes() -> None:
    """A quarter turn brings the right side of an upright arm away from the camera, and its front to the right."""
    front, right = code(ARM, 0, (16, 16, 3)), code(ARM, 0, (19, 16, 0))
    quarter = turned(ARM, 90, about=16)
    np.testing.assert_allclose(locate(front, quarter)[:3], (19, 16, 0), atol=0.2)
    np.testing.assert_allclose(locate(right, quarter)[:3], (16, 16, -3), atol=0.2)
    assert locate(front, ARM)[3] > 0.9
    assert locate(right, quarter)[3] < -0.9


def test_points_stay_at_their_share_of_a_longer_and_thicker_piece() -> None:
    right = code(ARM, 0, (19, 16, 0))
    longer = piece((8, 2, 0), (8, 30, 0), (8, 4))[None]
    np.testing.assert_allclose(locate(right, longer)[:3], (14, 16, 0), atol=0.3)


def test_a_half_turn_hides_the_front() -> None:
    """The front of a turned figure shows the back, which the reference, seen from the front, does not show."""
    front = code(ARM, 0, (16, 16, 3))
    shown = np.zeros((SIZE, SIZE, 3), np.uint8)
    shown[16, 15:17] = front
    behind = turned(ARM, 180, about=16)
    place, visibility = correspondence.find(shown[None], shown[None], behind[None].astype(np.float32))
    assert ops.convert_to_numpy(visibility).sum() == 0
    np.testing.assert_allclose(ops.convert_to_numpy(place)[0, 16, 16], (16, 16), atol=0.3)
    _, visibility = correspondence.find(shown[None], shown[None], ARM[None].astype(np.float32))
    assert ops.convert_to_numpy(visibility)[0, 16, 15:17].tolist() == [1, 1]


def test_an_arm_hides_the_trunk_behind_it() -> None:
    """Where the reference shows an arm before the trunk, a point of the trunk is located but not visible."""
    trunk, arm = piece((16, 8, 0), (16, 24, 0), (6, 6)), piece((16, 8, 9), (16, 24, 9), (2, 2))
    pieces = np.stack([trunk, arm])
    reference = np.zeros((SIZE, SIZE, 3), np.uint8)
    reference[16, 10:22] = [code(pieces, 0, (x + 0.5, 16, np.sqrt(36 - (x - 15.5) ** 2))) for x in range(10, 22)]
    reference[16, 14:18] = [code(pieces, 1, (x + 0.5, 16, 9 + np.sqrt(4 - (x - 15.5) ** 2))) for x in range(14, 18)]
    shown = np.zeros_like(reference)
    shown[16, 10:22] = [code(pieces, 0, (x + 0.5, 16, np.sqrt(36 - (x - 15.5) ** 2))) for x in range(10, 22)]
    place, visibility = correspondence.find(shown[None], reference[None], pieces[None].astype(np.float32))
    expected = [1] * 4 + [0] * 4 + [1] * 4
    np.testing.assert_array_equal(ops.convert_to_numpy(visibility)[0, 16, 10:22], expected)
    np.testing.assert_allclose(ops.convert_to_numpy(place)[0, 16, 10:22, 0], np.arange(10, 22) + 0.5, atol=0.6)


def test_background_has_no_correspondence() -> None:
    shown = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    place, visibility = correspondence.find(shown, shown, ARM[None].astype(np.float32))
    assert not ops.convert_to_numpy(visibility).any()
    assert not ops.convert_to_numpy(place).any()


def test_one_reference_serves_a_whole_batch_inside_tf_data() -> None:
    """Also where the number of pieces is known only as the records are read."""
    right = np.zeros((2, SIZE, SIZE, 3), np.uint8)
    right[:, 16, 18] = code(ARM, 0, (18.5, 16, 1.7))
    right[1, 16, 4] = code(ARM, 0, (13, 16, 0))
    reference, pieces = right[:1], ARM[None].astype(np.float32)
    by_hand = correspondence.find(right, reference.repeat(2, 0), pieces.repeat(2, 0))
    dataset = tf.data.Dataset.from_generator(
        lambda: iter([pieces]), output_signature=tf.TensorSpec([1, None, 2, 3, 4], tf.float32)
    ).map(lambda found: correspondence.find(right, reference, found))
    for one, other in zip(by_hand, next(iter(dataset)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert ops.convert_to_numpy(by_hand[1])[:, 16, [18, 4]].tolist() == [[1, 0], [1, 0]]
