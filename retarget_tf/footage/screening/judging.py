"""Turns the measures of a video into a verdict: its good stretches, and the reasons against the others.

Each measure but presence is smoothed by a running median within its shot and scored. A look passes if its worst score
does. Runs of looks that all pass or all fail become stretches; short failures are bridged, and short good stretches
left out.
"""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array
from retarget_tf.footage.screening.criteria import Criteria, Limit
from retarget_tf.footage.screening.looking import MEASURES, Looks

_WORDS = {
    "speed": "moves too fast",
    "smear": "hands or feet are smeared",
    "softness": "out of focus",
    "presence": "nobody is found",
    "full_view": "not in full view",
    "height": "too small",
    "camera": "the camera moves",
    "change": "the background changes",
    "busyness": "the background is busy",
    "company": "somebody else as large",
    "fps": "too few frames a second",
}
_COMMON = 0.1  # share of looks that must fail for a reason to be named for a whole clip
_STEADY = 3  # looks of the running median, which removes single errors of the detector


@dataclasses.dataclass(frozen=True)
class JudgedStretch:
    """Consecutive frames that are all good or all poor.

    Attributes:
        first: Number of the first frame.
        end: Number of the frame after the last.
        score: Mean over the looks of the worst score, 0..1.
        reasons: Why it is left out, in words; empty if it is good.
    """

    first: int
    end: int
    score: float
    reasons: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether it is good training data."""
        return not self.reasons


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Verdict on a video.

    Attributes:
        score: Mean over the looks of the worst score, 0..1.
        is_good: Whether enough frames are in good stretches.
        reasons: What is wrong with a notable part of the video, in words.
        stretches: Stretches that cover all frames, in order.
        scores: Scores float32 `[looks]` by measure, and `all`, the worst of them.
    """

    score: float
    is_good: bool
    reasons: tuple[str, ...]
    stretches: tuple[JudgedStretch, ...]
    scores: dict[str, Float32Array]

    @property
    def good_stretches(self) -> tuple[JudgedStretch, ...]:
        """Good stretches, in order."""
        return tuple(stretch for stretch in self.stretches if stretch.is_good)

    @property
    def good_share(self) -> float:
        """Share of the frames that are in good stretches."""
        total = self.stretches[-1].end if self.stretches else 0
        return sum(stretch.end - stretch.first for stretch in self.good_stretches) / max(total, 1)


def judge(looks: Looks, criteria: Criteria) -> Verdict:
    """Scores every look and divides the video into stretches."""
    # A look without the person is bridged, not smoothed away, so that no good stretch begins or ends with it.
    steady = {name: values if name == "presence" else _steadied(values, looks) for name, values in looks.values.items()}
    scores = {name: _limit(criteria, name).score(values) for name, values in steady.items()}
    scores["fps"] = np.full(len(looks.at), criteria.fps.score(np.array(looks.fps, np.float32)), np.float32)
    scores["all"] = np.min(list(scores.values()), axis=0)
    passes = scores["all"] >= criteria.passing
    stretches = []
    for shot in _shots(looks):
        good = _without_short_runs(passes[shot], False, round(criteria.bridged_seconds * _rate(looks)))
        for run in _runs(good):
            part = slice(shot.start + run.start, shot.start + run.stop)
            stretches.append(_judged(looks, scores, part, bool(good[run.start]), criteria))
    reasons = _reasons(scores, slice(None), criteria, _COMMON)
    if not reasons and not any(stretch.is_good for stretch in stretches):
        reasons = tuple(dict.fromkeys(reason for stretch in stretches for reason in stretch.reasons))
    verdict = Verdict(float(scores["all"].mean()), False, reasons, tuple(stretches), scores)
    return dataclasses.replace(verdict, is_good=verdict.good_share >= criteria.good_share)


def _judged(
    looks: Looks, scores: dict[str, Float32Array], part: slice, good: bool, criteria: Criteria
) -> JudgedStretch:
    first = int(looks.at[part.start])
    end = int(looks.at[part.stop]) if part.stop < len(looks.at) else looks.frames
    seconds = (end - first) / looks.fps
    if not good:
        reasons = _reasons(scores, part, criteria, 0.0)
    elif seconds < criteria.shortest_seconds:
        reasons = (f"only {seconds:.1f} s in one piece",)
    else:
        reasons = ()
    return JudgedStretch(first, end, float(scores["all"][part].mean()), reasons)


def _reasons(scores: dict[str, Float32Array], part: slice, criteria: Criteria, least: float) -> tuple[str, ...]:
    """Returns in words the measures that fail in more than a share `least` of the looks, the most frequent first."""
    shares = {name: float((scores[name][part] < criteria.passing).mean()) for name in (*MEASURES, "fps")}
    failing = sorted((name for name, share in shares.items() if share > least), key=lambda name: -shares[name])
    return tuple(
        _WORDS[name] if shares[name] > 0.95 else f"{_WORDS[name]} ({max(shares[name], 0.01):.0%} of the time)"
        for name in failing
    )


def _limit(criteria: Criteria, name: str) -> Limit:
    limit = getattr(criteria, name)
    assert isinstance(limit, Limit)
    return limit


def _steadied(values: Float32Array, looks: Looks) -> Float32Array:
    """Smooths values by a running median within each shot.

    A look's own value replaces an unknown neighbour; the result is NaN if the own value or both neighbours are.
    """
    steady = values.copy()
    for shot in _shots(looks):
        if shot.stop - shot.start < _STEADY:  # too short for a median
            continue
        padded = np.pad(values[shot], _STEADY // 2, constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, _STEADY)
        unknown = np.isnan(windows)
        median = np.median(np.where(unknown, values[shot][:, None], windows), axis=-1)
        steady[shot] = np.where(unknown.sum(axis=-1) >= _STEADY - 1, np.nan, median)
    return steady


def _shots(looks: Looks) -> Iterator[slice]:
    edges = [0, *np.searchsorted(looks.at, looks.cuts), len(looks.at)]
    for start, stop in itertools.pairwise(edges):
        yield slice(int(start), int(stop))


def _rate(looks: Looks) -> float:
    return len(looks.at) / looks.frames * looks.fps


def _without_short_runs(flags: BoolArray, value: bool, longest: int) -> BoolArray:
    """Inverts the runs of `value` of at most `longest` looks, except at both ends."""
    turned = flags.copy()
    for run in _runs(flags):
        if flags[run.start] == value and run.stop - run.start <= longest and run.start > 0 and run.stop < len(flags):
            turned[run] = not value
    return turned


def _runs(flags: BoolArray) -> Iterator[slice]:
    """Yields the ranges of equal flags in order."""
    edges = [0, *(np.flatnonzero(flags[1:] != flags[:-1]) + 1), len(flags)]
    for start, stop in itertools.pairwise(edges):
        yield slice(int(start), int(stop))
