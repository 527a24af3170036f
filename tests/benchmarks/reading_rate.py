"""Compares reading records with the bare decoding of the same bytes.

    python -m data.make_dancers --out=clips --people=40 --clips_per_person=1 --frames=250 --size=256
    python -m data.build_records --clips=clips --out=records --validation_share=0 --test_share=0
    python -m tests.benchmarks.reading_rate --records=records

Times an epoch of windows of two, and as many elements of streams, from disk and with the records cached in memory; and
decoding alone, in a `tf.data` map, of the same JPEG and PNG pictures from memory. All run on one core, in turns.
Processor time is measured, because other programs on the machine disturb it less than wall time; the medians are
compared.
"""

import dataclasses
import itertools
import os
import time

import numpy as np
import tensorflow as tf
from absl import flags

from retarget_tf import program
from retarget_tf.dataset import input_pipeline, records
from retarget_tf.training import loop
from retarget_tf.training.config import TrainingConfig

_RECORDS = flags.DEFINE_string("records", None, "Folder of records.", required=True)
_TURNS = flags.DEFINE_integer("turns", 3, "Turns of each kind.", lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 16, "Samples in a batch.", lower_bound=1)


def main() -> None:
    """Prints the table."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    manifest = records.Manifest.load(_RECORDS.value)
    segments = list(records.read_segments(manifest.folder, records.TRAIN))
    parts = [part for segment in segments for part in (segment.body, segment.references)]
    frames = list(itertools.chain.from_iterable(part.frames for part in parts))
    maps = list(itertools.chain.from_iterable(part.parsing_maps for part in parts))
    windows, cached_windows = (
        input_pipeline.make_dataset(
            manifest.folder, records.TRAIN, batch_size=_BATCH_SIZE.value, repeat=False, cache_records=cache
        )
        for cache in (False, True)
    )
    batches = int(windows.cardinality())
    config = TrainingConfig.of_preset("stable", steps=1, batch_size=_BATCH_SIZE.value, jitter=False)
    streams, cached_streams = (
        loop.training_dataset(manifest.folder, dataclasses.replace(config, cache_records=cache)).take(batches)
        for cache in (False, True)
    )
    # A stream takes one frame, its reference; and maps: one for each element, the one before, and its reference's.
    starts = sum(int(batch["is_start"].sum()) for batch in streams.as_numpy_iterator())
    elements = batches * _BATCH_SIZE.value
    of_streams = _repeated(frames, starts), _repeated(maps, elements + 2 * starts)
    print("         pipeline   share     cached   share       bare  (ms of processor time a sample)")
    for name, dataset, cached, pictures in (
        ("windows", windows, cached_windows, (frames, maps)),
        ("streams", streams, cached_streams, of_streams),
    ):
        turns = [(_time([dataset]), _time([cached]), _time(_bare(*pictures))) for _ in range(_TURNS.value)]
        whole, in_memory, bare = 1e3 * np.median(turns, axis=0) / elements
        print(f"{name:8s} {whole:8.3f}  {bare / whole:6.0%}   {in_memory:8.3f}  {bare / in_memory:6.0%}   {bare:8.3f}")
    _print_mixing(windows)


def _bare(frames: list[bytes], maps: list[bytes]) -> list[tf.data.Dataset]:
    """Decodes frames and maps in pairs as far as there are pairs, then the rest of the maps."""
    pairs, rest = (frames, maps[: len(frames)]), maps[len(frames) :]

    def decode_both(frame: tf.Tensor, parsing_map: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return records.decode_frame(frame), records.decode_map(parsing_map)

    return [
        tf.data.Dataset.from_tensor_slices(pairs).map(decode_both),
        tf.data.Dataset.from_tensor_slices(rest or maps[:1]).map(records.decode_map),
    ]


def _repeated(pictures: list[bytes], count: int) -> list[bytes]:
    return list(itertools.islice(itertools.cycle(pictures), count))


def _time(datasets: list[tf.data.Dataset]) -> float:
    before = time.process_time()
    for dataset in datasets:
        dataset.reduce(0, lambda count, _: count + 1)
    return time.process_time() - before


def _print_mixing(windows: tf.data.Dataset) -> None:
    counts = [len(set(batch["clip_id"])) for batch in windows.as_numpy_iterator()]
    quarters = np.percentile(counts, [0, 25, 50, 75, 100])
    print(f"distinct clips in a batch of {_BATCH_SIZE.value}: {quarters} (least, quartiles, most)")


if __name__ == "__main__":
    program.run(main)
