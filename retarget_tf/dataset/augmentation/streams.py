"""Augments streams: consecutive frames of one clip, on which a network is trained on its own previous outputs.

One camera transform and one mirroring hold for a whole stream, because the network's last output must fit its next
target. The reference gets one more camera transform, since photo and dance are seldom taken by the same camera, and
random colours. Detector errors are drawn for each frame.
"""

import dataclasses

import tensorflow as tf

from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset.augmentation.affine import (
    CameraRange,
    mirror_where,
    move_frames,
    move_keypoints,
    move_maps,
    move_surface_maps,
)
from retarget_tf.dataset.augmentation.detection import DetectionErrors
from retarget_tf.dataset.augmentation.pictures import Pictures
from retarget_tf.dataset.augmentation.styles import StyleRange
from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class ColourRange:
    """Range of the random colour changes of a reference frame; each is drawn uniformly, and 0 turns it off.

    Attributes:
        brightness: Largest brightness added or subtracted, as a share of the full range.
        contrast: Contrast is multiplied by a factor in 1 - contrast .. 1 + contrast.
        saturation: Saturation is multiplied by a factor in 1 - saturation .. 1 + saturation.
        hue: Largest rotation of the hue, as a share of the colour circle; at most 0.5.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= value < 1 for value in dataclasses.astuple(self)) or self.hue > 0.5:
            raise ConfigError(f"changes of colour must lie in 0..1, of hue in 0..0.5. Received: {self}")

    def apply(self, frames: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Changes the colours of frames float32 `[..., size, size, 3]` in 0..255; results may leave that range."""
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 4))
        frames = frames / 255
        if self.hue:
            frames = tf.image.stateless_random_hue(frames, self.hue, seeds[0])
        if self.saturation:
            frames = tf.image.stateless_random_saturation(frames, 1 - self.saturation, 1 + self.saturation, seeds[1])
        if self.contrast:
            frames = tf.image.stateless_random_contrast(frames, 1 - self.contrast, 1 + self.contrast, seeds[2])
        if self.brightness:
            frames = tf.image.stateless_random_brightness(frames, self.brightness, seeds[3])
        return frames * 255


@dataclasses.dataclass(frozen=True)
class StreamAugmentationConfig:
    """Settings of `augment_stream`. The default changes nothing; `stream_augmentation` gives those used in training.

    Attributes:
        mirror: Mirrors a stream and its reference with probability 1/2.
        camera: Random camera that is applied to a stream and its reference alike.
        reference_camera: Random camera that is applied to the reference after `camera`.
        reference_colours: Random colour changes of the reference frame.
        style: Random changes of all maps, the same for a stream and its reference.
        errors: Detector errors of the stream's keypoints, drawn for each frame.
        reference_errors: Detector errors of the reference's keypoints.
        bias: Standard deviation of a constant offset of each joint, the same in all frames of a stream and its
            reference, along each axis, as a share of the picture's side.
    """

    mirror: bool = False
    camera: CameraRange = dataclasses.field(default_factory=CameraRange)
    reference_camera: CameraRange = dataclasses.field(default_factory=CameraRange)
    reference_colours: ColourRange = dataclasses.field(default_factory=ColourRange)
    style: StyleRange = dataclasses.field(default_factory=StyleRange)
    errors: DetectionErrors = dataclasses.field(default_factory=DetectionErrors)
    reference_errors: DetectionErrors = dataclasses.field(default_factory=DetectionErrors)
    bias: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.bias <= 1:
            raise ConfigError(f"bias must lie in 0..1. Received: bias={self.bias}")


def stream_augmentation(*, joint_dropout: float, relabel: float, thicken: float) -> StreamAugmentationConfig:
    """Returns the augmentation that the preset `stable` is trained with.

    Args:
        joint_dropout: Probability that a joint is missing in a frame of a stream.
        relabel: Probability of each relabelling, see `StyleRange`.
        thicken: Probability that a class is thickened, see `StyleRange`.
    """
    return StreamAugmentationConfig(
        mirror=True,
        camera=CameraRange(scale=(0.8, 1.15), shift=0.06, rotation=8.0),
        reference_camera=CameraRange(scale=(0.93, 1.07), shift=0.03),
        reference_colours=ColourRange(brightness=0.1, contrast=0.2, saturation=0.25, hue=0.03),
        style=StyleRange(relabel, thicken),
        errors=DetectionErrors(joint_dropout=joint_dropout, limb_dropout=0.1, noise=0.004),
        reference_errors=DetectionErrors(joint_dropout=0.02, noise=0.004),
        bias=0.003,
    )


@dataclasses.dataclass(frozen=True)
class Stream:
    """Keypoints and maps of one clip in training order, and one reference picture. Only the reference has a photo.

    Attributes:
        keypoints: float32 `[frames, 25, 3]` in pixels; missing joints are (0, 0, 0).
        parsing_maps: Class ids uint8 `[frames, size, size]`.
        reference: `Pictures` of one frame of the same clip.
        surface_maps: Codes uint8 `[frames, size, size, 3]`, see `dataset.surfaces`; None if they are not wanted.
        is_as_seen: bool `[]`; false if `StyleRange` relabelled classes, so that the maps contradict the photo.
    """

    keypoints: tf.Tensor
    parsing_maps: tf.Tensor
    reference: Pictures
    surface_maps: tf.Tensor | None = None
    is_as_seen: tf.Tensor | bool = True


def augment_stream(
    stream: Stream, seed: tf.Tensor, config: StreamAugmentationConfig, schema: parsing_labels.LabelSchema
) -> Stream:
    """Augments a stream and its reference at random.

    Args:
        stream: Stream whose picture size is known statically.
        seed: int `[2]`; the same seed gives the same draw.
        config: Strength of each change.
        schema: Label schema of the parsing maps.

    Returns:
        A stream of the same size. Joints outside of the picture are missing.
    """
    size = stream.parsing_maps.shape[1]
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 8))
    flip = config.mirror & (tf.random.stateless_uniform([], seeds[0]) < 0.5)
    camera = config.camera.draw(seeds[1], size) @ mirror_where(flip, size)
    reference_camera = config.reference_camera.draw(seeds[2], size) @ camera
    bias = tf.random.stateless_normal([skeleton.NUM_JOINTS, 2], seeds[3], stddev=config.bias * size)

    frames = config.reference_colours.apply(move_frames(stream.reference.frames, reference_camera), seeds[4])
    keypoints = move_keypoints(stream.keypoints, camera, flip, size)
    reference_keypoints = move_keypoints(stream.reference.keypoints, reference_camera, flip, size)
    maps = tf.concat(
        [
            move_maps(stream.parsing_maps, camera, flip, schema),
            move_maps(stream.reference.parsing_maps, reference_camera, flip, schema),
        ],
        axis=0,
    )
    maps, is_as_seen = config.style.apply(maps, seeds[7], schema)
    return Stream(
        config.errors.apply(keypoints, bias, seeds[5], size),
        maps[:-1],
        Pictures(
            tf.cast(tf.round(tf.clip_by_value(frames, 0, 255)), tf.uint8),
            config.reference_errors.apply(reference_keypoints, bias, seeds[6], size),
            maps[-1:],
            *stream.reference.moved_surfaces(
                lambda codes: move_surface_maps(codes, reference_camera), reference_camera
            ),
        ),
        None if stream.surface_maps is None else move_surface_maps(stream.surface_maps, camera),
        is_as_seen,
    )
