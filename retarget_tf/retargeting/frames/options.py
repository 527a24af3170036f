"""Settings of photographic frames, whose fields are flags of `retarget`; imports nothing that is heavy."""

import dataclasses
import pathlib
import re

from retarget_tf.errors import ConfigError
from retarget_tf.program.settings import check, setting

PHOTO, BLUR, SOURCE, NONE = "photo", "blur", "source", "none"  # values of background that are not colours or files
_COLOUR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


@dataclasses.dataclass(frozen=True)
class FrameOptions:
    """Size, background and mark of photographic frames."""

    height: int = setting(
        720,
        "largest height of the frames in pixels; a smaller photo keeps its size; maps are enlarged to it",
        minimum=64,
        maximum=4320,
    )
    background: str = setting(
        PHOTO,
        "what the person dances in front of. photo: the photo's background, filled in behind her; blur: the same, out "
        "of focus; #rrggbb: a colour; source: the source video, in place of its dancer; none: nothing (alpha, for an "
        "--out ending with .webm or a folder of PNG files); or the name of a picture file, which is cut to fit",
    )
    mark: bool = setting(False, "write 'generated' into a corner of each frame")

    def __post_init__(self) -> None:
        check(self)
        if self.background.startswith("#") and self.colour is None:
            raise ConfigError(f"background must be like #00b140 for a colour. Received: background={self.background}")
        if self.background_file is not None and not pathlib.Path(self.background_file).is_file():
            raise ConfigError(
                "background must be photo, blur, source, none, a colour such as #00b140, or a picture file that is "
                f"there. Received: background={self.background}"
            )

    @property
    def colour(self) -> tuple[int, int, int] | None:
        """RGB 0..255 of a background of one colour."""
        match = _COLOUR.fullmatch(self.background)
        return (int(match[1], 16), int(match[2], 16), int(match[3], 16)) if match else None

    @property
    def background_file(self) -> str | None:
        """Name of the background's file."""
        is_other = self.background in (PHOTO, BLUR, SOURCE, NONE) or self.background.startswith("#")
        return None if is_other else self.background
