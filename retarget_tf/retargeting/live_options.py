"""Settings of a live stream, whose fields are flags of `retarget-live`; imports nothing that is heavy."""

import dataclasses
from typing import Literal

from retarget_tf import files
from retarget_tf.errors import ConfigError
from retarget_tf.footage.people.choosing import PersonChoice
from retarget_tf.footage.settings import PersonSearch
from retarget_tf.program.settings import check, setting
from retarget_tf.retargeting.frames.options import NONE, SOURCE, FrameOptions


@dataclasses.dataclass(frozen=True)
class LiveOptions:
    """Who is shown, whom she follows, and where to."""

    target_photo: str = setting(help="photo of the target: the person who is to move")
    target_person: str = setting("0", "which person of the photo: 0 the main one, 1 the next, or a point x,y in pixels")
    camera: int = setting(0, "number of the camera in front of which you move", minimum=0)
    source_video: str | None = setting(None, "video that is played in place of the camera")
    mirror: bool = setting(True, "move as in a mirror: your left is left in the window")
    show: Literal["frames", "maps"] = setting("frames", "frames: the person moves; maps: her parsing maps in colours")
    window: bool = setting(True, "open a window, which Esc closes; with --nowindow there is only --record")
    record: str | None = setting(
        None, "video to write what is shown into: .mp4, .mov, .mkv or .webm; or a folder, for PNG files"
    )
    seconds: float | None = setting(None, "end after so many seconds; else with Esc or the video", above=0)
    exact_keypoints: bool = setting(
        False, "find your joints with two models, more exactly; it takes three times as long"
    )

    def __post_init__(self) -> None:
        check(self)
        PersonChoice.parse(self.target_person, "target_person")
        if not self.window and not self.record:
            raise ConfigError("without a window the stream must be recorded: give --record. Received: window=False")
        if self.record:
            files.refuse_replacing(self.record, self.target_photo, self.source_video)

    @property
    def target_search(self) -> PersonSearch:
        """How the person of the photo is found."""
        return PersonSearch(PersonChoice.parse(self.target_person))

    @property
    def source_search(self) -> PersonSearch:
        """How the person before the camera is found."""
        return PersonSearch(exact_keypoints=self.exact_keypoints)


def check_background(options: FrameOptions) -> None:
    """Refuses backgrounds that a window cannot show."""
    if options.background in (SOURCE, NONE):
        raise ConfigError(
            "background of a live stream must be photo, blur, a colour or a picture file. "
            f"Received: background={options.background}"
        )
