"""Moves the person of a photo within a TensorFlow graph, for servables that answer with photographs.

    background, pictures = layers(photo, parsing_map, schema)                             # once a photo
    prepared = prepare(photo, keypoints, parsing_map, background, pictures, schema)
    frame, opacity = prepared.frame(new_keypoints)                                        # once a pose

Each pixel of the new pose comes from where `limb_warp` finds it in the photo, and is looked up in a picture of its
class, so that no colour of the backdrop or of a neighbouring garment comes along. All pictures have the size of the
canvas. `moved_photo` does the same outside of a graph, at the photo's own size, with finer parts and softer outlines.
"""

import dataclasses
from typing import Any, Self

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body.limb_warp import sampling, warping
from retarget_tf.body.limb_warp.anatomy import PART
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.retargeting.frames.appearance import substitutes
from retarget_tf.retargeting.frames.motion import AWAY

_PERSON = 0  # index of the picture of the whole person, where classes have theirs: class 0 is the background
_RIM = 3  # pixels; in windows of this side around the border of a class its colours are mixed with others
_AREA = 9  # pixels; the side of windows around the silhouette in which the photo may have colours of the person
_SOFT = 1.7  # pixels, standard deviation of the blur that rounds an outline; less leaves steps
_CONTRAST = 2.2  # by which a rounded outline is sharpened


@dataclasses.dataclass(frozen=True)
class PreparedPhoto:
    """Photos whose people can be moved; made by `prepare`.

    Attributes:
        cut: The photos' maps, cut into parts.
        pictures: float32 `[batch, classes, size, size, 3]`: the photo as each class goes on beyond its border; index 0
            is the whole person.
        photo: float32 `[batch, size, size, 3]` in 0..255.
        background: The same without the person.
        own_part: int32 `[batch, size * size]`: the part on top in the photo's own pose, -1 where there is none.
        missing: float32 `[batch, size, size, 3]`: what a frame of the own pose lacks of the photo.
        schema: Label schema of the maps.
    """

    cut: warping.Cut
    pictures: Tensor
    photo: Tensor
    background: Tensor
    own_part: Tensor
    missing: Tensor
    schema: LabelSchema

    def of(self, rows: Tensor) -> Self:
        """Takes these rows of the batch, int32 `[n]`."""
        chosen: Self = _rows_of(self, rows)
        return chosen

    def frame(self, keypoints: Tensor) -> tuple[Tensor, Tensor]:
        """Makes a frame of each photo.

        Args:
            keypoints: float32 `[batch, 25, 3]` in pixels of the canvas, the new poses.

        Returns:
            The frames, uint8 `[batch, size, size, 3]`, in which the photo's own pose gives back the photo; and how much
            of each pixel the person covers, float32 `[batch, size, size, 1]`.
        """
        moved = warping.move(self.cut, keypoints, self.schema)
        frame, opacity, covered = self._composed(moved)
        size = self.photo.shape[1]
        column, row = _pixel_centres(size)
        distance = tf.maximum(tf.abs(moved.x - column), tf.abs(moved.y - row))
        shape = [-1, size, size, 1]
        stays = tf.cast(_part_on_top(moved) == self.own_part, tf.float32)
        still = stays * tf.clip_by_value(1.25 - 0.5 * distance, 0.0, 1.0)
        still = _continued_around(tf.reshape(still, shape), covered, _AREA) * tf.reshape(stays, shape)
        frame = tf.round(frame + still * self.missing)
        return tf.cast(tf.clip_by_value(frame, 0.0, 255.0), tf.uint8), opacity

    def _composed(self, moved: warping.Moved) -> tuple[Tensor, Tensor, Tensor]:
        """Returns frame and opacity, and 1 where the person covers a pixel, float32 `[batch, size, size, 1]`."""
        size = self.photo.shape[1]
        class_id = moved.code % sampling.MAX_CLASSES
        is_seen = (moved.code // sampling.SEEN) % 2 > 0
        is_face = tf.logical_and(tf.equal(moved.part, PART["head"]), self._shows_face(moved))
        picture = tf.where(tf.logical_and(is_face, is_seen), float(_PERSON), class_id)
        colours = tf.reshape(_looked_up(self.pictures, picture, moved.x, moved.y), [-1, size, size, 3])
        covered = tf.cast(tf.reshape(moved.code > 0, [-1, size, size, 1]), tf.float32)
        colours = _continued_around(colours, covered, 5)
        opacity = tf.clip_by_value((_softened(covered) - 0.5) * _CONTRAST + 0.5, 0.0, 1.0)
        return self.background + opacity * (colours - self.background), opacity, covered

    def _shows_face(self, moved: warping.Moved) -> Tensor:
        """Returns whether each head is seen from the same side as in its photo, bool `[batch, 1]`."""
        (sine, cosine), (new_sine, new_cosine) = self.cut.bones.gaze, moved.bones.gaze
        return (cosine * new_cosine + sine * new_sine)[:, 0] > AWAY


def layers(photo: Tensor, parsing_map: Tensor, schema: LabelSchema) -> tuple[Tensor, Tensor]:
    """Returns what frames are made of: `PreparedPhoto.background` and `PreparedPhoto.pictures`.

    Args:
        photo: RGB uint8 `[batch, size, size, 3]`; the size must be static, and a power of two.
        parsing_map: Its class ids, uint8 `[batch, size, size]`, 255 where unknown.
        schema: Label schema of the map.
    """
    frame, one_hot = tf.cast(photo, tf.float32), _one_hot(parsing_map, schema)
    around = around_person(1.0 - one_hot[..., :1])
    background = frame + around * (_filled(frame, 1.0 - around) - frame)
    return background, _pictures_of_classes(frame, one_hot, schema)


def prepare(
    photo: Tensor, keypoints: Tensor, parsing_map: Tensor, background: Tensor, pictures: Tensor, schema: LabelSchema
) -> PreparedPhoto:
    """Prepares photos for all poses.

    Args:
        photo: RGB uint8 `[batch, size, size, 3]`.
        keypoints: float32 `[batch, 25, 3]` in its pixels.
        parsing_map: Its class ids, uint8 `[batch, size, size]`, 255 where unknown.
        background: From `layers`, or another picture without the person, uint8 or float32; used around the person only.
        pictures: From `layers`, uint8 or float32.
        schema: Label schema of the map.
    """
    frame, one_hot = tf.cast(photo, tf.float32), _one_hot(parsing_map, schema)
    behind = frame + around_person(1.0 - one_hot[..., :1]) * (tf.cast(background, tf.float32) - frame)
    cut = warping.cut(one_hot, keypoints, schema)
    own = warping.move(cut, keypoints, schema)
    pictures = tf.cast(pictures, tf.float32)
    prepared = PreparedPhoto(cut, pictures, frame, behind, _part_on_top(own), tf.zeros_like(frame), schema)
    composed, _, _ = prepared._composed(own)
    return dataclasses.replace(prepared, missing=frame - composed)


def _part_on_top(moved: warping.Moved) -> Tensor:
    return tf.where(moved.code > 0, moved.part, -1)


def _one_hot(parsing_map: Tensor, schema: LabelSchema) -> Tensor:
    return tf.one_hot(tf.cast(parsing_map, tf.int32), schema.num_classes)


def around_person(person: Tensor) -> Tensor:
    """Returns 1 where the photo may have colours of the person, else 0: float32 `[batch, size, size, 1]`.

    Args:
        person: 1 or True where the person's map is, of the same shape.
    """
    return tf.nn.max_pool2d(tf.cast(person, tf.float32), _AREA, 1, "SAME")


def _pictures_of_classes(photo: Tensor, one_hot: Tensor, schema: LabelSchema) -> Tensor:
    """Returns `PreparedPhoto.pictures` of a photo; a class that it lacks has the picture of the best substitute."""
    person = 1.0 - one_hot[..., :1]
    inner = -tf.nn.max_pool2d(-person, _RIM, 1, "SAME")
    masks = tf.concat([person, one_hot[..., 1:]], axis=-1)
    eroded = -tf.nn.max_pool2d(-masks, _RIM, 1, "SAME") * inner
    is_left = tf.reduce_any(eroded > 0, axis=(1, 2), keepdims=True)
    masks = tf.where(is_left, eroded, masks)
    is_there = tf.reduce_any(masks > 0, axis=(1, 2))  # [batch, classes]
    lists = [[_PERSON], *([*substitutes(class_id, schema), _PERSON] for class_id in range(1, schema.num_classes))]
    longest = max(map(len, lists))
    table = np.array([[*ids, *[_PERSON] * (longest - len(ids))] for ids in lists], np.int32)
    best = tf.argmax(tf.gather(is_there, table, axis=1), axis=-1, output_type=tf.int32)  # the first that is there
    chosen = tf.gather(tf.tile(table[None], [tf.shape(best)[0], 1, 1]), best, axis=2, batch_dims=2)
    masks = tf.gather(tf.transpose(masks, [0, 3, 1, 2]), chosen, axis=1, batch_dims=1)
    return _continued(photo, masks)


def _continued(photo: Tensor, masks: Tensor) -> Tensor:
    """Returns the photo as seen through masks `[batch, n, size, size]`, each reflected at the border of its mask.

    Jump flooding: every pixel asks neighbours at half of the side, a quarter, and so on for the nearest pixel of the
    mask that they know (Rong and Tan, "Jump Flooding in GPU with Applications to Voronoi Diagram and Distance
    Transform", I3D 2006). The result is exact but for a few pixels.
    """
    size = photo.shape[1]
    index = tf.range(size, dtype=tf.float32)  # in the graph: arrays would be large constants of a saved model
    rows, columns = tf.meshgrid(index, index, indexing="ij")
    inside, far = masks > 0, 4.0 * size
    row, column = tf.where(inside, rows, far), tf.where(inside, columns, far)
    squared = tf.square(row - rows) + tf.square(column - columns)
    step = 1 << (size - 1).bit_length() - 1
    while step:
        for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
            other_row, other_column = (tf.roll(place, [down * step, right * step], [2, 3]) for place in (row, column))
            other = tf.square(other_row - rows) + tf.square(other_column - columns)
            row, column = tf.where(other < squared, other_row, row), tf.where(other < squared, other_column, column)
            squared = tf.minimum(squared, other)
        step //= 2
    place = tf.cast(row * size + column, tf.int32)
    mirrored_row, mirrored_column = (
        tf.clip_by_value(2 * nearest - own, 0.0, size - 1.0) for nearest, own in ((row, rows), (column, columns))
    )
    mirrored = tf.cast(mirrored_row * size + mirrored_column, tf.int32)
    flat = [-1, masks.shape[1], size * size]
    place, mirrored = (tf.clip_by_value(tf.reshape(places, flat), 0, size * size - 1) for places in (place, mirrored))
    is_inside = tf.gather(tf.reshape(inside, flat), mirrored, axis=2, batch_dims=2)
    chosen = tf.where(is_inside, mirrored, place)
    pixels = tf.gather(tf.reshape(photo, [-1, size * size, 3]), chosen, axis=1, batch_dims=1)
    return tf.reshape(pixels, [-1, masks.shape[1], size, size, 3])


def _filled(picture: Tensor, known: Tensor) -> Tensor:
    """Fills pixels that are not known from around them, coarse to fine: each level is half as large as the one before.

    Args:
        picture: float32 `[batch, size, size, channels]`.
        known: 1 where a pixel is known, else 0, float32 `[batch, size, size, 1]`.
    """
    size = picture.shape[1]
    if size == 1:
        return picture
    share = tf.nn.avg_pool2d(known, 2, 2, "SAME")
    mean = tf.nn.avg_pool2d(picture * known, 2, 2, "SAME") / tf.maximum(share, 1e-6)
    coarse = _filled(mean, tf.cast(share > 0, tf.float32))
    return known * picture + (1.0 - known) * tf.image.resize(coarse, [size, size])


def _continued_around(values: Tensor, covered: Tensor, side: int) -> Tensor:
    """Gives pixels that are not covered the mean of the covered ones in the window of that side around them, or 0."""
    near = tf.nn.avg_pool2d(covered, side, 1, "SAME")
    mean = tf.nn.avg_pool2d(values * covered, side, 1, "SAME") / tf.maximum(near, 1e-6)
    return covered * values + (1.0 - covered) * mean


def _softened(mask: Tensor) -> Tensor:
    """Rounds the outline of a mask `[batch, size, size, 1]`."""
    reach = round(2.5 * _SOFT)
    weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / _SOFT))
    kernel = np.outer(weights, weights).astype(np.float32)[:, :, None, None] / np.sum(weights).astype(np.float32) ** 2
    around = [[0, 0], [reach, reach], [reach, reach], [0, 0]]
    return tf.nn.conv2d(tf.pad(mask, around, "SYMMETRIC"), kernel, 1, "VALID")


def _looked_up(pictures: Tensor, index: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Returns colours `[batch, n, 3]` of `pictures[index]` at places, float32 `[batch, n]` each, interpolated."""
    count, size = pictures.shape[1:3]
    x, y = (tf.clip_by_value(place - 0.5, 0.0, size - 1.001) for place in (x, y))
    left, top = tf.floor(x), tf.floor(y)
    right_by, down_by = (x - left)[..., None], (y - top)[..., None]
    picture = tf.range(tf.shape(pictures)[0])[:, None] * count + tf.cast(index, tf.int32)
    corner = (picture * size + tf.cast(top, tf.int32)) * size + tf.cast(left, tf.int32)
    pixels = tf.reshape(pictures, [-1, 3])
    upper, lower = (
        tf.gather(pixels, corner + below) * (1.0 - right_by) + tf.gather(pixels, corner + below + 1) * right_by
        for below in (0, size)
    )
    return upper * (1.0 - down_by) + lower * down_by


def _pixel_centres(size: int) -> tuple[Tensor, Tensor]:
    """Returns column and row of each pixel's centre, float32 `[size * size]` each."""
    centres = tf.range(size, dtype=tf.float32) + 0.5
    return tf.tile(centres, [size]), tf.repeat(centres, size)


def _rows_of(value: Any, rows: Tensor) -> Any:
    """Takes rows of the batch of each tensor in a dataclass, and in those that it holds."""
    if isinstance(value, tuple):
        return tuple(_rows_of(one, rows) for one in value)
    if isinstance(value, LabelSchema):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: _rows_of(one, rows) for name, one in fields.items()})
    return tf.gather(value, rows)
