"""Extracts one person's clip folder from each real video, with keypoints and parsing maps by MediaPipe.

    pip install 'retarget_tf[extract]' && retarget-fetch-models
    retarget-extract-clips --videos='videos/*.mp4' --out=clips

Each video becomes the clip named after its file: one fixed square crop around the person's whole path, BODY_25
keypoints and `parts10` maps. A folder of numbered pictures is a video too, of 25 frames per second or --fps; numbers,
`frames` and `images` say nothing by themselves, so that data/001/images becomes data_001_images. Of several people the
one who is seen largest and longest is followed; --person chooses another. With --keypoints the joints of one video come
from a file or folder that another program wrote, and only the maps are made. Clips that exist already are skipped.
Videos that cannot be used are named at the end (exit 3); the others are extracted.

With --screen only the good stretches of a video are taken (see retarget-screen-clips), each as a separate clip named
after the file and the stretch's first frame; stretches that are left out are named with the reason.
"""

from absl import flags

from retarget_tf import program
from retarget_tf.footage.people.choosing import PersonChoice
from retarget_tf.footage.settings import ExtractionConfig
from retarget_tf.pictures.video_options import ReadOptions
from retarget_tf.program import settings

_VIDEOS = flags.DEFINE_string(
    "videos", None, "videos or folders of numbered pictures: a name or a pattern such as 'videos/*.mp4'", required=True
)
_OUT = flags.DEFINE_string("out", None, "folder for the clip folders", required=True)
_EXTRACTION = settings.define_flags(ExtractionConfig)
_SCREEN = flags.DEFINE_bool(
    "screen", False, "take only the good stretches of each video, split at cuts; all count as one person"
)
_PERSON = flags.DEFINE_string(
    "person",
    "0",
    "whom to follow: 0 the main person, 1 the next, or a point x,y in pixels where the person appears; with --screen, "
    "which judges the main person, in each stretch anew",
)
_PERSON_ID = flags.DEFINE_string(
    "person_id", None, "id of the person in all these videos; records are split by it; each video's own unless given"
)
_READING = settings.define_flags(ReadOptions)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "extract again what is there already")


def main() -> None:
    """Extracts every video that matches."""
    config = ExtractionConfig(
        person=PersonChoice.parse(_PERSON.value),
        reading=ReadOptions(**settings.given(_READING)),
        **settings.given(_EXTRACTION),
    )

    from retarget_tf.footage import extraction, screening
    from retarget_tf.pictures import video

    paths = video.find_videos(_VIDEOS.value)
    show_progress = program.progress_is_shown()

    program.share_one_heap()
    with program.native_log_aside():
        extraction.extract_videos(
            paths,
            _OUT.value,
            config,
            person_id=_PERSON_ID.value,
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
