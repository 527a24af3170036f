"""Decides which stretches of a video are good training data, by the paper's criteria for clips.

About ten frames a second, called looks, are measured: the person's speed, sharpness and view, the camera and the
background. Each measure gets a score, and a look is as good as its worst score.

screen_video(path)              measures a video in one pass, and finds its good stretches
screen_videos(paths, report)    screens several videos, and writes a report as HTML and JSON
select_stretches(screening)     selects the good stretches for `extraction.extract_videos`
good_stretches_for(config)      makes such a selection for every video of `extraction.extract_videos`

background, sharpness, looking              the measures
criteria, judging, screener                 from measures to the verdict
selecting                                   the selection for extraction
curves, page, style, documents, reporting   the report
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
