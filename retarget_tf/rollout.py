"""Generating a whole clip step by step from one frame: what a trained generator is for.

    map_1 = G(reference, keypoints_1),  map_2 = G(map_1, keypoints_2),  ...

What is fed back is the business of a preset (`Feedback`): `paper` starts with the photo and then takes its own
picture of the map, raw. Nothing but the last step is kept, so that memory does not grow with the length of the
video. Teacher forcing is the same loop with the truth put in before each step (`Rollout.force`).
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from retarget_tf import conditioning
from retarget_tf.generator import TrainedGenerator
from retarget_tf.parsing_labels import LabelSchema

Tensor = Any
FloatArray = npt.NDArray[np.float32]
Uint8Array = npt.NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class Reference:
    """The targets' frames that anchor identity.

    Attributes:
        frame: RGB uint8 `[batch, size, size, 3]`.
        keypoints: float32 `[batch, 25, 3]` in pixels.
        parsing_map: uint8 `[batch, size, size]`; 255 everywhere where the map is not known.
    """

    frame: Uint8Array
    keypoints: FloatArray
    parsing_map: Uint8Array

    def __post_init__(self) -> None:
        batch, size = self.frame.shape[:2]
        expected = ((batch, size, size, 3), (batch, 25, 3), (batch, size, size))
        received = (self.frame.shape, self.keypoints.shape, self.parsing_map.shape)
        if received != expected:
            raise ValueError(
                "frame, keypoints and parsing_map must be [batch, size, size, 3], [batch, 25, 3] and "
                f"[batch, size, size]. Received: shapes={received}"
            )


class Rollout:
    """A batch of clips in the middle of being generated.

    Attributes:
        generated_rgb: float32 `[batch, size, size, 3]` in [-1, 1]: the last step's picture as the network gave it,
            or the last maps in their colours where the preset gives class probabilities. None before the first step.
    """

    def __init__(self, trained: TrainedGenerator, reference: Reference) -> None:
        size = trained.spec.model.image_size
        if reference.frame.shape[1] != size:
            raise ValueError(f"the reference must be {size} px. Received: shape={reference.frame.shape}")
        self._network = trained.network
        self._feedback = _FEEDBACKS[trained.spec.model.preset](trained.spec.model.schema, reference)
        self._state = self._feedback.start()
        self.generated_rgb: FloatArray | None = None

    def step(self, keypoints: FloatArray) -> Uint8Array:
        """The next maps, uint8 class ids `[batch, size, size]`, for keypoints `[batch, 25, 3]` in pixels."""
        outputs = self._network(self._feedback.inputs(self._state, tf.constant(keypoints, tf.float32)))
        taken = self._feedback.take(outputs)
        self._state, self.generated_rgb = taken.state, taken.rgb.numpy()
        return taken.parsing_map.numpy()

    def force(self, frame: Uint8Array, parsing_map: Uint8Array) -> None:
        """Puts the truth in place of what was generated last: teacher forcing.

        Args:
            frame: the true frame before the next step, uint8 `[batch, size, size, 3]`.
            parsing_map: its true map, uint8 `[batch, size, size]`.
        """
        self._state = self._feedback.truth(frame, parsing_map)


def rollout_clip(
    trained: TrainedGenerator, reference: Reference, keypoints: Iterable[FloatArray]
) -> Iterator[Uint8Array]:
    """Yields the map, uint8 `[size, size]`, for each frame's keypoints `[25, 3]` of one clip; a batch of one."""
    rollout = Rollout(trained, reference)
    for points in keypoints:
        yield rollout.step(points[None])[0]


def teacher_forced_clip(
    trained: TrainedGenerator,
    reference: Reference,
    previous: Iterable[tuple[Uint8Array, Uint8Array]],
    keypoints: Iterable[FloatArray],
) -> Iterator[Uint8Array]:
    """As `rollout_clip`, each step from the true frame and map before it.

    Args:
        trained: the generator.
        reference: a batch of one.
        previous: for each step the true frame `[size, size, 3]` and map `[size, size]` of the frame before.
        keypoints: for each step `[25, 3]` of the frame to generate.
    """
    rollout = Rollout(trained, reference)
    for (frame, parsing_map), points in zip(previous, keypoints, strict=True):
        rollout.force(frame[None], parsing_map[None])
        yield rollout.step(points[None])[0]


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
    """How a preset closes the loop. Built from the label schema and the reference; its state is a tensor."""

    def __init__(self, schema: LabelSchema, reference: Reference) -> None: ...

    def start(self) -> Tensor:
        """The state before the first step."""

    def truth(self, frame: Uint8Array, parsing_map: Uint8Array) -> Tensor:
        """The state as if the true frame and map had been generated last."""

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """The network's inputs by name."""

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """The next state and the map of the network's outputs."""


class PhotoFeedback:
    """`paper`: the state is the picture that goes in as `frame`, first the photo, then the generated RGB, raw."""

    def __init__(self, schema: LabelSchema, reference: Reference) -> None:
        self._schema = schema
        self._photo = conditioning.to_signed(reference.frame)

    def start(self) -> Tensor:
        """The photo."""
        return self._photo

    def truth(self, frame: Uint8Array, parsing_map: Uint8Array) -> Tensor:
        """The true frame: training has never seen anything else in its place."""
        del parsing_map
        return conditioning.to_signed(frame)

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """Frame and keypoints."""
        return {"frame": state, "keypoints": keypoints}

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """Feeds the colours back as they are; only the score needs classes."""
        rgb = tf.clip_by_value(outputs["parsing_rgb"], -1.0, 1.0)
        return Taken(rgb, conditioning.nearest_class(rgb, self._schema), rgb)


_FEEDBACKS: dict[str, type[Feedback]] = {"paper": PhotoFeedback}
