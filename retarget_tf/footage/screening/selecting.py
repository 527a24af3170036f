"""Selects the good stretches of a screened video for extraction."""

from collections.abc import Callable

from retarget_tf import files
from retarget_tf.footage.extraction import ExtractionConfig, Selection, Stretch
from retarget_tf.footage.screening.judging import JudgedStretch
from retarget_tf.footage.screening.screener import Screening, screen_video


def select_stretches(screening: Screening) -> Selection:
    """Selects the good stretches of a screened video, with a line about each of the others."""
    stretches = screening.verdict.stretches
    return Selection(
        tuple(Stretch(stretch.first, stretch.end) for stretch in stretches if stretch.is_good),
        tuple(_line(stretch, screening.looks.fps) for stretch in stretches if not stretch.is_good),
        screening.looks.frames,
    )


def good_stretches_for(
    config: ExtractionConfig, *, show_progress: bool = False
) -> Callable[[files.PathLike], Selection]:
    """Returns what `extract_videos` takes as `select`: it screens a video as it will be extracted."""

    def select(path: files.PathLike) -> Selection:
        screened = screen_video(
            path,
            max_frames=config.max_frames,
            reading=config.reading,
            models_folder=config.models,
            show_progress=show_progress,
        )
        return select_stretches(screened)

    return select


def _line(stretch: JudgedStretch, fps: float) -> str:
    begin, end = stretch.first / fps, stretch.end / fps
    return f"frames {stretch.first}-{stretch.end - 1} ({begin:.1f}-{end:.1f} s): {', '.join(stretch.reasons)}"
