"""Exports the network of a trained generator as an ONNX file.

    retarget-export-onnx --model=work --out=generator.onnx

Needs the `onnx` extra: pip install 'retarget_tf[onnx]'. The file is written only if its outputs equal the model's.
"""

from absl import flags

from retarget_tf import program

_MODEL = flags.DEFINE_string("model", None, "workdir, .keras file, or the name of a pretrained model", required=True)
_OUT = flags.DEFINE_string("out", None, "the .onnx file", required=True)


def main() -> None:
    """Flags -> `onnx_export.export_onnx`."""
    program.import_tensorflow()
    from retarget_tf.serving import onnx_export

    with program.native_log_aside():
        difference = onnx_export.export_onnx(_MODEL.value, _OUT.value)
    print(f"{_OUT.value}: as the model, largest difference {difference:.1e}")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
