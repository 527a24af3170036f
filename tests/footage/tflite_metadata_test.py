"""Tests of giving a TFLite model the metadata of another one."""

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from retarget_tf.footage.extraction import tflite_metadata


def model(**entries: bytes) -> bytes:
    """Returns a TFLite model that doubles a number, with the given entries of metadata besides TensorFlow's own."""
    function = tf.function(lambda x: 2.0 * x, input_signature=[tf.TensorSpec([1], tf.float32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    table = unpacked(converter.convert())
    for name, content in entries.items():
        buffer, entry = schema.BufferT(), schema.MetadataT()
        buffer.data = np.frombuffer(content, np.uint8)
        table.buffers.append(buffer)
        entry.name, entry.buffer = name, len(table.buffers) - 1
        table.metadata.append(entry)
    builder = flatbuffers.Builder(1024)
    builder.Finish(table.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def unpacked(content: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(content), 0))


def test_metadata_takes_the_place_of_the_last_entry() -> None:
    words = bytes(range(250)) * 3
    plain = model(other=b"flag")
    grafted = tflite_metadata.graft(plain, model(TFLITE_METADATA=words, further=b"more"))
    table, before = unpacked(grafted), unpacked(plain)
    names = [entry.name for entry in table.metadata]
    assert names == [*(entry.name for entry in before.metadata[:-1]), b"TFLITE_METADATA"]
    assert bytes(table.buffers[table.metadata[-1].buffer].data) == words
    for entry, old in zip(table.metadata[:-1], before.metadata[:-1], strict=True):
        assert bytes(table.buffers[entry.buffer].data) == bytes(before.buffers[old.buffer].data)


def test_the_model_computes_as_before() -> None:
    interpreter = tf.lite.Interpreter(
        model_content=tflite_metadata.graft(model(a=b"1"), model(TFLITE_METADATA=b"words"))
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.array([3.0], np.float32))
    interpreter.invoke()
    assert interpreter.get_tensor(interpreter.get_output_details()[0]["index"]) == [6.0]


def test_a_donor_without_metadata_is_refused() -> None:
    with pytest.raises(ValueError, match="donor has no metadata"):
        tflite_metadata.graft(model(a=b"1"), model(b=b"2"))
