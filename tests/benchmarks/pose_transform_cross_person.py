"""How well one dancer's keypoints foretell another dancer's of the same dance: fits and filters against the truth.

    python -m data.make_dancers --out=clips --size=64 --frames=201 --clips_per_person=1 --seed=78 --people=20
    python -m data.make_dancers --out=crossed --motion_of=clips
    python -m tests.benchmarks.pose_transform_cross_person --clips=clips --crossed=crossed

For each crossed clip (B dances the dance of A) the keypoints of A's own clip are led onto B, and compared with what B
really does. Of B is known: nothing, one photo (frame 0 of B's own clip), or B's whole own clip. Errors are means over
joints seen in both, in % of B's standing height, then over clips; PCK is the share of joints within 5 % of it. Where on
the stage the dance takes place is a matter of choice: one shift in x for the whole clip (median of the hips) is taken
out. The truth is brought to the camera of B's own clip, which is known exactly.

A second table spoils A's keypoints and cleans them again: spans of 1 to 12 missing frames of an arm or leg (15 % of the
time), jitter of 1 % of the height, and swaps of the whole person, the arms or the legs for 1 to 24 frames.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from absl import flags

from retarget_tf import clips, keypoint_filters, pose_transform, program, skeleton
from retarget_tf.dancers import Recipe, camera, draw_motion, draw_person, figure
from retarget_tf.errors import InputDataError
from retarget_tf.pose_transform import PoseTransform, Proportions, Reshaping, similarity

_CLIPS = flags.DEFINE_string("clips", None, "Folder of dancers' own clips.", required=True)
_CROSSED = flags.DEFINE_string("crossed", None, "Folder of the same dances on their partners.", required=True)
_SEED = flags.DEFINE_integer("seed", 0, "Of what is spoilt.")

FloatArray = npt.NDArray[np.float32]
_ROOM = 4  # times the picture, so that no path has to shrink

_GROUPS = {
    "head": ("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    "shoulders": ("neck", "left_shoulder", "right_shoulder"),
    "arms": ("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    "hips": ("mid_hip", "left_hip", "right_hip"),
    "legs": ("left_knee", "right_knee", "left_ankle", "right_ankle"),
    "feet": ("left_heel", "right_heel", "left_big_toe", "right_big_toe"),
}
_HIP = skeleton.JOINT["mid_hip"]


@dataclasses.dataclass(frozen=True)
class _Case:
    """One pair, in pixels of the own clips; keypoints are `[frames, 25, 3]`."""

    source: FloatArray
    target: FloatArray
    truth: FloatArray
    height: float
    source_height: float
    size: int
    true_proportions: Proportions


def main() -> None:
    """Prints two tables."""
    cases = _read_cases()
    print(f"{len(cases)} pairs, {sum(len(case.truth) for case in cases)} frames; errors in % of the height")
    _print_row("", *_GROUPS, "mean", "PCK")
    _print_errors("as it lies in its picture", cases, [case.source for case in cases])
    for name, known in (("photo", slice(1)), ("clip", slice(None))):
        for row, fit in _FITS.items():
            _print_errors(f"{name}: {row}", cases, [fit(case, case.target[known]) for case in cases])
    ideal = [_fit(case, case.target, case.true_proportions) for case in cases]
    _print_errors("clip: true lengths", cases, ideal)
    print("\nspoilt and cleaned keypoints of the source, against its own; seen is the share of joints seen")
    _print_row("", "spoilt", "seen", "cleaned", "seen", "worst 5 % before", "and after")
    for name, spoil in _SPOILS.items():
        _print_row(name, *_measure_cleaning(cases, spoil))


def _read_cases() -> list[_Case]:
    own = {clip.info.person_id: clip for clip in clips.find_clips(_CLIPS.value)}
    cases = []
    for crossed in clips.find_clips(_CROSSED.value):
        recipe = Recipe.from_source(crossed.info.source)
        source, target = (own.get(name) for name in (draw_person(*recipe.dancer).person_id, crossed.info.person_id))
        if source is None or target is None or source.info.clip_id != crossed.info.motion_of:
            raise InputDataError(f"clip {crossed.folder}: --clips lacks one of its two people. Make both anew.")
        views, lengths = zip(*(_look(clip) for clip in (source, target, crossed)), strict=True)
        zoom = views[1].scale / views[2].scale
        dx, dy = views[1].centre - zoom * views[2].centre, views[1].floor - zoom * views[2].floor
        truth = similarity.Similarity(zoom, dx, dy).apply(crossed.keypoints)
        scale = views[1].scale / views[0].scale
        ratios = np.where(lengths[0] > 0, lengths[1] / np.maximum(lengths[0], 1e-9), 1).astype(np.float32)
        cases.append(
            _Case(
                source.keypoints, target.keypoints, truth, views[1].scale, views[0].scale, crossed.info.image_size,
                Proportions(scale, ratios),
            )
        )  # fmt: skip
    return cases


def _look(clip: clips.Clip) -> tuple[camera.Camera, npt.NDArray[np.float64]]:
    """The camera of a clip, and the mean lengths `[25]` of the bones in standing heights."""
    recipe = Recipe.from_source(clip.info.source)
    person = draw_person(recipe.seed, recipe.person)
    body = figure.build_figure(person, draw_motion(*recipe.dancer, recipe.clip, recipe.frames))
    points = dict(body.landmarks)
    for middle, pair in (("neck", "shoulder"), ("mid_hip", "hip")):
        points[middle] = (points[f"left_{pair}"] + points[f"right_{pair}"]) / 2
    lengths = np.zeros(skeleton.NUM_JOINTS)
    for joint, inner in pose_transform.PARENTS.items():
        ends = skeleton.JOINTS[joint], skeleton.JOINTS[inner]
        if all(end in points for end in ends):
            lengths[joint] = np.linalg.norm(points[ends[0]] - points[ends[1]], axis=-1).mean()
    return camera.frame_figure(body, person, recipe.size), lengths


def _fit(case: _Case, known: FloatArray, proportions: Proportions | None, *, ground: bool = True) -> FloatArray:
    """The source with these proportions, as `fit_path` stands it."""
    if proportions is None:
        raise InputDataError("clips: a dancer's legs and trunk are never seen. Make longer clips.")
    shaped = Reshaping.fitted(proportions.ratios, case.source).apply(case.source)
    if not ground:  # the hips stay, the feet go where they go
        shaped[..., 1] += (case.source[:, _HIP, 1] - shaped[:, _HIP, 1])[:, None] * (shaped[..., 2] > 0)
    return _placed(case, known, lambda known, size: similarity.stand(shaped, known, size, proportions.scale), shaped)


def _placed(
    case: _Case, known: FloatArray, fit: Callable[[FloatArray, int], PoseTransform], path: FloatArray
) -> FloatArray:
    """The path where `fit` puts it, on a canvas with room on all sides."""
    aside = (_ROOM - 1) * case.size / 2
    there, back = (similarity.Similarity(1.0, shift, shift) for shift in (aside, -aside))
    return back.apply(fit(there.apply(known), _ROOM * case.size).apply(path))


def _scale_alone(case: _Case, known: FloatArray) -> FloatArray:
    proportions = pose_transform.compare_bodies(case.source, known)
    return _fit(case, known, proportions and Proportions(proportions.scale, np.ones(25, np.float32)))


_FITS: dict[str, Callable[[_Case, FloatArray], FloatArray]] = {
    "height (body)": lambda case, known: _placed(
        case, known, lambda known, size: similarity.fit_body(case.source, known, size), case.source
    ),
    "scale of the limbs": _scale_alone,
    "+ each limb": lambda case, known: _fit(
        case, known, pose_transform.compare_bodies(case.source, known), ground=False
    ),
    "+ ground (limbs)": lambda case, known: _fit(case, known, pose_transform.compare_bodies(case.source, known)),
}


def _print_errors(name: str, cases: list[_Case], predictions: list[FloatArray]) -> None:
    rows = []
    for case, predicted in zip(cases, predictions, strict=True):
        seen = (predicted[..., 2] > 0) & (case.truth[..., 2] > 0)
        offset = predicted[..., :2] - case.truth[..., :2]
        offset[..., 0] -= np.median(offset[seen[:, _HIP], _HIP, 0])
        error = np.linalg.norm(offset, axis=-1) / case.height
        groups = ([skeleton.JOINT[joint] for joint in joints] for joints in _GROUPS.values())
        means = [error[:, group][seen[:, group]].mean() for group in groups]
        rows.append([*means, error[seen].mean(), (error[seen] < 0.05).mean()])
    _print_row(name, *(100 * np.mean(rows, axis=0)))


def _print_row(name: str, *values: "str | float") -> None:
    cells = (value if isinstance(value, str) else f"{value:.2f}" for value in values)
    print(f"{name:30s}" + "".join(f"{cell:>{max(10, len(cell) + 2)}s}" for cell in cells))


def _lose_limbs(keypoints: FloatArray, height: float, rng: np.random.Generator) -> FloatArray:
    parts = (("elbow", "wrist"), ("knee", "ankle", "heel", "big_toe"))
    limbs = [[skeleton.JOINT[f"{side}_{part}"] for part in limb] for side in ("left", "right") for limb in parts]
    spoilt = keypoints.copy()
    for limb in limbs:
        for start in rng.integers(0, len(keypoints), round(0.15 * len(keypoints) / 6.5)):
            spoilt[start : start + rng.integers(1, 13), limb] = 0
    return spoilt


def _jitter(keypoints: FloatArray, height: float, rng: np.random.Generator) -> FloatArray:
    noise = rng.normal(0, 0.01 * height, keypoints.shape) * [1, 1, 0]
    return np.where(keypoints[..., 2:] > 0, keypoints + noise, 0).astype(np.float32)


def _swap(keypoints: FloatArray, height: float, rng: np.random.Generator) -> FloatArray:
    spoilt, twins = keypoints.copy(), np.asarray(skeleton.MIRRORED_JOINT)
    names = (skeleton.JOINTS, _GROUPS["arms"], _GROUPS["legs"] + _GROUPS["feet"])
    for joints in ([skeleton.JOINT[name] for name in group] for group in names):
        for start in rng.integers(2, len(keypoints) - 26, 2):
            span = slice(start, start + rng.integers(1, 25))
            spoilt[span, joints] = spoilt[span][:, twins[joints]]
    return spoilt


def _all_of_it(keypoints: FloatArray, height: float, rng: np.random.Generator) -> FloatArray:
    return _lose_limbs(_jitter(_swap(keypoints, height, rng), height, rng), height, rng)


_SPOILS: dict[str, Callable[[FloatArray, float, np.random.Generator], FloatArray]] = {
    "nothing": lambda keypoints, height, rng: keypoints,
    "missing spans": _lose_limbs,
    "jitter of 1 %": _jitter,
    "swaps": _swap,
    "all three": _all_of_it,
}


def _measure_cleaning(
    cases: list[_Case], spoil: Callable[[FloatArray, float, np.random.Generator], FloatArray]
) -> list[float]:
    rng, rows = np.random.default_rng(_SEED.value), []
    for case in cases:
        present = case.source[..., 2] > 0
        row: list[list[float]] = []
        spoilt = spoil(case.source, case.source_height, rng)
        for points in (spoilt, keypoint_filters.clean_keypoints(spoilt)):
            seen = present & (points[..., 2] > 0)
            error = 100 * np.linalg.norm((points - case.source)[..., :2], axis=-1)[seen] / case.source_height
            row.append([error.mean(), 100 * seen.sum() / present.sum(), np.percentile(error, 95)])
        rows.append([*row[0][:2], *row[1][:2], row[0][2], row[1][2]])
    return list(np.mean(rows, axis=0))


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
