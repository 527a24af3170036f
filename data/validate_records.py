"""Validates every shard, record and picture of a folder of records, and lists all problems by file.

    retarget-validate-records --records=records/dancers

The exit code is 0 if there is no problem, else 3.
"""

import os

from absl import flags

from retarget_tf import program

_RECORDS = flags.DEFINE_string("records", None, "folder of records; s3:// and gs:// too", required=True)
_MAX_PROBLEMS = flags.DEFINE_integer("max_problems", 100, "print so many problems at most", lower_bound=1)
_WORKERS = flags.DEFINE_integer("workers", None, "number of processes; by default one for each core")


def main() -> None:
    """Prints the problems, or what the records hold."""
    program.import_tensorflow()
    from retarget_tf.dataset import records
    from retarget_tf.errors import InputDataError

    problems = records.find_problems(
        _RECORDS.value,
        workers=_WORKERS.value if _WORKERS.value is not None else os.cpu_count() or 1,
        show_progress=program.progress_is_shown(),
    )
    for problem in problems[: _MAX_PROBLEMS.value]:
        print(problem)
    if len(problems) > _MAX_PROBLEMS.value:
        print(f"... and {len(problems) - _MAX_PROBLEMS.value} more")
    if problems:
        raise InputDataError(f"records {_RECORDS.value}: {len(problems)} problems. Build the records again.")
    print(records.describe(records.Manifest.load(_RECORDS.value)))
    print("Every shard, record and picture is as it should be.")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
