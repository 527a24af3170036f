"""Makes the photographic frames of a dance from the photo of its person.

maker = FrameMaker(target, parsing_map, schema, FrameOptions(height=720))
for frame in maker.dance(placed):
    ...
"""

from collections.abc import Iterator

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.pictures import drawing
from retarget_tf.retargeting.frames import shadow
from retarget_tf.retargeting.frames.appearance import look_at
from retarget_tf.retargeting.frames.backgrounds import Background, make_background
from retarget_tf.retargeting.frames.framing import frame_photo
from retarget_tf.retargeting.frames.motion import Skeleton
from retarget_tf.retargeting.frames.moved_photo import move_photo
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.inputs import Target

_MARK = "generated"
_NOSE = skeleton.JOINT["nose"]
_SMALLEST = 0.75  # scale below which a head may rather leave the picture
_NEAR = 6  # pixels of the canvas around the map within which the segmenter's person is the same one


class FrameMaker:
    """Makes the frames of one target.

    Args:
        target: The person.
        parsing_map: Class ids of her photo on the canvas, uint8 `[size, size]`, of any size.
        schema: Label schema of the map.
        options: Size and background of the frames.
    """

    def __init__(self, target: Target, parsing_map: Uint8Array, schema: LabelSchema, options: FrameOptions) -> None:
        photo = target.photo
        self._options = options
        self._enlarged = len(parsing_map) / len(target.canvas)
        picture, self._framing = frame_photo(photo.picture, photo.square, len(parsing_map), options.height)
        keypoints = _scaled(target.keypoints, self._enlarged)
        opacity = photo.opacity
        if opacity is not None and len(opacity) != len(parsing_map):
            opacity = np.asarray(cv2.resize(opacity, parsing_map.shape), np.float32)
        self._skeleton = Skeleton(parsing_map, keypoints, schema)
        self._appearance = look_at(picture, self._framing, parsing_map, self._skeleton, schema, opacity)
        person = parsing_map > 0
        covered = person.astype(np.float32)
        if opacity is not None:
            # What she holds is no part of the map, and stays.
            near = cv2.dilate(person.astype(np.uint8), np.ones((2 * _NEAR + 1,) * 2, np.uint8))
            covered = np.maximum(covered, opacity * near)
        whole = self._framing.whole
        covered, shown = self._framing.enlarge(covered, whole), self._framing.enlarge(person.astype(np.float32), whole)
        # Where the head ends in the photo, and how far above the nose, in pixels of the canvas.
        self._head_top = float(np.flatnonzero(person.any(axis=1))[0])
        self._above_nose = float(keypoints[_NOSE, 1]) - self._head_top
        self._background: Background = make_background(
            options, picture, covered, shown > 0.5, self._framing.to_picture(keypoints)
        )

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
        poses = self._kept_inside(_scaled(placed, self._enlarged))
        grounds = shadow.ground_lines(self._framing.to_picture(poses))
        for pose, ground in zip(poses, grounds, strict=True):
            yield self._frame(pose, float(ground))

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

    def _frame(self, pose: Float32Array, ground: float) -> Uint8Array:
        layer = move_photo(self._appearance, self._skeleton, pose, self._framing)
        frame = self._background.compose(layer, self._framing.to_picture(pose), ground)
        return _marked(frame) if self._options.mark else frame


def _scaled(keypoints: Float32Array, scale: float) -> Float32Array:
    return np.asarray(pose_transform.move_keypoints(keypoints, np.float32(scale), 0.0, 0.0), np.float32)


def _marked(frame: Uint8Array) -> Uint8Array:
    """Writes the mark into the lower right corner; changes the frame."""
    scale = max(frame.shape[0] / 720, 0.4) * drawing.TEXT
    width = drawing.text_width(_MARK, scale)
    height, gap = round(24 * scale / drawing.TEXT), 6
    corner = frame[-height - gap :, -width - 3 * gap :]
    corner[..., :3] = corner[..., :3] // 2
    corner[..., 3:] = 255
    drawing.write(frame, _MARK, frame.shape[1] - width - 2 * gap, frame.shape[0] - height - gap, (255, 255, 255), scale)
    return frame
