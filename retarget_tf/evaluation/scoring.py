"""Runs generators and baselines (the contenders) over tasks, several clips at once, and accumulates their scores.

All contenders step through a clip together, so that its true maps are decoded only once. A generator that takes a
reference map is scored twice: started from the map, which is its headline, and from the photo alone.
"""

import collections
import dataclasses
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema
from retarget_tf.dataset.records import ClipEntry
from retarget_tf.evaluation import metrics
from retarget_tf.evaluation.baselines import Baseline, Mover, without_unknown
from retarget_tf.evaluation.places import Places, PlacesTally
from retarget_tf.evaluation.tasks import Task
from retarget_tf.networks import encoding
from retarget_tf.networks.trained import TrainedGenerator
from retarget_tf.pictures import figures
from retarget_tf.retargeting.rollout import Reference, Rollout

PREVIOUS_TRUE = "previous_true"
"""Copies the true map of the previous frame, which retargeting does not have: for reference only, not a baseline."""


@dataclasses.dataclass(frozen=True)
class Model:
    """A trained generator among the contenders.

    Attributes:
        name: Name in tables, and the key of its headline's scores.
        path: Path from which it was loaded.
        trained: The generator.
    """

    name: str
    path: str
    trained: TrainedGenerator

    @property
    def start(self) -> str:
        """Start of the headline's rollouts: `map`, or `photo` if the generator takes no reference map."""
        return "map" if self.trained.spec.model.takes_reference_map else "photo"

    @property
    def from_photo(self) -> str | None:
        """Name of the rollouts from the photo alone; None if these are the headline."""
        return f"{self.name} (photo)" if self.start == "map" else None

    def movers(self, reference: Reference) -> dict[str, Mover]:
        """Starts the model's rollouts; returns their step functions by name."""
        movers: dict[str, Mover] = {self.name: Rollout(self.trained, reference).step}
        if self.from_photo is not None:
            unknown = np.full_like(reference.parsing_map, UNKNOWN)
            photo_alone = dataclasses.replace(reference, parsing_map=unknown)
            movers[self.from_photo] = Rollout(self.trained, photo_alone).step
        return movers


class OneStepTally:
    """Accumulates one-step scores of one clip up to frame 200: each frame is generated from the true previous one."""

    def __init__(self, schema: LabelSchema) -> None:
        self.maps = metrics.Tally(schema)
        self._pictures: list[Float32Array] = []

    def add(self, real: Uint8Array, generated: Uint8Array, picture_scores: Float32Array) -> None:
        """Adds the next frame's true map, generated map, and its row of `_picture_scores`."""
        self.maps.add(real, generated)
        self._pictures.append(picture_scores)

    def scores(self) -> dict[str, float]:
        """Returns the scores over the frames of the clip, by name."""
        headline = metrics.HEADLINE
        return {
            "miou": self.maps.scores(metrics.mean_iou)[headline],
            "pixel_accuracy": self.maps.scores(metrics.pixel_accuracy)[headline],
            **dict(zip(("l1", "psnr", "ssim"), np.nanmean(self._pictures, axis=0).tolist(), strict=True)),
        }


@dataclasses.dataclass(frozen=True)
class Result:
    """Results of one task.

    Attributes:
        clip: The clip that holds the truth; its person is the target.
        tallies: Scores of the rollouts by contender.
        places: Scores of their places by contender.
        one_step: One-step scores by model; empty if they were not computed.
        strips: Pictures at `metrics.STEPS` by model; empty for clips that are not shown.
    """

    clip: ClipEntry
    tallies: Mapping[str, metrics.Tally]
    places: Mapping[str, PlacesTally]
    one_step: Mapping[str, OneStepTally]
    strips: Mapping[str, figures.Strip]


def run(
    models: Sequence[Model],
    baselines: Mapping[str, Baseline],
    tasks: Iterable[Task],
    *,
    one_step: bool,
    max_strips: int,
    batch_size: int,
    progress: "tqdm[None]",
) -> list[Result]:
    """Generates every task, `batch_size` clips at once, and scores all contenders. All have as many references.

    The first clip of each of `max_strips` people is kept as pictures. `one_step` adds the models' one-step scores.
    """
    schema = models[0].trained.spec.model.schema
    results: list[Result] = []
    people: set[str] = set()
    for batch in _batched(tasks, batch_size):
        runs = []
        for task in batch:
            shown = task.clip.info.person_id not in people and len(people) < max_strips
            people |= {task.clip.info.person_id} if shown else set()
            runs.append(_Run(task, schema, [model.name for model in models] if shown else []))
        reference = _stack_references(batch)
        movers: dict[str, Mover] = {}
        for model in models:
            movers |= model.movers(reference)
        for name, baseline in baselines.items():
            movers[name] = baseline.start(reference.keypoints, reference.parsing_map)
        forced = {model.name: Rollout(model.trained, reference) for model in models} if one_step else {}
        _generate(runs, movers, forced, schema, progress)
        results += [run.result() for run in runs]
    return results


def _generate(
    runs: Sequence["_Run"],
    movers: Mapping[str, Mover],
    forced: Mapping[str, Rollout],
    schema: LabelSchema,
    progress: "tqdm[None]",
) -> None:
    """Steps through all clips of a batch together; clips that have ended repeat their last pose and are not scored."""
    real = np.stack([run.task.clip.parsing_map(0) for run in runs])
    for t in range(1, max(run.task.frames for run in runs) + 1):
        before, real = real, np.stack([run.task.clip.parsing_map(run.index(t)) for run in runs])
        keypoints = np.stack([run.task.driving[run.index(t)] for run in runs])
        maps = {name: move(keypoints) for name, move in movers.items()}
        maps[PREVIOUS_TRUE] = without_unknown(before)
        going_on = [(index, run) for index, run in enumerate(runs) if t <= run.task.frames]
        for index, run in going_on:
            run.add(t, real[index], {name: batch[index] for name, batch in maps.items()})
        if forced and t <= metrics.HEADLINE_FRAMES:
            frames = np.stack([run.task.clip.frame(run.index(t - 1)) for run in runs])
            for name, rollout in forced.items():
                rollout.force(frames, before)
                generated, rgb = rollout.step(keypoints), rollout.generated_rgb
                assert rgb is not None  # there is one after a step
                pictures = _picture_scores(real, generated, rgb, schema)
                for index, run in going_on:
                    run.add_one_step(name, real[index], generated[index], pictures[index])
        progress.update(len(going_on))


class _Run:
    def __init__(self, task: Task, schema: LabelSchema, shown: Sequence[str]) -> None:
        self.task = task
        self._tallies = collections.defaultdict[str, metrics.Tally](functools.partial(metrics.Tally, schema))
        keypoints = pose_transform.hold_pose(task.clip.keypoints[: metrics.HEADLINE_FRAMES + 1])
        self._places = Places(keypoints, task.references[0].keypoints)
        self._place_tallies = collections.defaultdict[str, PlacesTally](functools.partial(PlacesTally, schema))
        self._one_step = collections.defaultdict[str, OneStepTally](functools.partial(OneStepTally, schema))
        self._shots: dict[str, list[figures.Shot]] = {name: [] for name in shown}

    def index(self, t: int) -> int:
        """Returns `t`, or the last frame if the clip has ended."""
        return min(t, self.task.frames)

    def add(self, t: int, real: Uint8Array, generated: Mapping[str, Uint8Array]) -> None:
        scored = np.full_like(real, UNKNOWN) if t in self.task.unscored else real
        for name, parsing_map in generated.items():
            self._tallies[name].add(scored, parsing_map)
        if t <= metrics.HEADLINE_FRAMES:
            masks = self._places.masks(t, *real.shape)
            for name, parsing_map in generated.items():
                self._place_tallies[name].add(scored, parsing_map, masks)
        if t in metrics.STEPS:
            for name, shots in self._shots.items():
                shots.append(figures.Shot(t, self.task.clip.frame(t), self.task.driving[t], real, generated[name]))

    def add_one_step(self, name: str, real: Uint8Array, generated: Uint8Array, picture_scores: Float32Array) -> None:
        self._one_step[name].add(real, generated, picture_scores)

    def result(self) -> Result:
        task, reference = self.task, self.task.references[0]
        first = figures.Shot(0, reference.frame, reference.keypoints, reference.parsing_map)
        strips = {name: figures.Strip(task.title, first, tuple(shots)) for name, shots in self._shots.items()}
        return Result(task.clip.info, self._tallies, self._place_tallies, self._one_step, strips)


def _picture_scores(real: Uint8Array, generated: Uint8Array, rgb: Float32Array, schema: LabelSchema) -> Float32Array:
    """Computes L1, PSNR and SSIM of each picture, float `[batch, 3]`; NaN if no pixel is known.

    The generated maps are given as class ids and as the network's colours `rgb` in [-1, 1].
    """
    known = real != UNKNOWN
    colours = encoding.colour_map(real, schema).numpy()
    errors = [metrics.l1_and_psnr(*pictures) for pictures in zip(colours, rgb, known, strict=True)]
    # Unknown pixels are made grey in both maps, so that they do not count as differences.
    pair = [schema.colour(ids) for ids in (real, np.where(known, generated, UNKNOWN))]
    ssim = np.where(known.any(axis=(1, 2)), _ssim(*map(tf.constant, pair)).numpy(), np.nan)
    return np.column_stack([errors, ssim])


@tf.function(reduce_retracing=True)
def _ssim(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    return tf.image.ssim(real, generated, max_val=255)


def _stack_references(tasks: Sequence[Task]) -> Reference:
    references = [reference for task in tasks for reference in task.references]
    return Reference(
        np.stack([reference.frame for reference in references]),
        np.stack([reference.keypoints for reference in references]),
        np.stack([reference.parsing_map for reference in references]),
        len(tasks[0].references),
    )


def _batched(tasks: Iterable[Task], size: int) -> Iterator[list[Task]]:
    iterator = iter(tasks)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
