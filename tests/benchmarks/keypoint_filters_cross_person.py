"""Measures what each keypoint filter gains: damaged keypoints of one dancer predict another dancer of the same dance.

    python -m data.make_dancers --out=clips --size=64 --frames=201 --clips_per_person=1 --seed=78 --people=20
    python -m data.make_dancers --out=crossed --motion_of=clips
    python -m tests.benchmarks.keypoint_filters_cross_person --clips=clips --crossed=crossed

As in `pose_transform_cross_person`, A's dance is fitted to B from one photo (`limbs`) and compared with B's true poses;
here A's keypoints are damaged first and then go through all filters, through all but one, or through none. `error` is
in % of B's height over joints seen in both, `worst` its 95th percentile, `seen` the share of the truth's joints, and
`mIoU` compares `limb_warp` of B's first map with B's true map in every 5th frame.

The damage: `detector` combines the faults of a pose detector: jitter of 0.8 % of the height, twice as much at wrists,
ankles and toes; an exchange of the whole person, the arms or the legs for 2 to 12 frames in half of the moments in
which the body is seen from the side; each elbow and wrist lost for 1 to 30 frames, 15 % of the time. `arm for 10
frames` drops the left arm for 10 of every 40 frames, `arm never seen` drops it everywhere.
"""

from collections.abc import Callable

import cv2
import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import BoolArray, Float32Array
from retarget_tf.body import keypoint_filters, skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.evaluation import baselines, metrics
from tests.benchmarks import pose_transform_cross_person as cross_person
from tests.benchmarks.pose_transform_cross_person import Case

_SEED = flags.DEFINE_integer("seed", 0, "Seed of the errors added to the keypoints.")

Spoil = Callable[[Float32Array, float, np.random.Generator], Float32Array]
Filter = Callable[[Float32Array], Float32Array]

_EVERY = 5  # frames are compared as maps
_FPS = 30
_TWINS = np.asarray(skeleton.MIRRORED_JOINT)


def _joints(*parts: str, sides: tuple[str, ...] = ("left", "right")) -> list[int]:
    return [skeleton.JOINT[f"{side}_{part}"] for part in parts for side in sides]


_LEFT_ARM = _joints("elbow", "wrist", sides=("left",))
_RIGHT_ARM = _joints("elbow", "wrist", sides=("right",))
_SWAPPED = (
    list(range(skeleton.NUM_JOINTS)),
    _joints("elbow", "wrist"),
    _joints("knee", "ankle", "heel", "big_toe"),
)

_STEPS: dict[str, Filter] = {
    "swaps": lambda keypoints: keypoint_filters.repair_swaps(keypoints, _FPS),
    "outliers": lambda keypoints: keypoint_filters.drop_outliers(keypoints, _FPS),
    "gaps": lambda keypoints: keypoint_filters.fill_gaps(keypoints, _FPS),
    "twin": keypoint_filters.fill_from_twin,
    "smoothing": lambda keypoints: keypoint_filters.smooth(keypoints, _FPS),
}


def main() -> None:
    """Prints a table for each way to spoil."""
    cases = cross_person.read_cases()
    warp = baselines.LimbWarp(PARTS10)
    for name, spoil in _SPOILS.items():
        cross_person.print_row(f"\n{name}", "error", "worst", "seen", "mIoU")
        for row, mend in _FILTERS.items():
            rng = np.random.default_rng(_SEED.value)
            cross_person.print_row(row, *np.mean([_measure(case, spoil, mend, rng, warp) for case in cases], axis=0))


def _measure(
    case: Case, spoil: Spoil, mend: Filter, rng: np.random.Generator, warp: baselines.LimbWarp
) -> tuple[float, float, float, float]:
    mended = mend(spoil(case.source, case.source_height, rng))
    placed = cross_person.fit_limbs(_with_source(case, mended), case.target[:1])
    error, seen = cross_person.errors(case, placed)
    shown = seen.sum() / (case.truth[..., 2] > 0).sum()
    worst = float(np.percentile(error[seen], 95))
    return 100 * float(error[seen].mean()), 100 * worst, 100 * float(shown), _map_score(case, placed, warp)


def _with_source(case: Case, source: Float32Array) -> Case:
    return Case(**{**vars(case), "source": source})


def _map_score(case: Case, placed: Float32Array, warp: baselines.LimbWarp) -> float:
    """100 times the mIoU of the clip."""
    paths = placed[::_EVERY]
    first = np.repeat(next(case.own.read_maps("parts10"))[None], len(paths), axis=0)
    generated = warp.start(np.repeat(case.target[:1], len(paths), axis=0), first)(paths)
    shift, zoom = cross_person.place_on_stage(case, placed), case.to_own.scale
    # OpenCV counts from the centre of the first pixel, keypoints from its corner.
    dx, dy = (zoom * 0.5 - 0.5 + offset for offset in (case.to_own.dx + shift, case.to_own.dy))
    forward = np.array([[zoom, 0, dx], [0, zoom, dy]])
    confusion = np.zeros((PARTS10.num_classes,) * 2, np.int64)
    for index, real in enumerate(case.crossed.read_maps("parts10")):
        if index % _EVERY == 0:
            moved = cv2.warpAffine(real, forward, real.shape[::-1], flags=cv2.INTER_NEAREST, borderValue=0)
            confusion += metrics.confusion_matrix(moved, generated[index // _EVERY], PARTS10.num_classes)
    return 100 * metrics.mean_iou(confusion)


def _all_but(*left_out: str) -> Filter:
    def mend(keypoints: Float32Array) -> Float32Array:
        for name, step in _STEPS.items():
            if name not in left_out:
                keypoints = step(keypoints)
        return keypoints

    return mend


def _as_in_a_stream(keypoints: Float32Array) -> Float32Array:
    """What `live` does, which cannot look ahead."""
    box = skeleton.person_box(keypoints[0])
    if box is None:
        return keypoints
    one_euro = keypoint_filters.OneEuroFilter(float(box[3] - box[1]))
    smooth = (one_euro.step(pose, 1 / _FPS)[None] for pose in keypoints)
    return np.concatenate([keypoint_filters.fill_from_twin(pose) for pose in smooth])


_FILTERS: dict[str, Filter] = {
    "nothing": lambda keypoints: keypoints,
    "all (clean_keypoints)": lambda keypoints: keypoint_filters.clean_keypoints(keypoints, _FPS),
    **{f"all but {name}": _all_but(name) for name in _STEPS},
    "smoothing alone": _all_but("swaps", "outliers", "gaps", "twin"),
    "One-Euro and twin": _as_in_a_stream,
}


def _jitter(keypoints: Float32Array, height: float, rng: np.random.Generator) -> Float32Array:
    amount = np.full((skeleton.NUM_JOINTS, 1), 0.008 * height)
    amount[_joints("wrist", "ankle", "heel", "big_toe")] *= 2
    noise = rng.normal(0, 1, keypoints.shape) * amount * [1, 1, 0]
    return np.where(keypoints[..., 2:] > 0, keypoints + noise, 0).astype(np.float32)


def _swap_in_turns(keypoints: Float32Array, height: float, rng: np.random.Generator) -> Float32Array:
    left, right = (keypoints[:, skeleton.JOINT[f"{side}_shoulder"]] for side in ("left", "right"))
    is_side = (np.abs(left[:, 0] - right[:, 0]) < 0.07 * height) & (left[:, 2] > 0) & (right[:, 2] > 0)
    spoilt = keypoints.copy()
    for start in np.flatnonzero(is_side[1:] & ~is_side[:-1]) + 1:
        if rng.uniform() < 0.5:
            joints = _SWAPPED[rng.integers(len(_SWAPPED))]
            span = slice(start, start + rng.integers(2, 13))
            spoilt[span, joints] = spoilt[span][:, _TWINS[joints]]
    return spoilt


def _lose_arms(keypoints: Float32Array, height: float, rng: np.random.Generator) -> Float32Array:
    spoilt = keypoints.copy()
    for arm in (_LEFT_ARM, _RIGHT_ARM):
        for start in rng.integers(0, len(keypoints), round(0.15 * len(keypoints) / 15.5)):
            spoilt[start : start + rng.integers(1, 31), arm] = 0
    return spoilt


def _lose_left_arm(keypoints: Float32Array, frames: BoolArray) -> Float32Array:
    spoilt = keypoints.copy()
    spoilt[frames[:, None] & np.isin(np.arange(skeleton.NUM_JOINTS), _LEFT_ARM)] = 0
    return spoilt


def _like_a_detector(keypoints: Float32Array, height: float, rng: np.random.Generator) -> Float32Array:
    return _lose_arms(_jitter(_swap_in_turns(keypoints, height, rng), height, rng), height, rng)


_SPOILS: dict[str, Spoil] = {
    "nothing": lambda keypoints, height, rng: keypoints,
    "detector": _like_a_detector,
    "swaps in turns": _swap_in_turns,
    "arm for 10 frames": lambda keypoints, height, rng: _lose_left_arm(keypoints, np.arange(len(keypoints)) % 40 >= 30),
    "arm never seen": lambda keypoints, height, rng: _lose_left_arm(keypoints, np.full(len(keypoints), True)),
}


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
