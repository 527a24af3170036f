"""Exports a trained generator as a SavedModel that TensorFlow Serving and plain TensorFlow can run.

    retarget-export-saved-model --model=work --out=served

Writes served/1 (then served/2, ...): the graph with its signatures, warm-up requests, label names, skeleton and a model
card. The folder appears once it is complete and has answered the warm-up requests. docs/serving.md: how to serve it.
"""

from absl import flags

from retarget_tf import program

_MODEL = flags.DEFINE_string("model", None, "workdir, .keras file, or the name of a pretrained model", required=True)
_OUT = flags.DEFINE_string("out", None, "folder that holds the versions", required=True)
_VERSION = flags.DEFINE_integer("version", None, "number of the version; the next one unless given", lower_bound=1)


def main() -> None:
    """Flags -> `exporting.export_saved_model`."""
    program.import_tensorflow()
    from retarget_tf.serving import exporting

    print(exporting.export_saved_model(_MODEL.value, _OUT.value, _VERSION.value))


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
