"""How a preset closes the loop: what its network is given, and what of its output comes back.

Everything is TensorFlow on tensors, eagerly in `rollout` and in the graph of a servable, so that both give the same
maps. What comes back is the last map of class ids: whoever has it can go on (`Feedback.resume`), here or on another
machine. `paper` starts with the photo and is then fed its map in the palette's colours. `stable` sees the reference
at every step, and its last map beside it; a reference without a map is parsed by the network first.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Protocol

import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks import encoding
from retarget_tf.networks.config import ModelConfig

Network = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]


@dataclasses.dataclass(frozen=True)
class Reference:
    """The targets' frames that anchor identity; NumPy arrays or tensors.

    Attributes:
        frame: RGB uint8 `[batch, size, size, 3]`.
        keypoints: float32 `[batch, 25, 3]` in pixels.
        parsing_map: uint8 `[batch, size, size]`; 255 everywhere where the map is not known.
    """

    frame: Tensor
    keypoints: Tensor
    parsing_map: Tensor

    def __post_init__(self) -> None:
        size = self.frame.shape[1]
        expected = [(size, size, 3), (25, 3), (size, size)]
        received = [tuple(tensor.shape[1:]) for tensor in (self.frame, self.keypoints, self.parsing_map)]
        batches = {tensor.shape[0] for tensor in (self.frame, self.keypoints, self.parsing_map)}
        if received != expected or len(batches - {None}) > 1:
            shapes = [tuple(tensor.shape) for tensor in (self.frame, self.keypoints, self.parsing_map)]
            raise ValueError(
                "frame, keypoints and parsing_map must be [batch, size, size, 3], [batch, 25, 3] and "
                f"[batch, size, size]. Received: shapes={shapes}"
            )


@dataclasses.dataclass(frozen=True)
class Taken:
    """What a preset makes of the network's outputs.

    Attributes:
        state: what the next step is fed.
        parsing_map: uint8 `[batch, size, size]` class ids.
        rgb: float32 `[batch, size, size, 3]` in [-1, 1].
    """

    state: Tensor
    parsing_map: Tensor
    rgb: Tensor


class Feedback(Protocol):
    """Built from the network, its settings and the reference; its state is a tensor."""

    def start(self) -> Tensor:
        """The state before the first step."""

    def truth(self, frame: Tensor, parsing_map: Tensor) -> Tensor:
        """The state as if the true frame, uint8 `[batch, size, size, 3]`, and its map had been generated last."""

    def resume(self, previous_map: Tensor) -> Tensor:
        """The state after a map was generated, uint8 `[batch, size, size]`; `start()` where it is 255 everywhere."""

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """The network's inputs by name."""

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """The next state and the map of the network's outputs."""


def make_feedback(network: Network, config: ModelConfig, reference: Reference) -> Feedback:
    """The preset's way; `network` is as `generator.TrainedGenerator` has it."""
    if config.preset == "stable":
        return MapFeedback(network, config, reference)
    return PhotoFeedback(config, reference)


class PhotoFeedback:
    """`paper`: the state is the picture that goes in as `frame`, first the photo, then the last map in its colours."""

    def __init__(self, config: ModelConfig, reference: Reference) -> None:
        self._schema = config.schema
        self._photo = encoding.to_signed(reference.frame)

    def start(self) -> Tensor:
        """The photo."""
        return self._photo

    def truth(self, frame: Tensor, parsing_map: Tensor) -> Tensor:
        """The true frame: training has never seen anything else in its place."""
        del parsing_map
        return encoding.to_signed(frame)

    def resume(self, previous_map: Tensor) -> Tensor:
        """The map in its colours."""
        return _start_where_unknown(previous_map, self._photo, encoding.colour_map(previous_map, self._schema))

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """Frame and keypoints."""
        return {"frame": state, "keypoints": keypoints}

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """The classes whose colours are nearest; these colours are fed back."""
        rgb = tf.clip_by_value(outputs["parsing_rgb"], -1.0, 1.0)
        parsing_map = encoding.nearest_class(rgb, self._schema)
        return Taken(encoding.colour_map(parsing_map, self._schema), parsing_map, rgb)


class MapFeedback:
    """`stable`: the state is the last map, one-hot. A photo whose map is not known is parsed by the network first."""

    def __init__(self, network: Network, config: ModelConfig, reference: Reference) -> None:
        self._config = config
        given = encoding.one_hot(reference.parsing_map, config.schema)
        nothing = tf.zeros_like(given)
        self._reference = {
            "reference_frame": encoding.to_signed(reference.frame),
            "reference_keypoints": tf.convert_to_tensor(reference.keypoints, tf.float32),
            "reference_map": nothing,
        }

        def parse_photo() -> Tensor:
            """Asked for the photo's own pose, with no map given, the network gives the photo's map."""
            outputs = network(self.inputs(nothing, self._reference["reference_keypoints"]))
            parsed = encoding.fed_back(outputs["parsing_probabilities"], "classes")
            return tf.where(unknown[:, None, None, None], parsed, given)

        unknown = _is_unknown(reference.parsing_map)
        self._reference["reference_map"] = tf.cond(tf.reduce_any(unknown), parse_photo, lambda: given)

    def start(self) -> Tensor:
        """The reference's map: nothing was generated yet."""
        return self._as_state(self._reference["reference_map"])

    def truth(self, frame: Tensor, parsing_map: Tensor) -> Tensor:
        """The true map."""
        del frame
        return self._as_state(encoding.one_hot(parsing_map, self._config.schema))

    def resume(self, previous_map: Tensor) -> Tensor:
        """The map, one-hot."""
        one_hot = encoding.one_hot(previous_map, self._config.schema)
        return _start_where_unknown(previous_map, self.start(), self._as_state(one_hot))

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """The reference, the last map and the keypoints."""
        return {**self._reference, "previous_map": state, "keypoints": keypoints}

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """The most probable classes; they, or the probabilities, are fed back."""
        probabilities = outputs["parsing_probabilities"]
        parsing_map = tf.cast(tf.argmax(probabilities, axis=-1), tf.uint8)
        rgb = encoding.colour_map(parsing_map, self._config.schema)
        return Taken(encoding.fed_back(probabilities, self._config.feedback), parsing_map, rgb)

    def _as_state(self, one_hot: Tensor) -> Tensor:
        return tf.zeros_like(one_hot) if self._config.feedback == "none" else one_hot


def _is_unknown(parsing_map: Tensor) -> Tensor:
    """Bool `[batch]`: whether a map, uint8 `[batch, height, width]`, is 255 everywhere."""
    return tf.reduce_all(tf.equal(parsing_map, UNKNOWN), axis=[1, 2])


def _start_where_unknown(parsing_map: Tensor, start: Tensor, state: Tensor) -> Tensor:
    return tf.where(_is_unknown(parsing_map)[:, None, None, None], start, state)
