"""Lists what is made of folders of clips: self reenactment and cross-person tasks, as `evaluation.tasks` of records.

Self reenactment: frames 1, 2, ... of a clip are made from its own frame 0 and its own keypoints. Cross-person: a clip
that repeats the motion of another (`retarget-make-dancers --motion_of`) is the truth; its person's own clip gives the
photo, and the other clip the keypoints. Pairs, fit and registration are those of records.
"""

import dataclasses
from collections.abc import Iterator, Sequence

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.body.pose_transform import Fit
from retarget_tf.dataset.clips import Clip, find_clips
from retarget_tf.errors import InputDataError
from retarget_tf.evaluation.tasks import cross_pairs, placed_path


@dataclasses.dataclass(frozen=True)
class FrameTask:
    """One clip to make.

    Attributes:
        clip: The clip that holds the truth, at frames 1..`frames`.
        target: The clip whose first frame that shows somebody, normally frame 0, is the photo.
        driving: Poses on the canvas, float32 `[frames + 1, 25, 3]`; frame 0 is not used.
        title: Text to show in pictures.
    """

    clip: Clip
    target: Clip
    driving: Float32Array
    title: str

    @property
    def frames(self) -> int:
        """Number of frames to make, and index of the last one."""
        return len(self.driving) - 1

    @property
    def is_cross(self) -> bool:
        """Whether the poses are another person's."""
        return self.clip.info.motion_of is not None

    def truth(self, schema: LabelSchema) -> Iterator[tuple[Uint8Array, Uint8Array]]:
        """Yields true frame and map of frame 0, 1, ... `frames`."""
        pictures = zip(self.clip.read_frames(), self.clip.read_maps(schema.name), strict=True)
        return (pair for pair, _ in zip(pictures, self.driving, strict=False))


def list_tasks(folders: Sequence[files.PathLike], fit: Fit, last_frame: int) -> list[FrameTask]:
    """Lists the tasks of all clips in folders: self reenactment first, each kind sorted by clip id.

    Args:
        folders: Folders of clip folders.
        fit: How another person's motion is fitted to the target's body, see `pose_transform.fit_path`.
        last_frame: Last frame of a clip to make.

    Raises:
        InputDataError: A folder has no clips, two clips have one id or differ in size, a clip has one frame only, or
            every clip repeats the motion of another that is not there.
    """
    clips: dict[str, Clip] = {}
    for folder in folders:
        for clip in find_clips(folder):
            _check(clip, clips)
            clips[clip.info.clip_id] = clip
    own = [clip for _, clip in sorted(clips.items()) if clip.info.motion_of is None]
    tasks = [
        FrameTask(clip, clip, pose_transform.hold_pose(clip.keypoints)[: last_frame + 1], clip.info.clip_id)
        for clip in own
    ]
    for clip_id, (motion, target) in sorted(cross_pairs([clip.info for clip in clips.values()]).items()):
        clip, source, photo = clips[clip_id], clips[motion].keypoints, clips[target]
        pose = photo.keypoints[skeleton.nearest_in_view(photo.keypoints, 0)]
        driving = placed_path(fit, source, pose, clip.keypoints, clip.info.image_size)
        title = f"{clip.info.person_id} from {target}, driven by {motion}"
        tasks.append(FrameTask(clip, photo, driving[: min(last_frame + 1, clip.info.frames)], title))
    if not tasks:
        raise InputDataError(
            f"clips folder {folders[0]}: every clip repeats the motion of another. Give the folder of the others too."
        )
    return tasks


def _check(clip: Clip, others: dict[str, Clip]) -> None:
    if clip.info.frames < 2:
        raise InputDataError(
            f"clip {clip.folder}: has {clip.info.frames} frame; the first is the photo, so at least 2 are needed. "
            "Leave it out."
        )
    for other in others.values():
        if other.info.clip_id == clip.info.clip_id:
            raise InputDataError(f"clip {clip.folder}: has the id of {other.folder}. Rename one in clip.json.")
        if other.info.image_size != clip.info.image_size:
            raise InputDataError(
                f"clip {clip.folder}: is {clip.info.image_size} px, {other.folder} {other.info.image_size} px, and "
                "scores depend on the size. Give clips of one size."
            )
