"""Measures how fast photographic frames are made and written, and that memory does not grow with their number.

    python -m tests.benchmarks.frames_speed --frames=2400

A rendered dancer's photo, as high as the video, dances the dance of another rendered dancer, which is repeated until
there are enough frames; both are given with keypoints, and the photo with its map. Prints for each height:

    first s     seconds from the call to the first frame: cutting the photo up, and filling its background
    frames/s    of the others: moving, composing and encoding them
    MB early    largest memory of the process so far, after a tenth of the frames
    MB late     the same at the end
"""

import dataclasses
import pathlib
import resource
import tempfile
import time
from collections.abc import Iterator

import numpy as np
from absl import flags

from retarget_tf import dancers, program
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.pictures import image_files, video
from retarget_tf.retargeting import sources, targets
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.retargeter import Retargeter

_HEIGHTS = flags.DEFINE_multi_integer("heights", [256, 720], "heights of photo and video in pixels", lower_bound=64)
_FRAMES = flags.DEFINE_integer("frames", 2400, "frames to write", lower_bound=10)
_MODEL = flags.DEFINE_string("model", "stable_128", "what --model of retarget takes")

_DANCE = 120  # frames of the dance that is repeated
_SIZE = 128  # of its pictures


def main() -> None:
    """Prints the table."""
    retargeter = Retargeter.load(_MODEL.value)
    print("height  first s  frames/s  MB early  MB late", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source = _source(pathlib.Path(folder))
        for height in _HEIGHTS.value:
            target = _target(pathlib.Path(folder), height, retargeter)
            watch = _Watch(source)
            options = FrameOptions(height=height)
            retargeter.write_video(target, watch.source, pathlib.Path(folder) / "out.mp4", options=options)
            print(f"{height:6d}  {watch.summary()}", flush=True)


class _Watch:
    """Notes the time and the memory whenever a source is asked for a frame."""

    def __init__(self, source: sources.Source) -> None:
        self._inner = source
        self._notes: list[tuple[float, int]] = []
        self._begin = time.perf_counter()
        self.source = dataclasses.replace(source, open_frames=self._watched)

    def summary(self) -> str:
        """Returns the columns of the table."""
        seconds, sizes = zip(*self._notes, strict=True)
        rate = (len(seconds) - 1) / (time.perf_counter() - seconds[1])
        early, late = sizes[len(sizes) // 10], sizes[-1]
        return f"{seconds[1] - self._begin:7.2f}  {rate:8.1f}  {early / 2**10:8.0f}  {late / 2**10:7.0f}"

    def _watched(self, pictures: bool) -> Iterator[video.TimedFrame]:
        for frame in self._inner.open_frames(pictures):
            self._notes.append((time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
            yield frame


def _source(folder: pathlib.Path) -> sources.Source:
    recipe = dancers.Recipe(0, 1, 0, min(_DANCE, _FRAMES.value), _SIZE)
    dance = list(dancers.render_frames(recipe))
    order = [*range(len(dance)), *range(len(dance) - 2, 0, -1)]  # there and back again, without a jump
    turns = [order[index % len(order)] for index in range(_FRAMES.value)]
    with video.VideoWriter(folder / "dance.mp4", 30) as writer:
        for index in turns:
            writer.write(dance[index][0])
    return sources.video_source(folder / "dance.mp4", np.stack([dance[index][2] for index in turns]))


def _target(folder: pathlib.Path, height: int, retargeter: Retargeter) -> targets.Target:
    photo, maps, keypoints = next(iter(dancers.render_frames(dancers.Recipe(0, 0, 0, 2, height))))
    (folder / "photo.png").write_bytes(image_files.encode_png(photo))
    (folder / "map.png").write_bytes(image_files.encode_png(maps[PARTS10.name]))
    return retargeter.prepare_target(folder / "photo.png", keypoints, target_map=folder / "map.png")


if __name__ == "__main__":
    program.run(main)
