"""A video in, a verdict out."""

import contextlib
import dataclasses

from tqdm import tqdm

from retarget_tf import files, video
from retarget_tf.extraction import PoseDetector
from retarget_tf.screening.criteria import Criteria
from retarget_tf.screening.judging import Verdict, judge
from retarget_tf.screening.looking import Detector, Looks, take_looks

MAX_PEOPLE = 4  # that are looked for


@dataclasses.dataclass(frozen=True)
class Screening:
    """A video that was screened.

    Attributes:
        path: of the video.
        info: its header.
        looks: the measures.
        verdict: what they amount to.
    """

    path: str
    info: video.VideoInfo
    looks: Looks
    verdict: Verdict


def screen_video(
    path: files.PathLike,
    criteria: Criteria | None = None,
    *,
    detector: Detector | None = None,
    models_folder: files.PathLike | None = None,
    show_progress: bool = False,
) -> Screening:
    """Watches a video once, and judges it.

    Args:
        path: of the video.
        criteria: limits; the measured ones unless given.
        detector: finds the people; MediaPipe's unless given.
        models_folder: where its model file lies; `extraction.models.default_folder()` unless given.
        show_progress: whether to draw a progress bar.

    Raises:
        InputDataError: the video cannot be read.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    info = video.probe(path)
    with contextlib.ExitStack() as opened:
        if detector is None:
            detector = opened.enter_context(
                PoseDetector(video=True, max_people=MAX_PEOPLE, models_folder=models_folder)
            )
        total = info.declared_frames or None
        frames = tqdm(video.read_frames(path), str(path), total, unit="frame", disable=not show_progress)
        looks = take_looks(frames, info.fps, detector)
    return Screening(str(path), info, looks, judge(looks, criteria or Criteria()))
