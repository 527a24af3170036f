"""The whole evaluation of one model on one split of records."""

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from retarget_tf import figures, files, generator, metrics, records
from retarget_tf.baselines import Baseline, CopyFirst, LimbWarp, NearestPose
from retarget_tf.evaluation import scoring, tasks
from retarget_tf.parsing_labels import LabelSchema, get_schema

FloatArray = npt.NDArray[np.float32]
Uint8Array = npt.NDArray[np.uint8]

LIBRARY_FRAMES = 2000
_SELF_STRIPS, _CROSS_STRIPS = 3, 1  # a taller picture is not looked at


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What was found.

    Attributes:
        metrics: as `metrics.json` holds it.
        strips: of self reenactment, then across persons, for the pictures.
        schema: of the maps.
    """

    metrics: dict[str, Any]
    strips: tuple[figures.Strip, ...]
    schema: LabelSchema


def evaluate(
    model: files.PathLike,
    records_folder: files.PathLike,
    split: str = records.TEST,
    *,
    batch_size: int = 8,
    seed: int = 0,
    show_progress: bool = False,
) -> Evaluation:
    """Generates every clip of a split from its frame 0 and scores it.

    Args:
        model: what `generator.load_generator` reads.
        records_folder: of the model's size and label schema.
        split: one whose clips are whole: validation or test.
        batch_size: clips that are generated at once; the scores do not depend on it.
        seed: of the bootstrap.
        show_progress: draw a progress bar of frames.

    Raises:
        InputDataError: model or records are missing or do not fit each other, the split is empty, or a clip has one
            frame only.
        ConfigError: the split's clips are not whole.
    """
    manifest = records.Manifest.load(records_folder)
    clips = manifest.split(split).clips
    tasks.check_clips(records_folder, clips)
    trained = generator.load_generator(model)
    config = trained.spec.model
    manifest.check_fit(config.image_size, config.label_schema)
    baselines = default_baselines(manifest)
    frames = tasks.count_frames(records_folder, split)
    with tqdm(total=sum(frames), unit="frame", disable=not show_progress) as progress:
        run = functools.partial(scoring.run, trained, baselines=baselines, batch_size=batch_size, progress=progress)
        own = run(tasks.self_tasks(records_folder, split), one_step=True, max_strips=_SELF_STRIPS)
        cross = run(tasks.cross_tasks(records_folder, split), one_step=False, max_strips=_CROSS_STRIPS)
    found = {
        "model": str(model),
        "preset": config.preset,
        "step": trained.spec.step,
        "records": str(records_folder),
        "split": split,
        "label_schema": config.label_schema,
        "start": "photo",
        **_summarise_all(own, cross, baselines, config.schema, seed),
    }
    strips = tuple(result.strip for result in (*own, *cross) if result.strip is not None)
    return Evaluation(found, strips, config.schema)


def default_baselines(manifest: records.Manifest) -> dict[str, Baseline]:
    """All baselines; the nearest pose only where there are training people to take poses from."""
    baselines: dict[str, Baseline] = {"copy_first": CopyFirst()}
    if library := list(_library_frames(manifest)):
        baselines["nearest_pose"] = NearestPose.from_frames(library)
    baselines["limb_warp"] = LimbWarp(get_schema(manifest.label_schema))
    return baselines


def _library_frames(manifest: records.Manifest) -> Iterator[tuple[FloatArray, Uint8Array]]:
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


def _summarise_all(
    own: Sequence[scoring.Result],
    cross: Sequence[scoring.Result],
    baselines: Mapping[str, Baseline],
    schema: LabelSchema,
    seed: int,
) -> dict[str, Any]:
    return {
        "clips": _describe_clips(own),
        "teacher_forced": _summarise_one_step(own),
        "rollout": _summarise(own, scoring.MODEL, schema, seed),
        "per_class_iou": metrics.summarise_classes([result.tallies[scoring.MODEL] for result in own], schema),
        "baselines": {name: _summarise(own, name, schema, seed) for name in baselines},
        "cross_person": _summarise_cross(cross, baselines, schema, seed),
    }


def _describe_clips(results: Sequence[scoring.Result]) -> list[dict[str, Any]]:
    """Each clip with every contender's headline, for paired comparisons."""
    return [
        {
            "clip_id": result.clip_id,
            "person_id": result.person_id,
            "frames": result.frames,
            "miou": {
                name: metrics.mean_over_clips([tally.scores(metrics.mean_iou)[metrics.HEADLINE]])
                for name, tally in result.tallies.items()
            },
        }
        for result in results
    ]


def _summarise(results: Sequence[scoring.Result], name: str, schema: LabelSchema, seed: int) -> dict[str, Any]:
    return metrics.summarise([result.tallies[name] for result in results], schema, seed)


def _summarise_one_step(results: Sequence[scoring.Result]) -> dict[str, float | None]:
    scores = [result.one_step.scores() for result in results if result.one_step is not None]
    return {name: metrics.mean_over_clips([clip[name] for clip in scores]) for name in scores[0]}


def _summarise_cross(
    results: Sequence[scoring.Result], baselines: Mapping[str, Baseline], schema: LabelSchema, seed: int
) -> dict[str, Any] | None:
    if not results:
        return None
    return {
        "clips": _describe_clips(results),
        **_summarise(results, scoring.MODEL, schema, seed),
        "baselines": {name: _summarise(results, name, schema, seed) for name in baselines},
    }
