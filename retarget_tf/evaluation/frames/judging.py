"""Makes the frames of one task with all contenders, and scores them."""

import collections
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.evaluation.frames import measures, steadiness
from retarget_tf.evaluation.frames.config import FrameEvaluationConfig
from retarget_tf.evaluation.frames.contenders import Contenders, Moment
from retarget_tf.evaluation.frames.redetection import Redetection
from retarget_tf.evaluation.frames.tasks import FrameTask
from retarget_tf.retargeting import targets
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.frames import shadow

MOMENTS = (1, 30, 60, 90, 120, 200)  # frames to look at
REAL = "real"  # the true frames, scored where they are not the measure themselves
Scores = dict[str, dict[str, float]]  # by contender and measure
Watch = Callable[[int, Mapping[str, Uint8Array]], None]


def judge(
    task: FrameTask,
    schema: LabelSchema,
    config: FrameEvaluationConfig,
    *,
    retargeter: BaseRetargeter | None = None,
    redetection: Redetection | None = None,
    watch: Watch = lambda t, frames: None,
) -> Scores:
    """Makes and scores the frames of a task.

    Args:
        task: The clip to make.
        schema: Label schema of the maps.
        config: Settings of the judging.
        retargeter: The generator of the maps of the contender `generator`; None leaves it out.
        redetection: Looks at the frames that are scored; None leaves that out.
        watch: Called for each frame that is made with its number, and by name the true frame (`real`) and those of all
            contenders. Without videos, these are the frames scored, those before them, and `MOMENTS`.

    Returns:
        The means over the frames scored, NaN where none has a value. `real` has what the true frames themselves score.
    """
    contenders = Contenders(targets.clip_target(task.target.folder, task.clip.info.image_size, schema), schema)
    grounds = shadow.ground_lines(task.driving)
    truth, maps = task.truth(schema), _generated_maps(retargeter, task, schema)
    tally = _Tally()
    tally.add(_own_pose(contenders, _own_map(retargeter, task, schema)))
    frame, _ = next(truth)
    before: dict[str, Uint8Array] = {}
    for t, ((real, real_map), generated_map) in enumerate(zip(truth, maps, strict=True), start=1):
        is_scored, is_followed = ((index - 1) % config.frame_step == 0 for index in (t, t + 1))
        if not (is_scored or is_followed or config.videos or t in MOMENTS):
            continue
        moment = Moment(task.driving[t], float(grounds[t]), real_map, generated_map)
        made = contenders.make(moment)
        frames = {REAL: real, **{name: one.frame for name, one in made.items()}}
        watch(t, frames)
        if is_scored:
            regions = measures.region_maps(real_map, contenders.photo_map, schema)
            tally.add({name: measures.score(one, real, contenders.photo, regions) for name, one in made.items()})
            if before:
                motion = steadiness.follow(frame, real, regions["person"] > 0)
                tally.add({name: {"warping_error": motion.error(before[name], frames[name])} for name in frames})
            if redetection is not None:
                tally.add({name: redetection.score(one, moment.pose, real_map) for name, one in frames.items()})
        before, frame = frames, real
    return tally.means()


class _Tally:
    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = collections.defaultdict(
            lambda: collections.defaultdict(list[float])
        )

    def add(self, scores: Mapping[str, Mapping[str, float]]) -> None:
        for name, of_one in scores.items():
            for measure, value in of_one.items():
                self._values[name][measure].append(value)

    def means(self) -> Scores:
        return {name: {key: _mean(values) for key, values in of.items()} for name, of in self._values.items()}


def _own_pose(contenders: Contenders, generated_map: Uint8Array | None) -> Scores:
    """Compares the frames made for the photo's own pose with the photo."""
    pose, photo = contenders.photo_pose, contenders.photo
    ground = float(shadow.ground_lines(pose[None])[0])
    made = contenders.make(Moment(pose, ground, contenders.photo_map, generated_map))
    everywhere = np.ones(photo.shape[:2], bool)
    return {name: {"own_pose_psnr": measures.psnr(one.frame, photo, everywhere)} for name, one in made.items()}


def _generated_maps(
    retargeter: BaseRetargeter | None, task: FrameTask, schema: LabelSchema
) -> Iterator[Uint8Array | None]:
    """Yields the map of each frame from 1, of the generator's size, or None without a generator."""
    if retargeter is None:
        yield from [None] * task.frames
        return
    target = targets.clip_target(task.target.folder, retargeter.image_size, schema)
    size = task.clip.info.image_size
    yield from retargeter.retarget(target, task.driving[1:], fit="none", clean=False, source_size=(size, size))


def _own_map(retargeter: BaseRetargeter | None, task: FrameTask, schema: LabelSchema) -> Uint8Array | None:
    if retargeter is None:
        return None
    target = targets.clip_target(task.target.folder, retargeter.image_size, schema)
    return next(retargeter.retarget(target, target.keypoints[None], fit="none", clean=False))


def _mean(values: list[float]) -> float:
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")
