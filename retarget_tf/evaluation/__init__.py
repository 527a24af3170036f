"""Scores a trained generator on whole clips: rollouts, one-step scores, baselines, pictures.

`evaluate` does the work, `write_report` writes what it found and `table` says it in a few lines.
"""

from retarget_tf.evaluation.evaluating import Evaluation, evaluate
from retarget_tf.evaluation.report import table, write_report

__all__ = ["Evaluation", "evaluate", "table", "write_report"]
