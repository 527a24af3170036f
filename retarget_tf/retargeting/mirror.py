"""The person of a photo moves as somebody before a camera does.

    options = LiveOptions(target_photo="me.jpg")
    for shown in mirrored(Retargeter.load("stable_128"), options):
        window.show(shown.picture, shown.told)

Each frame is made from the newest picture of the camera; the ones that were taken meanwhile are dropped.
"""

import collections
import contextlib
import itertools
import time
from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage import cameras
from retarget_tf.footage.extraction.searching import open_detector
from retarget_tf.pictures import image_files
from retarget_tf.pictures.enlarging import enlarge_map
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.live_options import LiveOptions, check_background
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.retargeting.targets import Target

_RECENT = 30  # frames over which rate and latency are taken
_NOBODY = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
_LEAST_STEP = 1e-3  # seconds between two frames


class Mirrored(NamedTuple):
    """A frame of the stream.

    Attributes:
        picture: RGB uint8 `[height, width, 3]`: the person of the photo.
        seconds: When its picture was taken, from the first one.
        latency: Seconds from then until the frame was made; the median of the last frames.
        rate: Frames per second, over the last frames.
    """

    picture: Uint8Array
    seconds: float
    latency: float
    rate: float

    @property
    def told(self) -> str:
        """Rate and latency in words."""
        return f"{self.rate:.0f} frames/s, {1000 * self.latency:.0f} ms behind"


def mirrored(
    retargeter: Retargeter,
    options: LiveOptions,
    frame_options: FrameOptions | None = None,
    shots: Generator[cameras.Shot, None, None] | None = None,
) -> Generator[Mirrored, None, None]:
    """Yields a frame for each picture of the camera that there is time for, as soon as it is made.

    Args:
        retargeter: Makes frames or maps.
        options: Who is shown, and whom she follows.
        frame_options: Size and background of the frames; None for the defaults.
        shots: Pictures as they are taken, in place of those of the camera or the video of `options`.

    Raises:
        InputDataError: The photo, the video or the background cannot be read, the photo shows nobody, or the camera
            cannot be opened.
        MissingDependencyError: The keypoint detector is not installed.
        ConfigError: The background needs the source's pictures, or alpha.
    """
    frame_options = frame_options or FrameOptions()
    check_background(frame_options)
    if frame_options.background_file:
        image_files.load_photo(frame_options.background_file)
    target = retargeter.prepare_target(options.target_photo, search=options.target_search)
    move = _mover(retargeter, target, options, frame_options)
    move(_NOBODY, _LEAST_STEP)  # the first one takes seconds
    if shots is None:
        shots = cameras.played(options.source_video) if options.source_video else cameras.camera(options.camera)
    with (
        open_detector(options.source_search, video=True) as detector,
        contextlib.closing(cameras.newest(shots)) as newest,
    ):
        first = next(newest, None)
        if first is None:
            return
        before, ends = -_LEAST_STEP, collections.deque[float](maxlen=_RECENT)
        latencies = collections.deque[float](maxlen=_RECENT)
        for shot in itertools.chain([first], newest):
            seconds = max(shot.taken - first.taken, before + _LEAST_STEP)
            if options.seconds is not None and seconds > options.seconds:
                return
            picture = np.ascontiguousarray(shot.picture[:, ::-1]) if options.mirror else shot.picture
            found = detector.detect(picture, seconds)
            frame = move(_NOBODY if found is None else found, seconds - before)
            before = seconds
            ends.append(time.monotonic())
            latencies.append(ends[-1] - shot.taken)
            rate = (len(ends) - 1) / (ends[-1] - ends[0]) if len(ends) > 1 else 0.0
            yield Mirrored(frame, seconds, float(np.median(latencies)), rate)


def _mover(
    retargeter: Retargeter, target: Target, options: LiveOptions, frame_options: FrameOptions
) -> Callable[[Float32Array, float], Uint8Array]:
    """Returns the function from keypoints and the seconds since the last ones to a frame."""
    if options.show == "frames":
        return retargeter.live_frames(target, frame_options).step
    live, schema = retargeter.live(target), retargeter.label_schema
    side = max(retargeter.image_size, frame_options.height)
    return lambda keypoints, dt: schema.colour(enlarge_map(live.step(keypoints, dt), side))
