"""Measures how long one step of `limb_warp` takes on this machine.

    python -m data.make_dancers --out=clips --size=128 --frames=30 --clips_per_person=1 --people=4
    python -m tests.benchmarks.limb_warp_speed --clips=clips

Prints milliseconds of a call inside a `tf.function` at 64 and 128 px for one picture and for eight: wall time, and
processor time, which other programs on the machine disturb less. The values are medians of interleaved runs.
"""

import time
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import limb_warp
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dataset import clips

_CLIPS = flags.DEFINE_string("clips", None, "Folder of clips, of people who dance.", required=True)
_RUNS = flags.DEFINE_integer("runs", 40, "Calls of each kind.", lower_bound=1)

_SIZES, _BATCHES = (64, 128), (1, 8)


def main() -> None:
    """Prints the table."""
    samples = list(_samples(max(_BATCHES)))
    calls = {(size, batch): _call(samples[:batch], size) for size in _SIZES for batch in _BATCHES}
    times: dict[tuple[int, int], list[tuple[float, float]]] = {key: [] for key in calls}
    for _ in range(_RUNS.value):
        for key, (warp, inputs) in calls.items():
            wall, processors = time.perf_counter(), time.process_time()
            warp(*inputs)
            times[key].append((time.perf_counter() - wall, time.process_time() - processors))
    print("size  batch  wall ms  processor ms")
    for (size, batch), taken in times.items():
        wall, processors = 1e3 * np.median(taken, axis=0)
        print(f"{size:4d}  {batch:5d}  {wall:7.2f}  {processors:12.2f}")


def _samples(count: int) -> Iterator[tuple[Uint8Array, Float32Array, Float32Array]]:
    """Map and keypoints of first frames, and keypoints of the last; clips take turns."""
    found = clips.find_clips(_CLIPS.value)
    for index in range(count):
        clip = found[index % len(found)]
        yield next(clip.read_maps("parts10")), clip.keypoints[0], clip.keypoints[-1 - index // len(found)]


def _call(
    samples: list[tuple[Uint8Array, Float32Array, Float32Array]], size: int
) -> tuple[tf.types.experimental.PolymorphicFunction, list[tf.Tensor]]:
    """The traced step, with the samples brought to the size."""
    maps, references, keypoints = (np.stack(values) for values in zip(*samples, strict=True))
    one_hot = tf.one_hot(tf.cast(maps, tf.int32), PARTS10.num_classes)
    scale = np.array([size / maps.shape[1]] * 2 + [1], np.float32)
    inputs = [tf.image.resize(one_hot, (size, size), "nearest"), references * scale, keypoints * scale]
    # The batch is left open, as in a generator.
    signature = [tf.TensorSpec([None, *value.shape[1:]]) for value in inputs]
    warp = tf.function(lambda *args: limb_warp.warp_map(*args), input_signature=signature, autograph=False)
    inputs = [tf.constant(value) for value in inputs]
    warp(*inputs)
    return warp, inputs


if __name__ == "__main__":
    program.run(main)
