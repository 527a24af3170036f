"""Measures the dancers' bones: the numbers in `STANDARD` of `retarget_tf.body.pose_transform.bone_lengths`.

    python -m tests.benchmarks.bone_lengths --people=80 --seed=909

Prints for each bone: its mean length in standing heights, the standard deviation of its logarithm, and quantiles of its
length in the picture divided by its true length, at the size a person has in the middle of the stage.
"""

import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import Float64Array
from retarget_tf.body import skeleton
from retarget_tf.body.pose_transform.bone_lengths import QUANTILES, STANDARD
from retarget_tf.dancers import camera, draw_motion, draw_person, figure

_PEOPLE = flags.DEFINE_integer("people", 80, "number of people, with one dance each")
_SEED = flags.DEFINE_integer("seed", 909, "seed of the crowd")
_FRAMES = flags.DEFINE_integer("frames", 101, "frames of each dance")


def main() -> None:
    """Prints the table."""
    lengths, shortenings = zip(*(_look(person) for person in range(_PEOPLE.value)), strict=True)
    logs = np.log(lengths)
    quantiles = np.quantile(np.concatenate(shortenings, axis=1), QUANTILES, axis=1).T
    print(f"{'bone':16s}  share  spread  foreshortening at {QUANTILES}")
    for bone, mean, spread, shown in zip(STANDARD, logs.mean(axis=0), logs.std(axis=0), quantiles, strict=True):
        print(f"{skeleton.JOINTS[bone]:16s}  {np.exp(mean):.3f}  {spread:.3f}   {np.round(shown, 2)}")


def _look(number: int) -> tuple[Float64Array, Float64Array]:
    """Mean true lengths `[bones]`, and lengths in the picture over them `[bones, frames]`, of the person's left."""
    person = draw_person(_SEED.value, number)
    body = figure.build_figure(person, draw_motion(_SEED.value, number, 0, _FRAMES.value))
    lens = camera.frame_figure(body, person, 64)
    points = dict(body.landmarks)
    for middle, pair in (("neck", "shoulder"), ("mid_hip", "hip")):
        points[middle] = (points[f"left_{pair}"] + points[f"right_{pair}"]) / 2
    ends = [[points[skeleton.JOINTS[joint]] for joint in (bone, skeleton.PARENTS[bone])] for bone in STANDARD]
    lengths = np.array([np.linalg.norm(outer - inner, axis=-1).mean() for outer, inner in ends])
    seen = [np.linalg.norm(lens.project(outer) - lens.project(inner), axis=-1) for outer, inner in ends]
    return lengths, np.array(seen) / lens.scale / lengths[:, None]


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
