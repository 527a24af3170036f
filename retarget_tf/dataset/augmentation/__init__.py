"""Changes training samples at random. All draws are stateless: the result depends on the sample and its seed alone.

pictures    resizes, crops and mirrors frames, maps and keypoints together
jitter      augments windows as pix2pix does: enlarge, crop at random, mirror at random
affine      rotates, scales, shifts and mirrors frames, maps and keypoints by one 3x3 matrix
detection   adds the errors of a pose detector to keypoints
styles      changes the classes and outlines of maps as different human parsers would
streams     augments streams of frames with all of these except jitter
"""

from retarget_tf.dataset.augmentation.affine import CameraRange
from retarget_tf.dataset.augmentation.detection import DetectionErrors
from retarget_tf.dataset.augmentation.jitter import AugmentationConfig, jitter
from retarget_tf.dataset.augmentation.pictures import Pictures, crop, mirror, resize, resize_maps, resize_nearest
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
    "resize_nearest",
    "stream_augmentation",
]
