"""The build of `records` as an Apache Beam pipeline: on one machine, or on as many as the runner has.

The pipeline carries out `records.Work`: what one core does alone and what a hundred machines do are the same two
functions on the same tasks, so the records are the same, byte for byte. Pictures do not pass through the pipeline. Its
elements are tasks, and its workers read clips and write the scratch folder themselves: clips and records lie on a file
system that the launching process and all workers see under the same paths.
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


# Told in one line by the launching process. All else is raised in the worker, whose runner tries again.
_TOLD: dict[str, type[Exception]] = {"bad input": InputDataError, "full disk": OSError}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def on_runner(runner: str, runner_options: Sequence[str] = ()) -> Callable[[records.Work], None]:
    """Returns what `records.build_records` takes as `carry_out`, so that the workers of a runner do the work.

    A build goes on where a broken one stopped, whoever made that.

    Args:
        runner: by Beam's name: DirectRunner, DataflowRunner, FlinkRunner, SparkRunner ...
        runner_options: of the runner, each `name=value`, or `name` where it takes no value.

    Raises:
        ConfigError: Beam knows no such runner or option.
    """
    return functools.partial(_carry_out, options=_options(runner, runner_options))


def _carry_out(work: records.Work, options: Any) -> None:
    staging, told = work.staging, work.staging.folder / "told.json"
    with beam.Pipeline(options=options) as pipeline:
        # Reshuffled, or a runner may hand all tasks to one worker.
        clips = pipeline | "Clips" >> beam.Create(work.clips) | "Spread clips" >> beam.Reshuffle()
        of_clips = clips | "Encode clip" >> beam.FlatMap(_encode_clip, staging) | "Of clips" >> beam.combiners.ToList()
        shards = pipeline | "Shards" >> beam.Create(work.shards) | "Spread shards" >> beam.Reshuffle()
        # The list of problems is complete when all clips are encoded: no shard is begun before.
        of_shards = shards | "Write shard" >> beam.FlatMap(_write_shard, staging, beam.pvalue.AsSingleton(of_clips))
        problems = (of_clips | "One by one" >> beam.FlatMap(list), of_shards) | beam.Flatten()
        problems | beam.combiners.ToList() | "Tell" >> beam.Map(functools.partial(files.write_json, told))
    if problems := files.read_json(told, "build"):
        kind, text = min(problems)
        raise _TOLD[kind](text)


def _problems_of(do: Callable[[], object]) -> list[tuple[str, str]]:
    """What is to be told of a task that was not done, and its kind."""
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
    """Beam's options; it would pass over a name that it does not know, and print its usage for a bad value."""
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
