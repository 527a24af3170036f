"""Measures how steady extracted maps are: agreement between two crops of 10 % difference, and flicker over time.

    python -m tests.benchmarks.extraction_agreement --videos='videos/*.mp4'

Agreement: every frame is parsed twice from scratch. The second time all views of extraction are 10 % larger: the
picture in which the pose is found is 10 % smaller, the segmenter's view and the clip's crop are 10 % larger, and the
vote on the clothes is repeated. The second map is then resampled to the pixels of the first. mIoU over the 9 foreground
classes: intersections and unions summed over the frames of a clip, mean over the classes present, mean over clips.

Flicker: the share of pixels that change between consecutive maps, and the same as a share of the person's pixels.
Motion contributes too, so use it only to compare two ways of extracting the same videos.
"""

import glob
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import Int64Array, Uint8Array

_VIDEOS = flags.DEFINE_string("videos", None, "Videos: a file name or a pattern.", required=True)
_SIZE = flags.DEFINE_integer("size", 256, "Side of the maps in pixels.", lower_bound=32)
_SCALE = flags.DEFINE_float("scale", 1.1, "How much larger the second look is.", lower_bound=1)
_MAX_FRAMES = flags.DEFINE_integer("max_frames", 0, "Frames of each video to read; 0 for all.", lower_bound=0)

if TYPE_CHECKING:
    from retarget_tf.pictures.square_crop import SquareCrop

_Map = Uint8Array
_NUM_CLASSES = 10


def main() -> None:
    """Prints one line a video, and the means."""
    from retarget_tf.body import parsing_labels
    from retarget_tf.errors import InputDataError

    rows = []
    paths = sorted(glob.glob(_VIDEOS.value))
    if not paths:
        raise InputDataError(f"videos {_VIDEOS.value}: no file matches. Check --videos.")
    for path in paths:
        first, crop = _look(path, 1.0)
        second, _ = _look(path, _SCALE.value, crop)
        shared, union = np.sum([_overlaps(a, b) for a, b in zip(first, second, strict=True)], axis=0)
        present = [i for i in range(1, _NUM_CLASSES) if union[i]]
        changed = sum(int((a != b).sum()) for a, b in itertools.pairwise(first))
        flicker = changed / (len(first) - 1) / first[0].size, changed / max(sum(int((a > 0).sum()) for a in first), 1)
        rows.append((float(np.mean(shared[present] / union[present])), *flicker))
        classes = " ".join(f"{parsing_labels.PARTS10.classes[i]} {shared[i] / union[i]:.2f}" for i in present)
        print(
            "{}: mIoU {:.3f}, flicker {:.4f} of the picture, {:.3f} of the person".format(path, *rows[-1]), flush=True
        )
        print(f"    {classes}", flush=True)
    print("mean of {} clips: mIoU {:.3f}, flicker {:.4f} and {:.3f}".format(len(rows), *np.mean(rows, axis=0)))


def _look(path: str, scale: float, crop: "SquareCrop | None" = None) -> "tuple[list[_Map], SquareCrop]":
    """Parses a whole video from scratch.

    Args:
        path: of the video.
        scale: how much larger everything that is looked through is.
        crop: the clip's square in pixels of the video; found anew where it is None.

    Returns:
        The maps in the pixels of that square, and the square.
    """
    from retarget_tf.body import keypoint_filters, skeleton
    from retarget_tf.footage.extraction import ExtractionConfig, cropping, following
    from retarget_tf.footage.extraction.parser import PartsParser, PosedImage
    from retarget_tf.pictures import video
    from retarget_tf.pictures.square_crop import SquareCrop

    header = video.probe(path)
    height, width = next(_frames(path, scale)).shape[:2]
    with PartsParser(view_scale=scale) as parser:
        track = following.find_person(_frames(path, scale), header.fps, view_of=parser.view_of)
        if crop is None:
            seen = skeleton.drop_unseen(track.keypoints, width, height)
            crop = cropping.clip_crop(seen, width, height, ExtractionConfig().margin)
        if crop is None:
            raise ValueError(f"the video must show somebody. Received: path={path}")
        ours = SquareCrop(crop.left / scale, crop.top / scale, crop.side / scale)  # in the smaller picture
        spare = ours.side * (scale - 1)
        larger = SquareCrop(ours.left - spare / 2, ours.top - spare / 2, ours.side + spare)
        posed = map(PosedImage, _frames(path, scale), keypoint_filters.bridge_absences(track.keypoints, header.fps))
        parsed = parser.parse_frames(posed, larger, _SIZE.value, parser.vote(track.views))
        within = ours.relative_to(larger, _SIZE.value)
        return [within.apply_map(image.parsing_map, _SIZE.value) for image in parsed], crop


def _frames(path: str, scale: float) -> Iterator[_Map]:
    """The frames, smaller by `scale`."""
    from retarget_tf.pictures import video

    for frame in itertools.islice(video.read_frames(path), _MAX_FRAMES.value or None):
        yield cv2.resize(frame, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA) if scale > 1 else frame


def _overlaps(first: _Map, second: _Map) -> Int64Array:
    """Intersections and unions of the classes in pixels: `[2, classes]`."""
    pairs = first.ravel().astype(np.int64) * _NUM_CLASSES + second.ravel()
    joint = np.bincount(pairs, minlength=_NUM_CLASSES**2).reshape(_NUM_CLASSES, _NUM_CLASSES)
    shared = joint.diagonal()
    return np.stack([shared, joint.sum(axis=0) + joint.sum(axis=1) - shared])


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
