"""Lets the person of a photo dance through a server, and writes the panel video.

    retarget-query-server --server=localhost:8500 --target_photo=me.jpg --source_video=dance.mp4 --out=panel.mp4

The server is TensorFlow Serving or `retarget-serve`. Keypoints are detected here, or read from files as
`retarget` reads them; the server gets the photo's canvas and the path.
"""

from absl import flags

from retarget_tf import program
from retarget_tf.body.pose_transform import FITS
from retarget_tf.errors import ConfigError

_SERVER = flags.DEFINE_string("server", "localhost:8500", "host:port of the server's gRPC")
_MODEL_NAME = flags.DEFINE_string("model_name", "retarget", "as the server was told")
_VERSION = flags.DEFINE_integer("version", None, "of the model; the newest unless given", lower_bound=1)
_WAIT_SECONDS = flags.DEFINE_float("wait_seconds", 30.0, "for the model to be available", lower_bound=0)
_TIMEOUT_SECONDS = flags.DEFINE_float("timeout_seconds", 20.0, "for one map; a clip gets a tenth more for each frame")
_MAX_MESSAGE_MB = flags.DEFINE_integer("max_message_mb", 64, "largest request and response in MiB")
_CHUNK_FRAMES = flags.DEFINE_integer("chunk_frames", 1000, "longest dance in one call; the rest follows step by step")
_TARGET_PHOTO = flags.DEFINE_string("target_photo", None, "photo of the person who is to dance", required=True)
_TARGET_KEYPOINTS = flags.DEFINE_string("target_keypoints", None, "keypoint file of the photo")
_TARGET_MAP = flags.DEFINE_string("target_map", "auto", "PNG of class ids of the upright photo, or parse, none, auto")
_SOURCE_VIDEO = flags.DEFINE_string("source_video", None, "video of the performer", required=True)
_SOURCE_KEYPOINTS = flags.DEFINE_string("source_keypoints", None, "keypoint file of the video, one entry a frame")
_OUT = flags.DEFINE_string("out", None, "the panel, .mp4", required=True)
_MAPS_DIR = flags.DEFINE_string("maps_dir", None, "folder for the maps as PNG files of class ids")
_FIT = flags.DEFINE_enum("fit", "limbs", FITS, "how the path is placed on the target's canvas")
_CLEAN = flags.DEFINE_bool("clean", True, "mend the source's keypoints first")
_MAX_FRAMES = flags.DEFINE_integer("max_frames", None, "stop after this many frames", lower_bound=1)
_FPS = flags.DEFINE_float(
    "fps",
    0.0,
    "frames per second that the source video is resampled to by timestamps; 0 takes the frames as they are",
    lower_bound=0,
)
_MAX_PIXELS = flags.DEFINE_integer("max_pixels", 36_000_000, "videos of larger frames are refused", lower_bound=1)


def main() -> None:
    """Flags -> `ServedRetargeter.write_panel`."""
    if not _OUT.value.endswith(".mp4"):
        raise ConfigError(f"out must end with .mp4. Received: out={_OUT.value}")
    with program.native_log_aside():
        frames = _query(program.progress_is_shown())
    print(f"{frames} frames: {_OUT.value}")


def _query(show_progress: bool) -> int:
    from retarget_tf.pictures import video
    from retarget_tf.retargeting import inputs
    from retarget_tf.serving.client import ClientOptions, ServedRetargeter, ServingClient

    options = ClientOptions(
        model_name=_MODEL_NAME.value,
        version=_VERSION.value,
        timeout_seconds=_TIMEOUT_SECONDS.value,
        max_message_mb=_MAX_MESSAGE_MB.value,
        chunk_frames=_CHUNK_FRAMES.value,
    )
    own = inputs.read_keypoints(_TARGET_KEYPOINTS.value)[0] if _TARGET_KEYPOINTS.value else None
    path = inputs.read_keypoints(_SOURCE_KEYPOINTS.value) if _SOURCE_KEYPOINTS.value else None
    with ServingClient(_SERVER.value, options) as client:
        client.wait_until_available(_WAIT_SECONDS.value)
        retargeter = ServedRetargeter(client)
        target = retargeter.prepare_target(_TARGET_PHOTO.value, own, target_map=_TARGET_MAP.value)
        source = inputs.video_source(
            _SOURCE_VIDEO.value,
            path,
            max_frames=_MAX_FRAMES.value,
            reading=video.ReadOptions(_FPS.value, _MAX_PIXELS.value),
            show_progress=show_progress,
        )
        return retargeter.write_panel(
            target,
            source,
            _OUT.value,
            fit=_FIT.value,
            clean=_CLEAN.value,
            maps_dir=_MAPS_DIR.value,
            show_progress=show_progress,
        )


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
