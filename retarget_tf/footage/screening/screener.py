"""Screens a video: measures it and judges the measures."""

import contextlib
import dataclasses
import itertools

from tqdm import tqdm

from retarget_tf import files
from retarget_tf.footage.extraction import PeopleDetector
from retarget_tf.footage.screening.criteria import Criteria
from retarget_tf.footage.screening.judging import Verdict, judge
from retarget_tf.footage.screening.looking import Detector, Looks, take_looks
from retarget_tf.pictures import video


@dataclasses.dataclass(frozen=True)
class Screening:
    """Result of screening a video.

    Attributes:
        path: Path of the video.
        info: Header of the video.
        looks: Measures of the video.
        verdict: Verdict on the measures.
    """

    path: str
    info: video.VideoInfo
    looks: Looks
    verdict: Verdict

    @property
    def summary(self) -> str:
        """One line with verdict, score, share of good stretches and reasons."""
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
    """Measures a video in one pass and judges it.

    Args:
        path: Path of the video.
        criteria: Limits of the measures; None for the defaults of `Criteria`.
        max_frames: Number of frames to read; 0 reads all.
        reading: Options of reading the video.
        detector: Finds the people; None for MediaPipe's.
        models_folder: Folder of its model file; None for `extraction.models.default_folder()`.
        show_progress: Draws a progress bar.

    Raises:
        InputDataError: The video cannot be read.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    info = video.probe(path, reading)
    with contextlib.ExitStack() as opened:
        if detector is None:
            detector = opened.enter_context(PeopleDetector(video=True, models_folder=models_folder))
        total = min(info.declared_frames, max_frames or info.declared_frames) or None
        frames = itertools.islice(video.read_frames(path, reading), max_frames or None)
        shown = tqdm(frames, f"{path}: screening", total, unit="frame", disable=not show_progress)
        looks = take_looks(shown, info.fps, detector)
    return Screening(str(path), info, looks, judge(looks, criteria or Criteria()))
