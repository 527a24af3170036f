"""The whole evaluation of one model, or of several beside each other, on one split of records."""

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
from retarget_tf.body.pose_transform import Fit
from retarget_tf.dataset import records
from retarget_tf.errors import ConfigError
from retarget_tf.evaluation import scoring, tasks
from retarget_tf.evaluation.baselines import Baseline, CopyFirst, LimbWarp, NearestPose
from retarget_tf.evaluation.summaries import Findings
from retarget_tf.networks import generator
from retarget_tf.pictures import figures

LIBRARY_FRAMES = 2000
_SELF_STRIPS, _CROSS_STRIPS = 3, 1  # a taller picture is not looked at


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to evaluate.

    Attributes:
        split: of the records, one whose clips are whole: validation or test.
        fit: how another person's motion is led to the target's body, see `pose_transform.fit_path`.
        train_records: whose training people `nearest_pose` takes its poses from; None for the records to judge by.
        batch_size: clips that are generated at once; the scores do not depend on it.
        seed: of the bootstrap.
        show_progress: draw a progress bar of frames.
    """

    split: str = records.TEST
    fit: Fit = "limbs"
    train_records: files.PathLike | None = None
    batch_size: int = 8
    seed: int = 0
    show_progress: bool = False


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What was found of one model.

    Attributes:
        metrics: as `metrics.json` holds it.
        strips: of self reenactment, then across persons, for the pictures.
        schema: of the maps.
    """

    metrics: dict[str, Any]
    strips: tuple[figures.Strip, ...]
    schema: LabelSchema


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What was found of several models.

    Attributes:
        scores: as `compare.json` holds it.
        strips: of each model by name, of the same clips.
        schema: of the maps.
    """

    scores: dict[str, Any]
    strips: Mapping[str, tuple[figures.Strip, ...]]
    schema: LabelSchema


def evaluate(model: files.PathLike, records_folder: files.PathLike, settings: Settings | None = None) -> Evaluation:
    """Generates every clip of a split from its frame 0 and scores it.

    Args:
        model: what `generator.load_generator` reads.
        records_folder: of the model's size and label schema.
        settings: the defaults where None.

    Raises:
        InputDataError: model or records are missing or do not fit each other, the split is empty, or a clip has one
            frame only.
        ConfigError: the split's clips are not whole.
    """
    settings = settings or Settings()
    findings = _run({"model": model}, records_folder, settings)
    [contender] = findings.models
    own, shared = findings.of_model(contender), findings.shared()
    found = {**_describe(records_folder, settings), **own, **shared}
    if own["cross_person"] is not None:
        found["cross_person"] = {**own["cross_person"], **shared["cross_person"]}
    return Evaluation(found, _strips(findings, contender.name), findings.schema)


def compare(
    models: Sequence[files.PathLike], records_folder: files.PathLike, settings: Settings | None = None
) -> Comparison:
    """Evaluates several models on the same clips; whoever needs no training runs once.

    Args:
        models: what `generator.load_generator` reads; each is called by the last part of its path.
        records_folder: see `evaluate`.
        settings: the defaults where None.

    Raises:
        InputDataError: see `evaluate`.
        ConfigError: see `evaluate`, or two models have the same name, or one that is taken.
    """
    settings = settings or Settings()
    findings = _run(_named(models), records_folder, settings)
    scores = {
        **_describe(records_folder, settings),
        "models": {model.name: findings.of_model(model) for model in findings.models},
        **findings.shared(),
    }
    strips = {model.name: _strips(findings, model.name) for model in findings.models}
    return Comparison(scores, strips, findings.schema)


def default_baselines(manifest: records.Manifest, training: records.Manifest) -> dict[str, Baseline]:
    """All baselines; the nearest pose only where there are training people to take poses from."""
    baselines: dict[str, Baseline] = {"copy_first": CopyFirst()}
    if library := list(_library_frames(training)):
        baselines["nearest_pose"] = NearestPose.from_frames(library)
    baselines["limb_warp"] = LimbWarp(get_schema(manifest.label_schema))
    return baselines


def _run(models: Mapping[str, files.PathLike], records_folder: files.PathLike, settings: Settings) -> Findings:
    manifest, split = records.Manifest.load(records_folder), settings.split
    training = records.Manifest.load(settings.train_records or records_folder)
    tasks.check_clips(records_folder, manifest.split(split).clips)
    contenders = []
    for name, path in models.items():
        trained = generator.load_generator(path)
        for either in (manifest, training):
            either.check_fit(trained.spec.model.image_size, trained.spec.model.label_schema)
        contenders.append(scoring.Model(name, str(path), trained))
    baselines = default_baselines(manifest, training)
    frames = tasks.count_frames(records_folder, split)
    with tqdm(total=sum(frames), unit="frame", disable=not settings.show_progress) as progress:
        run = functools.partial(scoring.run, contenders, baselines, batch_size=settings.batch_size, progress=progress)
        own = run(tasks.self_tasks(records_folder, split), one_step=True, max_strips=_SELF_STRIPS)
        across = tasks.cross_tasks(records_folder, split, settings.fit)
        cross = run(across, one_step=False, max_strips=_CROSS_STRIPS)
    return Findings(contenders, list(baselines), own, cross, get_schema(manifest.label_schema), settings.seed)


def _named(models: Sequence[files.PathLike]) -> dict[str, files.PathLike]:
    """The models by the last part of their paths."""
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


def _describe(records_folder: files.PathLike, settings: Settings) -> dict[str, Any]:
    return {"records": str(records_folder), "split": settings.split, "fit": settings.fit}


def _strips(findings: Findings, name: str) -> tuple[figures.Strip, ...]:
    return tuple(result.strips[name] for result in (*findings.own, *findings.cross) if name in result.strips)


def _library_frames(manifest: records.Manifest) -> Iterator[tuple[Float32Array, Uint8Array]]:
    """Keypoints and map of at most `LIBRARY_FRAMES` training frames, evenly spread over the records."""
    frames = manifest.splits[records.TRAIN].frames
    if not frames:
        return
    stride = -(-frames // LIBRARY_FRAMES)
    position = itertools.count()
    for segment in records.read_segments(manifest.folder, records.TRAIN):
        for keypoints, png in zip(segment.body.keypoints, segment.body.parsing_maps, strict=True):
            if next(position) % stride == 0:
                yield keypoints, records.decode_map(png).numpy()
