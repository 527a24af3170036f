"""Settings of reading a video: a frozen dataclass, whose fields are flags of every program that reads videos."""

import dataclasses

from retarget_tf.errors import ConfigError
from retarget_tf.program.settings import check, setting

MOST_FPS = 240  # of a video that is read or written; the least is 1


@dataclasses.dataclass(frozen=True)
class ReadOptions:
    """Settings of reading a video."""

    fps: float = setting(
        0.0,
        "frames per second, 1 to 240, that videos are resampled to by timestamps; 0 takes the frames as they are. Of a "
        "folder of pictures: the rate that they have, 25 unless given",
    )
    max_pixels: int = setting(
        36_000_000, "videos of larger frames are refused before they are decoded; 8K has 33 million pixels", minimum=1
    )

    def __post_init__(self) -> None:
        check(self)
        if self.fps and not 1 <= self.fps <= MOST_FPS:
            raise ConfigError(f"fps must be 0, or from 1 to {MOST_FPS}. Received: fps={self.fps}")


AS_IT_IS = ReadOptions()
