"""The stage of a source video: its frames without its dancer, and the place where the photo's person stands instead.

    stage = SourceStage(source, placed, size=128, height=720)
    framing = stage.framing(512)
    for pose, background in zip(poses, stage.backgrounds()):
        frame = background.compose(move_photos(looks, motions, framing), ...)

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

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames import camera
from retarget_tf.retargeting.frames.backgrounds import Background, over
from retarget_tf.retargeting.frames.common_plate import common_plate, spread
from retarget_tf.retargeting.frames.dancer_area import DancerFinder, View
from retarget_tf.retargeting.frames.framing import Framing, frame_canvas, scale_down
from retarget_tf.retargeting.frames.moved_photo import Layer
from retarget_tf.retargeting.frames.scene import Scene
from retarget_tf.retargeting.frames.shadow import find_shadow
from retarget_tf.retargeting.sources import Source


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
        views = list(self._views(finder, spread(len(self._keypoints))))
        darkness = float(np.median([find_shadow(view.frame, view.opacity, view.keypoints).strength for view in views]))
        scene = Scene(None, darkness, views[0].keypoints)
        found = common_plate(views, views[len(views) // 2])
        if found is None:
            return scene
        plate, is_hand_held = found
        follower = camera.CameraFollower(plate) if is_hand_held else None
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
