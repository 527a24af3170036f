"""Settings of reading a video: a frozen dataclass, whose fields are flags of every program that reads videos."""

import dataclasses

from retarget_tf.program.settings import check, setting


@dataclasses.dataclass(frozen=True)
class ReadOptions:
    """Settings of reading a video."""

    fps: float = setting(
        0.0,
        "frames per second that videos are resampled to by timestamps; 0 takes the frames as they are. Of a folder of "
        "pictures: the rate that they have, 25 unless given",
        minimum=0,
        maximum=1000,
    )
    max_pixels: int = setting(
        36_000_000, "videos of larger frames are refused before they are decoded; 8K has 33 million pixels", minimum=1
    )

    def __post_init__(self) -> None:
        check(self)


AS_IT_IS = ReadOptions()
