"""What extraction takes of a video: its good stretches, with a line about each of the others."""

from retarget_tf import files, video
from retarget_tf.extraction import Selection, Stretch
from retarget_tf.screening.criteria import Criteria
from retarget_tf.screening.judging import JudgedStretch
from retarget_tf.screening.looking import Detector
from retarget_tf.screening.screener import screen_video


def select_stretches(
    path: files.PathLike,
    criteria: Criteria | None = None,
    *,
    max_frames: int = 0,
    reading: video.ReadOptions = video.AS_IT_IS,
    detector: Detector | None = None,
    models_folder: files.PathLike | None = None,
    show_progress: bool = False,
) -> Selection:
    """Screens a video and names its good stretches; the arguments are those of `screen_video`."""
    screening = screen_video(
        path,
        criteria,
        max_frames=max_frames,
        reading=reading,
        detector=detector,
        models_folder=models_folder,
        show_progress=show_progress,
    )
    stretches = screening.verdict.stretches
    return Selection(
        tuple(Stretch(stretch.first, stretch.end) for stretch in stretches if stretch.is_good),
        tuple(_line(stretch, screening.looks.fps) for stretch in stretches if not stretch.is_good),
        screening.looks.frames,
    )


def _line(stretch: JudgedStretch, fps: float) -> str:
    begin, end = stretch.first / fps, stretch.end / fps
    return f"frames {stretch.first}-{stretch.end - 1} ({begin:.1f}-{end:.1f} s): {', '.join(stretch.reasons)}"
