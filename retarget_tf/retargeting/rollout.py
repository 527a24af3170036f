"""Generating a whole clip step by step from one frame: what a trained generator is for.

    map_1 = G(reference, keypoints_1),  map_2 = G(map_1, keypoints_2),  ...

What is fed back is up to the preset: see `networks.presets.loop`. Nothing but the last step is kept, so that memory
does not grow with the length of the video. Teacher forcing is the same loop with the truth put in before each step
(`Rollout.force`).
"""

from collections.abc import Iterable, Iterator

import tensorflow as tf

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.networks.generator import TrainedGenerator
from retarget_tf.networks.presets import Reference, make_loop

__all__ = ["Reference", "Rollout", "rollout_clip", "teacher_forced_clip"]


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
        self._loop = make_loop(trained.network, trained.spec.model, reference)
        self._state = self._loop.start()
        self.generated_rgb: Float32Array | None = None

    def step(self, keypoints: Float32Array) -> Uint8Array:
        """The next maps, uint8 class ids `[batch, size, size]`, for keypoints `[batch, 25, 3]` in pixels."""
        outputs = self._network(self._loop.inputs(self._state, tf.constant(keypoints, tf.float32)))
        taken = self._loop.take(outputs)
        self._state, self.generated_rgb = taken.state, taken.rgb.numpy()
        return taken.parsing_map.numpy()

    def force(self, frame: Uint8Array, parsing_map: Uint8Array) -> None:
        """Puts the truth in place of what was generated last: teacher forcing.

        Args:
            frame: the true frame before the next step, uint8 `[batch, size, size, 3]`.
            parsing_map: its true map, uint8 `[batch, size, size]`.
        """
        self._state = self._loop.truth(frame, parsing_map)


def rollout_clip(
    trained: TrainedGenerator, reference: Reference, keypoints: Iterable[Float32Array]
) -> Iterator[Uint8Array]:
    """Yields the map, uint8 `[size, size]`, for each frame's keypoints `[25, 3]` of one clip; a batch of one."""
    rollout = Rollout(trained, reference)
    for points in keypoints:
        yield rollout.step(points[None])[0]


def teacher_forced_clip(
    trained: TrainedGenerator,
    reference: Reference,
    previous: Iterable[tuple[Uint8Array, Uint8Array]],
    keypoints: Iterable[Float32Array],
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
