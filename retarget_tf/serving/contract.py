"""Declares the inputs of each signature, checks them inside the graph, and gives the values of `metadata`."""

from collections.abc import Sequence

import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton
from retarget_tf.networks.config import GeneratorSpec

CONTRACT_VERSION = "1.3"  # first number: an input or output changed or was removed; second: additions
CLIENT_NEEDS = "1.2"  # the first with all that this package's client asks for
SERVING_DEFAULT = "serving_default"
RETARGET_CLIP = "retarget_clip"
RETARGET_CLIP_RAW = "retarget_clip_raw"
RETARGET_CLIP_ON_CANVAS = "retarget_clip_on_canvas"
STEP = "step"
STEP_ON_CANVAS = "step_on_canvas"
METADATA = "metadata"
PREPARE_PHOTO = "prepare_photo"
STEP_FRAME = "step_frame"
RETARGET_CLIP_FRAMES = "retarget_clip_frames"
CLIPS = (RETARGET_CLIP, RETARGET_CLIP_RAW, RETARGET_CLIP_ON_CANVAS, RETARGET_CLIP_FRAMES)

_FRAME_SIZE = 256  # pixels; frames of small maps have twice their size, up to this
_JOINTS = (skeleton.NUM_JOINTS, 3)


def signature_inputs(image_size: int) -> dict[str, tuple[tf.TensorSpec, ...]]:
    """Returns the input specs of every signature, in the order of its arguments, for maps of `image_size` pixels."""
    image_bytes = tf.TensorSpec([None], tf.string, name="image_bytes")
    keypoints = tf.TensorSpec([None, *_JOINTS], tf.float32, name="keypoints")
    clip_keypoints = tf.TensorSpec([None, None, *_JOINTS], tf.float32, name="keypoints")
    reference_keypoints = tf.TensorSpec([None, *_JOINTS], tf.float32, name="reference_keypoints")
    reference_map = tf.TensorSpec([None, None, None], tf.uint8, name="reference_map")
    previous_map = tf.TensorSpec([None, image_size, image_size], tf.uint8, name="previous_map")
    photo = (image_bytes, reference_keypoints, reference_map)
    canvas = (
        tf.TensorSpec([None], tf.string, name="canvas_bytes"),
        reference_keypoints,
        tf.TensorSpec([None, image_size, image_size], tf.uint8, name="reference_map"),
    )
    return {
        SERVING_DEFAULT: (image_bytes, keypoints, reference_keypoints),
        RETARGET_CLIP: (*photo, clip_keypoints),
        RETARGET_CLIP_RAW: (*photo, clip_keypoints),
        RETARGET_CLIP_ON_CANVAS: (*canvas, clip_keypoints),
        STEP: (*photo, previous_map, keypoints),
        STEP_ON_CANVAS: (*canvas, previous_map, keypoints),
        METADATA: (tf.TensorSpec([None], tf.int32, name="request"),),
        PREPARE_PHOTO: photo,
        STEP_FRAME: (
            tf.TensorSpec([None], tf.string, name="canvas_bytes"),
            tf.TensorSpec([None], tf.string, name="layers_bytes"),
            reference_keypoints,
            tf.TensorSpec([None, *(frame_size(image_size),) * 2], tf.uint8, name="reference_map"),
            keypoints,
        ),
        RETARGET_CLIP_FRAMES: (*photo, clip_keypoints),
    }


def frame_size(image_size: int) -> int:
    """Returns the side of photographic frames in pixels, for maps of `image_size` pixels."""
    return max(image_size, min(2 * image_size, _FRAME_SIZE))


def takes_photos(rank: int) -> bool:
    """Returns whether a signature takes several photos of a person: those for clips, by the rank of their keypoints."""
    return rank == 4


def answers(version: str) -> bool:
    """Returns whether a model of contract `version` has all that this package's client asks for."""
    theirs, ours = ([int(number) for number in one.split(".")] for one in (version, CLIENT_NEEDS))
    return theirs[0] == ours[0] and theirs >= ours


def metadata(spec: GeneratorSpec) -> dict[str, Tensor]:
    """Returns the outputs of the signature `metadata` for a model, without the batch axis."""
    model, schema = spec.model, spec.model.schema
    return {
        "label_names": tf.constant(schema.classes),
        "palette": tf.constant(schema.palette, tf.uint8),
        "joints": tf.constant(skeleton.JOINTS),
        "limbs": tf.constant(skeleton.LIMBS, tf.int32),
        "image_size": tf.constant(model.image_size, tf.int32),
        "frame_size": tf.constant(frame_size(model.image_size), tf.int32),
        "person_height_share": tf.constant(spec.person_height_share, tf.float32),
        "label_schema": tf.constant(schema.name),
        "preset": tf.constant(model.preset),
        "training_step": tf.constant(spec.step, tf.int32),
        "contract_version": tf.constant(CONTRACT_VERSION),
    }


def checked(specs: Sequence[tf.TensorSpec], inputs: Sequence[Tensor]) -> list[Tensor]:
    """Returns the inputs of a signature; InvalidArgumentError if a shape is wrong or batch sizes do not fit.

    TensorFlow Serving does not compare a request with the shapes of its signature: a tensor of the wrong rank would
    reach the kernels, and some kernels then abort the process.
    """
    shaped = [tf.ensure_shape(tensor, spec.shape) for tensor, spec in zip(inputs, specs, strict=True)]
    batches = tf.stack([tf.shape(tensor)[0] for tensor in shaped])
    names = ", ".join(spec.name for spec in specs)
    fit, rule = (batches[0] > 0) & tf.reduce_all(batches == batches[0]), "of one batch size from 1"
    if takes_photos(specs[-1].shape.rank):
        photos, people = batches[:-1], batches[-1]
        fit = (people > 0) & (photos[0] > 0) & (photos[0] % tf.maximum(people, 1) == 0)
        fit &= tf.reduce_all(photos == photos[0])
        rule += ", or the photos of as many for each dance"
    fits = tf.debugging.Assert(fit, [f"{names} must be {rule}. Received:", batches])
    with tf.control_dependencies([fits]):
        return [tf.identity(tensor) for tensor in shaped]
