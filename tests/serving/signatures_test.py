"""Tests of the signatures: they are pinned, all give the same maps, and bad requests do not crash the process."""

import pathlib
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from retarget_tf import dancers
from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.parsing_labels import PARTS10, PPP7, UNKNOWN
from retarget_tf.networks import generator, trained
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting import rollout
from retarget_tf.serving import canvas, contract, graph
from tests import testing
from tests.testing import Served

SIZE = 32
FRAMES = 3
PHOTOGRAPHIC = {"prepare_photo", "step_frame", "retarget_clip_frames"}  # see photographs_test

Arrays = dict[str, AnyArray]


def photo(height: int, width: int, seed: int = 2) -> Uint8Array:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), height / 12), np.uint8)


def encoded(picture: Uint8Array, suffix: str = ".png") -> bytes:
    return bytes(cv2.imencode(suffix, picture[..., ::-1])[1])


def poses(*shape: int, side: int = SIZE, seed: int = 1) -> Float32Array:
    keypoints = np.random.default_rng(seed).uniform(0.2 * side, 0.8 * side, (*shape, 25, 3)).astype(np.float32)
    keypoints[..., 2] = 0.9
    return keypoints


def standing(batch: int) -> Float32Array:
    """Returns poses of people 24 px high in the middle, for whom the crop is the whole picture of SIZE pixels."""
    keypoints = poses(batch, seed=5)
    keypoints[..., 0] = np.clip(keypoints[..., 0], 10, 22)
    keypoints[:, 0, :2], keypoints[:, 1, :2] = (10, 4), (22, 28)
    return keypoints


def clip_request(known: list[bool]) -> Arrays:
    """Pictures of SIZE pixels, with their map or without, and FRAMES poses each."""
    batch = len(known)
    maps = np.random.default_rng(3).integers(0, 10, (batch, SIZE, SIZE), dtype=np.uint8)
    maps[~np.asarray(known)] = UNKNOWN
    return {
        "image_bytes": np.asarray([encoded(photo(SIZE, SIZE, seed)) for seed in range(batch)], object),
        "reference_keypoints": standing(batch),
        "reference_map": maps,
        "keypoints": poses(batch, FRAMES),
    }


def call(served: Served, signature: str, inputs: Arrays) -> dict[str, AnyArray]:
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    return {name: value.numpy() for name, value in served.loaded.signatures[signature](**tensors).items()}


def on_canvas(clip: Arrays) -> Arrays:
    """The same request for the signatures that take a canvas: its pictures are canvases already."""
    return {"canvas_bytes" if name == "image_bytes" else name: value for name, value in clip.items()}


def decoded_clip(served: Served, signature: str, clip: Arrays) -> Uint8Array:
    """`[batch, frames, SIZE, SIZE]` by a signature that answers with PNG files."""
    pngs = call(served, signature, clip)["parsing_map_png_bytes"]
    assert pngs.shape == clip["keypoints"].shape[:2]
    return np.stack([[tf.io.decode_png(png)[..., 0].numpy() for png in row] for row in pngs])


def step_by_step(served: Served, clip: Arrays, signature: str = "step") -> Uint8Array:
    """`[batch, frames, SIZE, SIZE]` by `step`, each call given all that it needs."""
    previous = np.full((len(clip["keypoints"]), SIZE, SIZE), UNKNOWN, np.uint8)
    maps = []
    for frame in range(clip["keypoints"].shape[1]):
        request = {**clip, "previous_map": previous, "keypoints": clip["keypoints"][:, frame]}
        previous = call(served, signature, request)["parsing_map"]
        maps.append(previous)
    return np.stack(maps, axis=1)


def rolled_out(trained: trained.TrainedGenerator, clip: Arrays) -> Uint8Array:
    """`[batch, frames, SIZE, SIZE]` by the library, for the pictures of `clip_request`."""
    frames = np.stack([photo(SIZE, SIZE, seed) for seed in range(len(clip["keypoints"]))])
    running = rollout.Rollout(trained, rollout.Reference(frames, clip["reference_keypoints"], clip["reference_map"]))
    return np.stack([running.step(clip["keypoints"][:, frame]) for frame in range(FRAMES)], axis=1)


def test_signatures_are_pinned(served: Served) -> None:
    described = {}
    for name, signature in served.loaded.signatures.items():
        if name in PHOTOGRAPHIC:
            continue
        sides = (signature.structured_input_signature[1], signature.structured_outputs)
        described[name] = [
            {key: f"{spec.dtype.name} {spec.shape.as_list()}".replace("None", "-") for key, spec in side.items()}
            for side in sides
        ]
    image, points = {"image_bytes": "string [-]"}, "float32 [-, 25, 3]"
    reference = {**image, "reference_keypoints": points, "reference_map": "uint8 [-, -, -]"}
    one_map = {"parsing_map": "uint8 [-, 32, 32]", "parsing_map_png_bytes": "string [-]"}
    clip_points = {"keypoints": "float32 [-, -, 25, 3]"}
    clip = {**reference, **clip_points}
    canvas = {"canvas_bytes": "string [-]", "reference_keypoints": points, "reference_map": "uint8 [-, 32, 32]"}
    previous_map = {"previous_map": "uint8 [-, 32, 32]"}
    assert described == {
        "serving_default": [{**image, "keypoints": points, "reference_keypoints": points}, one_map],
        "retarget_clip": [clip, {"parsing_map_png_bytes": "string [-, -]"}],
        "retarget_clip_raw": [clip, {"parsing_map": "uint8 [-, -, 32, 32]"}],
        "retarget_clip_on_canvas": [{**canvas, **clip_points}, {"parsing_map_png_bytes": "string [-, -]"}],
        "step": [{**reference, **previous_map, "keypoints": points}, one_map],
        "step_on_canvas": [{**canvas, **previous_map, "keypoints": points}, one_map],
        "metadata": [
            {"request": "int32 [-]"},
            {
                "label_names": "string [-, 10]",
                "palette": "uint8 [-, 10, 3]",
                "joints": "string [-, 25]",
                "limbs": "int32 [-, 24, 2]",
                "image_size": "int32 [-]",
                "frame_size": "int32 [-]",
                "person_height_share": "float32 [-]",
                "label_schema": "string [-]",
                "preset": "string [-]",
                "training_step": "int32 [-]",
                "contract_version": "string [-]",
            },
        ],
    }
    assert contract.CONTRACT_VERSION == "1.3", "what is pinned above may only change with its first number"


@pytest.mark.parametrize(
    ("version", "answers"), [("1.2", True), ("1.12", True), ("1.1", False), ("0.9", False), ("2.1", False)]
)
def test_a_client_needs_a_servable_of_its_contract_or_a_later_addition_to_it(version: str, answers: bool) -> None:
    assert contract.answers(version) == answers


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        ModelConfig.of_preset("paper", image_size=SIZE, filters=2, pose_condition="coordinates"),
        ModelConfig.of_preset("stable", image_size=SIZE, filters=2, refinement=0, label_schema=PPP7.name),
    ],
    ids=["coordinates", "ppp7, no refinement"],
)
def test_other_settings_can_be_served(model: ModelConfig, tmp_path: pathlib.Path) -> None:
    spec, clip = GeneratorSpec(model, person_height_share=0.75), clip_request([True])
    clip["reference_map"] %= model.schema.num_classes
    generator.save_generator(testing.lively(generator.build_generator(model)), spec, tmp_path)
    functions = graph.ServingGraph(*generator.load_keras_generator(tmp_path)).functions
    names = [spec.name for spec in contract.signature_inputs(SIZE)["retarget_clip_raw"]]
    received = functions["retarget_clip_raw"](*(tf.constant(clip[name]) for name in names))
    np.testing.assert_array_equal(received["parsing_map"], rolled_out(generator.load_generator(tmp_path), clip))


@pytest.mark.parametrize("known", [[True], [False], [True, False, True]], ids=["map", "photo", "mixed"])
def test_rollout_step_and_clip_agree_exactly(served: Served, known: list[bool]) -> None:
    clip = clip_request(known)
    expected = rolled_out(served.trained, clip)
    assert len(np.unique(expected)) > 2, "a map of one class would prove nothing"
    assert (expected[:, 0] != expected[:, 1]).any()

    np.testing.assert_array_equal(call(served, "retarget_clip_raw", clip)["parsing_map"], expected)
    np.testing.assert_array_equal(step_by_step(served, clip), expected)
    np.testing.assert_array_equal(decoded_clip(served, "retarget_clip", clip), expected)
    np.testing.assert_array_equal(step_by_step(served, on_canvas(clip), "step_on_canvas"), expected)
    np.testing.assert_array_equal(decoded_clip(served, "retarget_clip_on_canvas", on_canvas(clip)), expected)


@pytest.mark.parametrize("known", [[True] * 4, [True, False, False, True]], ids=["map", "mixed"])
def test_a_clip_takes_several_photos_of_each_person(served: Served, known: list[bool]) -> None:
    """Two people with two photos each; every frame asks for the pose of one of them."""
    photos = clip_request(known)
    own = photos["reference_keypoints"]
    clip = {**photos, "keypoints": np.stack([own[[1, 0, 1]], own[[2, 3, 3]]])}
    pictures = np.stack([photo(SIZE, SIZE, seed) for seed in range(4)])
    running = rollout.Rollout(served.trained, rollout.Reference(pictures, own, clip["reference_map"], 2))
    expected = np.stack([running.step(clip["keypoints"][:, frame]) for frame in range(FRAMES)], axis=1)
    np.testing.assert_array_equal(call(served, "retarget_clip_raw", clip)["parsing_map"], expected)
    np.testing.assert_array_equal(decoded_clip(served, "retarget_clip_on_canvas", on_canvas(clip)), expected)
    first = {name: array[::2] for name, array in clip.items() if name != "keypoints"}
    of_one = call(served, "retarget_clip_raw", {**first, "keypoints": clip["keypoints"]})["parsing_map"]
    assert (of_one != expected).any() or served.spec.model.preset == "paper"


def test_a_canvas_is_not_cut_whatever_its_pose(served: Served) -> None:
    """Sent as a photo it would be cropped: the person in its corner is smaller than `person_height_share`."""
    clip = clip_request([True])
    clip["reference_keypoints"] = clip["reference_keypoints"] / np.asarray([4, 4, 1], np.float32)
    expected = rolled_out(served.trained, clip)
    np.testing.assert_array_equal(decoded_clip(served, "retarget_clip_on_canvas", on_canvas(clip)), expected)
    np.testing.assert_array_equal(step_by_step(served, on_canvas(clip), "step_on_canvas"), expected)
    assert (call(served, "retarget_clip_raw", clip)["parsing_map"] != expected).any()


def test_a_canvas_that_is_sent_as_a_photo_stays_what_it_is() -> None:
    """Clients of contract 1.0 send it so. One in nine has a square whose side rounds up, and would move."""
    draw, moved = np.random.default_rng(0), 0
    for _ in range(300):
        width, height = draw.integers(40, 2000, 2).astype(np.float32)
        middle, spread = draw.uniform(0, [width, height]), draw.uniform(5, max(width, height)) * np.array([0.25, 0.5])
        keypoints = np.ones((skeleton.NUM_JOINTS, 3), np.float32)
        keypoints[:, :2] = draw.normal(middle, spread, (skeleton.NUM_JOINTS, 2))
        inside = ((keypoints[:, :2] >= 0) & (keypoints[:, :2] < (width, height))).all(axis=-1)
        keypoints[~inside] = 0
        size, share = int(draw.choice([64, 128, 256])), draw.uniform(0.4, 0.95)
        square = SquareCrop(*(float(value) for value in pose_transform.person_square(keypoints, width, height, share)))
        own, side = square.move_keypoints(keypoints, size), np.float32(size)
        whole = np.asarray([0, 0, size])
        if not np.allclose(pose_transform.person_square(own, side, side, share), whole, atol=0.01):
            again = canvas.photo_square(tf.constant(own), tf.zeros([size, size, 3], tf.uint8), share, size)
            np.testing.assert_allclose(again, whole, atol=0.01)
            moved += 1
    assert moved > 20


def test_the_default_is_the_first_frame_from_the_photo_alone(served: Served) -> None:
    clip = clip_request([False, False, False])
    request = {name: clip[name] for name in ("image_bytes", "reference_keypoints")}
    outputs = call(served, "serving_default", {**request, "keypoints": clip["keypoints"][:, 0]})
    np.testing.assert_array_equal(outputs["parsing_map"], call(served, "retarget_clip_raw", clip)["parsing_map"][:, 0])
    for parsing_map, png in zip(outputs["parsing_map"], outputs["parsing_map_png_bytes"], strict=True):
        np.testing.assert_array_equal(tf.io.decode_png(png)[..., 0], parsing_map)


def test_pictures_of_a_batch_may_differ_in_size_and_count_for_themselves(served: Served) -> None:
    """The maps are as large as the largest picture; what lies beyond a picture is not looked at."""
    pictures = [encoded(photo(90, 60)), encoded(photo(20, 40), ".jpg"), encoded(photo(SIZE, SIZE))]
    maps = np.random.default_rng(3).integers(0, 10, (3, 90, 60), dtype=np.uint8)
    maps[1] = UNKNOWN
    clip = {
        "image_bytes": np.asarray(pictures, object),
        "reference_keypoints": np.concatenate([poses(1, side=60), np.zeros((1, 25, 3), np.float32), standing(1)]),
        "reference_map": maps,
        "keypoints": poses(3, FRAMES, side=40),
    }
    together = call(served, "retarget_clip_raw", clip)["parsing_map"]
    np.testing.assert_array_equal(together, step_by_step(served, clip))
    alone = {name: value[2:] for name, value in clip.items()}
    alone["reference_map"] = maps[2:, :SIZE, :SIZE]
    np.testing.assert_array_equal(call(served, "retarget_clip_raw", alone)["parsing_map"][0], together[2])


@pytest.mark.parametrize("filling", [0, 77, UNKNOWN])
def test_what_lies_beyond_a_picture_makes_no_map(served: Served, filling: int) -> None:
    clip = clip_request([False])
    unknown = clip["reference_map"]
    filled = np.pad(unknown, [(0, 0), (0, 9), (0, 5)], constant_values=filling)
    expected = call(served, "retarget_clip_raw", clip)["parsing_map"]
    received = call(served, "retarget_clip_raw", {**clip, "reference_map": filled})["parsing_map"]
    np.testing.assert_array_equal(received, expected)


def test_maps_are_those_of_the_network_on_the_canvas(served: Served) -> None:
    """The canvas of the library, in NumPy and OpenCV: a grey level apart, see square_crop_graph_test."""
    picture, pose, own = photo(90, 60), poses(1, side=60), poses(1, side=60, seed=4)
    square = pose_transform.person_square(own[0], np.float32(60), np.float32(90), served.spec.person_height_share)
    crop = SquareCrop(*(float(value) for value in square))
    parsing_map = np.random.default_rng(3).integers(0, 10, (1, 9, 6), dtype=np.uint8).repeat(10, 1).repeat(10, 2)
    framed = SquareCrop(crop.left + 1, crop.top + 1, crop.side).apply_map(np.pad(parsing_map[0], 1), SIZE)
    reference = rollout.Reference(crop.apply(picture, SIZE)[None], crop.move_keypoints(own, SIZE), framed[None])
    running = rollout.Rollout(served.trained, reference)
    expected = running.step(crop.move_keypoints(pose, SIZE))
    clip = {
        "image_bytes": np.asarray([encoded(picture)], object),
        "reference_keypoints": own,
        "keypoints": pose[:, None],
    }
    maps = call(served, "retarget_clip_raw", {**clip, "reference_map": parsing_map})["parsing_map"][:, 0]
    assert np.mean(maps == expected) > 0.9


def test_metadata_says_what_the_maps_mean(served: Served) -> None:
    facts = call(served, "metadata", {"request": np.zeros(2, np.int32)})
    assert [name.decode() for name in facts["label_names"][1]] == list(PARTS10.classes)
    np.testing.assert_array_equal(facts["palette"][0], PARTS10.palette)
    assert {name: facts[name].tolist() for name in ("image_size", "training_step", "preset", "label_schema")} == {
        "image_size": [SIZE, SIZE],
        "training_step": [9, 9],
        "preset": [served.spec.model.preset.encode()] * 2,
        "label_schema": [b"parts10"] * 2,
    }


def request(served: Served, signature: str, given: Arrays) -> list[tf.Tensor]:
    """As a server calls: no Python stands between the request and the graph."""
    function = served.loaded.signatures[signature]
    order = [tensor.name.split(":")[0] for tensor in function.inputs[: len(given)]]
    arguments = [tf.constant(given[name]) for name in order] + list(function.captured_inputs)
    types = [tensor.dtype for tensor in function.outputs]
    return tf.raw_ops.StatefulPartitionedCall(args=arguments, Tout=types, f=function)


PNG = encoded(photo(40, 40))
POSE = poses(1, side=40)
GOOD: dict[str, Arrays] = {
    "serving_default": {"image_bytes": np.asarray([PNG], object), "keypoints": POSE, "reference_keypoints": POSE},
    "retarget_clip": clip_request([True]),
    "step": {
        **clip_request([True]),
        "previous_map": np.zeros((1, SIZE, SIZE), np.uint8),
        "keypoints": poses(1),
    },
    "retarget_clip_on_canvas": on_canvas(clip_request([True])),
    "metadata": {"request": np.zeros(1, np.int32)},
}


def strip(width: int, height: int) -> bytes:
    """A PNG whose header promises more than it holds."""
    return PNG[:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + PNG[24:]


FOUR_INKS = b"\xff\xd8\xff\xc0\x00\x14\x08\x00\x10\x00\x10\x04" + b"".join(bytes([i, 17, 0]) for i in range(4))


@pytest.mark.parametrize(
    ("signature", "changes", "why"),
    [
        ("serving_default", {"image_bytes": PNG}, "not compatible"),
        ("serving_default", {"image_bytes": [[PNG]]}, "not compatible"),
        ("serving_default", {"keypoints": POSE[0]}, "not compatible"),
        ("serving_default", {"keypoints": POSE[..., :2]}, "not compatible"),
        ("serving_default", {"reference_keypoints": POSE[:, :18]}, "not compatible"),
        ("serving_default", {"keypoints": POSE.repeat(2, 0)}, "one batch size"),
        (
            "serving_default",
            {"image_bytes": np.asarray([], object), "keypoints": POSE[:0], "reference_keypoints": POSE[:0]},
            "one batch size from 1",
        ),
        ("serving_default", {"image_bytes": [b""]}, "must be an encoded JPEG or PNG"),
        ("serving_default", {"image_bytes": [b"GIF89a and more"]}, "must be an encoded JPEG or PNG"),
        ("serving_default", {"image_bytes": [PNG[:4]]}, "must be an encoded JPEG or PNG"),
        ("serving_default", {"image_bytes": [PNG[:18]]}, "must be an encoded JPEG or PNG"),
        ("serving_default", {"image_bytes": [PNG[:-300]]}, "PNG"),
        ("serving_default", {"image_bytes": [b"\xff\xd8\xff\xe0 no more"]}, "JPEG"),
        ("serving_default", {"image_bytes": [strip(60_000, 60_000)]}, "1 to 8192 pixels"),
        ("serving_default", {"image_bytes": [strip(1, 60_000)]}, "1 to 8192 pixels"),
        ("serving_default", {"image_bytes": [strip(0, 40)]}, "1 to 8192 pixels"),
        ("serving_default", {"image_bytes": [FOUR_INKS]}, "JPEG|gray or RGB"),
        ("retarget_clip", {"keypoints": poses(1)}, "not compatible"),
        ("retarget_clip", {"keypoints": poses(1, 0)}, "1 frame at least"),
        ("retarget_clip", {"keypoints": poses(2, 1)}, "one batch size from 1, or the photos of as many for each dance"),
        ("retarget_clip", {"keypoints": poses(0, 1)}, "one batch size"),
        ("retarget_clip", {**clip_request([True] * 3), "keypoints": poses(2, 1)}, "one batch size"),
        ("retarget_clip", {"reference_keypoints": poses(2)}, "one batch size"),
        ("retarget_clip", {"reference_map": np.zeros((1, SIZE), np.uint8)}, "not compatible"),
        ("retarget_clip", {"reference_map": np.zeros((1, SIZE, SIZE - 1), np.uint8)}, "must cover its picture"),
        ("retarget_clip", {"reference_map": np.full((1, SIZE, SIZE), 10, np.uint8)}, "class ids 0..9, and 255"),
        ("step", {"previous_map": np.full((1, SIZE, SIZE), 10, np.uint8)}, "class ids 0..9, and 255"),
        ("step", {"previous_map": np.zeros((1, SIZE, 9), np.uint8)}, "not compatible"),
        ("step", {"keypoints": poses(1, 2)}, "not compatible"),
        ("retarget_clip_on_canvas", {"canvas_bytes": [PNG]}, "canvas_bytes must be 32 pixels wide and high"),
        ("retarget_clip_on_canvas", {"canvas_bytes": [PNG[:18]]}, "must be an encoded JPEG or PNG"),
        ("retarget_clip_on_canvas", {"reference_map": np.zeros((1, SIZE, 9), np.uint8)}, "not compatible"),
        ("retarget_clip_on_canvas", {"reference_map": np.full((1, SIZE, SIZE), 10, np.uint8)}, "class ids 0..9"),
        ("metadata", {"request": np.zeros((), np.int32)}, "not compatible"),
    ],
)
@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_bad_requests_are_refused_and_the_next_is_served(
    served: Served, signature: str, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=why):
        request(served, signature, {**GOOD[signature], **changes})
    assert request(served, signature, GOOD[signature])[0].shape[0] == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, -1e30])
def test_points_out_of_all_bounds_do_no_harm(served: Served, value: float) -> None:
    wild = np.full((1, 25, 3), value, np.float32)
    outputs = call(
        served, "serving_default", {**GOOD["serving_default"], "keypoints": wild, "reference_keypoints": wild}
    )
    assert outputs["parsing_map"].shape == (1, SIZE, SIZE)


def worst_map() -> Uint8Array:
    """256 px of a dressed dancer in 20 classes, so near that it leaves the picture, and frayed by three pixels."""
    _, maps, _ = next(dancers.render_frames(dancers.Recipe(seed=7, person=3, clip=0, frames=2, size=512)))
    y, x = (int(places.mean()) - 128 for places in np.nonzero(maps["cihp20"]))
    rows, columns = np.mgrid[:256, :256] + np.random.default_rng(0).integers(-3, 4, (2, 256, 256))
    return maps["cihp20"][(rows + y).clip(0, 511), (columns + x).clip(0, 511)]


@pytest.mark.parametrize(("signature", "batch", "frames"), [("step", 32, 1), ("retarget_clip", 1, 300)])
def test_replies_at_256_px_fit_a_client_that_takes_4_mib(signature: str, batch: int, frames: int) -> None:
    parsing_map = worst_map()
    png = tf.io.encode_png(parsing_map[..., None]).numpy()
    assert len(png) > 3_000, "a true map has about 1,300 bytes"
    response = predict_pb2.PredictResponse()
    pngs = np.full((batch,) if signature == "step" else (batch, frames), png, object)
    response.outputs["parsing_map_png_bytes"].CopyFrom(tf.make_tensor_proto(pngs))
    if signature == "step":
        maps = np.broadcast_to(parsing_map, (batch, 256, 256))
        response.outputs["parsing_map"].CopyFrom(tf.make_tensor_proto(maps))
    assert response.ByteSize() < 4 * 1024**2
