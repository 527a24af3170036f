"""Scores trained generators on whole clips: rollouts, one-step scores, baselines, curves over time, pictures.

`evaluate` scores one model, `compare` several. `write_report` and `write_comparison` write their results to a folder,
`table` and `comparison_table` format them as text.
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
