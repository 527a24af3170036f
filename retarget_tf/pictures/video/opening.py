"""Chooses the writer of frames by the name of the output."""

import pathlib
from collections.abc import Mapping

from retarget_tf import files
from retarget_tf.errors import ConfigError
from retarget_tf.pictures.video.png_folder import PngFolderWriter, written_frames
from retarget_tf.pictures.video.writing import VideoWriter

_CODECS = {".mkv": "h264", ".mov": "h264", ".mp4": "h264", ".webm": "vp9"}


def open_writer(
    path: files.PathLike,
    fps: float,
    *,
    sound: files.PathLike | None = None,
    metadata: Mapping[str, str] | None = None,
) -> VideoWriter | PngFolderWriter:
    """Returns a writer, to be entered: H.264 for .mp4, .mov and .mkv, VP9 for .webm, PNG files for no suffix.

    Frames with alpha are for .webm and PNG files.

    Args:
        path: File or folder to write.
        fps: As in `VideoWriter`.
        sound: As in `VideoWriter`; a folder of PNG files has none.
        metadata: As in `VideoWriter`.

    Raises:
        ConfigError: The suffix is another one.
    """
    if codec := _codec(path):
        return VideoWriter(path, fps, codec, sound=sound, metadata=metadata)
    return PngFolderWriter(path, fps, metadata=metadata)


def check_output(path: files.PathLike) -> None:
    """Refuses an output before there are frames for it.

    Raises:
        ConfigError: `open_writer` has no writer for the name, or must not replace what is there.
    """
    if _codec(path):
        files.check_kind(path)
    else:
        files.check_writable(path, ours=written_frames)


def takes_alpha(path: files.PathLike) -> bool:
    """Returns whether the writer of this output stores RGBA frames with their alpha; raises as `open_writer`."""
    return _codec(path) in ("", "vp9")


def _codec(path: files.PathLike) -> str:
    """Returns the codec for the name; empty for a folder."""
    suffix = pathlib.Path(path).suffix.lower()
    if suffix and suffix not in _CODECS:
        raise ConfigError(
            f"the name of an output must end in one of {', '.join(_CODECS)}, or have no suffix for a folder of PNG "
            f"files. Received: path={path}"
        )
    return _CODECS.get(suffix, "")
