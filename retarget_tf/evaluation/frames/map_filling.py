"""Fills a map of the new pose with the photo's pixels, to judge what a map would add to the moved cut-outs.

    filling = MapFilling(photo, parsing_map, skeleton, schema)
    layer = filling.fill(wanted_map, skeleton.move_to(keypoints))

Each pixel of the wanted map is looked up in the photo where a moved part of the body shows its class. A pixel of a
class that no part covers takes the displacement (not the colour) of the nearest covered pixel of its class, so that
patterns go on. Colours come from one picture a class, in which the class goes on beyond its border, so that no colour
of the backdrop or of a neighbouring garment comes along.
"""

import dataclasses

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.limb_warp import sampling
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema
from retarget_tf.pictures.nearest import nearest_pixels
from retarget_tf.retargeting.frames.appearance import continued, eroded, substitute
from retarget_tf.retargeting.frames.motion import HEAD, Motion, Skeleton
from retarget_tf.retargeting.frames.moved_photo import Layer, stillness

_RIM = 1 / 256  # share of the side: at the border of silhouette and classes colours are mixed, so they are not used
_BAND = 3  # pixels around the wanted person that are filled too, for the soft outline


@dataclasses.dataclass(frozen=True)
class _Field:
    """Where the pixels of a region come from: x and y in the photo, and the class there (0 where nothing is wanted)."""

    x: Float32Array
    y: Float32Array
    source: Uint8Array


class MapFilling:
    """Fills maps with the pixels of one photo.

    Args:
        photo: RGB uint8 `[size, size, 3]`, the canvas itself.
        parsing_map: Class ids of the photo, uint8 `[size, size]`.
        skeleton: The photo's map cut into parts.
        schema: Label schema of the maps.
    """

    def __init__(self, photo: Uint8Array, parsing_map: Uint8Array, skeleton: Skeleton, schema: LabelSchema) -> None:
        codes = skeleton.codes[skeleton.cut_from]
        self._seen = codes >= sampling.SEEN
        self._ids = (codes % sampling.MAX_CLASSES).astype(np.uint8)
        self._is_twin = skeleton.cut_from != np.arange(len(codes))
        self._mirrored = np.array(schema.mirrored, np.uint8)
        self._head = [i for i, part in enumerate(schema.to_parts10) if part in _ids_of("hair", "face")]
        self._whole_head = schema.num_classes  # stands for hair and face together, of a head that is moved as a whole
        sets = [*([class_id] for class_id in range(1, self._whole_head)), self._head]
        self._pictures = _pictures_of_classes(photo, parsing_map, sets, faces=self._head)
        for class_id in range(1, self._whole_head):
            stands_for = substitute(class_id, self._pictures, schema)
            self._pictures[class_id] = self._pictures.get(stands_for, photo)
        for class_id in self._head:
            self._pictures.setdefault(self._whole_head, self._pictures[class_id])

    def fill(self, wanted_map: Uint8Array, motion: Motion) -> Layer:
        """Returns the person in the shape of a map, uint8 `[size, size]`, in the new pose of `motion`."""
        person = (wanted_map > 0) & (wanted_map < self._whole_head)
        if not person.any():
            nothing = np.zeros((0, 0), np.float32)
            return Layer((slice(0, 0), slice(0, 0)), np.zeros((0, 0, 3), np.float32), nothing, nothing)
        near = cv2.distanceTransform((~person).astype(np.uint8), cv2.DIST_L2, 5) <= _BAND
        region = _span(near.any(axis=1)), _span(near.any(axis=0))
        y, x = (np.arange(side.start, side.stop, dtype=np.float32) + np.float32(0.5) for side in region)
        wanted = np.where(near, wanted_map[nearest_pixels(person)], 0).astype(np.uint8)[region]
        field = self._field(wanted, motion, x[None], y[:, None])
        opacity = np.clip((cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.0)[region] - 0.5) * 1.7 + 0.5, 0, 1)
        opacity *= field.source > 0
        still = stillness(np.maximum(np.abs(field.x - x), np.abs(field.y - y[:, None])))
        return Layer(region, self._colours(field) * opacity[..., None], opacity, still * opacity)

    def _field(self, wanted: Uint8Array, motion: Motion, x: Float32Array, y: Float32Array) -> _Field:
        """Finds the best part for each pixel, and a neighbour's displacement where no part covers its class."""
        right, down = np.zeros(wanted.shape, np.float32), np.zeros(wanted.shape, np.float32)
        source, rank = np.zeros_like(wanted), np.zeros_like(wanted)
        for part in motion.order:  # from bottom to top
            from_x, from_y = motion.source(part, x, y)
            found, seen = self._part_at(part, from_x, from_y)
            agrees = (wanted > 0) & ((self._mirrored[found] if self._is_twin[part] else found) == wanted)
            if part == HEAD and motion.shows_face():
                agrees = np.isin(wanted, self._head) & np.isin(found, self._head)
                found = np.full_like(found, self._whole_head)
            score = agrees * (np.uint8(1) + seen)
            better = agrees & (score >= rank)
            for values, new in ((right, from_x - x), (down, from_y - y), (source, found), (rank, score)):
                np.copyto(values, new, where=better)
        for class_id in np.unique(wanted[(rank == 0) & (wanted > 0)]):
            gap, covered = (wanted == class_id) & (rank == 0), (wanted == class_id) & (rank > 0)
            of_class = covered.any()
            if not of_class and not (covered := rank > 0).any():
                continue
            nearest = tuple(index[gap] for index in nearest_pixels(covered))
            right[gap], down[gap] = right[nearest], down[nearest]
            # Beyond the head's outline there is no head to be moved as a whole, only hair or face.
            source[gap] = np.where(of_class & (source[nearest] != self._whole_head), source[nearest], class_id)
        return _Field(x + right, y + down, source)

    def _part_at(self, part: int, x: Float32Array, y: Float32Array) -> tuple[Uint8Array, BoolArray]:
        """Returns the class of a part at places of the photo, 0 where it does not lie, and whether it is seen there."""
        size = self._ids.shape[-1]
        column, row = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
        inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
        column, row = np.clip(column, 0, size - 1), np.clip(row, 0, size - 1)
        return self._ids[part][row, column] * inside, self._seen[part][row, column] & inside

    def _colours(self, field: _Field) -> Float32Array:
        colours = np.zeros((*field.source.shape, 3), np.float32)
        x, y = field.x - np.float32(0.5), field.y - np.float32(0.5)  # cv2.remap counts from the first pixel's centre
        for class_id in np.unique(field.source[field.source > 0]):
            here = field.source == class_id
            picture = self._pictures[int(class_id)]
            colours[here] = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[here]
        return colours


def _pictures_of_classes(
    photo: Uint8Array, parsing_map: Uint8Array, sets: list[list[int]], faces: list[int]
) -> dict[int, Uint8Array]:
    """Returns the photo as each set of classes continues it, by the number of the set, from 1; none without pixels."""
    rim = _RIM * len(photo)
    inner = eroded(np.isin(parsing_map, np.unique(np.concatenate(sets))), rim)
    pictures = {}
    for number, members in enumerate(sets, start=1):
        of_set = np.isin(parsing_map, members)
        if of_set.any():
            mask = eroded(of_set & inner if (of_set & inner).any() else of_set, rim)
            # A mirrored face would have two mouths.
            is_face = set(members) <= set(faces)
            pictures[number] = photo[nearest_pixels(mask)] if is_face else continued(photo, mask)
    return pictures


def _ids_of(*names: str) -> list[int]:
    return [PARTS10.classes.index(name) for name in names]


def _span(present: BoolArray) -> slice:
    found = np.flatnonzero(present)
    return slice(int(found[0]), int(found[-1]) + 1)
