"""Settings of the judging of frames, whose fields are flags of retarget-evaluate; imports nothing that is heavy."""

import dataclasses

from retarget_tf.program.settings import check, setting


@dataclasses.dataclass(frozen=True)
class FrameEvaluationConfig:
    """Settings of the judging of frames.

    Attributes:
        show_progress: Whether to show a progress bar of frames.
    """

    frame_step: int = setting(10, "scores one of so many frames; all are made, for the videos", minimum=1)
    last_frame: int = setting(200, "last frame of a clip that is made", minimum=1)
    redetect: bool = setting(
        True, "runs the pose detector and the parser of the extra [extract], if it is installed, on the frames"
    )
    show_progress: bool = False

    def __post_init__(self) -> None:
        check(self)
