"""Is a video worth learning from? The paper's criteria for clips as a program.

screen_video(path)                     one pass over a video: measures, a verdict and the good stretches
screen_videos(paths, report)           several of them, with a report to look at and a JSON beside it
select_stretches(path)                 for `extraction.extract_videos`: what to take, and why not the rest

cuts, background, sharpness, looking   the measures
criteria, judging                      from measures to the verdict
curves, report, documents              for people, and for programs
"""

from retarget_tf.screening.criteria import Criteria, Limit
from retarget_tf.screening.judging import JudgedStretch, Verdict, judge
from retarget_tf.screening.looking import MEASURES, Detector, Looks, take_looks
from retarget_tf.screening.screener import Screening, screen_video

__all__ = [
    "MEASURES",
    "Criteria",
    "Detector",
    "JudgedStretch",
    "Limit",
    "Looks",
    "Screening",
    "Verdict",
    "judge",
    "screen_video",
    "take_looks",
]
