"""Compares an exported SavedModel with the trained generator that it was made of.

    retarget-check-saved-model --model=work --export_dir=served/1

Network and signatures are compared on random pictures at several batch sizes, whole dances against the rollout in
Python, and every signature is called in a process that cannot import retarget_tf. Exits with 1 when a check fails.
"""

import sys

from absl import flags

from retarget_tf import program

_MODEL = flags.DEFINE_string("model", None, "workdir, .keras file or pretrained model that was exported", required=True)
_EXPORT_DIR = flags.DEFINE_string("export_dir", None, "folder of one version", required=True)


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
