"""Lists the clips to generate from a split: self reenactment and cross-person tasks.

Self reenactment: a clip is generated from its own first frame that shows somebody, normally frame 0, and its keypoints,
unless it repeats another clip's motion.

Cross-person: clip X shows the motion of clip M on another person. The person of X is the target, with such a frame of
an own clip as reference; the keypoints of M drive it, and the maps of X are the truth. As in `Retargeter.place`, the
whole path of M is fitted to the target's body, of which only the reference is known; then it is scaled and shifted once
to where the truth has it (except with fit `none`). Keypoints are not cleaned.

A frame without a person repeats the pose before it. Before the first and after the last person frames are not scored.

With several photos of the target, the others are frames of the own clip too: the middles of equal parts of what is
scored. In self reenactment the frames near them are not scored, because they look like the photo.
"""

import dataclasses
from collections.abc import Iterator, Sequence

from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Float32Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.pose_transform import Fit
from retarget_tf.dataset import records
from retarget_tf.dataset.clips import ClipIdentity
from retarget_tf.errors import InputDataError
from retarget_tf.evaluation import metrics

NEAR = 10  # frames on either side of a further photo that are not scored


@dataclasses.dataclass(frozen=True)
class Task:
    """One clip to generate.

    Attributes:
        clip: The clip that holds the truth, at frames 1..`frames`.
        references: Photos, keypoints and maps of the target; the first is the first frame of an own clip that shows
            somebody.
        driving: Driving keypoints on the target's canvas, float32 `[frames + 1, 25, 3]`; frame 0 is not used.
        title: Text to show in pictures.
        unscored: Frames that are generated, but not scored.
    """

    clip: records.RecordClip
    references: tuple[records.Reference, ...]
    driving: Float32Array
    title: str
    unscored: frozenset[int] = frozenset()

    @property
    def frames(self) -> int:
        """Number of frames to generate, and index of the last one."""
        return min(len(self.driving), len(self.clip)) - 1

    @property
    def with_one_photo(self) -> "Task":
        """The same task with the first photo only; the same frames are scored."""
        return dataclasses.replace(self, references=self.references[:1])


def check_clips(folder: files.PathLike, clips: Sequence[records.ClipEntry]) -> None:
    """Refuses a split with clips that cannot be generated, or without any for self reenactment.

    Raises:
        InputDataError: A clip has only one frame, or every clip repeats the motion of another.
    """
    if all(clip.motion_of is not None for clip in clips):
        raise InputDataError(
            f"records {folder}: every clip of the split repeats the motion of another; self reenactment needs one of "
            "its own. Build the records again with more clips."
        )
    for clip in clips:
        if clip.frames < 2:
            raise InputDataError(
                f"records {folder} clip {clip.clip_id}: has {clip.frames} frame; the first is the reference, so at "
                "least 2 are needed. Build the records again without it."
            )


def self_tasks(folder: files.PathLike, split: str, photos: int = 1) -> Iterator[Task]:
    """Yields the self reenactment tasks of a split, with one clip at a time in memory.

    Args:
        folder: Folder of the records.
        split: A split whose clips are whole.
        photos: Number of photos of the target.
    """
    for clip in records.read_clips(folder, split):
        if clip.info.motion_of is None:
            title = f"{clip.info.clip_id} ({clip.info.person_id})"
            driving = pose_transform.hold_pose(clip.keypoints)
            first, *more = photo_frames(clip.keypoints, photos)
            near = {frame + apart for frame in more for apart in range(-NEAR, NEAR + 1)}
            unscored = near | {*range(1, first + 1)} | _after_the_last(clip)
            yield Task(clip, _references(clip, photos), driving[: metrics.LONGEST + 1], title, frozenset(unscored))


def photo_frames(keypoints: Float32Array, photos: int) -> list[int]:
    """Returns the frames of a clip that are the target's photos: 0, and the middles of `photos - 1` equal parts.

    The parts divide the frames of the headline. In place of a frame that shows nobody the nearest is taken that does.
    """
    part = min(len(keypoints), metrics.HEADLINE_FRAMES + 1) / max(photos - 1, 1)
    wanted = [0, *(int((index + 0.5) * part) for index in range(photos - 1))]
    return [skeleton.nearest_in_view(keypoints, frame) for frame in wanted]


def _after_the_last(clip: records.RecordClip) -> set[int]:
    return {*range(skeleton.time_in_view(clip.keypoints).stop, len(clip))}


def _references(clip: records.RecordClip, photos: int) -> tuple[records.Reference, ...]:
    frames = photo_frames(clip.keypoints, photos)
    if frames[0]:
        logging.info("clip %s: frame %d is its reference, the first that shows somebody.", clip.info.clip_id, frames[0])
    return tuple(clip.reference_at(frame) for frame in frames)


def cross_tasks(folder: files.PathLike, split: str, fit: Fit, photos: int = 1) -> Iterator[Task]:
    """Yields the cross-person tasks of a split, if any. Keypoints and references are read in a first pass.

    Args:
        folder: Folder of the records.
        split: A split whose clips are whole.
        fit: How the motion is fitted to the target's body, see `pose_transform.fit_path`.
        photos: Number of photos of the target.
    """
    manifest = records.Manifest.load(folder)
    pairs = cross_pairs(manifest.split(split).clips)
    if not pairs:
        return
    motions = {motion for motion, _ in pairs.values()}
    own = {clip_id for _, clip_id in pairs.values()}
    keypoints: dict[str, Float32Array] = {}
    references: dict[str, tuple[records.Reference, ...]] = {}
    for clip in records.read_clips(folder, split):
        if clip.info.clip_id in motions:
            keypoints[clip.info.clip_id] = clip.keypoints
        if clip.info.clip_id in own:
            references[clip.info.clip_id] = _references(clip, photos)
    for clip in records.read_clips(folder, split):
        if clip.info.clip_id in pairs:
            motion, target = pairs[clip.info.clip_id]
            driving = placed_path(
                fit, keypoints[motion], references[target][0].keypoints, clip.keypoints, manifest.image_size
            )
            title = f"{clip.info.person_id} from {target}, driven by {motion}"
            unscored = frozenset({*range(1, skeleton.time_in_view(clip.keypoints).start)} | _after_the_last(clip))
            yield Task(clip, references[target], driving[: metrics.LONGEST + 1], title, unscored)


def count_frames(folder: files.PathLike, split: str) -> tuple[int, int]:
    """Returns the numbers of frames to generate in self reenactment and in cross-person tasks."""
    clips = records.Manifest.load(folder).split(split).clips
    lengths = {clip.clip_id: min(clip.frames - 1, metrics.LONGEST) for clip in clips}
    pairs = cross_pairs(clips)
    return (
        sum(lengths[clip.clip_id] for clip in clips if clip.motion_of is None),
        sum(min(lengths[clip_id], lengths[motion]) for clip_id, (motion, _) in pairs.items()),
    )


def placed_path(fit: Fit, source: Float32Array, target: Float32Array, truth: Float32Array, size: int) -> Float32Array:
    """Fits the source's path `[frames, 25, 3]` to the target's canvas; unchanged if it shows nobody.

    The fit takes place and size from the target's photo, but the clip with the truth was framed anew, and both framings
    are equally right. So the whole path is finally shifted and scaled once to match the truth's; this does not change
    poses, proportions and the ground under the steps.
    """
    if skeleton.person_box(source) is None:
        return source
    transform = pose_transform.fit_path(fit, source, target, size, (size, size))
    placed = transform.apply(pose_transform.hold_pose(source))
    return placed if fit == "none" else _registered(placed, truth)


def _registered(path: Float32Array, truth: Float32Array) -> Float32Array:
    """Returns the path after the one scale and shift that fit all its joints to the truth's in least squares."""
    frames = min(len(path), len(truth))
    return pose_transform.register(path[:frames], truth[:frames]).apply(path)


def cross_pairs(clips: Sequence[ClipIdentity]) -> dict[str, tuple[str, str]]:
    """Returns for each possible cross-person task the driving clip and the target's own clip, by clip id."""
    present = {clip.clip_id for clip in clips}
    own: dict[str, str] = {}
    for clip in clips:
        if clip.motion_of is None:
            own.setdefault(clip.person_id, clip.clip_id)
    return {
        clip.clip_id: (clip.motion_of, own[clip.person_id])
        for clip in clips
        if clip.motion_of in present and clip.motion_of is not None and clip.person_id in own
    }
