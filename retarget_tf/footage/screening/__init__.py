"""Is a video worth learning from? The paper's criteria for clips as a program.

screen_video(path)              one pass over a video: measures, a verdict and the good stretches
screen_videos(paths, report)    several of them, with a report to look at and the same as numbers
select_stretches(screening)     what extraction takes of a video, and why not the rest
good_stretches_for(config)      the same for every video of `extraction.extract_videos`

background, sharpness, looking              the measures
criteria, judging, screener                 from measures to the verdict
selecting                                   what extraction takes
curves, page, style, documents, reporting   the report, for people and for programs
"""

from retarget_tf.footage.screening.criteria import Criteria, Limit
from retarget_tf.footage.screening.judging import JudgedStretch, Verdict, judge
from retarget_tf.footage.screening.looking import MEASURES, Detector, Looks, take_looks
from retarget_tf.footage.screening.reporting import screen_videos
from retarget_tf.footage.screening.screener import Screening, screen_video
from retarget_tf.footage.screening.selecting import good_stretches_for, select_stretches

__all__ = [
    "MEASURES",
    "Criteria",
    "Detector",
    "JudgedStretch",
    "Limit",
    "Looks",
    "Screening",
    "Verdict",
    "good_stretches_for",
    "judge",
    "screen_video",
    "screen_videos",
    "select_stretches",
    "take_looks",
]
