"""Makes the canvas of photos inside the graph: a square around the person, on which all coordinates are."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.pictures import image_files_graph, square_crop_graph

_FAR = 100.0  # joints further out than this many canvas sides count as missing
_ROUNDING = 1e-4  # share of the canvas's side


class OnCanvas(NamedTuple):
    """A photo on its canvas; in `Canvas.of_photos`, a batch of them.

    Attributes:
        frame: RGB uint8 `[size, size, 3]`.
        own: Its pose, float32 `[25, 3]`.
        parsing_map: Its map of class ids, uint8 `[size, size]`; 255 where unknown.
        wanted: The new poses, float32 `[frames, 25, 3]`.
        square: float32 `[3]`: left, top and side of the canvas in pixels of the photo.
    """

    frame: Tensor
    own: Tensor
    parsing_map: Tensor
    wanted: Tensor
    square: Tensor


Make = Callable[[Tensor, Tensor, Tensor, Tensor], OnCanvas]


class Canvas:
    """Makes canvases of one size.

    Args:
        spec: Settings of the generator: the person's share of the canvas, and the classes of maps.
        size: Side of the canvas in pixels.
    """

    def __init__(self, spec: GeneratorSpec, size: int) -> None:
        self._share, self._classes, self.size = spec.person_height_share, spec.model.schema.num_classes, size

    def of_photos(self, make: Make, *inputs: Tensor) -> OnCanvas:
        """Makes the canvases of all photos of a request.

        Args:
            make: `cut` or `take`.
            *inputs: Its arguments, with a batch axis in front: that of the photos, and for the new poses, which come
                last, that of the people.

        Returns:
            A batch of photos, and the new poses of each person, `[people, frames, 25, 3]`, on the first one's canvas.
        """
        *shown, keypoints = inputs
        people = tf.shape(keypoints)[0]
        photos = tf.shape(shown[0])[0] // people
        made = tf.map_fn(
            lambda example: make(*example),
            (*shown, tf.repeat(keypoints, photos, axis=0)),
            fn_output_signature=OnCanvas(
                frame=tf.TensorSpec([self.size, self.size, 3], tf.uint8),
                own=tf.TensorSpec([skeleton.NUM_JOINTS, 3], tf.float32),
                parsing_map=tf.TensorSpec([self.size, self.size], tf.uint8),
                wanted=tf.TensorSpec([None, skeleton.NUM_JOINTS, 3], tf.float32),
                square=tf.TensorSpec([3], tf.float32),
            ),
            parallel_iterations=1,  # one large picture in memory at a time
        )
        return made._replace(wanted=tf.gather(made.wanted, tf.range(people) * photos))

    def cut(self, encoded: Tensor, reference_keypoints: Tensor, reference_map: Tensor, keypoints: Tensor) -> OnCanvas:
        """Crops one photo to its canvas and moves its pose, its map and the new poses onto it."""
        size = self.size
        picture = image_files_graph.decode_picture(encoded)
        square = photo_square(reference_keypoints, picture, self._share, size)
        frame = square_crop_graph.apply_square(picture, square, size)
        # Cropped before the check: values beyond the photo are padding and may be anything.
        seen_map = self.with_known_ids(reference_map[: tf.shape(picture)[0], : tf.shape(picture)[1]], "reference_map")
        parsing_map = _map_on_canvas(seen_map, tf.shape(picture), square, size)
        own, wanted = (
            without_wild(square_crop_graph.move_keypoints(points, square, size), size)
            for points in (reference_keypoints, keypoints)
        )
        return OnCanvas(frame, own, parsing_map, wanted, tf.stack(square))

    def take(self, encoded: Tensor, reference_keypoints: Tensor, reference_map: Tensor, keypoints: Tensor) -> OnCanvas:
        """Decodes one canvas, whose pose, map and new poses are in its pixels already."""
        size = self.size
        frame = decode(encoded, size, size, "canvas_bytes")
        own, wanted = (without_wild(points, size) for points in (reference_keypoints, keypoints))
        return OnCanvas(
            frame,
            own,
            self.with_known_ids(reference_map, "reference_map"),
            wanted,
            tf.constant([0.0, 0.0, float(size)]),
        )

    def with_known_ids(self, parsing_map: Tensor, name: str) -> Tensor:
        """Returns the map; InvalidArgumentError if it holds values other than class ids and 255."""
        fits = tf.reduce_all((parsing_map < self._classes) | (parsing_map == UNKNOWN))
        known = tf.debugging.Assert(
            fits, [f"{name} must hold class ids 0..{self._classes - 1}, and {UNKNOWN} for unknown"]
        )
        with tf.control_dependencies([known]):
            return tf.identity(parsing_map)


def frames_of(keypoints: Tensor) -> Tensor:
    """Returns the number of frames of poses `[batch, frames, 25, 3]`; InvalidArgumentError if there is none."""
    frames = tf.shape(keypoints)[1]
    some = tf.debugging.Assert(frames > 0, ["keypoints must be of 1 frame at least. Received: none"])
    with tf.control_dependencies([some]):
        return tf.identity(frames)  # ties a loop over them to the assertion, which an empty loop would skip


def encode_each(encode: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """Encodes pictures `[batch, height, width, channels]` one by one: string `[batch]`."""
    return tf.map_fn(encode, pictures, fn_output_signature=tf.TensorSpec([], tf.string))


def decode(encoded: Tensor, height: int, width: int, name: str) -> Tensor:
    """Decodes one picture of a given size to RGB uint8 `[height, width, 3]`; InvalidArgumentError for other sizes."""
    picture = image_files_graph.decode_picture(encoded)
    shape = tf.shape(picture)[:2]
    wanted = f"{width} pixels wide and high" if height == width else f"{width} pixels wide and {height} high"
    fits = tf.debugging.Assert(
        tf.reduce_all(shape == [height, width]), [f"{name} must be {wanted}. Received: height, width =", shape]
    )
    with tf.control_dependencies([fits]):
        return tf.reshape(picture, [height, width, 3])  # `ensure_shape` would let the assertion be optimized away


def photo_square(keypoints: Tensor, picture: Tensor, share: float, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Returns left, top and side, in pixels, of the square of a photo `[height, width, 3]` that becomes its canvas.

    Clients of contract 1.0 crop the canvas themselves and send it as the photo. Its square is the whole canvas, but
    rounding can make the computed side a little larger, which would shift left and top; they are kept at 0.
    """
    left, top, side = square_crop_graph.person_square(keypoints, picture, share)
    is_canvas = tf.reduce_all(tf.shape(picture)[:2] == size) & (side > size) & (side <= size * (1 + _ROUNDING))
    left, top = (tf.where(is_canvas, tf.zeros_like(start), start) for start in (left, top))
    return left, top, side


def _map_on_canvas(parsing_map: Tensor, picture_shape: Tensor, square: tuple[Tensor, ...], size: int) -> Tensor:
    """Crops a picture's map to its canvas, uint8 `[size, size]`; an unknown map, 255 everywhere, stays unknown."""

    def known() -> Tensor:
        covers = tf.debugging.Assert(
            tf.reduce_all(tf.shape(parsing_map) == picture_shape[:2]),
            ["reference_map must cover its picture, or be 255 everywhere. Received: height, width =",
             tf.shape(parsing_map), "of a picture of", picture_shape[:2]],
        )  # fmt: skip
        with tf.control_dependencies([covers]):
            return square_crop_graph.apply_square_to_map(parsing_map, square, size)

    canvas = tf.cond(tf.reduce_any(parsing_map != UNKNOWN), known, lambda: unknown(1, size)[0])
    return tf.ensure_shape(canvas, [size, size])


def without_wild(keypoints: Tensor, size: int) -> Tensor:
    """Sets joints to missing, (0, 0, 0), that are not finite or too far outside the canvas to affect it."""
    near = tf.reduce_all(tf.abs(keypoints) < _FAR * size, axis=-1, keepdims=True)  # False for NaN
    return tf.where(near, keypoints, tf.zeros_like(keypoints))


def unknown(batch: Tensor, size: int) -> Tensor:
    """Returns maps in which every pixel is unknown, uint8 `[batch, size, size]`."""
    return tf.ensure_shape(tf.fill([batch, size, size], tf.constant(UNKNOWN, tf.uint8)), [None, size, size])
