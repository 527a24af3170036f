"""Scores trained generators on whole clips: rollouts, one-step scores, baselines, curves over time, pictures.

`evaluating.evaluate` scores one model, `evaluating.compare` several. `report` writes the results to a folder and
formats them as text.
"""
