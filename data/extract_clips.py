"""Extracts one person's clip folder from each real video, with keypoints and parsing maps by MediaPipe.

    pip install 'retarget_tf[extract]' && retarget-fetch-models
    retarget-extract-clips --videos='videos/*.mp4' --out=clips

Each video becomes the clip named after its file: one fixed square crop around the person's whole path, BODY_25
keypoints and `parts10` maps. Of several people the one who is seen largest and longest is followed; --person chooses
another. Clips that exist already are skipped. Videos that cannot be used are named at the end (exit 3); the others are
extracted.

With --screen only the good stretches of a video are taken (see retarget-screen-clips), each as a separate clip named
after the file and the stretch's first frame; stretches that are left out are named with the reason.
"""

from absl import flags

from retarget_tf import program

_VIDEOS = flags.DEFINE_string("videos", None, "videos: a file name or a pattern such as 'videos/*.mp4'", required=True)
_OUT = flags.DEFINE_string("out", None, "folder for the clip folders", required=True)
_SIZE = flags.DEFINE_integer("size", 256, "side of the stored square frames in pixels", lower_bound=32)
_MARGIN = flags.DEFINE_float(
    "margin", 0.06, "free border around the person's path, as a share of it", lower_bound=0, upper_bound=1
)
_MAX_FRAMES = flags.DEFINE_integer("max_frames", 0, "frames of each video to read; 0 for all", lower_bound=0)
_SCREEN = flags.DEFINE_bool(
    "screen", False, "take only the good stretches of each video, split at cuts; all count as one person"
)
_PERSON = flags.DEFINE_string(
    "person",
    "0",
    "whom to follow: 0 the main person, 1 the next, or a point x,y in pixels where the person appears; with --screen, "
    "which judges the main person, in each stretch anew",
)
_FPS = flags.DEFINE_float(
    "fps",
    0.0,
    "frames per second that videos are resampled to by timestamps; 0 takes the frames as they are",
    lower_bound=0,
)
_MAX_PIXELS = flags.DEFINE_integer("max_pixels", 36_000_000, "videos of larger frames are refused", lower_bound=1)
_PARSER = flags.DEFINE_string(
    "parser", "mediapipe", "mediapipe, or a human parser: a SavedModel folder, a .tflite or an .onnx file"
)
_PARSER_SCHEMA = flags.DEFINE_string("parser_schema", "cihp20", "label schema of a parser that is a file")
_PARSER_SCALING = flags.DEFINE_enum(
    "parser_scaling",
    "imagenet",
    ["imagenet", "imagenet_bgr", "unit", "symmetric", "bytes"],
    "what the input of a parser that is a file wants: ImageNet's normalisation of RGB or BGR, 0..1, -1..1 or 0..255",
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "make clips again that are there already")
_MODELS = flags.DEFINE_string("models", None, "folder of the models; retarget-fetch-models' own unless given")


def main() -> None:
    """Extracts every video that matches."""
    from retarget_tf.footage import extraction, screening
    from retarget_tf.pictures import video

    paths = video.find_videos(_VIDEOS.value)
    config = extraction.ExtractionConfig(
        _SIZE.value,
        _MARGIN.value,
        _MAX_FRAMES.value,
        _MODELS.value,
        extraction.PersonChoice.parse(_PERSON.value),
        video.ReadOptions(_FPS.value, _MAX_PIXELS.value),
        _PARSER.value,
        _PARSER_SCHEMA.value,
        _PARSER_SCALING.value,
    )
    show_progress = program.progress_is_shown()

    program.share_one_heap()
    with program.native_log_aside():
        extraction.extract_videos(
            paths,
            _OUT.value,
            config,
            select=screening.good_stretches_for(config, show_progress=show_progress) if _SCREEN.value else None,
            overwrite=_OVERWRITE.value,
            show_progress=show_progress,
            report=print,
        )


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
