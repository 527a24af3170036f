"""Defines the report as JSON.

    {"schema_version": 1,
     "criteria": {"speed": {"good": 3.0, "poor": 6.0}, ..., "passing": 0.5, ...},     see `criteria.Criteria`
     "videos": [{
       "video", "width", "height", "fps", "frames", "seconds",
       "people": number of people who are seen for more than a moment,
       "cuts": [number of the first frame of each further shot],
       "verdict": "good" | "poor", "score": 0..1, "good_share": of the frames, "reasons": [words],
       "stretches": [{"first", "end", "begin_seconds", "end_seconds", "verdict", "score", "reasons"}],
       "looks": {"frame": [number of the frame of each look],
                 "measures": {"speed": [number, or null if it is unknown], ...},          see `looking.MEASURES`
                 "scores": {"speed": [0..1], ..., "fps": [0..1], "all": [the worst of them]}}}],
     "failed": [{"video", "why"}]}

A look is a measured frame. A stretch has the frames `first` to `end - 1`; a video's stretches cover all its frames.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.footage.screening.criteria import Criteria
from retarget_tf.footage.screening.judging import JudgedStretch
from retarget_tf.footage.screening.screener import Screening

SCHEMA_VERSION = 1


def to_json(done: Sequence[Screening], failed: Mapping[str, str], criteria: Criteria) -> dict[str, Any]:
    """Makes the JSON document.

    Args:
        done: The screened videos.
        failed: The errors of the other videos, by path.
        criteria: The limits that were used.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "criteria": dataclasses.asdict(criteria),
        "videos": [_video(screening) for screening in done],
        "failed": [{"video": path, "why": why} for path, why in failed.items()],
    }


def _video(screening: Screening) -> dict[str, Any]:
    info, looks, verdict = screening.info, screening.looks, screening.verdict
    return {
        "video": screening.path,
        "width": info.width,
        "height": info.height,
        "fps": info.fps,
        "frames": looks.frames,
        "seconds": looks.frames / looks.fps,
        "people": looks.people,
        "cuts": list(looks.cuts),
        "verdict": _word(verdict.is_good),
        "score": round(verdict.score, 4),
        "good_share": round(verdict.good_share, 4),
        "reasons": list(verdict.reasons),
        "stretches": [_stretch(stretch, looks.fps) for stretch in verdict.stretches],
        "looks": {
            "frame": looks.at.tolist(),
            "measures": {name: _numbers(values) for name, values in looks.values.items()},
            "scores": {name: _numbers(values) for name, values in verdict.scores.items()},
        },
    }


def _stretch(stretch: JudgedStretch, fps: float) -> dict[str, Any]:
    return {
        "first": stretch.first,
        "end": stretch.end,
        "begin_seconds": round(stretch.first / fps, 3),
        "end_seconds": round(stretch.end / fps, 3),
        "verdict": _word(stretch.is_good),
        "score": round(stretch.score, 4),
        "reasons": list(stretch.reasons),
    }


def _word(is_good: bool) -> str:
    return "good" if is_good else "poor"


def _numbers(values: Float32Array) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 5) for value in values]
