"""Scores trained generators on whole clips: rollouts, one-step scores, baselines, curves over time, pictures.

`evaluate` does the work for one model, `compare` for several; `write_report` and `write_comparison` write what they
found, `table` and `comparison_table` say it in a few lines.
"""

from retarget_tf.evaluation.evaluating import Comparison, Evaluation, Settings, compare, evaluate
from retarget_tf.evaluation.report import comparison_table, table, write_comparison, write_report

__all__ = [
    "Comparison",
    "Evaluation",
    "Settings",
    "compare",
    "comparison_table",
    "evaluate",
    "table",
    "write_comparison",
    "write_report",
]
