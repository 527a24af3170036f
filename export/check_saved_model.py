"""Checks an exported SavedModel against the trained generator that it was exported from.

    retarget-check-saved-model --model=work --export_dir=served/1

It compares the network's outputs and whole dances with Keras and the rollout in Python, on random pictures at several
batch sizes, and calls every signature in a process that cannot import retarget_tf. Exits with 1 if a check fails.
"""

import sys

from absl import flags

from retarget_tf import program

_MODEL = flags.DEFINE_string("model", None, "workdir, .keras file or pretrained model that was exported", required=True)
_EXPORT_DIR = flags.DEFINE_string("export_dir", None, "folder of one version, of people you trust", required=True)


def main() -> None:
    """Flags -> `checking.check_saved_model` -> report."""
    program.import_tensorflow()
    from retarget_tf.serving import checking

    checks = checking.check_saved_model(_MODEL.value, _EXPORT_DIR.value)
    for check in checks:
        print(f"{'ok' if check.passed else 'FAILED':<7} {check.name}: {check.finding}")
    if not all(check.passed for check in checks):
        sys.exit(program.EXIT_FAILED)


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
