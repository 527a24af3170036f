"""Generates a clip step by step from a reference, feeding the generator its own last map.

    map_1 = G(reference, keypoints_1),  map_2 = G(reference, map_1, keypoints_2),  ...

If the reference has several photos of each person, every step takes the one that is nearest in pose. The preset's loop
(`networks.presets.loop`) decides what exactly is fed back; `paper` sees the reference only at first. Only the last step
is stored, so memory does not grow with the length of the video. For teacher forcing, `Rollout.force` replaces the last
map by the true one before each step.
"""

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.body import reference_choice
from retarget_tf.networks.presets import Loop, Reference, make_loop
from retarget_tf.networks.presets.loop import known
from retarget_tf.networks.trained import TrainedGenerator
from retarget_tf.parallel import ahead

__all__ = ["Pose", "Reference", "Rollout", "rollout_clip"]

_MOST_LOOKS = 8  # at 128 px each holds 5 MB for a person


@dataclasses.dataclass(frozen=True)
class Pose:
    """What a step needs besides the maps before it, from `Rollout.pose`.

    Attributes:
        start: The state to begin with if this is the first step.
        given: Inputs of the network's last stage.
    """

    start: Tensor
    given: Mapping[str, Tensor]


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
        self._loop = make_loop(trained.network, trained.spec.model, reference)
        self._look, self._pose, self._generate = trained.stages(known(self._loop))
        self._looks: dict[tuple[int, ...], Mapping[str, Tensor]] = {}
        self._reference = reference
        self._rows = np.full(reference.frame.shape[0] // reference.photos, -1, np.int32)
        self._state: Tensor | None = None  # before the first step, the loop's start
        self.generated_rgb: Float32Array | None = None

    def step(self, keypoints: Float32Array) -> Uint8Array:
        """Generates the next maps, uint8 class ids `[batch, size, size]`, for keypoints `[batch, 25, 3]` in pixels."""
        return self.step_to(self.pose(keypoints))

    def pose(self, keypoints: Float32Array) -> Pose:
        """Computes what can be known of a step before the one before it: `step` is `step_to(pose(keypoints))`.

        Poses must be taken in the order of the steps, but may be taken earlier and in another thread.
        """
        points, loop = tf.constant(keypoints, tf.float32), self._loop
        if self._reference.photos > 1:
            self._rows = _nearest(self._reference.keypoints, points, self._rows).numpy()
            loop = loop.of(self._rows)
        return Pose(loop.start(), self._pose({**self._seen(loop), "keypoints": points}))

    def step_to(self, pose: Pose) -> Uint8Array:
        """Generates the next maps for a pose from `pose`; returns what `step` does."""
        state = pose.start if self._state is None else self._state
        taken = self._loop.take(self._generate({**pose.given, self._loop.STATE: state}))
        self._state, self.generated_rgb = taken.state, taken.rgb.numpy()
        return taken.parsing_map.numpy()

    def force(self, frame: Uint8Array, parsing_map: Uint8Array) -> None:
        """Replaces what was generated last by the truth (teacher forcing).

        Args:
            frame: True frame before the next step, RGB uint8 `[batch, size, size, 3]`.
            parsing_map: Its true class ids, uint8 `[batch, size, size]`.
        """
        self._state = self._loop.truth(frame, parsing_map)

    def _seen(self, loop: Loop) -> Mapping[str, Tensor]:
        """Returns what the network sees in the photos of these rows; computed once for each of the last choices."""
        rows = tuple(self._rows)
        if rows not in self._looks:
            if len(self._looks) == _MOST_LOOKS:
                self._looks.clear()
            self._looks[rows] = self._look(loop.reference)
        return self._looks[rows]


def rollout_clip(
    trained: TrainedGenerator, reference: Reference, keypoints: Iterable[Float32Array]
) -> Iterator[Uint8Array]:
    """Yields a map, uint8 `[size, size]`, for each frame's keypoints `[25, 3]`; `reference` is of one person.

    A thread reads some keypoints ahead. For a stream, of which the next pose is not there yet, take `Rollout.step`.
    """
    rollout = Rollout(trained, reference)
    with contextlib.closing(ahead(rollout.pose(points[None]) for points in keypoints)) as poses:
        for pose in poses:
            yield rollout.step_to(pose)[0]


_nearest = tf.function(reference_choice.nearest, reduce_retracing=True, autograph=False)
