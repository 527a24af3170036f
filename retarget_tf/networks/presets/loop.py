"""The interface that turns a network for one frame into a rollout: it builds the inputs and reads the outputs.

    state = loop.start()
    outputs = network(loop.inputs(state, keypoints))
    taken = loop.take(outputs)           # the map, and the state of the next step

Loops are TensorFlow operations. `rollout` runs them eagerly and a SavedModel inside its graph, with equal maps. The
last map of class ids is enough to continue a rollout (`Loop.resume`), also in another process.

A person may be shown by several photos. Each step is given one of them, which `body.reference_choice` chooses:

    outputs = network(loop.of(rows).inputs(state, keypoints))

A network may be run in stages, so that what depends on the reference alone is computed once, and what depends on the
keypoints while the map before is not there yet (`known`).
"""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Protocol, Self

import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks.trained import Known


def known(loop: "Loop") -> Known:
    """Returns the names of the inputs that are known with the reference, with the pose, and with the map before."""
    return tuple(loop.reference), ("keypoints",), (loop.STATE,)


@dataclasses.dataclass(frozen=True)
class Reference:
    """Photos of the target people, from which a rollout takes their looks; NumPy arrays or tensors.

    The first axis holds the photos of the first person of the batch, then those of the second, and so on.

    Attributes:
        frame: RGB uint8 `[batch * photos, size, size, 3]`.
        keypoints: float32 `[batch * photos, 25, 3]` of (x, y, score), in pixels of the frame.
        parsing_map: uint8 class ids `[batch * photos, size, size]`. A map filled with 255 means that it is unknown.
        photos: Number of photos of each person; a tensor inside a graph.
    """

    frame: Tensor
    keypoints: Tensor
    parsing_map: Tensor
    photos: Tensor | int = 1

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
    """Map, picture and next state, which `Loop.take` reads from the network's outputs of one step.

    Attributes:
        state: State to pass to the next step.
        parsing_map: Generated class ids, uint8 `[batch, size, size]`.
        rgb: The map as a picture, float32 `[batch, size, size, 3]` in [-1, 1].
    """

    state: Tensor
    parsing_map: Tensor
    rgb: Tensor


class Loop(Protocol):
    """Rolls a network out from a reference. The state that it passes from step to step is one tensor.

    Attributes:
        STATE: Name of the input that the state is.
    """

    STATE: ClassVar[str]

    @property
    def reference(self) -> Mapping[str, Tensor]:
        """The network's inputs that stay the same from step to step."""

    def of(self, rows: Tensor) -> Self:
        """Returns the loop for one photo of each person: the rows of the reference to take, int32 `[batch]`."""

    def start(self) -> Tensor:
        """Returns the state before the first step."""

    def truth(self, frame: Tensor, parsing_map: Tensor) -> Tensor:
        """Returns the state after a true frame, uint8 `[batch, size, size, 3]`, and its map: teacher forcing."""

    def resume(self, previous_map: Tensor) -> Tensor:
        """Returns the state after a generated map, uint8 `[batch, size, size]`; where that is unknown, `start()`."""

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """Returns the network's inputs by name, for keypoints float32 `[batch, 25, 3]` in pixels."""

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """Reads the map and the next state from the network's outputs."""


def is_unknown(parsing_map: Tensor) -> Tensor:
    """Returns bool `[batch]`: whether a map, uint8 `[batch, height, width]`, is 255 everywhere."""
    return tf.reduce_all(tf.equal(parsing_map, UNKNOWN), axis=[1, 2])


def start_where_unknown(parsing_map: Tensor, start: Tensor, state: Tensor) -> Tensor:
    """Returns `state`, replaced by `start` in the samples whose map is unknown."""
    return tf.where(is_unknown(parsing_map)[:, None, None, None], start, state)
