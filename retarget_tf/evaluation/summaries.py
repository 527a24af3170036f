"""Summarises the tallies of single clips to the numbers of `metrics.json` and `compare.json`."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.evaluation import metrics, places
from retarget_tf.evaluation.scoring import PREVIOUS_TRUE, Model, Result
from retarget_tf.evaluation.tasks import NEAR

Summary = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Findings:
    """All results of one run.

    Attributes:
        models: The models evaluated.
        baselines: Names of the baselines.
        own: Results of self reenactment.
        cross: Cross-person results; may be empty.
        schema: Label schema of the maps.
        seed: Makes the bootstrap repeatable.
    """

    models: Sequence[Model]
    baselines: Sequence[str]
    own: Sequence[Result]
    cross: Sequence[Result]
    schema: LabelSchema
    seed: int

    def of_model(self, model: Model) -> Summary:
        """Returns the scores of one model; `photo_start` is None if the headline itself starts from the photo."""
        photo = model.from_photo
        return {
            "model": model.path,
            "preset": model.trained.spec.model.preset,
            "step": model.trained.spec.step,
            "start": model.start,
            "teacher_forced": self._one_step(model.name),
            "rollout": self._scores(self.own, model.name),
            "per_class_iou": metrics.summarise_classes(
                [result.tallies[model.name] for result in self.own], self.schema
            ),
            "cross_person": self._cross_scores(model.name),
            "photo_start": None
            if photo is None
            else {"rollout": self._scores(self.own, photo), "cross_person": self._cross_scores(photo)},
        }

    def shared(self) -> Summary:
        """Returns the parts that belong to no single model: the clips, the baselines, and the curves of all."""
        cross = None if not self.cross else {"clips": _describe_clips(self.cross), **self._untrained(self.cross)}
        return {
            "label_schema": self.schema.name,
            "clips": _describe_clips(self.own),
            **self._untrained(self.own),
            "curves": self._curves(),
            "cross_person": cross,
        }

    def rollouts(self) -> Summary:
        """Returns the rollouts of all models, from both starts, and of all baselines, by name."""
        return {
            name: {"self": self._scores(self.own, name), "cross_person": self._cross_scores(name)}
            for name in [*self._rollouts(), *self.baselines]
        }

    def _rollouts(self) -> list[str]:
        return [name for model in self.models for name in (model.name, model.from_photo) if name is not None]

    def _untrained(self, results: Sequence[Result]) -> Summary:
        return {
            "baselines": {name: self._scores(results, name) for name in self.baselines},
            "reference_only": {PREVIOUS_TRUE: self._scores(results, PREVIOUS_TRUE)},
        }

    def _scores(self, results: Sequence[Result], name: str) -> Summary:
        scores = metrics.summarise([result.tallies[name] for result in results], self.schema, self.seed)
        return {**scores, **places.summarise([result.places[name] for result in results])}

    def _cross_scores(self, name: str) -> Summary | None:
        return self._scores(self.cross, name) if self.cross else None

    def _one_step(self, name: str) -> dict[str, float | None]:
        scores = [result.one_step[name].scores() for result in self.own]
        return {measure: metrics.mean_over_clips([clip[measure] for clip in scores]) for measure in scores[0]}

    def _curves(self) -> Summary:
        """Returns curves of self reenactment over windows of ten frames: mIoU of all contenders, areas of classes."""
        tallies = {name: [result.tallies[name] for result in self.own] for name in self.own[0].tallies}
        truth = tallies[PREVIOUS_TRUE]
        return {
            "t": metrics.window_ends(truth),
            "miou": {name: metrics.miou_curve(of_clips) for name, of_clips in tallies.items()},
            "area": {
                "truth": metrics.area_curves(truth, self.schema, real=True),
                **{name: metrics.area_curves(tallies[name], self.schema, real=False) for name in self._rollouts()},
            },
        }


@dataclasses.dataclass(frozen=True)
class OfSeveral:
    """Results with several photos of each person, and with one on the same frames.

    Attributes:
        photos: Number of photos.
        several: Results with all of them.
        one: Results with the first.
    """

    photos: int
    several: Findings
    one: Findings

    def summary(self) -> Summary:
        """Returns the section `references` of `metrics.json` and `compare.json`."""
        return {
            "photos": self.photos,
            "unscored_frames": NEAR,
            "clips": {"several": _describe_clips(self.several.own), "one": _describe_clips(self.one.own)},
            "several": self.several.rollouts(),
            "one": self.one.rollouts(),
        }


def _describe_clips(results: Sequence[Result]) -> list[Summary]:
    """Lists the clips with the headline of every contender, for paired comparisons."""
    return [
        {
            "clip_id": result.clip.clip_id,
            "person_id": result.clip.person_id,
            "frames": result.clip.frames,
            "miou": {
                name: metrics.mean_over_clips([tally.scores(metrics.mean_iou)[metrics.HEADLINE]])
                for name, tally in result.tallies.items()
            },
        }
        for result in results
    ]
