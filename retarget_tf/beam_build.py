"""The build of `records` as an Apache Beam pipeline: on one machine, or on as many as the runner has.

The pipeline carries out `records.Work`: what one core does alone and what a hundred machines do are the same two
functions on the same tasks, so the records are the same, byte for byte. Pictures do not pass through the pipeline. Its
elements are tasks, and its workers read clips and write the scratch folder themselves: clips and records lie on a file
system that the launching process and all workers see under the same paths.
"""

import contextlib
import functools
import io
from collections.abc import Sequence
from typing import Any

from retarget_tf import files, records
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as missing:
    raise MissingDependencyError(
        f"Apache Beam cannot be imported ({missing}). Install it: pip install 'retarget_tf[beam]'"
    ) from missing


def build_records(
    clip_folders: Sequence[files.PathLike],
    out: files.PathLike,
    config: records.BuildConfig,
    *,
    runner: str,
    runner_options: Sequence[str] = (),
    overwrite: bool = False,
) -> records.Manifest:
    """`records.build_records` by the workers of a runner; it goes on where a broken build stopped, whoever made that.

    Args:
        clip_folders: folders whose subfolders are clip folders.
        out: appears when complete.
        config: how.
        runner: by Beam's name: DirectRunner, DataflowRunner, FlinkRunner, SparkRunner ...
        runner_options: of the runner, each `name=value`, or `name` where it takes no value.
        overwrite: replace `out` where it exists.

    Raises:
        ConfigError: Beam knows no such runner or option, or a path is not one of a file system.
        InputDataError: as `records.build_records`.
    """
    for path in (*clip_folders, out):
        if "://" in str(path):
            raise ConfigError(
                "clips and records must lie on a file system that all workers see, such as a mounted bucket. "
                f"Received: {path}"
            )
    options = _options(runner, runner_options)
    carry_out = functools.partial(_carry_out, options=options)
    return records.build_records(clip_folders, out, config, overwrite=overwrite, carry_out=carry_out)


def _carry_out(work: records.Work, options: Any) -> None:
    staging, refused = work.staging, work.staging.folder / "refused.json"
    with beam.Pipeline(options=options) as pipeline:
        # Reshuffled, or a runner may hand all tasks to one worker.
        clips = pipeline | "Clips" >> beam.Create(work.clips) | "Spread clips" >> beam.Reshuffle()
        reasons = clips | "Encode clip" >> beam.FlatMap(_encode_clip, staging) | beam.combiners.ToList()
        reasons | "Tell" >> beam.Map(functools.partial(files.write_json, refused))
        shards = pipeline | "Shards" >> beam.Create(work.shards) | "Spread shards" >> beam.Reshuffle()
        # The list of reasons is complete when all clips are encoded: no shard is begun before.
        shards | "Write shard" >> beam.Map(_write_shard, staging, beam.pvalue.AsSingleton(reasons))
    if told := files.read_json(refused, "build"):
        raise InputDataError(min(told))


def _encode_clip(clip: records.ClipTask, staging: records.Staging) -> list[str]:
    """Why a clip is refused, if it is. It is not raised: runners try again, and tell in a traceback."""
    try:
        staging.encode_clip(clip)
    except InputDataError as error:
        return [str(error)]
    return []


def _write_shard(shard: records.ShardTask, staging: records.Staging, refused: list[str]) -> None:
    if not refused:
        staging.write_shard(shard)


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
