"""A video in, a verdict out."""

import contextlib
import dataclasses
import itertools

from tqdm import tqdm

from retarget_tf import files
from retarget_tf.footage.extraction import PoseDetector
from retarget_tf.footage.screening.criteria import Criteria
from retarget_tf.footage.screening.judging import Verdict, judge
from retarget_tf.footage.screening.looking import Detector, Looks, take_looks
from retarget_tf.pictures import video

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

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        verdict = self.verdict
        word = "good" if verdict.is_good else "poor"
        reasons = f": {', '.join(verdict.reasons)}" if verdict.reasons else ""
        return f"{word}, score {verdict.score:.2f}, {verdict.good_share:.0%} in good stretches{reasons}"


def screen_video(
    path: files.PathLike,
    criteria: Criteria | None = None,
    *,
    max_frames: int = 0,
    reading: video.ReadOptions = video.AS_IT_IS,
    detector: Detector | None = None,
    models_folder: files.PathLike | None = None,
    show_progress: bool = False,
) -> Screening:
    """Watches a video once, and judges it.

    Args:
        path: of the video.
        criteria: limits; the measured ones unless given.
        max_frames: frames that are watched; 0 for all.
        reading: how the video is read.
        detector: finds the people; MediaPipe's unless given.
        models_folder: where its model file lies; `extraction.models.default_folder()` unless given.
        show_progress: whether to draw a progress bar.

    Raises:
        InputDataError: the video cannot be read.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    info = video.probe(path, reading)
    with contextlib.ExitStack() as opened:
        if detector is None:
            detector = opened.enter_context(
                PoseDetector(video=True, max_people=MAX_PEOPLE, models_folder=models_folder)
            )
        total = min(info.declared_frames, max_frames or info.declared_frames) or None
        frames = itertools.islice(video.read_frames(path, reading), max_frames or None)
        shown = tqdm(frames, f"{path}: screening", total, unit="frame", disable=not show_progress)
        looks = take_looks(shown, info.fps, detector)
    return Screening(str(path), info, looks, judge(looks, criteria or Criteria()))
