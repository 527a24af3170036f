"""Settings of the judging of frames, whose fields are flags of retarget-evaluate; imports nothing that is heavy."""

import dataclasses

from retarget_tf.program.settings import check, setting


@dataclasses.dataclass(frozen=True)
class FrameEvaluationConfig:
    """Settings of the judging of frames.

    Attributes:
        show_progress: Whether to show a progress bar of frames.
    """

    frame_step: int = setting(10, "scores one of so many frames, from frame 1", minimum=1)
    last_frame: int = setting(200, "last frame of a clip that is made", minimum=1)
    videos: bool = setting(
        True,
        "writes a side-by-side video of each clip, for which every frame is made; without, it is four times faster",
    )
    redetect: bool = setting(
        True, "runs the pose detector and the parser of the extra [extract], if it is installed, on the frames"
    )
    show_progress: bool = False

    def __post_init__(self) -> None:
        check(self)
