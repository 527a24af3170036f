"""Settings of an evaluation, whose fields are flags of retarget-evaluate; imports nothing that is heavy."""

import dataclasses

from retarget_tf import files
from retarget_tf.body.pose_transform import Fit
from retarget_tf.program.settings import check, setting


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """Settings of an evaluation.

    Attributes:
        show_progress: Whether to show a progress bar of frames.
    """

    split: str = setting("test", "split whose clips are scored", choices=("validation", "test"))
    fit: Fit = setting(
        "limbs", "how another person's motion is fitted to the target's body, as in retarget; none leaves it as it is"
    )
    references: int = setting(
        1,
        "photos of each person: frame 0 and others spread over the clip, of which the nearest in pose is moved. More "
        "than 1 adds a section that compares them with one photo, on frames that are not near any",
        minimum=1,
        maximum=9,  # frames near a photo are not scored, and with 10 nothing of the headline's frames would be left
    )
    train_records: files.PathLike | None = setting(
        None, "records whose training people supply the poses of the baseline nearest_pose; those of --records if unset"
    )
    batch_size: int = setting(8, "clips generated at once: more is faster and needs more memory", minimum=1)
    seed: int = setting(0, "seed of the bootstrap that gives the confidence intervals", minimum=0)
    show_progress: bool = False

    def __post_init__(self) -> None:
        check(self)
