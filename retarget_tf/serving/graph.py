"""The graph of the servable: cuts photos to their canvas, or takes canvases as they are, and runs the preset's loop.

Each signature is one `tf.function`: `contract.checked` checks its inputs, `_cut_photo` or `_take_canvas` turns each
example into what the network sees, and the preset's loop generates one map or a clip of them.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks import presets
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.pictures import image_files_graph, square_crop_graph
from retarget_tf.serving import contract

Outputs = dict[str, Tensor]
OnCanvas = tuple[Tensor, Tensor, Tensor, Tensor]  # frame, its own pose, its map, the wanted poses
Prepare = Callable[[Tensor, Tensor, Tensor, Tensor], OnCanvas]

_FAR = 100.0  # sides of the canvas
_ROUNDING = 1e-4  # share of the canvas's side


class ServingGraph(tf.Module):
    """What `export_saved_model` writes; the docstring of `serving` describes the signatures.

    Args:
        network: a Keras generator.
        spec: what it was trained for.

    Attributes:
        generator: the network as a tf.function of a dict.
        functions: the tf.function of each signature.
    """

    def __init__(self, network: keras.Model, spec: GeneratorSpec) -> None:
        super().__init__(name="serving_graph")
        self._spec = spec
        self._size = spec.model.image_size
        # Keras variables wrap TensorFlow's, which are what a SavedModel stores.
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
        loop, placed = self._begin(prepare, *reference, keypoints[:, None])
        previous_map = self._with_known_ids(previous_map, "previous_map")
        maps = self._advance(loop, previous_map, placed[:, 0])
        return {"parsing_map": maps, "parsing_map_png_bytes": _encode_png(maps)}

    def _clip_as_png(self, prepare: Prepare, *clip: Tensor) -> Outputs:
        # Encoded frame by frame: the maps of a clip take far more memory than their files.
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
        """`[batch, frames, ...]` of what is kept of each step's maps, which is as `kept_spec` says."""
        frames = tf.shape(clip[-1])[1]
        some = tf.debugging.Assert(frames > 0, ["keypoints must be of 1 frame at least. Received: none"])
        with tf.control_dependencies([some]):
            frames = tf.identity(frames)  # a loop of no step would wait for nothing else, and stack nothing
            loop, placed = self._begin(prepare, *clip)

        def step(frame: Tensor, previous_map: Tensor, results: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            parsing_map = self._advance(loop, previous_map, placed[:, frame])
            return frame + 1, parsing_map, results.write(frame, kept(parsing_map))

        results = tf.TensorArray(kept_spec.dtype, size=frames, element_shape=kept_spec.shape)
        _, _, results = tf.while_loop(
            lambda frame, *_: frame < frames,
            step,
            (0, _unknown(tf.shape(placed)[0], self._size), results),
            parallel_iterations=1,
        )
        return tf.transpose(results.stack(), [1, 0, *range(2, kept_spec.shape.rank + 1)])

    def _begin(self, prepare: Prepare, *inputs: Tensor) -> tuple[presets.Loop, Tensor]:
        """The loop around the reference, and the wanted poses `[batch, frames, 25, 3]` on the canvas.

        Args:
            prepare: leads one example onto its canvas.
            *inputs: what `prepare` takes, with a batch before it.
        """
        size = self._size
        frames, own, maps, placed = tf.map_fn(
            lambda example: prepare(*example),
            inputs,
            fn_output_signature=(
                tf.TensorSpec([size, size, 3], tf.uint8),
                tf.TensorSpec([skeleton.NUM_JOINTS, 3], tf.float32),
                tf.TensorSpec([size, size], tf.uint8),
                tf.TensorSpec([None, skeleton.NUM_JOINTS, 3], tf.float32),
            ),
            parallel_iterations=1,  # one large picture in memory at a time
        )
        reference = presets.Reference(frames, own, maps)
        return presets.make_loop(self.generator, self._spec.model, reference), placed

    def _cut_photo(
        self, encoded: Tensor, reference_keypoints: Tensor, reference_map: Tensor, keypoints: Tensor
    ) -> OnCanvas:
        """One photo on its canvas, and there its own pose, its map and the wanted poses."""
        size = self._size
        picture = image_files_graph.decode_picture(encoded)
        square = photo_square(reference_keypoints, picture, self._spec.person_height_share, size)
        frame = square_crop_graph.apply_square(picture, square, size)
        # Cut before anything looks at it: what lies beyond the photo is filling.
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
        """One canvas as it was sent, with its own pose, its map and the wanted poses."""
        size = self._size
        frame = image_files_graph.decode_picture(encoded)
        shape = tf.shape(frame)[:2]
        fits = tf.debugging.Assert(
            tf.reduce_all(shape == size),
            [f"canvas_bytes must be {size} pixels wide and high. Received: height, width =", shape],
        )
        with tf.control_dependencies([fits]):
            frame = tf.reshape(frame, [size, size, 3])  # for `ensure_shape` the assertion would be optimized away
        own, wanted = (_without_wild(points, size) for points in (reference_keypoints, keypoints))
        return frame, own, self._with_known_ids(reference_map, "reference_map"), wanted

    def _advance(self, loop: presets.Loop, previous_map: Tensor, keypoints: Tensor) -> Tensor:
        """The next maps, uint8 `[batch, size, size]`."""
        outputs = self.generator(loop.inputs(loop.resume(previous_map), keypoints))
        return tf.ensure_shape(loop.take(outputs).parsing_map, [None, self._size, self._size])

    def _with_known_ids(self, parsing_map: Tensor, name: str) -> Tensor:
        """The map, if it holds classes of the schema and 255 alone."""
        classes = self._spec.model.schema.num_classes
        fits = tf.reduce_all((parsing_map < classes) | (parsing_map == UNKNOWN))
        known = tf.debugging.Assert(fits, [f"{name} must hold class ids 0..{classes - 1}, and {UNKNOWN} for unknown"])
        with tf.control_dependencies([known]):
            return tf.identity(parsing_map)


def network_function(network: keras.Model) -> tf.types.experimental.Callable:
    """The network as a tf.function of a dict of its float inputs, with a batch of any size."""
    specs = {
        name: tf.TensorSpec([None, *tensor.shape[1:]], tf.float32, name=name) for name, tensor in network.input.items()
    }
    return tf.function(lambda inputs: network(inputs, training=False), input_signature=[specs], autograph=False)


def photo_square(keypoints: Tensor, picture: Tensor, share: float, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Left, top and side of the square of a photo `[height, width, 3]` that becomes its canvas.

    Clients of contract 1.0 cut the canvas themselves and send it as the photo. Its square is the whole of it, but for
    a rounding of the side, which must not move it.
    """
    left, top, side = square_crop_graph.person_square(keypoints, picture, share)
    is_canvas = tf.reduce_all(tf.shape(picture)[:2] == size) & (side > size) & (side <= size * (1 + _ROUNDING))
    left, top = (tf.where(is_canvas, tf.zeros_like(start), start) for start in (left, top))
    return left, top, side


def _checked_function(body: Callable[..., Outputs], specs: tuple[tf.TensorSpec, ...]) -> tf.types.experimental.Callable:
    """The tf.function of a signature: the body, which is given inputs as the specs want them, in their order."""
    return tf.function(lambda *inputs: body(*contract.checked(specs, inputs)), input_signature=specs, autograph=False)


def _map_on_canvas(parsing_map: Tensor, picture_shape: Tensor, square: tuple[Tensor, ...], size: int) -> Tensor:
    """Uint8 `[size, size]`: the square of a picture's map, cut to the picture; 255 everywhere where it is not known."""

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
    """Joints at infinity, or so far outside of the canvas that nothing of them shows, are missing: (0, 0, 0)."""
    near = tf.reduce_all(tf.abs(keypoints) < _FAR * size, axis=-1, keepdims=True)  # not so for NaN
    return tf.where(near, keypoints, tf.zeros_like(keypoints))


def _unknown(batch: Tensor, size: int) -> Tensor:
    """Uint8 `[batch, size, size]` of 255."""
    return tf.ensure_shape(tf.fill([batch, size, size], tf.constant(UNKNOWN, tf.uint8)), [None, size, size])


def _encode_png(maps: Tensor) -> Tensor:
    """Gray PNG files, string `[batch]`, of maps, uint8 `[batch, size, size]`."""
    return tf.map_fn(tf.io.encode_png, maps[..., None], fn_output_signature=tf.TensorSpec([], tf.string))
