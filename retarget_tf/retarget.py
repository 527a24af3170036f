"""Makes the person of a photo dance like the person of a video.

    retarget --target_photo=me.jpg --source_video=dance.mp4 --out=me_dancing.mp4

Only retarget to people who agreed to it. The video keeps the photo's framing, the source's sound and frame times, and
says in its metadata that it is generated. Keypoints are detected (pip install 'retarget_tf[extract]';
retarget-fetch-models), or read from files as retarget-import-clips reads them: OpenPose's (a folder of a video, a file
of a photo), DWPose's JSON of all frames, or .npy, or .npz with an array named keypoints: float32 [frames, points, 3] of
COCO-17, COCO-18, BODY_25, MediaPipe-33 and others (docs/data_formats.md).

With --show=maps or --show=panel the video shows the parsing maps that a model generates: the one of --model, or with
--server=HOST:PORT that of TensorFlow Serving or `retarget-serve`. Keypoints are detected and frames are made on this
machine; the server receives the photo's canvas and the poses on it.
"""

import contextlib
import gc
import sys
from typing import TYPE_CHECKING

from absl import flags

from retarget_tf import program
from retarget_tf.errors import ConfigError
from retarget_tf.pictures.video_options import ReadOptions
from retarget_tf.program import settings
from retarget_tf.retargeting.dance import Dance
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.serving.options import ClientOptions

if TYPE_CHECKING:
    from retarget_tf.retargeting.base_retargeter import BaseRetargeter

_DEFAULT_MODEL = "stable_128"
_MODEL = flags.DEFINE_string(
    "model",
    None,
    "workdir, .keras file, SavedModel folder (of people you trust), or the name of a pretrained model "
    f"(default: {_DEFAULT_MODEL}, which comes with the package)",
)
_SERVER = flags.DEFINE_string("server", None, "host:port of the gRPC of a server that takes the model's place")
_CONNECTION = settings.define_flags(ClientOptions, "with --server: ")
_DANCE = settings.define_flags(Dance)
_FRAMES = settings.define_flags(FrameOptions)
_READING = settings.define_flags(ReadOptions)


def main() -> None:
    """Flags -> a dance, and a retargeter in this process or on a server -> `write_dance`."""
    connection = _connection()
    dance = Dance(**settings.given(_DANCE))
    options = FrameOptions(**settings.given(_FRAMES))
    reading = ReadOptions(**settings.given(_READING))
    gc.set_threshold(100_000)  # TensorFlow makes a million objects when it is imported, and none of them is garbage
    sys.setswitchinterval(5e-4)  # a tenth of the usual: detecting and encoding wait less for the threads beside them
    with program.native_log_aside(), _retargeter(connection) as retargeter:
        from retarget_tf.retargeting.writing import write_dance

        frames = write_dance(retargeter, dance, reading, options, show_progress=program.progress_is_shown())
    print(f"{frames} frames: {dance.out}")


def _connection() -> ClientOptions | None:
    """How the server is asked; None where the model runs in this process."""
    if _MODEL.value and _SERVER.value:
        raise ConfigError("give --model or --server, not both. Received: both")
    if _SERVER.value:
        return ClientOptions(**settings.given(_CONNECTION))
    for flag in _CONNECTION:
        if flag.present:
            raise ConfigError(f"{flag.name} is for --server, which is not given. Received: {flag.name}={flag.value}")
    return None


def _retargeter(connection: ClientOptions | None) -> "contextlib.AbstractContextManager[BaseRetargeter]":
    """Imports TensorFlow: call it within `native_log_aside`."""
    if connection is not None:
        from retarget_tf.serving.client import served_retargeter

        return served_retargeter(_SERVER.value, connection)
    from retarget_tf.retargeting.retargeter import Retargeter

    return contextlib.nullcontext(Retargeter.load(_MODEL.value or _DEFAULT_MODEL))


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
