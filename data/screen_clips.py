"""Reports which videos, and which stretches of them, are good enough to learn from.

    pip install 'retarget_tf[extract]' && retarget-fetch-models
    retarget-screen-clips --videos='videos/*.mp4' --report=screening.html

It measures motion, blur, full view, size, camera, background, cuts and other people. A busy background lowers the
score, and is a fault only where two thirds of it are edges. The report is an HTML page; screening.json beside it holds
the same as numbers, described in retarget_tf/footage/screening/documents.py. Videos that cannot be read are named at
the end (exit 3); the others are screened. `retarget-extract-clips --screen` takes only stretches that pass.
"""

from absl import flags

from retarget_tf import files, program
from retarget_tf.pictures.video_options import ReadOptions
from retarget_tf.program import settings

_VIDEOS = flags.DEFINE_string("videos", None, "videos: a file name or a pattern such as 'videos/*.mp4'", required=True)
_REPORT = flags.DEFINE_string("report", None, "HTML file to write the report to", required=True)
_READING = settings.define_flags(ReadOptions)
_MODELS = flags.DEFINE_string("models", None, "folder of the models; retarget-fetch-models' own unless given")


def main() -> None:
    """Screens every video that matches."""
    reading = ReadOptions(**settings.given(_READING))
    files.check_kind(_REPORT.value, ".html", ".htm")

    from retarget_tf.footage import screening
    from retarget_tf.pictures import video

    paths = video.find_videos(_VIDEOS.value)
    show_progress = program.progress_is_shown()
    program.share_one_heap()
    with program.native_log_aside():
        screening.screen_videos(
            paths,
            _REPORT.value,
            reading=reading,
            models_folder=_MODELS.value,
            show_progress=show_progress,
            tell=print,
        )
    print(f"report: {_REPORT.value}")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
