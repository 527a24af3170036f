"""All ways to make a frame that are judged beside each other.

    copy        the photo, unmoved
    doll        the true map, each class filled with its mean colour in the photo
    moved_doll  the same with limb_warp's map
    blurred     `limbs`, its person blurred
    limbs       the moved cut-outs over the photo's background: what `retarget` writes
    served      the same within a graph, see `moved_photo_graph`: what a SavedModel answers with
    generator   the generator's maps filled with the photo's pixels, see `map_filling`
    true_maps   the true maps filled in the same way: what the best maps would give

Copy, dolls and blur are there to tell whether a measure can be trusted: none of them is a picture of a moving person,
but PSNR and SSIM prefer the dolls. `doll` and `true_maps` know the true map, which no product does.
"""

import dataclasses
import functools
from typing import Any

import cv2
import numpy as np
import tensorflow as tf

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.errors import InputDataError
from retarget_tf.evaluation.baselines import LimbWarp, without_unknown
from retarget_tf.evaluation.frames.map_filling import MapFilling
from retarget_tf.retargeting.frames import moved_photo_graph, shadow
from retarget_tf.retargeting.frames.appearance import look_at
from retarget_tf.retargeting.frames.backgrounds import PhotoBackground
from retarget_tf.retargeting.frames.framing import frame_photo
from retarget_tf.retargeting.frames.motion import Skeleton
from retarget_tf.retargeting.frames.moved_photo import Layer, move_photos
from retarget_tf.retargeting.frames.plate import make_plate, person_area
from retarget_tf.retargeting.targets import Target

NAMES = ("copy", "doll", "moved_doll", "blurred", "limbs", "served", "generator", "true_maps")
_BLUR = 1.5  # standard deviation in pixels
_ENLARGED_BLUR = 0.7  # standard deviation in pixels of a small map, which rounds off its steps


@dataclasses.dataclass(frozen=True)
class Moment:
    """What a frame is made for.

    Attributes:
        pose: float32 `[25, 3]` in pixels of the canvas.
        ground: y of the floor in pixels; NaN if it is not known.
        real_map: True class ids, uint8 `[size, size]`.
        generated_map: The generator's class ids, of any size; None without a generator.
    """

    pose: Float32Array
    ground: float
    real_map: Uint8Array
    generated_map: Uint8Array | None


@dataclasses.dataclass(frozen=True)
class Made:
    """A frame.

    Attributes:
        frame: RGB uint8 `[size, size, 3]`.
        drawn: bool `[size, size]`: pixels that the contender has drawn on, or that show the photo's person or shadow;
            all others must be the photo's.
    """

    frame: Uint8Array
    drawn: BoolArray


class Contenders:
    """Makes frames of one photo.

    Args:
        target: The person; the photo is the canvas itself.
        schema: Label schema of the photo's map.

    Raises:
        InputDataError: The photo's map has nobody.
    """

    def __init__(self, target: Target, schema: LabelSchema) -> None:
        self.photo, self.photo_map, self.photo_pose = (
            target.canvas,
            without_unknown(target.parsing_map),
            target.keypoints,
        )
        size = len(self.photo_map)
        if not self.photo_map.any():
            raise InputDataError("clip: the parsing map of the frame that is the photo shows nobody. Leave it out.")
        _, self._framing = frame_photo(target.photo.picture, target.photo.square, size, size)
        self._skeleton = Skeleton(self.photo_map, self.photo_pose, schema)
        self._look = look_at(self.photo, self._framing, self.photo_map, self._skeleton, schema)
        opacity = (self.photo_map > 0).astype(np.float32)
        self._shadow = shadow.find_shadow(self.photo, opacity, self.photo_pose)
        area = person_area(opacity) | self._shadow.area
        self._plate = make_plate(self.photo, area)
        self._filling = MapFilling(self.photo, self.photo_map, self._skeleton, schema)
        own = self._skeleton.move_to(self.photo_pose)
        self._behind_limbs, self._behind_filling = (
            PhotoBackground(self.photo, self._plate, opacity > 0, own_pose, area, self._shadow)
            for own_pose in (
                move_photos([self._look], [own], self._framing),
                self._filling.fill(self.photo_map, own),
            )
        )
        self._old = area | (opacity > 0)
        self._move_in_graph = _move_in_graph(self.photo, self.photo_pose, self.photo_map, schema)
        self._move_map = _limb_warp(schema, size).start(self.photo_pose[None], self.photo_map[None])
        colours = [self.photo[self.photo_map == i] for i in range(schema.num_classes)]
        everything = self.photo[self.photo_map > 0].mean(axis=0)
        self._means = np.array([pixels.mean(axis=0) if len(pixels) else everything for pixels in colours])

    def make(self, moment: Moment) -> dict[str, Made]:
        """Returns the frames of all contenders by name; without a generated map there is no `generator`."""
        motion = self._skeleton.move_to(moment.pose)
        moved = move_photos([self._look], [motion], self._framing)
        limbs = self._composed(moved, self._behind_limbs, moment)
        real_map = without_unknown(moment.real_map)
        made = {
            "copy": Made(self.photo, self._old),
            "doll": self._doll(real_map),
            "moved_doll": self._doll(self._move_map(moment.pose[None])[0]),
            "blurred": _blurred(limbs, moved),
            "limbs": limbs,
            "served": self._served(moment.pose),
        }
        if moment.generated_map is not None:
            wanted = enlarged_map(moment.generated_map, len(real_map))
            made["generator"] = self._composed(self._filling.fill(wanted, motion), self._behind_filling, moment)
        made["true_maps"] = self._composed(self._filling.fill(real_map, motion), self._behind_filling, moment)
        return made

    def _composed(self, layer: Layer, background: PhotoBackground, moment: Moment) -> Made:
        frame = background.compose(layer, moment.pose, moment.ground)
        shaded = shadow.darkening(frame.shape, moment.pose, moment.ground, self._shadow) < 1
        opacity = _on_canvas(layer, frame.shape)
        return Made(frame, self._old | shaded | person_area(opacity) | (opacity > 0))

    def _served(self, pose: Float32Array) -> Made:
        frame, opacity = (of_pose.numpy()[0] for of_pose in self._move_in_graph(tf.constant(pose[None])))
        around = moved_photo_graph.around_person(tf.constant(self.photo_map[None] > 0)[..., None])
        return Made(frame, self._old | (around.numpy()[0, ..., 0] > 0) | (opacity[..., 0] > 0))

    def _doll(self, parsing_map: Uint8Array) -> Made:
        person = parsing_map > 0
        frame = np.where(person[..., None], np.rint(self._means[parsing_map]), self._plate).astype(np.uint8)
        return Made(frame, self._old | person)


def enlarged_map(parsing_map: Uint8Array, size: int) -> Uint8Array:
    """Scales class ids to `[size, size]`, each class with a smooth outline; the map itself if it has that size."""
    if len(parsing_map) == size:
        return parsing_map
    best, enlarged = np.full((size, size), -1, np.float32), np.zeros((size, size), np.uint8)
    for class_id in np.unique(parsing_map):
        share = cv2.GaussianBlur((parsing_map == class_id).astype(np.float32), (0, 0), _ENLARGED_BLUR)
        share = cv2.resize(share, (size, size), interpolation=cv2.INTER_LINEAR)
        enlarged[share > best] = class_id
        best = np.maximum(best, share)
    return enlarged


def _move_in_graph(photo: Uint8Array, pose: Float32Array, parsing_map: Uint8Array, schema: LabelSchema) -> Any:
    """Returns a function from a pose `[1, 25, 3]` to the frame and opacity that a SavedModel answers with."""
    frame, own, ids = (tf.constant(array[None]) for array in (photo, pose, parsing_map))
    layers = moved_photo_graph.layers(frame, ids, schema)
    prepared = moved_photo_graph.prepare(frame, own, ids, *layers, schema)
    return tf.function(prepared.frame, autograph=False, reduce_retracing=True)


@functools.cache
def _limb_warp(schema: LabelSchema, size: int) -> LimbWarp:
    """Compiles the warp once for all clips of a size; one for several sizes would be traced without a size."""
    return LimbWarp(schema)


def _blurred(limbs: Made, layer: Layer) -> Made:
    """Blurs the person of a frame."""
    opacity = _on_canvas(layer, limbs.frame.shape)[..., None]
    frame = limbs.frame.astype(np.float32)
    frame += opacity * (cv2.GaussianBlur(frame, (0, 0), _BLUR) - frame)
    return Made(np.rint(frame).astype(np.uint8), limbs.drawn)


def _on_canvas(layer: Layer, shape: tuple[int, ...]) -> Float32Array:
    opacity = np.zeros(shape[:2], np.float32)
    opacity[layer.region] = layer.opacity
    return opacity
