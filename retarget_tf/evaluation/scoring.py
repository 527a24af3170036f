"""Runs the generator and the baselines over tasks, several clips at once, and tallies as it goes."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tqdm import tqdm

from retarget_tf import conditioning, figures, metrics, rollout
from retarget_tf.baselines import Baseline, Mover
from retarget_tf.evaluation.tasks import Task
from retarget_tf.generator import TrainedGenerator
from retarget_tf.parsing_labels import UNKNOWN, LabelSchema

FloatArray = npt.NDArray[np.float32]
Uint8Array = npt.NDArray[np.uint8]

MODEL = "model"
SHOWN_STEPS = (1, 10, 50, 100, 200)


class OneStepTally:
    """One-step scores of one clip: each frame generated from the true one before it."""

    def __init__(self, schema: LabelSchema) -> None:
        self.maps = metrics.Tally(schema)
        self._schema = schema
        self._pictures: list[tuple[float, float, float]] = []

    def add(self, real: Uint8Array, generated: Uint8Array, generated_rgb: FloatArray) -> None:
        """Takes the next frame's true map, generated map, and the picture as the network gave it."""
        self.maps.add(real, generated)
        known = real != UNKNOWN
        l1, psnr = metrics.l1_and_psnr(conditioning.colour_map(real, self._schema).numpy(), generated_rgb, known)
        # Unknown pixels are grey in the truth; the same grey in the generated map lets them differ nowhere.
        pair = [self._schema.colour(ids) for ids in (real, np.where(known, generated, UNKNOWN))]
        ssim = float(tf.image.ssim(*map(tf.constant, pair), max_val=255)) if known.any() else np.nan
        self._pictures.append((l1, psnr, ssim))

    def scores(self) -> dict[str, float]:
        """Means over the frames of the clip."""
        l1, psnr, ssim = np.nanmean(self._pictures, axis=0)
        headline = metrics.HEADLINE
        return {
            "miou": self.maps.scores(metrics.mean_iou)[headline],
            "pixel_accuracy": self.maps.scores(metrics.pixel_accuracy)[headline],
            "l1": l1,
            "psnr": psnr,
            "ssim": ssim,
        }


@dataclasses.dataclass(frozen=True)
class Result:
    """What came out of one task.

    Attributes:
        clip_id: of the clip that holds the truth.
        person_id: of the target.
        frames: of that clip.
        tallies: of the rollout, by contender: `MODEL` and the baselines' names.
        one_step: None where it was not asked for.
        strip: shots at `SHOWN_STEPS` and at the last frame; None where they were not asked for.
    """

    clip_id: str
    person_id: str
    frames: int
    tallies: Mapping[str, metrics.Tally]
    one_step: OneStepTally | None
    strip: figures.Strip | None


def run(
    trained: TrainedGenerator,
    tasks: Iterable[Task],
    *,
    one_step: bool,
    max_strips: int,
    baselines: Mapping[str, Baseline],
    batch_size: int,
    progress: "tqdm[None]",
) -> list[Result]:
    """Generates every task, `batch_size` clips at once; the first clip of each of `max_strips` people gives a strip."""
    results: list[Result] = []
    people: set[str] = set()
    for batch in _batched(tasks, batch_size):
        runs = []
        for task in batch:
            shown = task.clip.person_id not in people and len(people) < max_strips
            people |= {task.clip.person_id} if shown else set()
            runs.append(_Run(task, trained.spec.model.schema, baselines, one_step=one_step, shown=shown))
        _generate(trained, runs, one_step, progress)
        results += [run.result() for run in runs]
    return results


def _generate(trained: TrainedGenerator, runs: Sequence["_Run"], one_step: bool, progress: "tqdm[None]") -> None:
    """Steps through all clips of a batch together; a clip that has ended repeats its last pose, unscored."""
    reference = _stack_references([run.task for run in runs])
    free, forced = rollout.Rollout(trained, reference), rollout.Rollout(trained, reference)
    real_before = reference.parsing_map
    for t in range(1, max(run.task.frames for run in runs) + 1):
        keypoints = np.stack([run.task.driving[run.index(t)] for run in runs])
        real = np.stack([run.task.clip.parsing_map(run.index(t)) for run in runs])
        going_on = [(index, run) for index, run in enumerate(runs) if t <= run.task.frames]
        generated = free.step(keypoints)
        for index, run in going_on:
            run.add(t, real[index], generated[index])
        if one_step and t <= metrics.HEADLINE_FRAMES:
            forced.force(np.stack([run.task.clip.frame(run.index(t - 1)) for run in runs]), real_before)
            generated, rgb = forced.step(keypoints), forced.generated_rgb
            assert rgb is not None  # there is one after a step
            for index, run in going_on:
                run.add_one_step(real[index], generated[index], rgb[index])
        real_before = real
        progress.update(len(going_on))


class _Run:
    """One task while it is generated."""

    def __init__(
        self, task: Task, schema: LabelSchema, baselines: Mapping[str, Baseline], *, one_step: bool, shown: bool
    ) -> None:
        self.task = task
        reference = task.reference
        self._movers: dict[str, Mover] = {
            name: baseline.start(reference.keypoints, reference.parsing_map) for name, baseline in baselines.items()
        }
        self._tallies = {name: metrics.Tally(schema) for name in (MODEL, *baselines)}
        self._one_step = OneStepTally(schema) if one_step else None
        self._shown_steps = {*SHOWN_STEPS, task.frames} if shown else set()
        self._shots: list[figures.Shot] = []

    def index(self, t: int) -> int:
        """`t`, or the last frame of a clip that has ended."""
        return min(t, self.task.frames)

    def add(self, t: int, real: Uint8Array, generated: Uint8Array) -> None:
        """Scores the rollouts' maps of frame `t`."""
        keypoints = self.task.driving[t]
        self._tallies[MODEL].add(real, generated)
        for name, mover in self._movers.items():
            self._tallies[name].add(real, mover(keypoints))
        if t in self._shown_steps:
            self._shots.append(figures.Shot(t, self.task.clip.frame(t), keypoints, real, generated))

    def add_one_step(self, real: Uint8Array, generated: Uint8Array, generated_rgb: FloatArray) -> None:
        """Scores the map of the next frame that was generated from the truth."""
        assert self._one_step is not None
        self._one_step.add(real, generated, generated_rgb)

    def result(self) -> Result:
        """What is left when the clip has ended."""
        task, reference = self.task, self.task.reference
        first = figures.Shot(0, reference.frame, reference.keypoints, reference.parsing_map)
        strip = figures.Strip(task.title, first, tuple(self._shots)) if self._shots else None
        return Result(task.clip.clip_id, task.clip.person_id, len(task.clip), self._tallies, self._one_step, strip)


def _stack_references(tasks: Sequence[Task]) -> rollout.Reference:
    references = [task.reference for task in tasks]
    return rollout.Reference(
        np.stack([reference.frame for reference in references]),
        np.stack([reference.keypoints for reference in references]),
        np.stack([reference.parsing_map for reference in references]),
    )


def _batched(tasks: Iterable[Task], size: int) -> Iterator[list[Task]]:
    batch: list[Task] = []
    for task in tasks:
        batch.append(task)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
