"""Exports a trained generator as an ONNX file, for runtimes other than TensorFlow.

The file holds the network alone, from its named inputs to its named output, for any batch size; the caller writes the
loop that feeds the output back (`networks.presets`). It is written only if its outputs equal the Keras model's.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from retarget_tf import files
from retarget_tf.errors import MissingDependencyError, TrainingError
from retarget_tf.networks.generator import load_keras_generator
from retarget_tf.networks.trained import find_keras_file
from retarget_tf.serving import checking
from retarget_tf.serving.graph import network_function

MAX_DIFFERENCE = 1e-4
OPSET = 17
BATCH_SIZES = (1, 3)


def export_onnx(model: files.PathLike, out: files.PathLike) -> float:
    """Converts a model, compares the outputs on random inputs, and writes the file if they agree.

    Args:
        model: Workdir, `.keras` file with its json, or name of a pretrained model.
        out: The `.onnx` file to write.

    Returns:
        The largest absolute difference between the outputs.

    Raises:
        MissingDependencyError: If the `onnx` extra is not installed.
        InputDataError: If the model cannot be read.
        ConfigError: If `out` does not end in `.onnx`, is the model itself, or something of another kind.
        TrainingError: If the outputs differ by more than 1e-4; nothing is written.
    """
    files.refuse_replacing(out, find_keras_file(model))
    files.check_kind(out, ".onnx")
    try:
        import onnxruntime
        import tf2onnx
    except ImportError as error:
        raise MissingDependencyError(
            f"ONNX export needs tf2onnx and onnxruntime ({error}). Install them: pip install 'retarget_tf[onnx]'"
        ) from error
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    network, _ = load_keras_generator(model)
    # Keras keeps some constants outside the graph, which tf2onnx would take for inputs; freezing moves them into it.
    frozen = convert_variables_to_constants_v2(network_function(network).get_concrete_function())
    names = {tensor.name: tensor.name.split(":")[0] for tensor in frozen.inputs}
    names |= {tensor.name: name for tensor, name in zip(frozen.outputs, network.output, strict=True)}
    with files.atomic_file(out) as temporary, _quiet():
        tf2onnx.convert.from_graph_def(
            frozen.graph.as_graph_def(),
            input_names=[tensor.name for tensor in frozen.inputs],
            output_names=[tensor.name for tensor in frozen.outputs],
            tensors_to_rename=names,
            opset=OPSET,
            custom_op_handlers={"Bitcast": (_sign_as_int, []), "BitwiseAnd": (_first_input, [])},
            output_path=str(temporary),
        )
        session = onnxruntime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
        difference = max(_difference(network, session, batch) for batch in BATCH_SIZES)
        if not difference <= MAX_DIFFERENCE:
            raise TrainingError(f"ONNX file {out}: differs from the model by {difference:.1e}. Nothing was written.")
    return difference


def _difference(network: keras.Model, session: Any, batch: int) -> float:
    inputs = checking.random_inputs(np.random.default_rng(batch), batch, network)
    expected = network(inputs, training=False)
    taken = {one.name for one in session.get_inputs()}
    received = session.run(list(expected), {name: value for name, value in inputs.items() if name in taken})
    return max(float(np.abs(ours - theirs).max()) for ours, theirs in zip(expected.values(), received, strict=True))


# To distinguish -0.0 from 0.0, Keras's argmax reads the sign bit of its input, with bit operations that tf2onnx lacks.
# The networks take the argmax of probabilities and counts alone, which are never -0.0, so "is negative" is enough.


def _sign_as_int(graph: Any, node: Any, name: str, args: Any) -> None:
    """Replaces `Bitcast` of a float by -1 where it is negative, else 0, as int32."""
    from onnx import TensorProto

    [value], shapes, types = node.input, node.output_shapes, node.output_dtypes
    graph.remove_node(node.name)
    zero = graph.make_const(f"{name}_zero", np.zeros((), np.float32)).output[0]
    negative = graph.make_node("Less", [value, zero]).output[0]
    as_int = graph.make_node("Cast", [negative], attr={"to": TensorProto.INT32}).output[0]
    graph.make_node("Neg", [as_int], outputs=node.output, shapes=shapes, dtypes=types, name=name)


def _first_input(graph: Any, node: Any, name: str, args: Any) -> None:
    """Replaces `BitwiseAnd` with the sign bit's mask by its first input, which `_sign_as_int` made -1 or 0."""
    graph.remove_input(node, node.input[1], 1)
    node.type = "Identity"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences the converter's warnings about functions that TensorFlow has deprecated."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
