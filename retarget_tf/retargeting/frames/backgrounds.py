"""What the moved person is laid over: the photo's background, another one, the source video, or nothing."""

import abc

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.pictures import image_files
from retarget_tf.pictures.channels import in_channels
from retarget_tf.pictures.nearest import nearest_pixels
from retarget_tf.retargeting.frames import shadow
from retarget_tf.retargeting.frames.moved_photo import Layer
from retarget_tf.retargeting.frames.options import BLUR, NONE, PHOTO, FrameOptions
from retarget_tf.retargeting.frames.plate import make_plate, person_area

_SOME = 0.05  # opacity from which a pixel belongs to the person
_LEAST = 1e-4  # stillness; smaller ones are rounding errors
_CRACK = 9  # width in pixels up to which a gap in the person is a crack between two parts
_OUT_OF_FOCUS = 0.02  # standard deviation of the blur, as a share of the picture's longer side


class Background(abc.ABC):
    """Composes the frames of a dance."""

    @abc.abstractmethod
    def compose(self, layer: Layer, keypoints: Float32Array, ground: float) -> Uint8Array:
        """Returns a frame.

        Args:
            layer: The person.
            keypoints: Her pose, float32 `[25, 3]` in pixels of the picture.
            ground: y of the floor in pixels of the picture; NaN if it is not known.
        """


def make_background(
    options: FrameOptions,
    photo: Uint8Array,
    opacity: Float32Array,
    person: BoolArray,
    keypoints: Float32Array,
    own_pose: Layer,
    seen: Uint8Array | None = None,
) -> Background:
    """Makes the background that the options ask for, except that of a source video.

    Args:
        options: Which background.
        photo: RGB uint8 `[height, width, 3]`.
        opacity: How much of each of its pixels the person covers, float32 `[height, width]` in 0..1.
        person: Where the person's map is, bool `[height, width]`.
        keypoints: Her pose in it, float32 `[25, 3]` in its pixels.
        own_pose: Her cut-outs in this pose.
        seen: What is behind her, RGB uint8 of the photo's shape, if other pictures show it; None fills it in.
    """
    if options.background == NONE:
        return _Nothing(photo.shape)
    if options.background in (PHOTO, BLUR):
        old_shadow = shadow.find_shadow(photo, opacity, keypoints)
        area = person_area(opacity) | old_shadow.area
        plate = make_plate(photo, area) if seen is None else np.where(area[..., None], seen, photo)
        if options.background == PHOTO:
            return PhotoBackground(photo, plate, person, own_pose, area, old_shadow)
        return StillBackground(cv2.GaussianBlur(plate, (0, 0), _OUT_OF_FOCUS * max(photo.shape)))
    if options.colour is not None:
        return StillBackground(np.full_like(photo, options.colour))
    picture = image_files.load_photo(str(options.background_file))
    return StillBackground(_cut_to_fit(picture, photo.shape[0], photo.shape[1]))


class StillBackground(Background):
    """A picture that stays the same."""

    def __init__(self, picture: Uint8Array) -> None:
        self._picture = picture

    def compose(self, layer: Layer, keypoints: Float32Array, ground: float) -> Uint8Array:
        """See `Background`."""
        return over(layer, self._picture)


class PhotoBackground(Background):
    """The photo without its person; where she has not moved, the photo's own pixels.

    Args:
        photo: RGB uint8 `[height, width, 3]`.
        plate: The photo without her, of the same shape.
        person: Where her map is, bool `[height, width]`.
        own_pose: Her cut-outs in her own pose.
        area: Where the plate may differ from the photo, bool `[height, width]`.
        old_shadow: Her shadow.
    """

    def __init__(
        self,
        photo: Uint8Array,
        plate: Uint8Array,
        person: BoolArray,
        own_pose: Layer,
        area: BoolArray,
        old_shadow: shadow.Shadow,
    ) -> None:
        self._photo, self._plate, self._shadow = photo, plate, old_shadow
        self._was_there = person
        shown, covered = np.zeros(person.shape, np.float32), np.zeros(person.shape, bool)
        shown[own_pose.region], covered[own_pose.region] = _still_share(own_pose), own_pose.opacity > _SOME
        self._stillest = shown[nearest_pixels(covered)] if covered.any() else shown
        self._area = area

    def compose(self, layer: Layer, keypoints: Float32Array, ground: float) -> Uint8Array:
        """See `Background`."""
        background = shadow.lay_shadow(self._plate, self._photo, self._shadow, keypoints, ground)
        frame = over(layer, background)
        return self._with_still_pixels(frame, layer)

    def _with_still_pixels(self, frame: Uint8Array, layer: Layer) -> Uint8Array:
        """Puts the photo's own pixels back where the person has not moved; changes the frame.

        A pixel is compared with the own pose, in which none moves: between two parts both cover it in part. It is put
        back in full where it is as still as there, and not at all where it is half as still. Pixels around her take
        part as far as the plate replaces them: each does as the nearest pixel of the old or new person.
        """
        of_own_pose = _still_share(layer) / np.maximum(self._stillest[layer.region], _LEAST)
        still = np.clip(2 * of_own_pose - 1, 0, 1)
        if not still.any():
            return frame
        shown = np.zeros(frame.shape[:2], np.float32)
        shown[layer.region] = still
        covered = np.zeros(frame.shape[:2], bool)
        covered[layer.region] = layer.opacity > _SOME
        # A crack between two parts is no place that she has left.
        closed = cv2.morphologyEx(covered.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_CRACK, _CRACK), np.uint8)) > 0
        person = (self._was_there & ~closed) | covered
        rows, columns = _box(self._area | covered)
        share = shown[rows, columns][nearest_pixels(person[rows, columns])]
        share *= self._area[rows, columns] | covered[rows, columns]
        here = frame[rows, columns].astype(np.float32)
        frame[rows, columns] = np.rint(here + in_channels(share, 3) * (self._photo[rows, columns] - here))
        return frame


class _Nothing(Background):
    """Nothing: frames are RGBA, with colours that go on beyond the outline."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape

    def compose(self, layer: Layer, keypoints: Float32Array, ground: float) -> Uint8Array:
        """See `Background`."""
        frame = np.zeros((*self._shape[:2], 4), np.uint8)
        if layer.opacity.size:
            colours = layer.colours / np.maximum(layer.opacity, 1e-3)[..., None]
            frame[layer.region][..., :3] = np.clip(np.rint(colours), 0, 255)
            frame[layer.region][..., 3] = np.rint(layer.opacity * 255)
        return frame


def over(layer: Layer, background: Uint8Array) -> Uint8Array:
    """Lays a person over a background, RGB uint8 `[height, width, 3]`; returns a new picture."""
    picture = background.copy()
    behind = background[layer.region].astype(np.float32)
    behind *= in_channels(1 - layer.opacity, 3)
    behind += layer.colours
    picture[layer.region] = np.clip(np.rint(behind), 0, 255)
    return picture


def _still_share(layer: Layer) -> Float32Array:
    """Returns how much of what a person covers of each pixel is still, 0 where that is next to nothing."""
    return np.where(layer.opacity > _SOME, layer.stillness / np.maximum(layer.opacity, _SOME), 0)


def _box(mask: BoolArray) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _cut_to_fit(picture: Uint8Array, height: int, width: int) -> Uint8Array:
    """Scales a picture until it covers a frame, and cuts off what is over on both sides."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = max(round(picture.shape[1] * scale), width), max(round(picture.shape[0] * scale), height)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, size, interpolation=interpolation)
    top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])
