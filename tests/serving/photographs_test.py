"""Tests of the signatures that answer with photographs: one of a clip gives the frames of many of one pose."""

from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from retarget_tf import dancers
from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.serving import contract
from tests.testing import Served

SIZE = 64  # of frames, for maps of 32 px
FRAMES = 3

Arrays = dict[str, AnyArray]


def dancer(person: int = 3, size: int = SIZE) -> tuple[Uint8Array, Uint8Array, Float32Array]:
    """Frames, maps and poses of a procedural dancer."""
    recipe = dancers.Recipe(seed=7, person=person, clip=0, frames=FRAMES, size=size)
    frames, maps, poses = zip(*dancers.render_frames(recipe), strict=True)
    return np.stack(frames), np.stack([of_frame["parts10"] for of_frame in maps]), np.stack(poses)


def encoded(picture: Uint8Array) -> bytes:
    return bytes(cv2.imencode(".png", picture[..., ::-1])[1])


def clip_request(people: tuple[int, ...] = (3,), size: int = 96) -> Arrays:
    frames, maps, poses = (np.stack(values) for values in zip(*(dancer(one, size) for one in people), strict=True))
    return {
        "image_bytes": np.asarray([encoded(picture) for picture in frames[:, 0]], object),
        "reference_keypoints": poses[:, 0],
        "reference_map": maps[:, 0],
        "keypoints": poses,
    }


def call(served: Served, signature: str, inputs: Arrays) -> dict[str, AnyArray]:
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    return {name: value.numpy() for name, value in served.loaded.signatures[signature](**tensors).items()}


def prepare(served: Served, clip: Arrays) -> tuple[Arrays, Float32Array]:
    """The photo's inputs of `step_frame`, and the clip's poses on the canvas."""
    prepared = call(served, "prepare_photo", {name: clip[name] for name in clip if name != "keypoints"})
    square = prepared.pop("photo_square")[:, None, None]
    poses = clip["keypoints"].copy()
    poses[..., :2] = (poses[..., :2] - square[..., :2]) * (SIZE / square[..., 2:])
    return prepared, poses


def decoded(jpeg: bytes) -> AnyArray:
    return np.asarray(tf.io.decode_jpeg(jpeg).numpy()).astype(int)


def test_signatures_are_pinned(served: Served) -> None:
    described = {
        name: [
            {key: f"{spec.dtype.name} {spec.shape.as_list()}".replace("None", "-") for key, spec in side.items()}
            for side in (signature.structured_input_signature[1], signature.structured_outputs)
        ]
        for name, signature in served.loaded.signatures.items()
        if "frame" in name or "photo" in name
    }
    points = {"reference_keypoints": "float32 [-, 25, 3]"}
    photo = {"image_bytes": "string [-]", **points, "reference_map": "uint8 [-, -, -]"}
    prepared = {
        "canvas_bytes": "string [-]",
        "layers_bytes": "string [-]",
        **points,
        "reference_map": "uint8 [-, 64, 64]",
    }
    assert described == {
        "prepare_photo": [photo, {**prepared, "photo_square": "float32 [-, 3]"}],
        "step_frame": [
            {**prepared, "keypoints": "float32 [-, 25, 3]"},
            {"frame_jpeg_bytes": "string [-]", "opacity_png_bytes": "string [-]"},
        ],
        "retarget_clip_frames": [
            {**photo, "keypoints": "float32 [-, -, 25, 3]"},
            {"frame_jpeg_bytes": "string [-, -]"},
        ],
    }
    assert contract.CONTRACT_VERSION == "1.3", "what is pinned above may only change with its first number"


def test_one_call_for_a_clip_gives_the_frames_of_a_call_for_each_pose(served: Served) -> None:
    clip = clip_request((3, 5))
    prepared, poses = prepare(served, clip)
    frames = call(served, "retarget_clip_frames", clip)["frame_jpeg_bytes"]
    assert frames.shape == (2, FRAMES)
    for index in range(FRAMES):
        one = call(served, "step_frame", {**prepared, "keypoints": poses[:, index]})["frame_jpeg_bytes"]
        for mine, theirs in zip(one, frames[:, index], strict=True):
            # Where a joint lies is rounded differently here.
            assert np.abs(decoded(mine) - decoded(theirs)).mean() < 0.5


def test_the_own_pose_gives_back_the_photo_and_another_moves_the_person(served: Served) -> None:
    clip = clip_request()
    prepared, poses = prepare(served, clip)
    canvas = tf.io.decode_png(prepared["canvas_bytes"][0]).numpy().astype(int)
    own = call(served, "step_frame", {**prepared, "keypoints": prepared["reference_keypoints"]})
    as_jpeg = tf.io.encode_jpeg(canvas.astype(np.uint8), quality=85).numpy()
    np.testing.assert_array_equal(decoded(own["frame_jpeg_bytes"][0]), decoded(as_jpeg))
    opacity = tf.io.decode_png(own["opacity_png_bytes"][0])[..., 0].numpy() / 255
    assert np.mean((opacity > 0.5) == (prepared["reference_map"][0] > 0)) > 0.96, "outlines are rounded"
    raised = poses[:, 0].copy()
    raised[:, 4, :2] = raised[:, 2, :2] - (0, 15)  # the wrist above its shoulder
    raised[:, 3, :2] = raised[:, 2, :2] + (-6, -4)
    moved = decoded(call(served, "step_frame", {**prepared, "keypoints": raised})["frame_jpeg_bytes"][0])
    assert np.abs(moved - canvas).max() > 60


def test_each_person_is_moved_from_the_photo_that_is_nearest_in_pose(served: Served) -> None:
    """One person, two photos; each frame asks for the pose of one of them, which gives this photo back."""
    clip = clip_request((3, 5), size=SIZE)
    clip["reference_keypoints"][:] = whole_canvas(clip["reference_keypoints"])
    clip["keypoints"] = clip["reference_keypoints"][[1, 0, 1]][None]
    frames = call(served, "retarget_clip_frames", clip)["frame_jpeg_bytes"][0]
    prepared, _ = prepare(served, {**clip, "keypoints": clip["keypoints"].repeat(2, 0)})
    canvases = [tf.io.decode_png(png).numpy().astype(int) for png in prepared["canvas_bytes"]]
    for encoded_frame, row in zip(frames, (1, 0, 1), strict=True):
        errors = [np.abs(decoded(encoded_frame) - canvas).mean() for canvas in canvases]
        assert np.argmin(errors) == row


def whole_canvas(poses: Float32Array) -> Float32Array:
    """Stretches each pose so that its square is the whole picture, as the served generator cuts it."""
    stretched = poses.copy()
    for pose in stretched:
        seen = pose[:, 2] > 0
        low, high = pose[seen, :2].min(axis=0), pose[seen, :2].max(axis=0)
        share = (pose[seen, :2] - low) / (high - low)
        pose[seen, :2] = np.array([20, 8]) + share * np.array([24, 48])
    return stretched


def test_a_photo_without_a_map_is_parsed_by_the_network(served: Served) -> None:
    clip = clip_request((3, 5))
    clip["reference_map"][1] = UNKNOWN
    prepared, _ = prepare(served, clip)
    assert (prepared["reference_map"] < 10).all()
    known, _ = prepare(served, clip_request((3, 5)))
    np.testing.assert_array_equal(prepared["reference_map"][0], known["reference_map"][0])
    blocks = prepared["reference_map"][1].reshape(SIZE // 2, 2, SIZE // 2, 2)
    assert (blocks == blocks[:, :1, :, :1]).all(), "a map of the network is half as large as a frame"
    assert call(served, "retarget_clip_frames", clip)["frame_jpeg_bytes"].shape == (2, FRAMES)


@pytest.mark.parametrize(
    ("signature", "changes", "why"),
    [
        ("prepare_photo", {"image_bytes": [b"GIF89a and more"]}, "must be an encoded JPEG or PNG"),
        ("prepare_photo", {"reference_map": np.full((1, 96, 96), 10, np.uint8)}, "class ids 0..9, and 255"),
        ("prepare_photo", {"reference_map": np.zeros((1, 96, 95), np.uint8)}, "must cover its picture"),
        ("step_frame", {"canvas_bytes": [encoded(np.zeros((9, 9, 3), np.uint8))]}, "canvas_bytes must be 64 pixels"),
        (
            "step_frame",
            {"layers_bytes": [encoded(np.zeros((64, 64, 3), np.uint8))]},
            "layers_bytes must be 64 pixels wide and 704 high",
        ),
        ("step_frame", {"layers_bytes": [b""]}, "must be an encoded JPEG or PNG"),
        ("step_frame", {"reference_map": np.full((1, SIZE, SIZE), 10, np.uint8)}, "class ids 0..9, and 255"),
        ("step_frame", {"keypoints": np.zeros((2, 25, 3), np.float32)}, "one batch size"),
        ("retarget_clip_frames", {"keypoints": np.zeros((1, 0, 25, 3), np.float32)}, "1 frame at least"),
    ],
)
@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_bad_requests_are_refused(served: Served, signature: str, changes: dict[str, Any], why: str) -> None:
    clip = clip_request()
    photo = {name: clip[name] for name in clip if name != "keypoints"}
    good = {"prepare_photo": photo, "retarget_clip_frames": clip}
    if signature == "step_frame":
        prepared, poses = prepare(served, clip)
        good["step_frame"] = {**prepared, "keypoints": poses[:, 0]}
    with pytest.raises(tf.errors.InvalidArgumentError, match=why):
        call(served, signature, {**good[signature], **changes})


def test_a_clip_of_200_frames_of_256_px_fits_a_client_that_takes_4_mib() -> None:
    frames, _, _ = dancer(size=256)
    jpeg = tf.io.encode_jpeg(frames[0], quality=85).numpy()
    assert len(jpeg) > 15_000, "photographs have 5,000 to 17,000 bytes"
    response = predict_pb2.PredictResponse()
    jpegs = np.full((1, 200), jpeg, object)
    response.outputs["frame_jpeg_bytes"].CopyFrom(tf.make_tensor_proto(jpegs))
    assert response.ByteSize() < 4 * 1024**2
