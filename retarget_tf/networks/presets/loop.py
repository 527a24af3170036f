"""How a preset turns a network for one frame into a rollout: what the network is given, and what comes back.

    state = loop.start()
    outputs = network(loop.inputs(state, keypoints))
    taken = loop.take(outputs)           # the map, and the state of the next step

Everything is TensorFlow on tensors, eagerly in `rollout` and in the graph of a servable, so that both give the same
maps. All that a loop needs to go on is the last map of class ids (`Loop.resume`), here or on another machine.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Protocol

import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body.parsing_labels import UNKNOWN

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
    """What a loop makes of the network's outputs.

    Attributes:
        state: what the next step is fed.
        parsing_map: uint8 `[batch, size, size]` class ids.
        rgb: float32 `[batch, size, size, 3]` in [-1, 1].
    """

    state: Tensor
    parsing_map: Tensor
    rgb: Tensor


class Loop(Protocol):
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


def is_unknown(parsing_map: Tensor) -> Tensor:
    """Bool `[batch]`: whether a map, uint8 `[batch, height, width]`, is 255 everywhere."""
    return tf.reduce_all(tf.equal(parsing_map, UNKNOWN), axis=[1, 2])


def start_where_unknown(parsing_map: Tensor, start: Tensor, state: Tensor) -> Tensor:
    """The state, but the state `start` for those of the batch whose map is not known."""
    return tf.where(is_unknown(parsing_map)[:, None, None, None], start, state)
