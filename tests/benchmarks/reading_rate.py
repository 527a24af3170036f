"""How fast records are read, beside the bare decoding of the same pictures.

    python -m data.make_dancers --out=clips --people=40 --clips_per_person=1 --frames=250 --size=256
    python -m data.build_records --clips=clips --out=records --validation_share=0 --test_share=0
    python -m tests.benchmarks.reading_rate --records=records

Prints for windows of two and for streams the processor time (of all cores) of a sample, and that of decoding its JPEG
and PNG pictures alone, from memory, in a `tf.data` map of one thread. Both take turns, so other work on the machine
disturbs them alike. Then the distinct clips in a batch.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from absl import flags

from retarget_tf import input_pipeline, program, records

_RECORDS = flags.DEFINE_string("records", None, "Folder of records.", required=True)
_SAMPLES = flags.DEFINE_integer("samples", 2000, "Samples of each turn.", lower_bound=1)
_TURNS = flags.DEFINE_integer("turns", 3, "Turns of each kind.", lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 16, "Samples in a batch.", lower_bound=1)


def main() -> None:
    """Prints the table."""
    manifest = records.Manifest.load(_RECORDS.value)
    frames, maps = _pictures(manifest)
    windows = input_pipeline.make_dataset(manifest.folder, "train", batch_size=_BATCH_SIZE.value)
    streams = input_pipeline.make_streams(manifest.folder, "train", batch_size=_BATCH_SIZE.value)
    # A window of two is three JPEGs and three PNGs with its reference. A stream decodes one JPEG, its reference, and a
    # PNG for each frame, the one before its first, and the reference.
    started = np.mean([batch["is_start"].mean() for batch in streams.take(200).as_numpy_iterator()])
    bare = {"windows": (3.0, 3.0), "streams": (float(started), 1 + 2 * float(started))}
    print("samples   pipeline ms  bare ms  bare / pipeline   (processor time of a sample, medians)")
    for name, dataset in (("windows", windows), ("streams", streams)):
        batches = iter(dataset)
        for _ in range(5):
            next(batches)
        taken, decoded = [], []
        for _ in range(_TURNS.value):
            taken.append(_time(lambda: _take(batches)))  # noqa: B023
            decoded.append(_time(lambda: _decode(frames, maps, *bare[name])))  # noqa: B023
        pipeline, alone = np.median(taken), np.median(decoded)
        print(f"{name:8s}  {pipeline:11.3f}  {alone:7.3f}  {alone / pipeline:15.0%}")
