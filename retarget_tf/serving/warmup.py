"""Writes and replays warm-up requests: one for each signature, which a server runs when it loads a version.

The first call of a graph is slow, because much of TensorFlow is set up lazily. So TensorFlow Serving runs the requests
in `assets.extra/tf_serving_warmup_requests`, a TFRecord file of `PredictionLog`, before it reports a version as
available.
"""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.generator import load_saved_model
from retarget_tf.serving import contract

WARMUP_PATH = pathlib.Path("assets.extra", "tf_serving_warmup_requests")

_PICTURE_SIZE = 320, 240  # height and width of the photo in the requests
_FRAMES = 2


def warmup_requests(model: ModelConfig, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Returns inputs for each signature: one random pose in a gray ramp, for `step` with a known reference map.

    Args:
        model: Settings of the generator: size of its maps, and their classes.
        seed: Chooses the pose, and the brightness of the picture.
    """
    image_size, frame_size = model.image_size, contract.frame_size(model.image_size)
    height, width = _PICTURE_SIZE
    image_bytes, canvas_bytes = (_plain_jpeg(seed % 256, *shape) for shape in ((height, width), (image_size,) * 2))
    shares = np.random.default_rng(seed).uniform(0.2, 0.8, (1, skeleton.NUM_JOINTS, 2))
    pose, canvas_pose = (_seen(shares * sides) for sides in ((width, height), (image_size,) * 2))
    background = np.zeros((1, height, width), np.uint8)
    clip = {
        "image_bytes": image_bytes,
        "reference_keypoints": pose,
        "reference_map": np.full_like(background, UNKNOWN),
        "keypoints": _repeated(pose),
    }
    previous_map = np.full((1, image_size, image_size), UNKNOWN, np.uint8)
    canvas = {"canvas_bytes": canvas_bytes, "reference_map": previous_map, "reference_keypoints": canvas_pose}
    prepared = {
        "canvas_bytes": _plain_jpeg(seed % 256, frame_size, frame_size),
        "layers_bytes": _plain_jpeg(seed % 256, (model.schema.num_classes + 1) * frame_size, frame_size),
        "reference_keypoints": _seen(shares * frame_size),
        "reference_map": np.zeros((1, frame_size, frame_size), np.uint8),
    }
    photo = {name: value for name, value in clip.items() if name != "keypoints"}
    return {
        contract.SERVING_DEFAULT: {"image_bytes": image_bytes, "keypoints": pose, "reference_keypoints": pose},
        contract.RETARGET_CLIP: clip,
        contract.RETARGET_CLIP_RAW: clip,
        contract.RETARGET_CLIP_ON_CANVAS: {**canvas, "keypoints": _repeated(canvas_pose)},
        contract.STEP: {**clip, "reference_map": background, "previous_map": previous_map, "keypoints": pose},
        contract.STEP_ON_CANVAS: {**canvas, "previous_map": previous_map, "keypoints": canvas_pose},
        contract.PREPARE_PHOTO: photo,
        contract.STEP_FRAME: {**prepared, "keypoints": prepared["reference_keypoints"]},
        contract.RETARGET_CLIP_FRAMES: clip,
        contract.METADATA: {"request": np.zeros(1, np.int32)},
    }


def _plain_jpeg(brightness: int, height: int, width: int) -> AnyArray:
    """Returns a JPEG of a vertical gray ramp as an array of bytes, `[1]`."""
    column = np.linspace(brightness, 255, height)[:, None, None]
    picture = np.broadcast_to(column, (height, width, 3)).astype(np.uint8)
    return np.asarray([tf.io.encode_jpeg(picture).numpy()], object)


def _seen(points: AnyArray) -> Float32Array:
    """Appends a confidence of 1 to points `[batch, 25, 2]`."""
    return np.concatenate([points, np.ones_like(points[..., :1])], axis=-1).astype(np.float32)


def _repeated(pose: Float32Array) -> Float32Array:
    """Repeats a pose `[batch, 25, 3]` into a clip `[batch, frames, 25, 3]`."""
    return np.repeat(pose[:, None], _FRAMES, axis=1)


def write_warmup(export_dir: files.PathLike, model: ModelConfig) -> None:
    """Writes the warm-up requests into the folder of a version."""
    path = pathlib.Path(export_dir) / WARMUP_PATH
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in warmup_requests(model).items():
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())


def read_warmup(export_dir: files.PathLike) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the signature and the inputs of each warm-up request in the folder of a version."""
    for record in tf.data.TFRecordDataset(str(pathlib.Path(export_dir) / WARMUP_PATH)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
        yield request.model_spec.signature_name, inputs


def replay_warmup(export_dir: files.PathLike) -> Mapping[str, dict[str, Any]]:
    """Loads a version, runs its warm-up requests as a server would, and returns the outputs by signature."""
    served = load_saved_model(export_dir)
    return {
        signature: served.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
        for signature, inputs in read_warmup(export_dir)
    }
