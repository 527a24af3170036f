"""Runs the project's programs one after the other, for benchmarks of whole trainings."""

import subprocess
import sys

from retarget_tf.errors import TrainingError


def run(module: str, *arguments: str) -> None:
    """`python -m module arguments`; TrainingError where it does not end with 0."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)
    if done.returncode:
        raise TrainingError(f"{module} {' '.join(arguments)}: ended with {done.returncode}.")
