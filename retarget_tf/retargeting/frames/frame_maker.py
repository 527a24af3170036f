"""Makes the photographic frames of a dance from the photo of its person.

maker = FrameMaker([target], [parsing_map], schema, FrameOptions(height=720))
for frame in maker.dance(placed):
    ...
frame = maker.frame(recent_poses)  # pose by pose
"""

import itertools
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import drawing
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames import shadow
from retarget_tf.retargeting.frames.appearance import Appearance, look_at
from retarget_tf.retargeting.frames.backgrounds import Background, make_background
from retarget_tf.retargeting.frames.framing import Framing, frame_photo
from retarget_tf.retargeting.frames.motion import Motion, Skeleton
from retarget_tf.retargeting.frames.moved_photo import move_photos
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.frames.outline import without_backdrop
from retarget_tf.retargeting.frames.source_stage import SourceStage
from retarget_tf.retargeting.targets import Target

_MARK = "generated"
_LEAST_MARK = 0.6  # scale of its text below which it cannot be read
_NOSE = skeleton.JOINT["nose"]
_SMALLEST = 0.75  # scale below which a head may rather leave the picture
_NEAR = 6  # pixels of the canvas around the map within which the segmenter's person is the same one


class FrameMaker:
    """Makes the frames of one target.

    Args:
        targets: The person in one photo or several; the first gives framing and background.
        parsing_maps: For each photo the class ids on the canvas, uint8 `[size, size]`, of any size.
        schema: Label schema of the maps.
        options: Size and background of the frames.
        stage: The source's frames as background; None for that of the options.

    Raises:
        InputDataError: A map shows nobody, or the background's picture cannot be read.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        parsing_maps: Sequence[Uint8Array],
        schema: LabelSchema,
        options: FrameOptions,
        stage: SourceStage | None = None,
    ) -> None:
        size = max(len(parsing_map) for parsing_map in parsing_maps)
        self._options = options
        self._enlarged = size / len(targets[0].canvas)
        views = [_View(target, _resized(of_one, size)) for target, of_one in zip(targets, parsing_maps, strict=True)]
        photo, self._stage = targets[0].photo, stage
        picture, of_photo = frame_photo(photo.picture, photo.square, size, options.height)
        self._framing = of_photo if stage is None else stage.framing(size)
        self._skeletons = [Skeleton(view.parsing_map, view.keypoints, schema) for view in views]
        self._looks = [
            view.cut_out(body, schema, options.height, self._framing.square.side)
            for view, body in zip(views, self._skeletons, strict=True)
        ]
        if stage is None:
            seen = photo.plate
            if seen is not None:
                seen, _ = frame_photo(seen, photo.square, size, options.height)
            own = views[0].keypoints
            own_pose = move_photos(self._looks, [body.move_to(own) for body in self._skeletons], self._framing)
            self._background: Background = make_background(
                options, picture, *views[0].silhouette(of_photo), of_photo.to_picture(own), own_pose, seen
            )
        # Where the head ends in the photo, and how far above the nose, in pixels of the canvas.
        self._head_top = float(np.flatnonzero(views[0].is_person.any(axis=1))[0])
        self._above_nose = float(views[0].keypoints[_NOSE, 1]) - self._head_top

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels."""
        return self._framing.width, self._framing.height

    def dance(self, placed: Float32Array) -> Iterator[Uint8Array]:
        """Yields a frame for each pose.

        Args:
            placed: float32 `[frames, 25, 3]` in pixels of the target's canvas.

        Yields:
            RGB uint8 `[height, width, 3]`; RGBA for the background `none`.
        """
        poses = _scaled(placed, self._enlarged)
        if self._stage is None:  # a source may let heads leave the picture
            poses = self._kept_inside(poses)
        grounds = shadow.ground_lines(self._framing.to_picture(poses))
        motions = zip(*(body.motions(poses) for body in self._skeletons), strict=True)
        backgrounds = self._backgrounds(len(poses))
        for pose, moved, ground, background in zip(poses, motions, grounds, backgrounds, strict=True):
            yield self._frame(pose, moved, float(ground), background)

    def frame(self, recent: Float32Array) -> Uint8Array:
        """Returns the frame of the newest pose of a stream.

        Args:
            recent: float32 `[frames, 25, 3]` in pixels of the target's canvas, the newest last. Those before tell where
                the floor is; more than `shadow.GROUND_WINDOW` of them change nothing.

        Returns:
            As `dance`.
        """
        poses = _scaled(recent, self._enlarged)
        ground = float(shadow.ground_lines(self._framing.to_picture(poses))[-1])
        return self._frame(poses[-1], [body.move_to(poses[-1]) for body in self._skeletons], ground, self._background)

    def _backgrounds(self, count: int) -> Iterator[Background]:
        return itertools.repeat(self._background, count) if self._stage is None else self._stage.backgrounds()

    def _kept_inside(self, poses: Float32Array) -> Float32Array:
        """Scales a dance down towards the floor until the head stays in the picture, within limits."""
        edge = -self._framing.square.top / self._framing.scale  # of the picture, on the canvas
        nose = poses[poses[:, _NOSE, 2] > 0][:, _NOSE, 1]
        feet = poses[..., 1][poses[..., 2] > 0]
        if not len(nose) or not len(feet) or self._head_top <= edge:
            return poses
        floor = float(np.quantile(feet, 0.99))
        highest = float(np.quantile(nose, 0.01)) - self._above_nose
        scale = np.clip((floor - edge) / max(floor - highest, 1e-3), _SMALLEST, 1.0)
        middle = float(np.median(poses[..., 0][poses[..., 2] > 0]))
        shift = np.float32((1 - scale) * middle), np.float32((1 - scale) * floor)
        return np.asarray(pose_transform.move_keypoints(poses, np.float32(scale), *shift), np.float32)

    def _frame(
        self, pose: Float32Array, motions: Sequence[Motion], ground: float, background: Background
    ) -> Uint8Array:
        layer = move_photos(self._looks, motions, self._framing)
        frame = background.compose(layer, self._framing.to_picture(pose), ground)
        return _marked(frame) if self._options.mark else frame


class _View:
    """One photo of the person, with map, pose and opacity of one size."""

    def __init__(self, target: Target, parsing_map: Uint8Array) -> None:
        size = len(parsing_map)
        self.parsing_map = np.where(parsing_map == UNKNOWN, np.uint8(0), parsing_map)  # what is unknown stays
        self.is_person = self.parsing_map > 0
        if not self.is_person.any():
            raise InputDataError("photo: its parsing map shows nobody. Give its map (target_map), or another photo.")
        self.keypoints = _scaled(target.keypoints, size / len(target.canvas))
        self._photo = target.photo
        self._opacity = target.photo.opacity
        self._covered = self.is_person.astype(np.float32)
        if self._opacity is not None:
            if len(self._opacity) != size:
                self._opacity = np.asarray(cv2.resize(self._opacity, (size, size)), np.float32)
            # What she holds is no part of the map, and stays.
            near = cv2.dilate(self.is_person.astype(np.uint8), np.ones((2 * _NEAR + 1,) * 2, np.uint8))
            self._covered = np.maximum(self._covered, self._opacity * near)
            self.parsing_map, self._opacity = without_backdrop(
                self.parsing_map, self._opacity, self._photo.picture, self._photo.square
            )
            self.is_person = self.parsing_map > 0

    def cut_out(self, body: Skeleton, schema: LabelSchema, height: int, side: float) -> Appearance:
        """Cuts her out of the photo, scaled so that the canvas has this side in pixels."""
        picture, framing = frame_photo(self._photo.picture, self._photo.square, len(self.parsing_map), height, side)
        return look_at(picture, framing, self.parsing_map, body, schema, self._opacity)

    def silhouette(self, framing: Framing) -> tuple[Float32Array, BoolArray]:
        """Returns her opacity, and where her map is, at each pixel of the picture."""
        shown = framing.enlarge(self.is_person.astype(np.float32), framing.whole) > 0.5
        return framing.enlarge(self._covered, framing.whole), shown


def _resized(parsing_map: Uint8Array, size: int) -> Uint8Array:
    return SquareCrop(0.0, 0.0, float(len(parsing_map))).apply_map(parsing_map, size)


def _scaled(keypoints: Float32Array, scale: float) -> Float32Array:
    return np.asarray(pose_transform.move_keypoints(keypoints, np.float32(scale), 0.0, 0.0), np.float32)


def _marked(frame: Uint8Array) -> Uint8Array:
    """Writes the mark into the lower right corner; changes the frame."""
    line = np.zeros((drawing.LINE, drawing.text_width(_MARK) + 2 * drawing.GAP, 3), np.uint8)
    drawing.write(line, _MARK, drawing.GAP, 0, (255, 255, 255))
    scale = max(frame.shape[0] / 720, _LEAST_MARK)
    line = np.asarray(cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    corner = frame[-line.shape[0] :, -line.shape[1] :]
    corner[..., :3] = np.maximum(corner[..., :3] // 2, line[: corner.shape[0], : corner.shape[1]])
    corner[..., 3:] = 255
    return frame
