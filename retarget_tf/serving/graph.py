"""Builds the TensorFlow functions behind the signatures of a SavedModel.

Each signature is one `tf.function`: `contract.checked` checks its inputs, `_cut_photo` or `_take_canvas` makes the
canvas of each example and moves keypoints and map onto it, and the preset's loop generates one map or a clip of maps.
The package's docstring lists the inputs and outputs.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import reference_choice, skeleton
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks import presets
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.pictures import image_files_graph, square_crop_graph
from retarget_tf.serving import contract

Outputs = dict[str, Tensor]
OnCanvas = tuple[Tensor, Tensor, Tensor, Tensor]  # photo, its pose, its map, the new poses
Prepare = Callable[[Tensor, Tensor, Tensor, Tensor], OnCanvas]

_FAR = 100.0  # joints further out than this many canvas sides count as missing
_ROUNDING = 1e-4  # share of the canvas's side


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
        # A SavedModel stores TensorFlow's variables, which Keras wraps in its own.
        self._network_variables = [variable.value for variable in network.variables]
        self.generator = network_function(network)
        bodies: dict[str, Callable[..., Outputs]] = {
            contract.SERVING_DEFAULT: self._first_map,
            contract.RETARGET_CLIP: functools.partial(self._clip_as_png, self._cut_photo),
            contract.RETARGET_CLIP_RAW: functools.partial(self._clip_as_maps, self._cut_photo),
            contract.RETARGET_CLIP_ON_CANVAS: functools.partial(self._clip_as_png, self._take_canvas),
            contract.STEP: functools.partial(self._step, self._cut_photo),
            contract.STEP_ON_CANVAS: functools.partial(self._step, self._take_canvas),
            contract.METADATA: self._metadata,
        }
        specs = contract.signature_inputs(self._size)
        self.functions = {name: _checked_function(body, specs[name]) for name, body in bodies.items()}

    def _first_map(self, image_bytes: Tensor, keypoints: Tensor, reference_keypoints: Tensor) -> Outputs:
        batch = tf.shape(image_bytes)[0]
        photo = (image_bytes, reference_keypoints, _unknown(batch, 1))
        return self._step(self._cut_photo, *photo, _unknown(batch, self._size), keypoints)

    def _step(self, prepare: Prepare, *inputs: Tensor) -> Outputs:
        *reference, previous_map, keypoints = inputs
        loop, _, placed = self._begin(prepare, *reference, keypoints[:, None])
        previous_map = self._with_known_ids(previous_map, "previous_map")
        maps = self._advance(loop, previous_map, placed[:, 0])
        return {"parsing_map": maps, "parsing_map_png_bytes": _encode_png(maps)}

    def _clip_as_png(self, prepare: Prepare, *clip: Tensor) -> Outputs:
        # Each map is encoded as soon as it is made: the maps of a clip take far more memory than their PNG files.
        return {"parsing_map_png_bytes": self._rollout(prepare, clip, _encode_png, tf.TensorSpec([None], tf.string))}

    def _clip_as_maps(self, prepare: Prepare, *clip: Tensor) -> Outputs:
        map_spec = tf.TensorSpec([None, self._size, self._size], tf.uint8)
        return {"parsing_map": self._rollout(prepare, clip, tf.identity, map_spec)}

    def _metadata(self, request: Tensor) -> Outputs:
        facts = contract.metadata(self._spec)
        batch = tf.shape(request)[0]
        return {name: tf.repeat(fact[None], batch, axis=0) for name, fact in facts.items()}

    def _rollout(
        self, prepare: Prepare, clip: tuple[Tensor, ...], kept: Callable[[Tensor], Tensor], kept_spec: tf.TensorSpec
    ) -> Tensor:
        """Generates the maps of each frame of a clip, and returns `kept` of them, stacked to `[batch, frames, ...]`."""
        frames = tf.shape(clip[-1])[1]
        some = tf.debugging.Assert(frames > 0, ["keypoints must be of 1 frame at least. Received: none"])
        with tf.control_dependencies([some]):
            frames = tf.identity(frames)  # ties the loop to the assertion, which an empty loop would skip
            loop, reference, placed = self._begin(prepare, *clip)
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
            (0, tf.fill([people], -1), _unknown(people, self._size), results),
            parallel_iterations=1,
        )
        return tf.transpose(results.stack(), [1, 0, *range(2, kept_spec.shape.rank + 1)])

    def _begin(self, prepare: Prepare, *inputs: Tensor) -> tuple[presets.Loop, presets.Reference, Tensor]:
        """Returns the preset's loop, the photos, and the new poses `[batch, frames, 25, 3]` on the first one's canvas.

        `inputs` are the arguments of `prepare`, which makes the canvas of one photo, with a batch axis in front: that
        of the photos, and for the new poses, which come last, that of the people.
        """
        size = self._size
        *shown, keypoints = inputs
        people = tf.shape(keypoints)[0]
        photos = tf.shape(shown[0])[0] // people
        frames, own, maps, placed = tf.map_fn(
            lambda example: prepare(*example),
            (*shown, tf.repeat(keypoints, photos, axis=0)),
            fn_output_signature=(
                tf.TensorSpec([size, size, 3], tf.uint8),
                tf.TensorSpec([skeleton.NUM_JOINTS, 3], tf.float32),
                tf.TensorSpec([size, size], tf.uint8),
                tf.TensorSpec([None, skeleton.NUM_JOINTS, 3], tf.float32),
            ),
            parallel_iterations=1,  # one large picture in memory at a time
        )
        reference = presets.Reference(frames, own, maps, photos)
        on_first = tf.gather(placed, tf.range(people) * photos)
        return presets.make_loop(self.generator, self._spec.model, reference), reference, on_first

    def _cut_photo(
        self, encoded: Tensor, reference_keypoints: Tensor, reference_map: Tensor, keypoints: Tensor
    ) -> OnCanvas:
        """Crops one photo to its canvas and moves its pose, its map and the new poses onto it."""
        size = self._size
        picture = image_files_graph.decode_picture(encoded)
        square = photo_square(reference_keypoints, picture, self._spec.person_height_share, size)
        frame = square_crop_graph.apply_square(picture, square, size)
        # Cropped before the check: values beyond the photo are padding and may be anything.
        seen_map = self._with_known_ids(reference_map[: tf.shape(picture)[0], : tf.shape(picture)[1]], "reference_map")
        parsing_map = _map_on_canvas(seen_map, tf.shape(picture), square, size)
        own, wanted = (
            _without_wild(square_crop_graph.move_keypoints(points, square, size), size)
            for points in (reference_keypoints, keypoints)
        )
        return frame, own, parsing_map, wanted

    def _take_canvas(
        self, encoded: Tensor, reference_keypoints: Tensor, reference_map: Tensor, keypoints: Tensor
    ) -> OnCanvas:
        """Decodes one canvas, whose pose, map and new poses are in its pixels already."""
        size = self._size
        frame = image_files_graph.decode_picture(encoded)
        shape = tf.shape(frame)[:2]
        fits = tf.debugging.Assert(
            tf.reduce_all(shape == size),
            [f"canvas_bytes must be {size} pixels wide and high. Received: height, width =", shape],
        )
        with tf.control_dependencies([fits]):
            frame = tf.reshape(frame, [size, size, 3])  # `ensure_shape` would let the assertion be optimized away
        own, wanted = (_without_wild(points, size) for points in (reference_keypoints, keypoints))
        return frame, own, self._with_known_ids(reference_map, "reference_map"), wanted

    def _advance(self, loop: presets.Loop, previous_map: Tensor, keypoints: Tensor) -> Tensor:
        """Returns the next maps, uint8 `[batch, size, size]`."""
        outputs = self.generator(loop.inputs(loop.resume(previous_map), keypoints))
        return tf.ensure_shape(loop.take(outputs).parsing_map, [None, self._size, self._size])

    def _with_known_ids(self, parsing_map: Tensor, name: str) -> Tensor:
        """Returns the map; InvalidArgumentError if it holds values other than class ids and 255."""
        classes = self._spec.model.schema.num_classes
        fits = tf.reduce_all((parsing_map < classes) | (parsing_map == UNKNOWN))
        known = tf.debugging.Assert(fits, [f"{name} must hold class ids 0..{classes - 1}, and {UNKNOWN} for unknown"])
        with tf.control_dependencies([known]):
            return tf.identity(parsing_map)


def network_function(network: keras.Model) -> tf.types.experimental.Callable:
    """Wraps a network as a tf.function from a dict of float32 inputs to a dict of outputs, for any batch size."""
    specs = {
        name: tf.TensorSpec([None, *tensor.shape[1:]], tf.float32, name=name) for name, tensor in network.input.items()
    }
    return tf.function(lambda inputs: network(inputs, training=False), input_signature=[specs], autograph=False)


def photo_square(keypoints: Tensor, picture: Tensor, share: float, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Returns left, top and side, in pixels, of the square of a photo `[height, width, 3]` that becomes its canvas.

    Clients of contract 1.0 crop the canvas themselves and send it as the photo. Its square is the whole canvas, but
    rounding can make the computed side a little larger, which would shift left and top; they are kept at 0.
    """
    left, top, side = square_crop_graph.person_square(keypoints, picture, share)
    is_canvas = tf.reduce_all(tf.shape(picture)[:2] == size) & (side > size) & (side <= size * (1 + _ROUNDING))
    left, top = (tf.where(is_canvas, tf.zeros_like(start), start) for start in (left, top))
    return left, top, side


def _checked_function(body: Callable[..., Outputs], specs: tuple[tf.TensorSpec, ...]) -> tf.types.experimental.Callable:
    """The tf.function of a signature: the body, which is given inputs as the specs want them, in their order."""

    def signature(*inputs: Tensor) -> Outputs:  # errors would show the name of a lambda, "<lambda>_123"
        return body(*contract.checked(specs, inputs))

    return tf.function(signature, input_signature=specs, autograph=False)


def _map_on_canvas(parsing_map: Tensor, picture_shape: Tensor, square: tuple[Tensor, ...], size: int) -> Tensor:
    """Crops a picture's map to its canvas, uint8 `[size, size]`; an unknown map, 255 everywhere, stays unknown."""

    def known() -> Tensor:
        covers = tf.debugging.Assert(
            tf.reduce_all(tf.shape(parsing_map) == picture_shape[:2]),
            ["reference_map must cover its picture, or be 255 everywhere. Received: height, width =",
             tf.shape(parsing_map), "of a picture of", picture_shape[:2]],
        )  # fmt: skip
        with tf.control_dependencies([covers]):
            return square_crop_graph.apply_square_to_map(parsing_map, square, size)

    canvas = tf.cond(tf.reduce_any(parsing_map != UNKNOWN), known, lambda: _unknown(1, size)[0])
    return tf.ensure_shape(canvas, [size, size])


def _without_wild(keypoints: Tensor, size: int) -> Tensor:
    """Sets joints to missing, (0, 0, 0), that are not finite or too far outside the canvas to affect it."""
    near = tf.reduce_all(tf.abs(keypoints) < _FAR * size, axis=-1, keepdims=True)  # False for NaN
    return tf.where(near, keypoints, tf.zeros_like(keypoints))


def _unknown(batch: Tensor, size: int) -> Tensor:
    """Returns maps in which every pixel is unknown, uint8 `[batch, size, size]`."""
    return tf.ensure_shape(tf.fill([batch, size, size], tf.constant(UNKNOWN, tf.uint8)), [None, size, size])


def _encode_png(maps: Tensor) -> Tensor:
    """Encodes maps, uint8 `[batch, size, size]`, as grayscale PNG files, string `[batch]`."""
    return tf.map_fn(tf.io.encode_png, maps[..., None], fn_output_signature=tf.TensorSpec([], tf.string))
