"""The stage of a source video: its frames without its dancer, and the place where the photo's person stands instead.

    stage = SourceStage(source, placed, size=128, height=720)
    framing = stage.framing(512)
    for pose, background in zip(poses, stage.backgrounds()):
        frame = background.compose(move_photos(people, pose, framing), ...)

A first pass over the video makes the plate, the background that its frames share, and a second one replaces the dancer
by it in each frame. A camera that pans or zooms has no plate: there what she hides is filled smoothly. All other pixels
stay as they are.

One scale and one shift for all frames lead from the canvas back to the video: those that bring the placed poses nearest
to the source's. So steps, jumps and turns stay where the dancer made them.
"""

import dataclasses
import itertools
from collections.abc import Container, Iterator

import numpy as np
from absl import logging

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames import camera
from retarget_tf.retargeting.frames.backgrounds import Background, over
from retarget_tf.retargeting.frames.dancer_area import DancerFinder, View
from retarget_tf.retargeting.frames.framing import Framing, frame_canvas, scale_down
from retarget_tf.retargeting.frames.moved_photo import Layer
from retarget_tf.retargeting.frames.plate import plate_of_frames
from retarget_tf.retargeting.frames.scene import Scene
from retarget_tf.retargeting.frames.shadow import find_shadow
from retarget_tf.retargeting.sources import Source

_SAMPLES = 25  # frames that the plate is made of
_SHAKEN = 0.3  # pixels by which a corner of the picture must move for the camera to be followed
_PANNED = 0.1  # of the picture's longer side: a camera that moves farther has no plate
_AGREES = 1.0  # pixels by which the edges of plate and frames may lie apart


class SourceStage:
    """The frames of a source as a stage.

    Args:
        source: The source.
        placed: Its poses on the target's canvas, float32 `[frames, 25, 3]`.
        size: Side of the canvas in pixels.
        height: Largest height of the frames in pixels; a lower source keeps its size.
    """

    def __init__(self, source: Source, placed: Float32Array, size: int, height: int) -> None:
        held = pose_transform.hold_pose(source.keypoints)
        back = pose_transform.register(placed, held)
        scale = back.scale if back.scale > 0 else 1.0  # otherwise the source shows a point, not a person
        square = SquareCrop(back.dx, back.dy, scale * size)
        self._framing = frame_canvas(*source.picture_size, square, size, height)
        self._source, self._height = source, height
        shrunk = min(height / source.picture_size[1], 1.0)
        self._keypoints = pose_transform.move_keypoints(held, np.float32(shrunk), 0.0, 0.0).astype(np.float32)

    def framing(self, size: int) -> Framing:
        """Returns where the canvas lies in the frames, for a canvas of `size` pixels."""
        return dataclasses.replace(self._framing, size=size)

    def backgrounds(self) -> Iterator[Background]:
        """Yields each frame of the source without its dancer.

        Raises:
            InputDataError: The source cannot be read to its end, or its dancer covers all of it.
            MissingDependencyError: The segmenter is needed and not installed; names the command that installs it.
        """
        with DancerFinder() as finder:
            scene = self._survey(finder)
            for view in self._views(finder, range(len(self._keypoints))):
                yield _EmptyStage(view, scene)

    def _survey(self, finder: DancerFinder) -> Scene:
        """Reads the video once and makes the plate of frames that are spread over it."""
        last = len(self._keypoints) - 1
        wanted = {round(float(at)) for at in np.linspace(0, last, min(_SAMPLES, last + 1))}
        views = list(self._views(finder, wanted))
        darkness = float(np.median([find_shadow(view.frame, view.opacity, view.keypoints).strength for view in views]))
        scene = Scene(None, darkness, views[0].keypoints)
        middle = camera.CameraFollower(views[len(views) // 2].frame)
        motions = [middle.motion_to(view.frame, view.background) for view in views]
        size = self._framing.width, self._framing.height
        shift = max(camera.largest_shift(motion, *size) for motion in motions)
        if shift > _PANNED * max(size):
            logging.info("background: the camera moves, so what the dancer hides is filled smoothly")
            return scene
        if shift > _SHAKEN:
            views = [view.moved(motion) for view, motion in zip(views, motions, strict=True)]
        plate = plate_of_frames([view.frame for view in views], [view.opacity for view in views])
        apart = float(np.median([camera.edge_distance(plate, view.frame, view.background) for view in views]))
        if apart > _AGREES:
            logging.info("background: it changes, so what the dancer hides is filled smoothly")
            return scene
        follower = camera.CameraFollower(plate) if shift > _SHAKEN else None
        return dataclasses.replace(scene, plate=plate, follower=follower)

    def _views(self, finder: DancerFinder, wanted: Container[int]) -> Iterator[View]:
        """Reads the video and yields the wanted frames, with the dancer found in them."""
        source = self._source
        maps = itertools.repeat(None) if source.open_maps is None else source.open_maps()
        for index, (timed, parsing_map) in enumerate(zip(source.frames(), maps, strict=False)):
            if index in wanted:
                yield finder.find(scale_down(timed.frame, self._height), self._keypoints[index], parsing_map)


class _EmptyStage(Background):
    """A frame of the source, whose dancer is replaced."""

    def __init__(self, view: View, scene: Scene) -> None:
        self._view, self._scene = view, scene

    def compose(self, layer: Layer, keypoints: Float32Array, ground: float) -> Uint8Array:
        """See `Background`."""
        return over(layer, self._scene.without_dancer(self._view, keypoints, ground))
