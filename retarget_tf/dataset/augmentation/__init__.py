"""Random changes of training samples. All draws are stateless, so that a sample depends on its seed alone.

pictures    frames, maps and joints that move as one: resized, cropped, mirrored
jitter      the paper's, for windows: enlarged, cropped at random, mirrored at random
affine      pictures through a camera that turns, scales, shifts and mirrors
detection   the errors of a pose detector
styles      other ways to draw the same map
streams     for streams of frames: one camera for a whole stream, another for its reference, and those errors
"""

from retarget_tf.dataset.augmentation.affine import CameraRange
from retarget_tf.dataset.augmentation.detection import DetectionErrors
from retarget_tf.dataset.augmentation.jitter import AugmentationConfig, jitter
from retarget_tf.dataset.augmentation.pictures import Pictures, crop, mirror, resize, resize_maps
from retarget_tf.dataset.augmentation.streams import (
    ColourRange,
    Stream,
    StreamAugmentationConfig,
    augment_stream,
    stream_augmentation,
)
from retarget_tf.dataset.augmentation.styles import StyleRange

__all__ = [
    "AugmentationConfig",
    "CameraRange",
    "ColourRange",
    "DetectionErrors",
    "Pictures",
    "Stream",
    "StreamAugmentationConfig",
    "StyleRange",
    "augment_stream",
    "crop",
    "jitter",
    "mirror",
    "resize",
    "resize_maps",
    "stream_augmentation",
]
