"""Parses pictures of a person into `parts10` maps with MediaPipe's segmenter and the person's keypoints.

The segmenter is run on a close square around the person (`cropping.person_view`), in which she is turned upright, for
several frames in parallel. Its confidences are resampled to the wanted square, averaged over time (`steadying`) and
combined with the pose (`parts`).
"""

import collections
import concurrent.futures
import contextlib
import hashlib
import os
import queue
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Self, TypeVar

import cv2
import numpy as np

from retarget_tf import files
from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.footage.extraction import cropping, detectors, parts, wardrobe
from retarget_tf.footage.extraction.body_geometry import Bones, bones_of, nearness
from retarget_tf.footage.extraction.steadying import SegmentedFrame, steadied
from retarget_tf.footage.extraction.views import parsed_upright
from retarget_tf.pictures.square_crop import SquareCrop

_In = TypeVar("_In")
_Out = TypeVar("_Out")

_VIEW = detectors.SEGMENTER_SIZE
_ViewKey = tuple[bytes, int]  # of a view and how it is turned


class PosedImage(NamedTuple):
    """Picture RGB uint8 `[height, width, 3]` and keypoints float32 `[25, 3]` of its person, in its pixels."""

    image: Uint8Array
    keypoints: Float32Array


class ParsedImage(NamedTuple):
    """Square picture RGB uint8 `[size, size, 3]` and its parsing map, class ids uint8 `[size, size]`."""

    image: Uint8Array
    parsing_map: Uint8Array


class PartsParser:
    """Parses pictures of one person into `parts10`; must be used as a context manager, which frees native resources.

    `external_parser.ExternalParser` has the same methods for a network from a file.

    Args:
        models_folder: Folder of the segmenter's file; None for `models.default_folder()`.
        workers: Number of frames that are segmented in parallel; None for one per core, at most 4.
        view_scale: Enlarges the segmenter's view by this factor, to measure how much maps depend on it.

    Raises:
        MissingDependencyError: mediapipe or the model file is not installed; names the command that installs it.
    """

    schema = PARTS10

    def __init__(
        self, *, models_folder: files.PathLike | None = None, workers: int | None = None, view_scale: float = 1.0
    ) -> None:
        self._workers = workers or min(os.cpu_count() or 1, 4)
        self._view_scale = view_scale
        self._resources = contextlib.ExitStack()
        self._idle: queue.SimpleQueue[detectors.Segmenter] = queue.SimpleQueue()
        self._voted: dict[_ViewKey, Float32Array] = {}  # confidences of the views of the last vote
        with contextlib.ExitStack() as opened:
            for _ in range(self._workers):
                self._idle.put(opened.enter_context(detectors.Segmenter(models_folder=models_folder)))
            self._pool = opened.enter_context(concurrent.futures.ThreadPoolExecutor(self._workers))
            self._resources = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def view_of(self, posed: PosedImage) -> PosedImage | None:
        """Crops a picture to the segmenter's view, with keypoints in its pixels; returns None without a person."""
        view = self._view_square(posed)
        if view is None:
            return None
        return PosedImage(view.apply(posed.image, _VIEW), view.move_keypoints(posed.keypoints, _VIEW))

    def _view_square(self, posed: PosedImage) -> SquareCrop | None:
        height, width = posed.image.shape[:2]
        return cropping.person_view(posed.keypoints, width, height, self._view_scale)

    def vote(self, views: Iterable[PosedImage]) -> wardrobe.Wardrobe:
        """Estimates what the person wears by a vote of a few dozen views (`view_of`) of the same clip.

        Their confidences, 1.5 MB each, are kept until the next vote: frames with these views need no segmenter then.
        """
        voted: dict[_ViewKey, Float32Array] = {}

        def ballot(view: PosedImage) -> wardrobe.Ballot | None:
            bones = bones_of(view.keypoints)
            if bones is None:
                return None
            values = voted[_key(*view)] = self._segment(*view)
            return _ballot(view, values, bones)

        ballots = [ballot for ballot in self._in_order(ballot, views) if ballot is not None]
        self._voted = voted
        return wardrobe.count(ballots)

    def parse_frames(
        self, frames: Iterable[PosedImage], crop: SquareCrop, size: int, clothes: wardrobe.Wardrobe
    ) -> Iterator[ParsedImage]:
        """Yields the cropped frame and its parsing map for each frame.

        Args:
            frames: Pictures of one clip, in order. Only a few are kept in memory.
            crop: Square of the pictures to return.
            size: Side of the returned pictures and maps in pixels.
            clothes: Result of `vote` for the clip.

        Yields:
            Cropped frame and map; the map is all background if the keypoints show nobody.
        """

        def segmented(posed: PosedImage) -> SegmentedFrame:
            keypoints = crop.move_keypoints(posed.keypoints, size)
            return SegmentedFrame(crop.apply(posed.image, size), self._confidences(posed, crop, size), keypoints)

        for frame in steadied(self._in_order(segmented, frames)):
            yield ParsedImage(frame.image, parts.assign(frame.confidences, frame.keypoints, clothes))

    def parse(self, posed: PosedImage, crop: SquareCrop, size: int) -> Uint8Array:
        """Returns the parsing map uint8 `[size, size]` of a square of a single picture."""
        view = self.view_of(posed)
        clothes = self.vote([] if view is None else [view])
        return next(self.parse_frames([posed], crop, size, clothes)).parsing_map

    def opacity(self, posed: PosedImage, crop: SquareCrop, size: int) -> Float32Array:
        """Returns the confidence that a pixel of the square shows a person, float32 `[size, size]` in 0..1."""
        return np.clip(1 - self._confidences(posed, crop, size)[..., detectors.BACKGROUND], 0, 1)

    def _confidences(self, posed: PosedImage, crop: SquareCrop, size: int) -> Float32Array:
        """Returns the segmenter's confidences `[size, size, 6]` in the square; background outside view and picture."""
        view = self._view_square(posed)
        if view is None:
            return _only_background(size)
        values = self._segment(view.apply(posed.image, _VIEW), posed.keypoints)
        person = values[..., 1:]  # without the background channel, zeros mean background
        return _with_background(_place(person, view, crop, size) * inside_picture(posed.image, crop, size)[..., None])

    def _segment(self, view: Uint8Array, keypoints: Float32Array) -> Float32Array:
        if (known := self._voted.get(_key(view, keypoints))) is not None:
            return known
        segmenter = self._idle.get()
        try:
            return parsed_upright(segmenter.segment, view, keypoints)
        finally:
            self._idle.put(segmenter)

    def _in_order(self, function: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[_Out]:
        """Maps a function over items on several threads, and takes items only as needed to save memory."""
        pending: collections.deque[concurrent.futures.Future[_Out]] = collections.deque()
        for item in items:
            pending.append(self._pool.submit(function, item))
            if len(pending) > self._workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _ballot(view: PosedImage, values: Float32Array, bones: Bones) -> wardrobe.Ballot | None:
    """Returns the vote of a view whose confidences are `values`; None if they show nobody."""
    rows, columns = parts.candidates(values)
    if not len(rows):
        return None
    near = nearness(np.stack([columns, rows], axis=-1).astype(np.float32) + 0.5, bones)
    lab = cv2.cvtColor(view.image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return wardrobe.ballot(values[rows, columns], lab[rows, columns], bones, near)


def _key(view: Uint8Array, keypoints: Float32Array) -> _ViewKey:
    return hashlib.sha256(view.data).digest(), skeleton.quarter_turns(keypoints)


def _place(values: Float32Array, view: SquareCrop, crop: SquareCrop, size: int) -> Float32Array:
    """Resamples values `[256, 256, channels]` of a view to the square `crop` of `size` pixels; 0 outside the view."""
    within = crop.relative_to(view, _VIEW)
    scale = within.side / size
    shift = (scale - 1) / 2  # because pixel centres are at +0.5
    inverse = np.array([[scale, 0, within.left + shift], [0, scale, within.top + shift]])
    return cv2.warpAffine(values, inverse, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def inside_picture(image: Uint8Array, crop: SquareCrop, size: int) -> BoolArray:
    """Returns bool `[size, size]`: which pixels of the square lie in the picture; the crop repeats edges."""
    centres = (np.arange(size) + 0.5) * crop.side / size
    x, y = crop.left + centres, crop.top + centres
    return ((y >= 0) & (y < image.shape[0]))[:, None] & ((x >= 0) & (x < image.shape[1]))


def _with_background(person: Float32Array) -> Float32Array:
    return np.concatenate([1 - person.sum(axis=-1, keepdims=True), person], axis=-1)


def _only_background(size: int) -> Float32Array:
    return _with_background(np.zeros((size, size, detectors.NUM_CHANNELS - 1), np.float32))
