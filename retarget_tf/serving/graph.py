"""Builds the TensorFlow functions behind the signatures of a SavedModel.

Each signature is one `tf.function`: `contract.checked` checks its inputs, `Canvas` makes the canvas of each photo and
moves keypoints and map onto it, and the preset's loop generates one map or a clip of maps. `Photographs` has the bodies
of the signatures that answer with photographs.
The package's docstring lists the inputs and outputs.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import reference_choice
from retarget_tf.networks import presets
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.serving import contract
from retarget_tf.serving.canvas import Canvas, Make, encode_each, frames_of, unknown
from retarget_tf.serving.photographs import Photographs

Outputs = dict[str, Tensor]


class ServingGraph(tf.Module):
    """Module that `export_saved_model` saves: a network and the functions of its signatures.

    Args:
        network: Keras generator.
        spec: Settings that the generator was trained with.

    Attributes:
        generator: tf.function from a dict of the network's inputs to a dict of its outputs.
        functions: The tf.function of each signature.
    """

    def __init__(self, network: keras.Model, spec: GeneratorSpec) -> None:
        super().__init__(name="serving_graph")
        self._spec = spec
        self._size = spec.model.image_size
        self._canvas = Canvas(spec, self._size)
        # A SavedModel stores TensorFlow's variables, which Keras wraps in its own.
        self._network_variables = [variable.value for variable in network.variables]
        self.generator = network_function(network)
        photographs = Photographs(spec, self._parse)
        bodies: dict[str, Callable[..., Outputs]] = {
            contract.SERVING_DEFAULT: self._first_map,
            contract.RETARGET_CLIP: functools.partial(self._clip_as_png, self._canvas.cut),
            contract.RETARGET_CLIP_RAW: functools.partial(self._clip_as_maps, self._canvas.cut),
            contract.RETARGET_CLIP_ON_CANVAS: functools.partial(self._clip_as_png, self._canvas.take),
            contract.STEP: functools.partial(self._step, self._canvas.cut),
            contract.STEP_ON_CANVAS: functools.partial(self._step, self._canvas.take),
            contract.METADATA: self._metadata,
            contract.PREPARE_PHOTO: photographs.prepare,
            contract.STEP_FRAME: photographs.step,
            contract.RETARGET_CLIP_FRAMES: photographs.clip,
        }
        specs = contract.signature_inputs(self._size)
        self.functions = {name: _checked_function(body, specs[name]) for name, body in bodies.items()}

    def _first_map(self, image_bytes: Tensor, keypoints: Tensor, reference_keypoints: Tensor) -> Outputs:
        batch = tf.shape(image_bytes)[0]
        photo = (image_bytes, reference_keypoints, unknown(batch, 1))
        return self._step(self._canvas.cut, *photo, unknown(batch, self._size), keypoints)

    def _step(self, make: Make, *inputs: Tensor) -> Outputs:
        *reference, previous_map, keypoints = inputs
        loop, _, placed = self._begin(make, *reference, keypoints[:, None])
        previous_map = self._canvas.with_known_ids(previous_map, "previous_map")
        maps = self._advance(loop, previous_map, placed[:, 0])
        return {"parsing_map": maps, "parsing_map_png_bytes": _encode_png(maps)}

    def _clip_as_png(self, make: Make, *clip: Tensor) -> Outputs:
        # Each map is encoded as soon as it is made: the maps of a clip take far more memory than their PNG files.
        return {"parsing_map_png_bytes": self._rollout(make, clip, _encode_png, tf.TensorSpec([None], tf.string))}

    def _clip_as_maps(self, make: Make, *clip: Tensor) -> Outputs:
        map_spec = tf.TensorSpec([None, self._size, self._size], tf.uint8)
        return {"parsing_map": self._rollout(make, clip, tf.identity, map_spec)}

    def _metadata(self, request: Tensor) -> Outputs:
        facts = contract.metadata(self._spec)
        batch = tf.shape(request)[0]
        return {name: tf.repeat(fact[None], batch, axis=0) for name, fact in facts.items()}

    def _rollout(
        self, make: Make, clip: tuple[Tensor, ...], kept: Callable[[Tensor], Tensor], kept_spec: tf.TensorSpec
    ) -> Tensor:
        """Generates the maps of each frame of a clip, and returns `kept` of them, stacked to `[batch, frames, ...]`."""
        frames = frames_of(clip[-1])
        with tf.control_dependencies([frames]):
            loop, reference, placed = self._begin(make, *clip)
        distances = reference_choice.distances(reference.keypoints, placed)

        def step(frame: Tensor, rows: Tensor, previous_map: Tensor, results: Tensor) -> tuple[Tensor, ...]:
            rows = tf.ensure_shape(reference_choice.choose(distances[:, frame], rows), [None])
            parsing_map = self._advance(loop.of(rows), previous_map, placed[:, frame])
            return frame + 1, rows, parsing_map, results.write(frame, kept(parsing_map))

        people = tf.shape(placed)[0]
        results = tf.TensorArray(kept_spec.dtype, size=frames, element_shape=kept_spec.shape)
        *_, results = tf.while_loop(
            lambda frame, *_: frame < frames,
            step,
            (0, tf.fill([people], -1), unknown(people, self._size), results),
            parallel_iterations=1,
        )
        return tf.transpose(results.stack(), [1, 0, *range(2, kept_spec.shape.rank + 1)])

    def _begin(self, make: Make, *inputs: Tensor) -> tuple[presets.Loop, presets.Reference, Tensor]:
        """Returns the preset's loop, the photos, and the new poses `[batch, frames, 25, 3]` on the first one's canvas.

        For the arguments see `Canvas.of_photos`.
        """
        on_canvas = self._canvas.of_photos(make, *inputs)
        photos = tf.shape(on_canvas.frame)[0] // tf.shape(inputs[-1])[0]
        reference = presets.Reference(on_canvas.frame, on_canvas.own, on_canvas.parsing_map, photos)
        return presets.make_loop(self.generator, self._spec.model, reference), reference, on_canvas.wanted

    def _parse(self, frames: Tensor, keypoints: Tensor) -> Tensor:
        """Returns the maps of photos, uint8 `[batch, size, size]`: those of the photos' own poses."""
        nothing = unknown(tf.shape(frames)[0], self._size)
        reference = presets.Reference(frames, keypoints, nothing)
        loop = presets.make_loop(self.generator, self._spec.model, reference)
        return self._advance(loop, nothing, keypoints)

    def _advance(self, loop: presets.Loop, previous_map: Tensor, keypoints: Tensor) -> Tensor:
        """Returns the next maps, uint8 `[batch, size, size]`."""
        outputs = self.generator(loop.inputs(loop.resume(previous_map), keypoints))
        return tf.ensure_shape(loop.take(outputs).parsing_map, [None, self._size, self._size])


def network_function(network: keras.Model) -> tf.types.experimental.Callable:
    """Wraps a network as a tf.function from a dict of float32 inputs to a dict of outputs, for any batch size."""
    specs = {
        name: tf.TensorSpec([None, *tensor.shape[1:]], tf.float32, name=name) for name, tensor in network.input.items()
    }
    return tf.function(lambda inputs: network(inputs, training=False), input_signature=[specs], autograph=False)


def _checked_function(body: Callable[..., Outputs], specs: tuple[tf.TensorSpec, ...]) -> tf.types.experimental.Callable:
    """The tf.function of a signature: the body, which is given inputs as the specs want them, in their order."""

    def signature(*inputs: Tensor) -> Outputs:  # errors would show the name of a lambda, "<lambda>_123"
        return body(*contract.checked(specs, inputs))

    return tf.function(signature, input_signature=specs, autograph=False)


def _encode_png(maps: Tensor) -> Tensor:
    """Encodes maps, uint8 `[batch, size, size]`, as grayscale PNG files, string `[batch]`."""
    return encode_each(tf.io.encode_png, maps[..., None])
