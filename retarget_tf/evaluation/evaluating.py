"""Evaluates one model, or compares several, on one split of records."""

import dataclasses
import functools
import itertools
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tqdm import tqdm

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import LabelSchema, get_schema
from retarget_tf.dataset import records
from retarget_tf.errors import ConfigError
from retarget_tf.evaluation import scoring, tasks
from retarget_tf.evaluation.baselines import Baseline, CopyFirst, LimbWarp, NearestPose
from retarget_tf.evaluation.config import EvaluationConfig
from retarget_tf.evaluation.summaries import Findings, OfSeveral
from retarget_tf.networks import generator
from retarget_tf.pictures import figures

LIBRARY_FRAMES = 2000  # the most poses in the library of `nearest_pose`
_SELF_STRIPS, _CROSS_STRIPS = 3, 1  # more rows would make the pictures too tall


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Results of one model.

    Attributes:
        metrics: Contents of `metrics.json`.
        strips: Rows of the pictures, first of self reenactment, then cross-person.
        schema: Label schema of the maps.
        several_strips: The same rows with several photos of each person; empty without.
    """

    metrics: dict[str, Any]
    strips: tuple[figures.Strip, ...]
    schema: LabelSchema
    several_strips: tuple[figures.Strip, ...] = ()


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Results of several models.

    Attributes:
        scores: Contents of `compare.json`.
        strips: Rows of the pictures of each model by name, of the same clips.
        schema: Label schema of the maps.
    """

    scores: dict[str, Any]
    strips: Mapping[str, tuple[figures.Strip, ...]]
    schema: LabelSchema


def evaluate(
    model: files.PathLike, records_folder: files.PathLike, config: EvaluationConfig | None = None
) -> Evaluation:
    """Scores a model on a split: self reenactment and, where clips share a motion, cross-person (see `tasks`).

    Args:
        model: Path of a trained generator, see `generator.load_generator`.
        records_folder: Folder of the records; must have the model's image size and label schema.
        config: Settings of the evaluation; None takes the defaults.

    Raises:
        InputDataError: Model or records are missing or do not fit each other, the split is empty or has only clips that
            repeat another's motion, or a clip has only one frame.
    """
    config = config or EvaluationConfig()
    findings, of_several = _run({"model": model}, records_folder, config)
    [contender] = findings.models
    own, shared = findings.of_model(contender), findings.shared()
    found = {**_describe(records_folder, config), **own, **shared}
    if own["cross_person"] is not None:
        found["cross_person"] = {**own["cross_person"], **shared["cross_person"]}
    found["references"] = of_several and of_several.summary()
    several_strips = () if of_several is None else _strips(of_several.several, contender.name)
    return Evaluation(found, _strips(findings, contender.name), findings.schema, several_strips)


def compare(
    models: Sequence[files.PathLike], records_folder: files.PathLike, config: EvaluationConfig | None = None
) -> Comparison:
    """Evaluates several models on the same clips; the baselines run only once.

    Args:
        models: Paths of trained generators; the last part of each path becomes the model's name.
        records_folder: See `evaluate`.
        config: Settings of the evaluation; None takes the defaults.

    Raises:
        InputDataError: See `evaluate`.
        ConfigError: Two models have the same name, or one has the name of a baseline.
    """
    config = config or EvaluationConfig()
    findings, of_several = _run(_named(models), records_folder, config)
    scores = {
        **_describe(records_folder, config),
        "models": {model.name: findings.of_model(model) for model in findings.models},
        **findings.shared(),
        "references": of_several and of_several.summary(),
    }
    strips = {model.name: _strips(findings, model.name) for model in findings.models}
    return Comparison(scores, strips, findings.schema)


def default_baselines(manifest: records.Manifest, training: records.Manifest) -> dict[str, Baseline]:
    """Creates all baselines by name; `nearest_pose` only if there are training frames to take poses from."""
    baselines: dict[str, Baseline] = {"copy_first": CopyFirst()}
    if library := list(_library_frames(training)):
        baselines["nearest_pose"] = NearestPose.from_frames(library)
    baselines["limb_warp"] = LimbWarp(get_schema(manifest.label_schema))
    return baselines


def _run(
    models: Mapping[str, files.PathLike], records_folder: files.PathLike, config: EvaluationConfig
) -> tuple[Findings, OfSeveral | None]:
    manifest, split = records.Manifest.load(records_folder), config.split
    training = records.Manifest.load(config.train_records or records_folder)
    tasks.check_clips(records_folder, manifest.split(split).clips)
    contenders = []
    for name, path in models.items():
        trained = generator.load_generator(path)
        for either in (manifest, training):
            either.check_fit(trained.spec.model.image_size, trained.spec.model.label_schema)
        contenders.append(scoring.Model(name, str(path), trained))
    baselines = default_baselines(manifest, training)
    frames = sum(tasks.count_frames(records_folder, split)) * (1 if config.references == 1 else 3)
    movable = {name: baseline for name, baseline in baselines.items() if isinstance(baseline, LimbWarp)}
    with tqdm(total=frames, unit="frame", disable=not config.show_progress) as progress:

        def found(baselines: Mapping[str, Baseline], photos: int, first_only: bool, one_step: bool) -> Findings:
            run = functools.partial(scoring.run, contenders, baselines, batch_size=config.batch_size, progress=progress)
            own = tasks.self_tasks(records_folder, split, photos)
            cross = tasks.cross_tasks(records_folder, split, config.fit, photos)
            if first_only:
                own, cross = ((task.with_one_photo for task in of_kind) for of_kind in (own, cross))
            own_results = run(own, one_step=one_step, max_strips=_SELF_STRIPS)
            cross_results = run(cross, one_step=False, max_strips=_CROSS_STRIPS)
            schema = get_schema(manifest.label_schema)
            return Findings(contenders, list(baselines), own_results, cross_results, schema, config.seed)

        of_one = found(baselines, 1, first_only=False, one_step=True)
        if config.references == 1:
            return of_one, None
        several, one = (found(movable, config.references, first_only, False) for first_only in (False, True))
    return of_one, OfSeveral(config.references, several, one)


def _named(models: Sequence[files.PathLike]) -> dict[str, files.PathLike]:
    taken = {"truth", scoring.PREVIOUS_TRUE, "copy_first", "nearest_pose", "limb_warp"}
    named: dict[str, files.PathLike] = {}
    for path in models:
        name = pathlib.Path(path).absolute().name
        if name in named or name in taken:
            raise ConfigError(
                f"models to compare must have names of their own, other than {sorted(taken)}. "
                f"Received: models={','.join(map(str, models))}"
            )
        named[name] = path
    return named


def _describe(records_folder: files.PathLike, config: EvaluationConfig) -> dict[str, Any]:
    return {"records": str(records_folder), "split": config.split, "fit": config.fit}


def _strips(findings: Findings, name: str) -> tuple[figures.Strip, ...]:
    return tuple(result.strips[name] for result in (*findings.own, *findings.cross) if name in result.strips)


def _library_frames(manifest: records.Manifest) -> Iterator[tuple[Float32Array, Uint8Array]]:
    """Yields keypoints and map of at most `LIBRARY_FRAMES` training frames, evenly spread over the records."""
    frames = manifest.splits[records.TRAIN].frames
    if not frames:
        return
    stride = -(-frames // LIBRARY_FRAMES)
    position = itertools.count()
    for segment in records.read_segments(manifest.folder, records.TRAIN):
        for keypoints, png in zip(segment.body.keypoints, segment.body.parsing_maps, strict=True):
            if next(position) % stride == 0:
                yield keypoints, records.decode_map(png).numpy()
