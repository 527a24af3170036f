"""Builds records with an Apache Beam pipeline, on as many machines as the runner has.

The pipeline carries out `records.Work` with the same two functions that one core uses, so the records are the same byte
for byte. Its elements are tasks, not pictures: workers read the clips and write the scratch folder themselves. So clips
and records must lie where the launching process and all workers see them under the same names: in an object store, or
on a file system that all have mounted.
"""

import contextlib
import errno
import functools
import io
from collections.abc import Callable, Sequence
from typing import Any

from retarget_tf import files
from retarget_tf.dataset import records
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as missing:
    raise MissingDependencyError(
        f"Apache Beam cannot be imported ({missing}). Install it: pip install 'retarget_tf[beam]'"
    ) from missing


# Errors that the launching process reports in one line. Any other is raised in the worker and left to the runner's
# retries.
_TOLD: dict[str, type[Exception]] = {"bad input": InputDataError, "full disk": OSError}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def on_runner(runner: str, runner_options: Sequence[str] = ()) -> Callable[[records.Work], None]:
    """Returns a `carry_out` for `records.build_records` that does the work on the workers of a Beam runner.

    An interrupted build is resumed, whether it ran on Beam or on this machine.

    Args:
        runner: Beam's name of the runner, such as DirectRunner, DataflowRunner, FlinkRunner or SparkRunner.
        runner_options: Options of the runner, each `name=value`, or `name` for a switch.

    Raises:
        ConfigError: Beam knows no such runner or option.
    """
    return functools.partial(_carry_out, options=_options(runner, runner_options))


def _carry_out(work: records.Work, options: Any) -> None:
    staging, told = work.staging, work.staging.folder / "told.json"
    with beam.Pipeline(options=options) as pipeline:
        # Without a reshuffle a runner may give all tasks to one worker.
        clips = pipeline | "Clips" >> beam.Create(work.clips) | "Spread clips" >> beam.Reshuffle()
        of_clips = clips | "Encode clip" >> beam.FlatMap(_encode_clip, staging) | "Of clips" >> beam.combiners.ToList()
        shards = pipeline | "Shards" >> beam.Create(work.shards) | "Spread shards" >> beam.Reshuffle()
        # Shards wait for this side input, which is complete only when all clips are encoded.
        of_shards = shards | "Write shard" >> beam.FlatMap(_write_shard, staging, beam.pvalue.AsSingleton(of_clips))
        problems = (of_clips | "One by one" >> beam.FlatMap(list), of_shards) | beam.Flatten()
        problems | beam.combiners.ToList() | "Tell" >> beam.Map(functools.partial(files.write_json, told))
    if problems := files.read_json(told, "build"):
        kind, text = min(problems)
        raise _TOLD[kind](text)


def _problems_of(do: Callable[[], object]) -> list[tuple[str, str]]:
    """Runs a task; returns its failure as (kind, message), or nothing if it succeeds."""
    try:
        do()
    except InputDataError as error:
        return [("bad input", str(error))]
    except OSError as error:
        if error.errno not in _FULL:
            raise
        return [("full disk", str(error))]
    return []


def _encode_clip(clip: records.ClipTask, staging: records.Staging) -> list[tuple[str, str]]:
    return _problems_of(functools.partial(staging.encode_clip, clip))


def _write_shard(
    shard: records.ShardTask, staging: records.Staging, of_clips: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    return [] if of_clips else _problems_of(functools.partial(staging.write_shard, shard))


def _options(runner: str, runner_options: Sequence[str]) -> Any:
    """Parses Beam's options strictly: Beam itself ignores unknown names and prints its usage for a bad value."""
    complaint = io.StringIO()
    try:
        beam.runners.create_runner(runner)
        with contextlib.redirect_stderr(complaint):
            options = PipelineOptions([f"--runner={runner}", *(f"--{option}" for option in runner_options)])
            given = options.get_all_options(retain_unknown_options=True)
        unknown = given.keys() - PipelineOptions([]).get_all_options().keys()
    except (ValueError, ImportError) as error:
        raise ConfigError(f"runner must be one of Apache Beam's. Received: runner={runner} ({error})") from error
    except SystemExit as error:
        reason = complaint.getvalue().strip().rpartition("error: ")[2]
        raise ConfigError(f"runner_option must be one that Beam takes. Received: {reason}") from error
    if unknown:
        raise ConfigError(f"runner_option must be one that Beam knows. Received: {', '.join(sorted(unknown))}")
    return options
