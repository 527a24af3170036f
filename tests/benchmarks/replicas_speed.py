"""Compares the speed of two replicas on parts of the processor with that of one, at the same size of batch.

    python -m data.make_dancers --out=clips --people=16 --clips_per_person=1 --frames=129 --size=128
    python -m data.build_records --clips=clips --out=records --validation_share=0 --test_share=0
    python -m tests.benchmarks.replicas_speed --records=records --preset=stable --batch_size=8
    python -m tests.benchmarks.replicas_speed --records=records --preset=paper --batch_size=32

Every turn trains afresh in a process of its own, in turns with the other kind, and counts the images/s of the rows of
history.csv after the first, which holds the compilation. The medians over all rows are compared.
"""

import csv
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from absl import flags

from retarget_tf import program

_RECORDS = flags.DEFINE_string("records", None, "Folder of records.", required=True)
_PRESET = flags.DEFINE_string("preset", "stable", "Preset to train.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 8, "Samples in a batch, of all replicas together.", lower_bound=2)
_FILTERS = flags.DEFINE_integer("filters", 16, "Channels of the first convolution.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 60, "Steps of a turn.", lower_bound=20)
_TURNS = flags.DEFINE_integer("turns", 2, "Turns of each kind.", lower_bound=1)

_KINDS = {"one replica": (), "two replicas": ("--strategy=mirrored", "--replicas=2")}


def main() -> None:
    """Prints images/s of both, and their ratio."""
    rates: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    for _ in range(_TURNS.value):
        for kind, arguments in _KINDS.items():
            rates[kind] += _train(arguments)
    one, two = (float(np.median(found)) for found in rates.values())
    print(f"{_PRESET.value}: one replica {one:.1f}, two replicas {two:.1f} images/s: {two / one:.0%}")


def _train(arguments: tuple[str, ...]) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "retarget_tf.train", f"--records={_RECORDS.value}", f"--workdir={folder}"),
            *(
                f"--preset={_PRESET.value}",
                f"--filters={_FILTERS.value}",
                f"--batch_size={_BATCH_SIZE.value}",
                "--log_every=10",
            ),
            *(f"--steps={_STEPS.value}", "--sample_every=1000000", "--checkpoint_every=1000000", *arguments),
        ]
        subprocess.run(command, check=True)
        with (pathlib.Path(folder) / "history.csv").open(newline="", encoding="utf-8") as file:
            return [float(row["images_per_second"]) for row in csv.DictReader(file)][1:]


if __name__ == "__main__":
    program.run(main)
