"""Tells whether this machine can do what the programs do, and what to do where it cannot.

    retarget-doctor               # packages, hardware, settings, formats, models, and a dance of drawn people
    retarget-doctor --full        # a training, an export and a server too

A line a check: ok, warning (the main work runs all the same) or failed; below it what to do. Exits with 0 if nothing
failed, otherwise with 1. Needs no network, changes nothing, and leaves nothing behind.
"""

import contextlib
import json
import os
import shutil
import sys

from absl import flags

from retarget_tf import program

_GIVEN = dict(os.environ)  # `program.run` takes Keras's variables away

_FULL = flags.DEFINE_bool("full", False, "also try a training, an export and a server, each of the smallest size")
_JSON = flags.DEFINE_bool("json", False, "print the same as JSON, when all is known")
_MOST_COLUMNS = 120


def main() -> None:
    """Prints the findings as they come, and exits with 1 if one is a failure."""
    from retarget_tf.evaluation import machine

    width = min(shutil.get_terminal_size((_MOST_COLUMNS, 24)).columns, _MOST_COLUMNS)
    findings: list[machine.Finding] = []
    with contextlib.closing(machine.examine(_GIVEN, full=_FULL.value)) as examined:
        for finding in examined:
            if not _JSON.value:
                if not findings or findings[-1].group != finding.group:
                    print(finding.group)
                print(finding.text(width), flush=True)
            findings.append(finding)
    report = machine.as_json(findings)
    print(json.dumps(report, indent=2) if _JSON.value else machine.summary(findings))
    if not report["ready"]:
        sys.exit(program.EXIT_FAILED)


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
