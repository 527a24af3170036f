"""Generates a clip step by step from a reference, feeding the generator its own last map.

    map_1 = G(reference, keypoints_1),  map_2 = G(reference, map_1, keypoints_2),  ...

If the reference has several photos of each person, every step takes the one that is nearest in pose. The preset's loop
(`networks.presets.loop`) decides what exactly is fed back; `paper` sees the reference only at first. Only the last step
is stored, so memory does not grow with the length of the video. For teacher forcing, `Rollout.force` replaces the last
map by the true one before each step.
"""

from collections.abc import Iterable, Iterator

import tensorflow as tf

from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.body import reference_choice
from retarget_tf.networks.presets import Reference, make_loop
from retarget_tf.networks.trained import TrainedGenerator

__all__ = ["Reference", "Rollout", "rollout_clip"]


class Rollout:
    """Generates a batch of clips step by step.

    Attributes:
        generated_rgb: The last step's picture, float32 `[batch, size, size, 3]` in [-1, 1]: the network's output for
            `paper`, the map in its colours for `stable`. None before the first step.
    """

    def __init__(self, trained: TrainedGenerator, reference: Reference) -> None:
        size = trained.spec.model.image_size
        if reference.frame.shape[1] != size:
            raise ValueError(f"the reference must be {size} px. Received: shape={reference.frame.shape}")
        self._network = trained.network
        self._loop = make_loop(trained.network, trained.spec.model, reference)
        self._reference = reference
        self._rows: Tensor = tf.fill([reference.frame.shape[0] // reference.photos], -1)
        self._state: Tensor | None = None  # before the first step, the loop's start
        self.generated_rgb: Float32Array | None = None

    def step(self, keypoints: Float32Array) -> Uint8Array:
        """Generates the next maps, uint8 class ids `[batch, size, size]`, for keypoints `[batch, 25, 3]` in pixels."""
        points, loop = tf.constant(keypoints, tf.float32), self._loop
        if self._reference.photos > 1:
            self._rows = _nearest(self._reference.keypoints, points, self._rows)
            loop = loop.of(self._rows)
        state = loop.start() if self._state is None else self._state
        taken = loop.take(self._network(loop.inputs(state, points)))
        self._state, self.generated_rgb = taken.state, taken.rgb.numpy()
        return taken.parsing_map.numpy()

    def force(self, frame: Uint8Array, parsing_map: Uint8Array) -> None:
        """Replaces what was generated last by the truth (teacher forcing).

        Args:
            frame: True frame before the next step, RGB uint8 `[batch, size, size, 3]`.
            parsing_map: Its true class ids, uint8 `[batch, size, size]`.
        """
        self._state = self._loop.truth(frame, parsing_map)


def rollout_clip(
    trained: TrainedGenerator, reference: Reference, keypoints: Iterable[Float32Array]
) -> Iterator[Uint8Array]:
    """Yields a map, uint8 `[size, size]`, for each frame's keypoints `[25, 3]`; `reference` is of one person."""
    rollout = Rollout(trained, reference)
    for points in keypoints:
        yield rollout.step(points[None])[0]


_nearest = tf.function(reference_choice.nearest, reduce_retracing=True, autograph=False)
