"""Plays a video as a camera, again and again: frames a second, latency, and whether memory grows.

python -m tests.benchmarks.live_rate --target_photo=photo.png --source_video=dance.mp4 --minutes=5
"""

import itertools
import resource
import time
from collections.abc import Generator

import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.footage import cameras
from retarget_tf.pictures import video
from retarget_tf.program import settings
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.live_options import LiveOptions
from retarget_tf.retargeting.mirror import mirrored
from retarget_tf.retargeting.retargeter import Retargeter

_MINUTES = flags.DEFINE_float("minutes", 5, "how long", lower_bound=0.1)
_LIVE = settings.define_flags(LiveOptions)
_FRAMES = settings.define_flags(FrameOptions)

_TENTHS = 10


def main() -> None:
    """Prints a line for each tenth of the time."""
    options = LiveOptions(**settings.given(_LIVE))
    frames = mirrored(
        Retargeter.load("stable_128"),
        options,
        FrameOptions(**settings.given(_FRAMES)),
        _again(str(options.source_video)),
    )
    seconds = _MINUTES.value * 60
    print("seconds  frames/s  median latency ms  largest memory so far MB")
    for tenth, of_tenth in itertools.groupby(frames, lambda frame: int(frame.seconds / seconds * _TENTHS)):
        if tenth >= _TENTHS:
            break
        latencies = [frame.latency for frame in of_tenth]  # no pictures, which would be the memory that grows
        rate = len(latencies) / (seconds / _TENTHS)
        latency = 1000 * float(np.median(latencies))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{(tenth + 1) * seconds / _TENTHS:7.0f}  {rate:8.1f}  {latency:17.0f}  {memory:24.0f}", flush=True)
    frames.close()


def _again(path: str) -> Generator[cameras.Shot, None, None]:
    start, passed = time.monotonic(), 0.0
    while True:
        for frame in video.read_timed_frames(path):
            taken = start + passed + frame.seconds
            time.sleep(max(0.0, taken - time.monotonic()))
            yield cameras.Shot(frame.frame, taken)
        passed += frame.seconds + frame.duration


if __name__ == "__main__":
    program.run(main)
