"""Computes scores of generated parsing maps from confusion matrices, frame by frame.

Pixels whose true class is unknown (255) are ignored. The mean IoU leaves the background out. Frame 0 of a clip is
the reference; frames 1..T are scored over spans:

    "1"                 frame 1
    "10" ... "1000"     the ten frames that end there; no score for shorter clips
    "mean"              frames 1..min(T, 200), the headline
    "mean_1000"         frames 1..min(T, 1000)

Within a span, intersections and unions are summed over the frames; the mean is taken over classes, then over clips.
To save memory, only sums over windows of ten frames are kept of a clip; spans and curves over time are made of these.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import BoolArray, Float64Array, Int64Array, Uint8Array
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema

Picture = npt.NDArray[np.floating[Any]]

STEPS = (1, 10, 50, 100, 200, 1000)
HEADLINE = "mean"
HEADLINE_FRAMES = 200
LONGEST = 1000

_WINDOW = 10  # frames
_FIRST = str(STEPS[0])
_WINDOWS = {
    **{str(step): slice(step // _WINDOW - 1, step // _WINDOW) for step in STEPS[1:]},
    HEADLINE: slice(HEADLINE_FRAMES // _WINDOW),
    "mean_1000": slice(LONGEST // _WINDOW),
}
_SPANS = (_FIRST, *_WINDOWS)

_DIGITS = 5  # to which the many values of curves are rounded
_RESAMPLES = 1000  # of the bootstrap


def confusion_matrix(real: Uint8Array, generated: Uint8Array, num_classes: int) -> Int64Array:
    """Counts pixels by true class (rows) and generated class (columns).

    Args:
        real: True class ids, uint8 of any shape; unknown pixels (255) are ignored.
        generated: Generated class ids, uint8 of the same shape; all must be below `num_classes`.
        num_classes: Number of classes, including the background.

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


def class_iou(confusion: Int64Array) -> Float64Array:
    """Returns the intersection over union of each class; NaN for classes in neither the true nor the generated maps."""
    intersection = np.diagonal(confusion).astype(np.float64)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - intersection
    return np.divide(intersection, union, out=np.full_like(intersection, np.nan), where=union > 0)


def mean_iou(confusion: Int64Array, classes: Sequence[int] | None = None) -> float:
    """Returns the mean IoU of the classes present among `classes` (default: all but the background), NaN if none."""
    ious = class_iou(confusion)
    chosen = ious[1:] if classes is None else ious[list(classes)]
    present = chosen[~np.isnan(chosen)]
    return float(present.mean()) if present.size else float("nan")


def pixel_accuracy(confusion: Int64Array) -> float:
    """Returns the share of known pixels, including the background, that have the right class."""
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else float("nan")


def merge_classes(confusion: Int64Array, groups: Sequence[Sequence[int]]) -> Int64Array:
    """Merges classes to groups: `[1 + groups, 1 + groups]`, where 0 contains all classes that are in no group."""
    member = np.zeros((1 + len(groups), len(confusion)), np.int64)
    for index, group in enumerate(groups, start=1):
        member[index, list(group)] = 1
    member[0] = 1 - member.sum(axis=0)
    return member @ confusion @ member.T


class Tally:
    """Accumulates the scores of one contender (a model or baseline) on one clip, from frames 1, 2, ... in order.

    Memory grows by one confusion matrix every ten frames, up to frame 1,000.

    Attributes:
        frames: Number of frames added.
    """

    def __init__(self, schema: LabelSchema) -> None:
        self.frames = 0
        self._num_classes = schema.num_classes
        self._first = self._nothing()
        self._windows: list[Int64Array] = []  # the last one may be incomplete
        self._changes = np.zeros(2, np.int64)  # numbers of changed pixels: generated, real
        self._last: tuple[Uint8Array, Uint8Array] | None = None

    def add(self, real: Uint8Array, generated: Uint8Array) -> None:
        """Adds the true and the generated map `[height, width]` of the next frame; those after 1,000 are ignored."""
        self.frames += 1
        if self.frames > LONGEST:
            return
        confusion = confusion_matrix(real, generated, self._num_classes)
        if self.frames == 1:
            self._first = confusion
        if self.frames % _WINDOW == 1:
            self._windows.append(self._nothing())
        self._windows[-1] += confusion
        if self.frames <= HEADLINE_FRAMES:
            self._count_changes(real, generated)

    def scores(self, measure: Callable[[Int64Array], float]) -> dict[str, float]:
        """Returns a measure over each span; NaN where the clip is too short or the measure is NaN."""
        reached = {name: name.startswith(HEADLINE) or self.frames >= int(name) for name in _SPANS}
        return {name: measure(self._over(name)) if reached[name] else float("nan") for name in _SPANS}

    def windows(self) -> Int64Array:
        """Returns the confusion matrices of all complete windows of ten frames: `[windows, classes, classes]`."""
        whole = self._windows[: self.frames // _WINDOW]
        return np.stack(whole) if whole else np.zeros((0, self._num_classes, self._num_classes), np.int64)

    def class_iou(self) -> Float64Array:
        """Returns the IoU of each class over the frames of the headline."""
        return class_iou(self._over(HEADLINE))

    def flicker(self) -> float:
        """Returns changed pixels of the generated maps divided by those of the true maps, NaN if no true pixel changes.

        Counted from frame to frame, up to frame 200.
        """
        generated, real = self._changes
        return float(generated / real) if real else float("nan")

    def _over(self, span: str) -> Int64Array:
        return self._first if span == _FIRST else sum(self._windows[_WINDOWS[span]], start=self._nothing())

    def _nothing(self) -> Int64Array:
        return np.zeros((self._num_classes,) * 2, np.int64)

    def _count_changes(self, real: Uint8Array, generated: Uint8Array) -> None:
        if self._last is not None:
            last_real, last_generated = self._last
            known = (real != UNKNOWN) & (last_real != UNKNOWN)
            self._changes += [np.sum((generated != last_generated) & known), np.sum((real != last_real) & known)]
        self._last = (real, generated)


def summarise(tallies: Sequence[Tally], schema: LabelSchema, seed: int = 0) -> dict[str, Any]:
    """Averages the scores of a contender over clips, in the form of `metrics.json`.

    Args:
        tallies: Tallies of one contender, one for each clip.
        schema: Label schema of the maps.
        seed: Makes the bootstrap repeatable.

    Returns:
        `miou`, `miou_interval` (95 %, bootstrap over clips), `coarse_miou`, `silhouette_iou`, `arms_iou` (mean of left
        and right), `pixel_accuracy` and `n_clips`, each by span, and `flicker`. None where no clip has a value.
    """
    groups = [group for _, group in schema.coarse_groups]
    foreground = [range(1, schema.num_classes)]
    arms = [index for index, name in enumerate(schema.classes) if name.endswith("_arm")]
    measures: Mapping[str, Callable[[Int64Array], float]] = {
        "miou": mean_iou,
        "coarse_miou": lambda confusion: mean_iou(merge_classes(confusion, groups)),
        "silhouette_iou": lambda confusion: mean_iou(merge_classes(confusion, foreground)),
        "arms_iou": lambda confusion: mean_iou(confusion, arms),
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
            for name in scores
            if name != "miou"
        },
        "n_clips": {span: int(np.count_nonzero(~np.isnan(values))) for span, values in miou.items()},
        "flicker": mean_over_clips([tally.flicker() for tally in tallies]),
    }


def summarise_classes(tallies: Sequence[Tally], schema: LabelSchema) -> dict[str, float | None]:
    """Returns the headline IoU of each class by name, averaged over the clips that contain the class."""
    per_clip = np.stack([tally.class_iou() for tally in tallies])
    return {name: mean_over_clips(list(per_clip[:, index])) for index, name in enumerate(schema.classes)}


def miou_curve(tallies: Sequence[Tally]) -> list[float | None]:
    """Returns the mean IoU of each window of ten frames, averaged over the clips that reach its end."""
    per_clip = [[mean_iou(confusion) for confusion in tally.windows()] for tally in tallies]
    return [_rounded(values) for values in _by_window(per_clip)]


def area_curves(tallies: Sequence[Tally], schema: LabelSchema, *, real: bool) -> dict[str, list[float | None]]:
    """Returns each class's share of the known pixels in each window of ten frames, averaged over clips.

    Args:
        tallies: Tallies of one contender, one for each clip.
        schema: Label schema of the maps.
        real: Whether to measure the true maps instead of the contender's.
    """
    counts = [tally.windows().sum(axis=2 if real else 1).astype(np.float64) for tally in tallies]
    shares = [pixels / np.maximum(pixels.sum(axis=1, keepdims=True), 1) for pixels in counts]
    return {
        name: [_rounded(values) for values in _by_window([list(clip[:, index]) for clip in shares])]
        for index, name in enumerate(schema.classes)
    }


def window_ends(tallies: Sequence[Tally]) -> list[int]:
    """Returns the last frame of each window of the curves."""
    longest = max(len(tally.windows()) for tally in tallies)
    return [_WINDOW * (index + 1) for index in range(longest)]


def _by_window(per_clip: Sequence[Sequence[float]]) -> list[list[float]]:
    """Returns for each window the values of all clips, NaN for clips that do not reach it."""
    return [list(column) for column in itertools.zip_longest(*per_clip, fillvalue=float("nan"))]


def _rounded(values: Sequence[float]) -> float | None:
    mean = mean_over_clips(values)
    return None if mean is None else round(mean, _DIGITS)


def mean_over_clips(values: Sequence[float]) -> float | None:
    """Returns the mean of the values that are not NaN; None if there are none."""
    numbers = [value for value in values if not np.isnan(value)]
    return float(np.mean(numbers)) if numbers else None


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> list[float] | None:
    """Returns the 95 % bootstrap interval of the mean over clips (percentiles); None for fewer than two clips."""
    numbers = np.array([value for value in values if not np.isnan(value)])
    if len(numbers) < 2:
        return None
    draws = np.random.default_rng(seed).choice(numbers, (_RESAMPLES, len(numbers)))
    return [float(bound) for bound in np.percentile(draws.mean(axis=1), (2.5, 97.5))]


def l1_and_psnr(real: Picture, generated: Picture, known: BoolArray) -> tuple[float, float]:
    """Computes the mean absolute difference and the peak signal-to-noise ratio in dB of pictures in [-1, 1].

    Args:
        real: True picture, float `[height, width, 3]`.
        generated: Generated picture, float `[height, width, 3]`.
        known: bool `[height, width]`, the pixels that count.

    Returns:
        Both values, computed without rounding to 8 bits. The peak is the range, 2; the ratio is at most 100 dB, that
        of equal pictures. NaN if no pixel is known.
    """
    difference = real[known].astype(np.float64) - generated[known]
    if not difference.size:
        return float("nan"), float("nan")
    squared = max(float(np.mean(difference**2)), 4e-10)
    return float(np.mean(np.abs(difference))), float(10 * np.log10(4 / squared))
