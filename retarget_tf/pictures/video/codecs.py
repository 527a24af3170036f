"""How each codec of written videos is set, and how frames are converted to what it stores.

What is for viewers, `h264` and `vp9`, is converted with the matrix of BT.709 and says so. Without a word browsers take
BT.709 for frames of 720 lines and more and BT.601 for smaller ones, and swscale's default is BT.601.
"""

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import ConfigError

_BT709 = 1  # AVCOL_SPC_BT709


@dataclasses.dataclass(frozen=True)
class Codec:
    """Settings of a codec.

    Attributes:
        encoder: Name in libavcodec.
        formats: By the number of channels, 0 for a map `[height, width]`: pixel format of the array, and as stored.
        suffixes: Of the files that hold it.
        options: Of the encoder.
        timed_options: Further ones if the frames have times of their own.
        qscale: Fixed quantiser, 0 for none.
        is_bt709: Converts with the matrix of BT.709 and tags the stream.
        threads: Of the encoder. A fixed number, as the bytes depend on it.
    """

    encoder: str
    formats: Mapping[int, tuple[str, str]]
    suffixes: tuple[str, ...] = (".mkv", ".mov", ".mp4")
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    timed_options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    qscale: int = 0
    is_bt709: bool = False
    threads: int = 1


CODECS = {
    "h264": Codec(
        "libx264",
        {3: ("rgb24", "yuv420p")},
        options={"crf": "18", "preset": "veryfast"},
        # MP4 stores the durations between decoding times. B-frames make these differ from the times at which frames are
        # shown, and at a variable rate the length of the file would be wrong.
        timed_options={"bf": "0"},
        is_bt709=True,
    ),
    "vp9": Codec(
        "libvpx-vp9",
        {3: ("rgb24", "yuv420p"), 4: ("rgba", "yuva420p")},
        (".webm",),
        # Without the last two the encoder refuses alpha.
        {"crf": "20", "deadline": "realtime", "cpu-used": "7", "row-mt": "1", "tile-columns": "1"}
        | {"auto-alt-ref": "0", "lag-in-frames": "0"},
        is_bt709=True,
        threads=2,
    ),
    # An MJPEG quantiser of 2 is about libjpeg's quality 95 (video_test.py checks the mean difference of a frame).
    "mjpeg": Codec("mjpeg", {3: ("rgb24", "yuvj444p")}, qscale=2),
    "ffv1": Codec("ffv1", {0: ("gray", "gray")}),
}


def find_codec(name: str, suffix: str, path: object) -> Codec:
    """Returns the codec of this name.

    Raises:
        ValueError: There is none.
        ConfigError: Files with this suffix do not hold it; `path` is named.
    """
    if name not in CODECS:
        raise ValueError(f"codec must be one of {sorted(CODECS)}. Received: codec={name}")
    codec = CODECS[name]
    if suffix not in codec.suffixes:
        raise ConfigError(f"the name of a video must end in one of {', '.join(codec.suffixes)}. Received: path={path}")
    return codec


class Encoder:
    """A video stream in a container.

    Args:
        container: To write to.
        codec: Its settings.
        shape: Shape of all frames; odd sides of formats with halved chroma are padded by one pixel.
        fps: Frames per second.
        time_base: Unit of the times that `encode` is given; None counts frames.
    """

    def __init__(
        self, container: Any, codec: Codec, shape: tuple[int, ...], fps: Fraction, time_base: Fraction | None
    ) -> None:
        channels = shape[2] if len(shape) == 3 else 0
        if channels not in codec.formats:
            raise ValueError(
                f"frames of {codec.encoder} must have channels {list(codec.formats)}. Received: frame={shape}"
            )
        self._array_format, self._stored_format = codec.formats[channels]
        self._is_bt709, self._time_base = codec.is_bt709, time_base
        options = {**codec.options, **(codec.timed_options if time_base else {})}
        self._stream = stream = container.add_stream(codec.encoder, rate=fps, options=options)
        even = 2 if "420" in self._stored_format else 1
        stream.height, stream.width = (-(-side // even) * even for side in shape[:2])
        self._padding = [(0, stream.height - shape[0]), (0, stream.width - shape[1])] + [(0, 0)] * (len(shape) - 2)
        stream.pix_fmt = self._stored_format
        context = stream.codec_context
        context.thread_count = codec.threads
        if codec.qscale:
            context.qmin = context.qmax = codec.qscale
        if codec.is_bt709:
            context.colorspace, context.color_range = _BT709, ColorRange.MPEG
            context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        if time_base:
            stream.time_base = context.time_base = time_base
            context.flags |= Flags.frame_duration
        self._reformatter = VideoReformatter()

    def encode(self, frame: Uint8Array, time: int = 0, duration: int = 0) -> list[Any]:
        """Returns the packets that are ready after this frame; time and duration in the time base, if it has one."""
        if any(after for _, after in self._padding):
            frame = np.pad(frame, self._padding, mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=self._array_format)
        if self._is_bt709:
            picture = self._reformatter.reformat(
                picture,
                format=self._stored_format,
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                threads=1,
            )
        if self._time_base:
            picture.pts, picture.duration, picture.time_base = time, duration, self._time_base
        return self._stream.encode(picture)

    def flush(self) -> list[Any]:
        """Returns the remaining packets."""
        return self._stream.encode()
