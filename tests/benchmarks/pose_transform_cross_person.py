"""Measures how well each fit predicts a dancer's keypoints from another dancer's keypoints of the same dance.

    python -m data.make_dancers --out=clips --size=64 --frames=201 --clips_per_person=1 --seed=78 --people=20
    python -m data.make_dancers --out=crossed --motion_of=clips
    python -m tests.benchmarks.pose_transform_cross_person --clips=clips --crossed=crossed

For each crossed clip (B dances the dance of A) the keypoints of A's own clip are fitted to B and compared with B's true
keypoints. Known of B is nothing, one photo (frame 0 of B's own clip), or B's whole own clip. Errors are means over
joints seen in both, in % of B's standing height, then over clips; PCK is the share of joints within 5 % of it. The
place on the stage is arbitrary, so one shift in x for the whole clip (median of the hips) is removed. `sliding` is the
sideways speed of feet that stand in the source, in % of the height a frame (the truth's feet slide more, because it is
the source's angles on another body); `ground` is the standard deviation of the lowest foot's level around the truth's.
`shape` is the mean error after one scale and shift of the whole clip, as the evaluation of models allows: only pose and
proportions remain. The truth is moved to the camera of B's own clip, which is known exactly.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import BoolArray, Float32Array, Float64Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.pose_transform import PoseTransform, Proportions, Reshaping, similarity
from retarget_tf.dancers import Recipe, camera, draw_motion, draw_person, figure
from retarget_tf.dataset import clips
from retarget_tf.errors import InputDataError
from retarget_tf.evaluation import tasks

_CLIPS = flags.DEFINE_string("clips", None, "Folder of dancers' own clips.", required=True)
_CROSSED = flags.DEFINE_string("crossed", None, "Folder of the same dances on their partners.", required=True)

_ROOM = 4  # times the picture, so that no path has to shrink

GROUPS = {
    "head": ("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    "shoulders": ("neck", "left_shoulder", "right_shoulder"),
    "arms": ("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    "hips": ("mid_hip", "left_hip", "right_hip"),
    "legs": ("left_knee", "right_knee", "left_ankle", "right_ankle"),
    "feet": ("left_heel", "right_heel", "left_big_toe", "right_big_toe"),
}
_FOOT = ("ankle", "heel", "big_toe")
_RESTING = 0.003  # heights a frame
_HIP = skeleton.JOINT["mid_hip"]


@dataclasses.dataclass(frozen=True)
class Case:
    """One pair, in pixels of the own clips; keypoints are `[frames, 25, 3]`.

    `own` is the target's own clip, `crossed` the target's in the dance of the source, and `to_own` leads from the
    picture of `crossed` to that of `own`.
    """

    source: Float32Array
    target: Float32Array
    truth: Float32Array
    height: float
    source_height: float
    size: int
    true_proportions: Proportions
    own: clips.Clip
    crossed: clips.Clip
    to_own: similarity.Similarity


def main() -> None:
    """Prints the table."""
    cases = read_cases()
    print(f"{len(cases)} pairs, {sum(len(case.truth) for case in cases)} frames; errors in % of the height")
    print_row("", *GROUPS, "mean", "shape", "PCK", "sliding", "ground")
    _print_errors("as it lies in its picture", cases, [case.source for case in cases])
    for name, known in (("photo", slice(1)), ("clip", slice(None))):
        for row, fit in _FITS.items():
            _print_errors(f"{name}: {row}", cases, [fit(case, case.target[known]) for case in cases])
    ideal = [_fit(case, case.target, case.true_proportions) for case in cases]
    _print_errors("clip: true lengths", cases, ideal)


def read_cases() -> list[Case]:
    """All pairs of `--clips` and `--crossed`."""
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
        to_own = similarity.Similarity(zoom, dx, dy)
        truth = to_own.apply(crossed.keypoints)
        scale = views[1].scale / views[0].scale
        ratios = np.where(lengths[0] > 0, lengths[1] / np.maximum(lengths[0], 1e-9), 1).astype(np.float32)
        cases.append(
            Case(
                source.keypoints, target.keypoints, truth, views[1].scale, views[0].scale, crossed.info.image_size,
                Proportions(scale, ratios), target, crossed, to_own,
            )
        )  # fmt: skip
    return cases


def _look(clip: clips.Clip) -> tuple[camera.Camera, Float64Array]:
    """The camera of a clip, and the mean lengths `[25]` of the bones in standing heights."""
    recipe = Recipe.from_source(clip.info.source)
    person = draw_person(recipe.seed, recipe.person)
    body = figure.build_figure(person, draw_motion(*recipe.dancer, recipe.clip, recipe.frames))
    points = dict(body.landmarks)
    for middle, pair in (("neck", "shoulder"), ("mid_hip", "hip")):
        points[middle] = (points[f"left_{pair}"] + points[f"right_{pair}"]) / 2
    lengths = np.zeros(skeleton.NUM_JOINTS)
    for joint, inner in skeleton.PARENTS.items():
        ends = skeleton.JOINTS[joint], skeleton.JOINTS[inner]
        if all(end in points for end in ends):
            lengths[joint] = np.linalg.norm(points[ends[0]] - points[ends[1]], axis=-1).mean()
    return camera.frame_figure(body, person, recipe.size), lengths


def _fit(case: Case, known: Float32Array, proportions: Proportions | None, *, ground: bool = True) -> Float32Array:
    """The source with these proportions, as `fit_path` stands it."""
    if proportions is None:
        raise InputDataError("clips: a dancer's legs and trunk are never seen. Make longer clips.")
    shaped = Reshaping.fitted(proportions.ratios, case.source).apply(case.source)
    if not ground:  # the hips stay, the feet go where they go
        shaped[..., 1] += (case.source[:, _HIP, 1] - shaped[:, _HIP, 1])[:, None] * (shaped[..., 2] > 0)
    return _placed(case, known, lambda known, size: similarity.stand(shaped, known, size, proportions.scale), shaped)


def fit_limbs(case: Case, known: Float32Array) -> Float32Array:
    """As `fit_path("limbs", ...)`, on a canvas on which no path has to shrink."""
    return _fit(case, known, pose_transform.compare_bodies(case.source, known))


def _placed(
    case: Case, known: Float32Array, fit: Callable[[Float32Array, int], PoseTransform], path: Float32Array
) -> Float32Array:
    """The path where `fit` puts it, on a canvas with room on all sides."""
    aside = (_ROOM - 1) * case.size / 2
    there, back = (similarity.Similarity(1.0, shift, shift) for shift in (aside, -aside))
    return back.apply(fit(there.apply(known), _ROOM * case.size).apply(path))


def _scale_alone(case: Case, known: Float32Array) -> Float32Array:
    proportions = pose_transform.compare_bodies(case.source, known)
    return _fit(case, known, proportions and Proportions(proportions.scale, np.ones(25, np.float32)))


_FITS: dict[str, Callable[[Case, Float32Array], Float32Array]] = {
    "height (body)": lambda case, known: _placed(
        case, known, lambda known, size: similarity.fit_body(case.source, known, size), case.source
    ),
    "scale of the limbs": _scale_alone,
    "+ each limb": lambda case, known: _fit(
        case, known, pose_transform.compare_bodies(case.source, known), ground=False
    ),
    "+ ground (limbs)": lambda case, known: fit_limbs(case, known),
}


def _print_errors(name: str, cases: list[Case], predictions: list[Float32Array]) -> None:
    rows = []
    for case, predicted in zip(cases, predictions, strict=True):
        error, seen = errors(case, predicted)
        groups = ([skeleton.JOINT[joint] for joint in joints] for joints in GROUPS.values())
        means = [error[:, group][seen[:, group]].mean() for group in groups]
        steps = _sliding(case, predicted), _unevenness(case, predicted)
        rows.append([*means, error[seen].mean(), _shape(case, predicted), (error[seen] < 0.05).mean(), *steps])
    print_row(name, *(100 * np.mean(rows, axis=0)))


def errors(case: Case, predicted: Float32Array) -> tuple[Float32Array, BoolArray]:
    """Distance of each joint to the truth in heights, and where both show it: `[frames, 25]` each."""
    seen = (predicted[..., 2] > 0) & (case.truth[..., 2] > 0)
    offset = predicted[..., :2] - case.truth[..., :2]
    offset[..., 0] -= place_on_stage(case, predicted)
    return np.linalg.norm(offset, axis=-1) / case.height, seen


def _shape(case: Case, predicted: Float32Array) -> float:
    registered = tasks._registered(predicted, case.truth)
    seen = (registered[..., 2] > 0) & (case.truth[..., 2] > 0)
    return float(np.linalg.norm((registered - case.truth)[..., :2], axis=-1)[seen].mean() / case.height)


def _sliding(case: Case, predicted: Float32Array) -> float:
    """Mean speed to the side, in heights a frame, of the feet whose joints all rest in the source."""
    speeds = []
    for foot in ([skeleton.JOINT[f"{side}_{part}"] for part in _FOOT] for side in ("left", "right")):
        moves = np.linalg.norm(np.diff(case.source[:, foot, :2], axis=0), axis=-1).max(axis=1) / case.source_height
        seen = np.all(case.source[:, foot, 2] > 0, axis=1)
        stands = (moves < _RESTING) & seen[1:] & seen[:-1]
        speeds.append(np.abs(np.diff(predicted[:, foot, 0].mean(axis=1)))[stands] / case.height)
    return float(np.concatenate(speeds).mean())


def _unevenness(case: Case, predicted: Float32Array) -> float:
    feet = [skeleton.JOINT[f"{side}_{part}"] for side in ("left", "right") for part in _FOOT]
    both = (predicted[:, feet, 2] > 0) & (case.truth[:, feet, 2] > 0)
    levels = [np.where(both, points[:, feet, 1], -np.inf).max(axis=1) for points in (predicted, case.truth)]
    some = both.any(axis=1)
    return float((levels[0] - levels[1])[some].std() / case.height)


def place_on_stage(case: Case, predicted: Float32Array) -> float:
    """How far to the right of the truth the whole dance takes place, in pixels."""
    hips = predicted[:, _HIP], case.truth[:, _HIP]
    both = (hips[0][:, 2] > 0) & (hips[1][:, 2] > 0)
    return float(np.median((hips[0] - hips[1])[both, 0]))


def print_row(name: str, *values: "str | float") -> None:
    """A name and its numbers, in columns."""
    cells = (value if isinstance(value, str) else f"{value:.2f}" for value in values)
    print(f"{name:30s}" + "".join(f"{cell:>{max(10, len(cell) + 2)}s}" for cell in cells))


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
