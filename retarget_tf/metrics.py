"""Scores of generated parsing maps, from confusion matrices, streamed frame by frame.

Pixels whose true class is unknown (255) count nowhere. The background counts in pixel accuracy only. A clip's frame
0 is the reference; frames 1..T are scored, over spans of them:

    "1"                 frame 1
    "10" ... "1000"     the ten frames that end there; no score for a clip that is shorter
    "mean"              frames 1..min(T, 200), the headline
    "mean_1000"         frames 1..min(T, 1000)

Within a span intersections and unions are summed over the frames; the mean is over classes, then over clips.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from retarget_tf.parsing_labels import UNKNOWN, LabelSchema

FloatArray = npt.NDArray[np.float64]
Picture = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]
IdMap = npt.NDArray[np.uint8]

STEPS = (1, 10, 50, 100, 200, 1000)
HEADLINE = "mean"
HEADLINE_FRAMES = 200
LONGEST = 1000

_WINDOW = 10
_SPANS = {
    "1": range(1, 2),
    **{str(step): range(step - _WINDOW + 1, step + 1) for step in STEPS[1:]},
    HEADLINE: range(1, HEADLINE_FRAMES + 1),
    "mean_1000": range(1, LONGEST + 1),
}

_RESAMPLES = 1000


def confusion_matrix(real: IdMap, generated: IdMap, num_classes: int) -> IntArray:
    """Pixels by true class (rows) and generated class (columns).

    Args:
        real: uint8 class ids of any shape; 255 = unknown, left out.
        generated: the same shape; every id is a class.
        num_classes: the background included.

    Returns:
        int64 `[num_classes, num_classes]`.
    """
    if real.shape != generated.shape or (generated.size and generated.max() >= num_classes):
        raise ValueError(
            f"generated must hold class ids under {num_classes} in the shape of real. "
            f"Received: shapes={real.shape, generated.shape}, largest={generated.max(initial=0)}"
        )
    known = real != UNKNOWN
    pairs = real[known].astype(np.int64) * num_classes + generated[known]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def class_iou(confusion: IntArray) -> FloatArray:
    """Intersection over union of each class; NaN for a class that neither truth nor generated maps hold."""
    intersection = np.diagonal(confusion).astype(np.float64)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - intersection
    return np.divide(intersection, union, out=np.full_like(intersection, np.nan), where=union > 0)


def mean_iou(confusion: IntArray) -> float:
    """Mean over the foreground classes (all but id 0) that are present; NaN where none is."""
    present = class_iou(confusion)[1:]
    present = present[~np.isnan(present)]
    return float(present.mean()) if present.size else float("nan")


def pixel_accuracy(confusion: IntArray) -> float:
    """Share of the known pixels, the background's included, that have the right class."""
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else float("nan")


def merge_classes(confusion: IntArray, groups: Sequence[Sequence[int]]) -> IntArray:
    """The confusion matrix `[1 + groups, 1 + groups]` of groups of classes; what is in no group is background."""
    member = np.zeros((1 + len(groups), len(confusion)), np.int64)
    for index, group in enumerate(groups, start=1):
        member[index, list(group)] = 1
    member[0] = 1 - member.sum(axis=0)
    return member @ confusion @ member.T


class Tally:
    """What one contender's maps of one clip are scored by; fed with frames 1, 2, ... in order.

    Its memory does not grow with the clip.

    Attributes:
        frames: how many it was fed.
    """

    def __init__(self, schema: LabelSchema) -> None:
        self.frames = 0
        self._num_classes = schema.num_classes
        self._sums = {name: np.zeros((schema.num_classes,) * 2, np.int64) for name in _SPANS}
        self._changes = np.zeros(2, np.int64)  # pixels that changed: generated, real
        self._last: tuple[IdMap, IdMap] | None = None

    def add(self, real: IdMap, generated: IdMap) -> None:
        """Takes the true and the generated map `[height, width]` of the next frame."""
        self.frames += 1
        confusion = confusion_matrix(real, generated, self._num_classes)
        for name, span in _SPANS.items():
            if self.frames in span:
                self._sums[name] += confusion
        if self._last is not None and self.frames in _SPANS[HEADLINE]:
            last_real, last_generated = self._last
            known = (real != UNKNOWN) & (last_real != UNKNOWN)
            self._changes += [np.sum((generated != last_generated) & known), np.sum((real != last_real) & known)]
        self._last = (real, generated)

    def scores(self, measure: Callable[[IntArray], float]) -> dict[str, float]:
        """The measure over each span; NaN where the clip is too short or the measure knows none."""
        reached = {name: name.startswith(HEADLINE) or self.frames >= span[-1] for name, span in _SPANS.items()}
        return {name: measure(self._sums[name]) if reached[name] else float("nan") for name in _SPANS}

    def class_iou(self) -> FloatArray:
        """Of each class over the frames of the headline."""
        return class_iou(self._sums[HEADLINE])

    def flicker(self) -> float:
        """Pixels that change between consecutive generated maps over those in the truth; NaN where the truth rests."""
        generated, real = self._changes
        return float(generated / real) if real else float("nan")


def summarise(tallies: Sequence[Tally], schema: LabelSchema, seed: int = 0) -> dict[str, Any]:
    """Means over clips, as `metrics.json` holds them; None where no clip is long enough or shows any class.

    Args:
        tallies: one contender's, one for each clip.
        schema: of the maps.
        seed: of the bootstrap.

    Returns:
        `miou`, `miou_interval` (95 %, bootstrap over clips), `coarse_miou`, `silhouette_iou`, `pixel_accuracy` and
        `n_clips`, each by span, and `flicker`.
    """
    groups = [group for _, group in schema.coarse_groups]
    foreground = [range(1, schema.num_classes)]
    measures: Mapping[str, Callable[[IntArray], float]] = {
        "miou": mean_iou,
        "coarse_miou": lambda confusion: mean_iou(merge_classes(confusion, groups)),
        "silhouette_iou": lambda confusion: mean_iou(merge_classes(confusion, foreground)),
        "pixel_accuracy": pixel_accuracy,
    }
    scores: dict[str, dict[str, list[float]]] = {}
    for name, measure in measures.items():
        per_clip = [tally.scores(measure) for tally in tallies]
        scores[name] = {span: [clip[span] for clip in per_clip] for span in _SPANS}
    miou = scores["miou"]
    return {
        "miou": {span: mean_over_clips(values) for span, values in miou.items()},
        "miou_interval": {span: bootstrap_interval(values, seed) for span, values in miou.items()},
        **{
            name: {span: mean_over_clips(values) for span, values in scores[name].items()}
            for name in ("coarse_miou", "silhouette_iou", "pixel_accuracy")
        },
        "n_clips": {span: int(np.count_nonzero(~np.isnan(values))) for span, values in miou.items()},
        "flicker": mean_over_clips([tally.flicker() for tally in tallies]),
    }


def summarise_classes(tallies: Sequence[Tally], schema: LabelSchema) -> dict[str, float | None]:
    """The IoU of each class by name over the frames of the headline, mean over the clips that have the class."""
    per_clip = np.stack([tally.class_iou() for tally in tallies])
    return {name: mean_over_clips(list(per_clip[:, index])) for index, name in enumerate(schema.classes)}


def mean_over_clips(values: Sequence[float]) -> float | None:
    """The mean of what is not NaN; None where all is."""
    numbers = [value for value in values if not np.isnan(value)]
    return float(np.mean(numbers)) if numbers else None


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> list[float] | None:
    """The 95 % percentile interval of the mean when clips are drawn with replacement; None for less than two."""
    numbers = np.array([value for value in values if not np.isnan(value)])
    if len(numbers) < 2:
        return None
    draws = np.random.default_rng(seed).choice(numbers, (_RESAMPLES, len(numbers)))
    return [float(bound) for bound in np.percentile(draws.mean(axis=1), (2.5, 97.5))]


def l1_and_psnr(real: Picture, generated: Picture, known: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Mean absolute difference, and peak signal-to-noise ratio in dB, of pictures in [-1, 1].

    Args:
        real: float `[height, width, 3]`.
        generated: the same.
        known: bool `[height, width]`: which pixels count.

    Returns:
        Both in float: no rounding to 8 bits. The peak is the range, 2. Equal pictures give 100 dB, the cap; both
        are NaN where nothing is known.
    """
    difference = real[known].astype(np.float64) - generated[known]
    if not difference.size:
        return float("nan"), float("nan")
    squared = max(float(np.mean(difference**2)), 4e-10)
    return float(np.mean(np.abs(difference))), float(10 * np.log10(4 / squared))
