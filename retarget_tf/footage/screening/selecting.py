"""Selects the good stretches of a screened video for extraction."""

from retarget_tf.footage.extraction import Selection, Stretch
from retarget_tf.footage.screening.judging import JudgedStretch
from retarget_tf.footage.screening.screener import Screening


def select_stretches(screening: Screening) -> Selection:
    """Selects the good stretches of a screened video, with a line about each of the others."""
    stretches = screening.verdict.stretches
    return Selection(
        tuple(Stretch(stretch.first, stretch.end) for stretch in stretches if stretch.is_good),
        tuple(_line(stretch, screening.looks.fps) for stretch in stretches if not stretch.is_good),
        screening.looks.frames,
    )


def _line(stretch: JudgedStretch, fps: float) -> str:
    begin, end = stretch.first / fps, stretch.end / fps
    return f"frames {stretch.first}-{stretch.end - 1} ({begin:.1f}-{end:.1f} s): {', '.join(stretch.reasons)}"
