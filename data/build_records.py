r"""Builds records, which training and evaluation read, from clip folders.

People are divided among train, validation and test; people whose clips share a motion go to the same split. The folder
appears when it is complete; the same command again continues an interrupted build.

    retarget-build-records --clips=clips/dancers --out=records/dancers --size=64
    retarget-build-records --clips=clips/dancers --out=records/surfaces --surfaces
    retarget-build-records --clips=clips/real --out=records/real --test_share=1 --validation_share=0

Clips and records may lie in an object store (the extra [s3] or [gcs]):

    retarget-build-records --clips=clips --out=s3://bucket/records

The build uses all cores. With --runner it runs as an Apache Beam pipeline, which gives the same records:

    retarget-build-records --clips=clips --out=records --runner=DirectRunner \
      --runner_option=direct_num_workers=4 --runner_option=direct_running_mode=multi_processing
"""

import logging
import os

from absl import flags

from retarget_tf import program
from retarget_tf.dataset.build_config import BuildConfig
from retarget_tf.errors import ConfigError
from retarget_tf.program import settings

_CLIPS = flags.DEFINE_list(
    "clips", None, "folders that hold clip folders, separated by commas; s3:// and gs:// too", required=True
)
_OUT = flags.DEFINE_string("out", None, "folder of records to make; s3:// and gs:// too", required=True)
_BUILD = settings.define_flags(BuildConfig)
_WORKERS = flags.DEFINE_integer("workers", None, "number of processes; by default one for each core")
_RUNNER = flags.DEFINE_string(
    "runner", None, "build as an Apache Beam pipeline with this runner: DirectRunner, DataflowRunner, FlinkRunner ..."
)
_RUNNER_OPTIONS = flags.DEFINE_multi_string(
    "runner_option", [], "an option of the runner as name=value; give the flag once for each"
)
_OVERWRITE = flags.DEFINE_boolean("overwrite", False, "replace the folder if it holds records and nothing else")


def main() -> None:
    """Builds the records and prints what they hold."""
    config = BuildConfig(**settings.given(_BUILD))
    if _RUNNER_OPTIONS.value and _RUNNER.value is None:
        raise ConfigError(f"runner_option needs --runner. Received: runner_option={_RUNNER_OPTIONS.value[0]}")

    program.import_tensorflow()
    from retarget_tf.dataset import records

    carry_out = None
    if _RUNNER.value is not None:
        # Beam warns of parts that nobody asked for, and logs besides what it raises.
        logging.getLogger().setLevel(logging.CRITICAL)
        from retarget_tf.dataset import beam_build

        carry_out = beam_build.on_runner(_RUNNER.value, _RUNNER_OPTIONS.value)
    manifest = records.build_records(
        _CLIPS.value,
        _OUT.value,
        config,
        overwrite=_OVERWRITE.value,
        workers=_WORKERS.value if _WORKERS.value is not None else os.cpu_count() or 1,
        show_progress=program.progress_is_shown(),
        carry_out=carry_out,
    )
    print(records.describe(manifest))


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
