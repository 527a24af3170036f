"""Retargets a video's motion to the person of one photo, as a sequence of parsing maps.

    retarget --model=work --target_photo=me.jpg --source_video=dance.mp4 --out=panel.mp4

The panel shows target, source, pose and retargeted map side by side. Keypoints are detected (pip install
'retarget_tf[extract]'; retarget-fetch-models), or read from files: float32 [frames, points, 3] of
BODY_25, COCO-17, COCO-18 or MediaPipe-33 in pixels of the upright picture, .npy, or .npz with an array named keypoints.
"""

from absl import flags

from retarget_tf import program
from retarget_tf.body.pose_transform import FITS
from retarget_tf.errors import ConfigError

_MODEL = flags.DEFINE_string(
    "model", None, "workdir, .keras file, SavedModel folder, or the name of a pretrained model", required=True
)
_OUT = flags.DEFINE_string("out", None, "the panel, .mp4", required=True)
_MAPS_DIR = flags.DEFINE_string("maps_dir", None, "folder for the maps as PNG files of class ids")
_TARGET_PHOTO = flags.DEFINE_string("target_photo", None, "photo of the person who is to dance")
_TARGET_CLIP = flags.DEFINE_string("target_clip", None, "clip folder whose first frame takes the photo's place")
_TARGET_KEYPOINTS = flags.DEFINE_string("target_keypoints", None, "keypoint file of the photo")
_TARGET_MAP = flags.DEFINE_string(
    "target_map",
    "auto",
    "the target's map: a PNG of class ids in pixels of the upright photo; parse: by the extract extra; none: the "
    "network parses the photo itself, and a clip's map is not used; auto: the clip's, or parse where the model and the "
    "installation can",
)
_SOURCE_VIDEO = flags.DEFINE_string("source_video", None, "video of the performer")
_SOURCE_CLIP = flags.DEFINE_string("source_clip", None, "clip folder that takes the video's place")
_SOURCE_KEYPOINTS = flags.DEFINE_string("source_keypoints", None, "keypoint file of the video, one entry a frame")
_FIT = flags.DEFINE_enum(
    "fit",
    "limbs",
    FITS,
    "how the path is placed: with the target's proportions, at its height and on its ground; the same without the "
    "proportions; filling the canvas; as it lies in its picture",
)
_CLEAN = flags.DEFINE_bool("clean", True, "mend the source's keypoints: swapped sides, gaps, missing arms, noise")
_MAX_FRAMES = flags.DEFINE_integer("max_frames", None, "stop after this many frames", lower_bound=1)
_FPS = flags.DEFINE_float(
    "fps",
    0.0,
    "frames per second that the source video is resampled to by timestamps; 0 takes the frames as they are",
    lower_bound=0,
)
_MAX_PIXELS = flags.DEFINE_integer("max_pixels", 36_000_000, "videos of larger frames are refused", lower_bound=1)


def main() -> None:
    """Flags -> target and source -> `Retargeter.write_panel`."""
    _require_one("target_photo", "target_clip")
    _require_one("source_video", "source_clip")
    if (_TARGET_CLIP.value and _TARGET_KEYPOINTS.value) or (_SOURCE_CLIP.value and _SOURCE_KEYPOINTS.value):
        raise ConfigError("a clip folder has its keypoints with it: give no keypoint file. Received: both")
    if _TARGET_CLIP.value and _TARGET_MAP.value not in ("auto", "none"):
        raise ConfigError(f"target_map must be auto or none with a clip. Received: target_map={_TARGET_MAP.value}")
    if not _OUT.value.endswith(".mp4"):
        raise ConfigError(f"out must end with .mp4. Received: out={_OUT.value}")

    with program.native_log_aside():
        frames = _retarget(program.progress_is_shown())
    print(f"{frames} frames: {_OUT.value}")


def _retarget(show_progress: bool) -> int:
    from retarget_tf.pictures import video
    from retarget_tf.retargeting import inputs
    from retarget_tf.retargeting.retargeter import Retargeter

    retargeter = Retargeter.load(_MODEL.value)
    if _TARGET_CLIP.value:
        schema = retargeter.label_schema if _TARGET_MAP.value == "auto" else None
        target = inputs.clip_target(_TARGET_CLIP.value, retargeter.image_size, schema)
    else:
        points = inputs.read_keypoints(_TARGET_KEYPOINTS.value) if _TARGET_KEYPOINTS.value else None
        target = retargeter.prepare_target(
            _TARGET_PHOTO.value, None if points is None else points[0], target_map=_TARGET_MAP.value
        )
    if _SOURCE_CLIP.value:
        source = inputs.clip_source(_SOURCE_CLIP.value, max_frames=_MAX_FRAMES.value)
    else:
        points = inputs.read_keypoints(_SOURCE_KEYPOINTS.value) if _SOURCE_KEYPOINTS.value else None
        source = inputs.video_source(
            _SOURCE_VIDEO.value,
            points,
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


def _require_one(first: str, second: str) -> None:
    given = [name for name in (first, second) if flags.FLAGS[name].value]
    if len(given) != 1:
        raise ConfigError(f"give one of --{first} and --{second}. Received: {' and '.join(given) or 'neither'}")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
