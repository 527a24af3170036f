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

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.body.skeleton import NUM_JOINTS
from retarget_tf.networks.trained import Known, Network, TrainedGenerator, read_spec
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.targets import Target

if TYPE_CHECKING:  # TensorFlow is imported when the first map is generated
    from retarget_tf.retargeting.live import LiveRetargeter
    from retarget_tf.retargeting.rollout import Reference


class Retargeter(BaseRetargeter):
    """Retargets with a trained generator in this process."""

    def __init__(self, trained: TrainedGenerator) -> None:
        super().__init__(trained.spec)
        self._trained = trained

    @classmethod
    def load(cls, path: files.PathLike) -> Self:
        """Finds a workdir, a `.keras` file, a SavedModel folder or a pretrained model; see `load_generator`.

        The network is read when it generates its first map: photographic frames need none.

        Raises:
            InputDataError: There is no model, or its description cannot be read.
        """
        network = _ReadWhenCalled(path)
        return cls(TrainedGenerator(network, read_spec(path), network.stages))

    def warm_up(self) -> None:
        """Reads the network and makes one map of nobody, so that the first one of somebody need not wait for both."""
        from retarget_tf.retargeting.rollout import Reference, Rollout

        side = self.image_size
        nobody = np.zeros((1, NUM_JOINTS, 3), np.float32)
        photo, unclothed = np.zeros((1, side, side, 3), np.uint8), np.zeros((1, side, side), np.uint8)
        Rollout(self._trained, Reference(photo, nobody, unclothed)).step(nobody)

    def live(self, target: Target) -> "LiveRetargeter":
        """Starts a live stream, whose `step(keypoints, dt)` returns the map for each new pose; see `live`."""
        from retarget_tf.retargeting.live import LivePath, LiveRetargeter
        from retarget_tf.retargeting.rollout import Rollout

        rollout = Rollout(self._trained, self._reference(target))
        return LiveRetargeter(rollout, LivePath(target))

    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        from retarget_tf.retargeting.rollout import rollout_clip

        return rollout_clip(self._trained, self._reference(target), placed)

    def _reference(self, target: Target) -> "Reference":
        from retarget_tf.retargeting.rollout import Reference

        photos = [target, *target.more]
        maps = np.stack([photo.parsing_map for photo in photos])
        return Reference(
            np.stack([photo.canvas for photo in photos]),
            np.stack([photo.keypoints for photo in photos]),
            maps if self.takes_reference_map else np.full_like(maps, UNKNOWN),
            len(photos),
        )


class _ReadWhenCalled:
    """A network that is read from its file when it is first called."""

    def __init__(self, path: files.PathLike) -> None:
        self._path = path

    def __call__(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return self._trained.network(inputs)

    def stages(self, known: Known) -> Sequence[Network]:
        """See `TrainedGenerator.stages`."""
        return self._trained.stages(known)

    @functools.cached_property
    def _trained(self) -> TrainedGenerator:
        from retarget_tf.networks.generator import load_generator

        return load_generator(self._path)
