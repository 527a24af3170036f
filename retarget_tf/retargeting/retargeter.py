"""Retargets a source to the person of a photo, with a trained generator in this process or on a server.

    retargeter = Retargeter.load("workdir")
    target = retargeter.prepare_target("photo.jpg")
    for frame in retargeter.frames(target, source_keypoints):           # photographs
        ...
    for parsing_map in retargeter.retarget(target, source_keypoints):   # maps of class ids
        ...

Frames and maps are streamed. Only the source's keypoints are held in memory, because placing them on the target's
canvas needs the whole path.
"""

from collections.abc import Iterator
from typing import Self

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks.generator import TrainedGenerator, load_generator
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.live import LivePath, LiveRetargeter
from retarget_tf.retargeting.rollout import Reference, Rollout, rollout_clip
from retarget_tf.retargeting.targets import Target


class Retargeter(BaseRetargeter):
    """Retargets with a trained generator in this process."""

    def __init__(self, trained: TrainedGenerator) -> None:
        super().__init__(trained.spec)
        self._trained = trained

    @classmethod
    def load(cls, path: files.PathLike) -> Self:
        """Loads a workdir, a `.keras` file, a SavedModel folder or a pretrained model; see `load_generator`."""
        return cls(load_generator(path))

    def live(self, target: Target) -> LiveRetargeter:
        """Starts a live stream, whose `step(keypoints, dt)` returns the map for each new pose; see `live`."""
        rollout = Rollout(self._trained, self._reference(target))
        return LiveRetargeter(rollout, LivePath(target.known_keypoints, self.image_size))

    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        return rollout_clip(self._trained, self._reference(target), placed)

    def _reference(self, target: Target) -> Reference:
        known_map = target.parsing_map if self.takes_reference_map else np.full_like(target.parsing_map, UNKNOWN)
        return Reference(target.canvas[None], target.keypoints[None], known_map[None])
