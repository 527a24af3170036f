"""A trained generator as a SavedModel: encoded pictures and keypoints in, parsing maps out.

    signature serving_default
        image_bytes            string  [batch]         encoded JPEG or PNG, each of any size
        keypoints              float32 [batch, 25, 3]  the pose wanted, in pixels of that picture
        reference_keypoints    float32 [batch, 25, 3]  the pose in that picture; all confidences 0 where unknown
     -> parsing_map            uint8   [batch, size, size]
        parsing_map_png_bytes  string  [batch]         the same, encoded

Each picture is cut or padded to the canvas of `pose_transform.person_square`, and the maps lie on that canvas. A
picture is taken as it is stored: a client turns it upright before (EXIF). The attribute `generator` is the network
alone, from its named float inputs to its named outputs; `generator.load_generator` finds it.

The graph holds nothing but TensorFlow's own operations: a server needs neither Keras nor this package.
"""

import pathlib
from typing import Any

import keras
import tensorflow as tf

from retarget_tf import feedback, files, images_tf, parsing_labels, skeleton
from retarget_tf.config import GeneratorSpec
from retarget_tf.generator import SPEC_NAME, load_keras_generator

Tensor = Any

SIGNATURE = "serving_default"


class ServedGenerator(tf.Module):
    """The graph that `export_saved_model` writes.

    Args:
        network: a Keras generator.
        spec: what it was trained for.
    """

    def __init__(self, network: keras.Model, spec: GeneratorSpec) -> None:
        super().__init__(name="served_generator")
        self._spec = spec
        # Keras variables wrap TensorFlow's, which are what a SavedModel stores.
        self._network_variables = [variable.value for variable in network.variables]
        inputs = {
            name: tf.TensorSpec([None, *tensor.shape[1:]], tf.float32, name=name)
            for name, tensor in network.input.items()
        }
        self.generator = tf.function(
            lambda inputs: network(inputs, training=False), input_signature=[inputs], autograph=False
        )

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="image_bytes"),
            tf.TensorSpec([None, skeleton.NUM_JOINTS, 3], tf.float32, name="keypoints"),
            tf.TensorSpec([None, skeleton.NUM_JOINTS, 3], tf.float32, name="reference_keypoints"),
        ],
        autograph=False,
    )
    def serve(self, image_bytes: Tensor, keypoints: Tensor, reference_keypoints: Tensor) -> dict[str, Tensor]:
        """The signature; see the module."""
        image_bytes, keypoints, reference_keypoints = _checked(image_bytes, keypoints, reference_keypoints)
        size = self._spec.model.image_size
        frames, moved, moved_reference = tf.map_fn(
            lambda one: self._canvas(*one),
            (image_bytes, keypoints, reference_keypoints),
            fn_output_signature=(
                tf.TensorSpec([size, size, 3], tf.uint8),
                tf.TensorSpec([skeleton.NUM_JOINTS, 3], tf.float32),
                tf.TensorSpec([skeleton.NUM_JOINTS, 3], tf.float32),
            ),
        )
        # The map of the picture is not given: `stable` parses it first.
        unknown = tf.fill(tf.shape(frames)[:3], tf.constant(parsing_labels.UNKNOWN, tf.uint8))
        reference = feedback.Reference(frames, moved_reference, tf.ensure_shape(unknown, [None, size, size]))
        loop = feedback.make_feedback(self.generator, self._spec.model, reference)
        maps = loop.take(self.generator(loop.inputs(loop.start(), moved))).parsing_map
        encoded = tf.map_fn(tf.io.encode_png, maps[..., None], fn_output_signature=tf.TensorSpec([], tf.string))
        return {"parsing_map": maps, "parsing_map_png_bytes": encoded}

    def _canvas(self, encoded: Tensor, keypoints: Tensor, reference_keypoints: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One picture on its canvas, and there the wanted pose and its own."""
        size = self._spec.model.image_size
        picture = images_tf.decode_picture(encoded)
        square = images_tf.person_square(reference_keypoints, picture, self._spec.person_height_share)
        moved = (images_tf.move_keypoints(points, square, size) for points in (keypoints, reference_keypoints))
        return images_tf.apply_square(picture, square, size), *moved


def _checked(image_bytes: Tensor, keypoints: Tensor, reference_keypoints: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The inputs as they must be; InvalidArgumentError otherwise.

    A server does not hold requests against the signature's shapes: a wrong rank would reach the kernels, and some of
    them end the process.
    """
    image_bytes = tf.ensure_shape(image_bytes, [None])
    keypoints = tf.ensure_shape(keypoints, [None, skeleton.NUM_JOINTS, 3])
    reference_keypoints = tf.ensure_shape(reference_keypoints, [None, skeleton.NUM_JOINTS, 3])
    batches = [tf.shape(tensor)[0] for tensor in (image_bytes, keypoints, reference_keypoints)]
    same = tf.debugging.Assert(
        (batches[0] > 0) & (batches[0] == batches[1]) & (batches[0] == batches[2]),
        ["image_bytes, keypoints and reference_keypoints must be of one batch size from 1. Received:", *batches],
    )
    with tf.control_dependencies([same]):
        return tf.identity(image_bytes), tf.identity(keypoints), tf.identity(reference_keypoints)


def export_saved_model(model: files.PathLike, folder: files.PathLike, version: int | None = None) -> pathlib.Path:
    """Writes `folder/<version>/`, complete or not at all: a server that watches `folder` never sees half of it.

    Args:
        model: a workdir or a `.keras` file with its json.
        folder: holds the versions.
        version: a positive integer; one more than the largest in `folder` where None.

    Returns:
        The version's folder.

    Raises:
        InputDataError: the model cannot be read, or the version exists.
    """
    network, spec = load_keras_generator(model)
    version = version if version is not None else max(versions(folder), default=0) + 1
    if version < 1:
        raise ValueError(f"version must be positive. Received: version={version}")
    final = pathlib.Path(folder) / str(version)
    served = ServedGenerator(network, spec)
    with files.atomic_folder(final) as temporary:
        tf.saved_model.save(served, str(temporary), signatures={SIGNATURE: served.serve})
        spec.write(temporary / "assets.extra" / SPEC_NAME)
    return final


def versions(folder: files.PathLike) -> list[int]:
    """The versions in an export folder, in order."""
    return sorted(int(path.name) for path in pathlib.Path(folder).glob("*") if path.name.isdecimal())
