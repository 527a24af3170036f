"""The photo's person as cut-outs, one for each part of the body, with soft edges.

Each part has a picture of what the photo shows of it. Most have another one below all others, of the whole part: what
lies behind other parts is filled with the colours of its class. There colours are taken class by class, and each class
goes on beyond its border as in a mirror, so that no colour of the backdrop or of a neighbouring garment comes along.
"""

import dataclasses

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema
from retarget_tf.pictures.nearest import nearest_pixels
from retarget_tf.retargeting.frames.dividing import SKIRT, Piece, divide
from retarget_tf.retargeting.frames.framing import Framing
from retarget_tf.retargeting.frames.motion import HEAD, Skeleton

# Lengths as shares of the canvas's side.
_BAND = 0.008  # around the silhouette: soft edges
_RIM = 0.004  # at the border of the silhouette and of classes, where colours are mixed
_SURE = 0.008  # inside the silhouette, from where on the person is opaque
_NAPE = 0.035  # by which hair reaches farther down at the back than the photo shows it
_THROAT = 0.4  # lowest share of the head below the nape that shows neither chin nor mouth
_CONTRAST = 1.5  # by which the segmenter's soft outlines are sharpened

_HAIR, _FACE = (PARTS10.classes.index(name) for name in ("hair", "face"))
_LIMBS = ("left_arm", "right_arm", "left_leg", "right_leg")
_SKIN = (*_LIMBS, "face")
_ANYTHING = ("upper_clothes", "lower_clothes", *_SKIN, "shoes", "hair")


@dataclasses.dataclass(frozen=True)
class Cutout:
    """A part of the person in the photo.

    Attributes:
        picture: RGBA uint8 `[height, width, 4]`.
        left: Column of its first pixel in the photo.
        top: Row of its first pixel in the photo.
        places: float32 `[n, 2]`, x and y on the canvas of the corners of its rows.
    """

    picture: Uint8Array
    left: int
    top: int
    places: Float32Array


@dataclasses.dataclass(frozen=True)
class Appearance:
    """The cut-outs of a person.

    Attributes:
        below: The whole parts by index, those that are hidden included; without the skirt, which nothing hides.
        above: What the photo shows of the parts, by index; `SKIRT` may be one of them.
        back_of_head: The head seen from behind: its outline, hair down to the nape and skin below; None where the photo
            shows no hair.
        framing: Where the canvas lies in the photo.
    """

    below: dict[int, Cutout]
    above: dict[int, Cutout]
    back_of_head: Cutout | None
    framing: Framing


def look_at(
    photo: Uint8Array,
    framing: Framing,
    parsing_map: Uint8Array,
    skeleton: Skeleton,
    schema: LabelSchema,
    opacity: Float32Array | None = None,
) -> Appearance:
    """Cuts the person out of a photo.

    Args:
        photo: RGB uint8 `[height, width, 3]`.
        framing: Where the canvas lies in the photo.
        parsing_map: Class ids on the canvas, uint8 `[size, size]`.
        skeleton: The map cut into parts.
        schema: Label schema of the map.
        opacity: How much of each pixel of the canvas the person covers, float32 `[size, size]` in 0..1; None takes the
            outline of the map.
    """
    return _Scissors(photo, framing, parsing_map, schema, opacity).cut(divide(skeleton, parsing_map, schema))


class _Scissors:
    """Cuts parts out of one photo."""

    def __init__(
        self,
        photo: Uint8Array,
        framing: Framing,
        parsing_map: Uint8Array,
        schema: LabelSchema,
        opacity: Float32Array | None,
    ) -> None:
        size = framing.size
        self._framing, self._map, self._schema = framing, parsing_map, schema
        self._person = (parsing_map > 0) & (parsing_map < schema.num_classes)
        self._region = framing.region_of(self._person, _BAND * size + 1)
        self._photo = photo[self._region]
        self._near = nearest_pixels(self._person)
        self._around = _dilated(self._person, _BAND * size)
        self._opacity = self._soft(self._person)
        if opacity is not None:
            sharpened = np.clip((framing.enlarge(opacity, self._region) - 0.5) * _CONTRAST + 0.5, 0, 1)
            self._opacity = np.maximum(sharpened, self._soft(eroded(self._person, _SURE * size)))
        rim = _RIM * framing.square.side
        inner = eroded(framing.enlarge(self._person.astype(np.float32), self._region) > 0.5, rim)
        self._clean = continued(self._photo, inner)
        self._of_class: dict[int, Uint8Array] = {}
        for class_id in range(1, schema.num_classes):
            seen = framing.enlarge((parsing_map == class_id).astype(np.float32), self._region) > 0.5
            usable = seen & inner if (seen & inner).any() else seen
            if usable.any():
                self._of_class[class_id] = continued(self._photo, eroded(usable, rim))

    def cut(self, pieces: dict[int, Piece]) -> Appearance:
        """Cuts out the parts."""
        below, above = {}, {}
        for part, piece in pieces.items():
            colours = self._painted(piece)
            # Hair and face stay together, with their border as it is.
            seen = self._cutout(self._clean if part == HEAD else colours, self._grown(piece.seen))
            whole = self._cutout(colours, self._grown(piece.whole))
            if seen is not None:
                above[part] = seen
            if whole is not None and part != SKIRT:
                below[part] = whole
        return Appearance(below, above, self._back_of_head(pieces), self._framing)

    def _back_of_head(self, pieces: dict[int, Piece]) -> Cutout | None:
        of_parts = self._schema.to_parts10
        hair, face = ([i for i, part in enumerate(of_parts) if part == wanted] for wanted in (_HAIR, _FACE))
        if not hair or hair[0] not in self._of_class or HEAD not in pieces:
            return None
        head, row = pieces[HEAD].seen, np.arange(len(self._map))[:, None]
        colours = self._of_class[hair[0]]
        nape = np.flatnonzero((head & (self._map == hair[0])).any(axis=1)).max(initial=0) + _NAPE * len(row)
        bottom = np.flatnonzero(head.any(axis=1)).max(initial=0)
        throat = head & np.isin(self._map, face) & (row > bottom - _THROAT * (bottom - nape))
        if throat.any():
            skin = continued(self._photo, self._framing.enlarge(throat.astype(np.float32), self._region) > 0.5)
            colours = np.where(self._framing.grid(self._region)[1][..., None] > nape, skin, colours)
        return self._cutout(colours, self._grown(head))

    def _grown(self, mask: BoolArray) -> BoolArray:
        """Lets a part reach into the band around the silhouette."""
        return mask | (mask[self._near] & self._around)

    def _painted(self, piece: Piece) -> Uint8Array:
        """Returns the region with the colours of the piece's class at each pixel."""
        ids = piece.class_ids if piece.whole.all() else piece.class_ids[nearest_pixels(piece.whole)]
        x, y = (np.clip(values, 0, len(ids) - 1).astype(np.intp) for values in self._framing.grid(self._region))
        wanted = ids[y, x]
        picture = self._clean.copy()
        for class_id in np.unique(wanted):
            stands_for = substitute(int(class_id), self._of_class, self._schema)
            if stands_for in self._of_class:
                here = wanted == class_id
                picture[here] = self._of_class[stands_for][here]
        return picture

    def _cutout(self, colours: Uint8Array, mask: BoolArray) -> Cutout | None:
        if not mask.any():
            return None
        alpha = self._soft(mask) * self._opacity
        seen = alpha > 1 / 512
        if not seen.any():
            return None
        rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
        box = slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2)
        picture = np.dstack([colours[box], np.rint(alpha[box] * 255).astype(np.uint8)])
        top, left = self._region[0].start + box[0].start, self._region[1].start + box[1].start
        return Cutout(np.ascontiguousarray(picture), left, top, _row_ends(mask))

    def _soft(self, mask: BoolArray) -> Float32Array:
        """Returns a mask of the canvas as opacity of the region, with rounded steps and soft edges."""
        blurred = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0)
        return np.clip((self._framing.enlarge(blurred, self._region) - 0.5) * 1.7 + 0.5, 0, 1)


def _row_ends(mask: BoolArray) -> Float32Array:
    """Returns x and y of the outer corners of each row's first and last pixel, which bound the mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    corners = [(x, rows + dy) for x in (first, last) for dy in (0, 1)]
    return np.concatenate([np.stack(corner, axis=-1) for corner in corners]).astype(np.float32)


def substitute(class_id: int, known: dict[int, Uint8Array], schema: LabelSchema) -> int:
    """Returns the class whose colours stand for a class, see `substitutes`; itself if none is known."""
    return next((index for index in substitutes(class_id, schema) if index in known), class_id)


def substitutes(class_id: int, schema: LabelSchema) -> list[int]:
    """Returns the classes whose colours may stand for one, the best first: itself, its twin, skin for limbs, garments.

    The background, 0, has no substitute.
    """
    if class_id == 0:
        return [0]
    part = schema.to_parts10[class_id]
    wanted = (_SKIN if part < PARTS10.num_classes and PARTS10.classes[part] in _LIMBS else ()) + _ANYTHING
    ranked = [PARTS10.classes.index(name) for name in wanted]
    alike = [index for rank in ranked for index, other in enumerate(schema.to_parts10) if other == rank]
    return list(dict.fromkeys([class_id, schema.mirrored[class_id], *alike]))


def continued(picture: Uint8Array, mask: BoolArray) -> Uint8Array:
    """Returns a picture that outside of a mask is reflected at the mask's border, where that falls into it."""
    near_row, near_column = nearest_pixels(mask)
    rows, columns = np.indices(mask.shape)
    row = np.clip(2 * near_row - rows, 0, mask.shape[0] - 1)
    column = np.clip(2 * near_column - columns, 0, mask.shape[1] - 1)
    inside = mask[row, column]
    return picture[np.where(inside, row, near_row), np.where(inside, column, near_column)]


def eroded(mask: BoolArray, by: float) -> BoolArray:
    """Removes a border of `by` pixels; the mask as it is if nothing would be left."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) > by
    return inside if inside.any() else mask


def _dilated(mask: BoolArray, by: float) -> BoolArray:
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) <= by
