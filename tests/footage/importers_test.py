"""Tests of reading other programs' keypoints: skeletons, units, the person to follow, and what is refused."""

import json
import pathlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from absl import logging

from retarget_tf.arrays import Float32Array
from retarget_tf.body import keypoint_formats
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage import importers
from retarget_tf.footage.extraction import PersonChoice
from retarget_tf.footage.importers.keypoints import KeypointFile
from retarget_tf.pictures import video
from retarget_tf.pictures.numbered_files import numbered_files
from tests import testing

WIDTH, HEIGHT = 200, 100


def person(count: int, *, left: float = 20.0, height: float = 50.0) -> Float32Array:
    """Distinct points `[count, 3]` on a slanted line, all seen."""
    share = np.arange(count) / count
    return np.stack([left + share * height / 2, 20 + share * height, np.full(count, 0.9)], -1).astype(np.float32)


def write_json(folder: pathlib.Path, number: int, *people: Any) -> None:
    folder.mkdir(exist_ok=True)
    lists = [np.asarray(points).ravel().tolist() for points in people]
    content = {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": values} for values in lists]}
    (folder / f"dance_{number:012d}_keypoints.json").write_text(json.dumps(content))


def read(path: pathlib.Path, frames: int, **options: Any) -> Float32Array:
    return importers.read_keypoints(path, WIDTH, HEIGHT, range(frames), **options)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
@pytest.mark.parametrize("units", ["pixels", "shares"])
@pytest.mark.parametrize("count", [17, 18, 23, 25, 26, 33, 133, 134, 136])
def test_reads_every_skeleton_in_either_unit(tmp_path: pathlib.Path, count: int, units: str, suffix: str) -> None:
    points = np.stack([person(count), person(count, left=30)])
    stored = points / np.array([WIDTH, HEIGHT, 1], np.float32) if units == "shares" else points
    path = tmp_path / f"points.{suffix}"
    if suffix == "npz":
        np.savez(path, keypoints=stored)
    else:
        np.save(path, stored)
    convert: dict[int, Callable[[Any], Float32Array]] = {
        17: keypoint_formats.from_coco17,
        18: keypoint_formats.from_coco18,
        25: np.asarray,
        23: keypoint_formats.from_body23,
        26: keypoint_formats.from_halpe26,
        33: keypoint_formats.from_mediapipe33,
        133: keypoint_formats.from_whole_body133,
        134: keypoint_formats.from_dwpose134,
        136: keypoint_formats.from_halpe136,
    }
    for given in ({}, {"units": units}):
        keypoints = read(path, 2, **given)
        assert keypoints.dtype == np.float32
        np.testing.assert_allclose(keypoints, convert[count](points), rtol=1e-5)


def test_npz_files_without_the_array_or_cut_are_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "points.npz"
    np.savez(path, points=person(25))
    with pytest.raises(InputDataError, match="holds no array named 'keypoints'"):
        read(path, 1)
    np.savez(path, keypoints=np.zeros((2, 25, 3), np.float32))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputDataError, match="of numbers"):
        read(path, 2)


def test_a_single_frame_may_lack_its_axis(tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "one.npy", person(25))
    np.testing.assert_array_equal(read(tmp_path / "one.npy", 1), person(25)[None])


def test_one_openpose_file_is_one_frame(tmp_path: pathlib.Path) -> None:
    write_json(tmp_path / "json", 7, person(25, height=20), person(25))
    [file] = (tmp_path / "json").iterdir()
    np.testing.assert_allclose(importers.read_keypoints(file, WIDTH, HEIGHT), person(25)[None], rtol=1e-6)
    with pytest.raises(InputDataError, match=r"none\.json: No such file"):
        importers.read_keypoints(tmp_path / "none.json", WIDTH, HEIGHT)


def test_without_numbers_all_frames_to_the_last_file_are_read(tmp_path: pathlib.Path) -> None:
    write_json(tmp_path / "json", 1, person(25))
    write_json(tmp_path / "json", 3, person(25))
    keypoints = importers.read_keypoints(tmp_path / "json", WIDTH, HEIGHT)
    np.testing.assert_array_equal(keypoints[..., 2].any(axis=1), [True, False, True])


def test_shares_a_little_outside_of_the_picture_are_still_shares(tmp_path: pathlib.Path) -> None:
    points = np.full((1, 25, 3), 0.5)
    points[0, 3, :2] = (-0.1, 1.2)
    np.save(tmp_path / "points.npy", points)
    keypoints = read(tmp_path / "points.npy", 1)
    np.testing.assert_array_equal(keypoints[0, 3], (0, 0, 0))
    np.testing.assert_array_equal(keypoints[0, 4], (WIDTH / 2, HEIGHT / 2, 0.5))


def test_unsure_joints_are_missing(tmp_path: pathlib.Path) -> None:
    points = person(25)[None]
    points[0, 7, 2] = 0.29
    np.save(tmp_path / "points.npy", points)
    np.testing.assert_array_equal(read(tmp_path / "points.npy", 1)[0, 7], (0, 0, 0))


@pytest.mark.parametrize("count", [25, 18])
def test_openpose_with_missing_files_and_empty_people(tmp_path: pathlib.Path, count: int) -> None:
    folder = tmp_path / "json"
    write_json(folder, 0, person(count))
    write_json(folder, 1)  # nobody
    write_json(folder, 2, [])  # only a face or a hand
    write_json(folder, 4, person(count, left=26))  # 3 has no file
    keypoints = read(folder, 6)
    expected = keypoint_formats.from_coco18(person(18)) if count == 18 else person(25)
    np.testing.assert_allclose(keypoints[0], expected, rtol=1e-6)
    np.testing.assert_allclose(keypoints[4, 1, 0], expected[1, 0] + 6, rtol=1e-6)
    assert not keypoints[[1, 2, 3, 5]].any()


def test_follows_the_large_person_through_crossings_and_order(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "json"
    for number in range(12):
        dancer = person(25, left=20 + 5 * number)
        bystander = person(25, left=60, height=25)
        everybody = [dancer, bystander] if number % 2 else [bystander, dancer]
        if number == 6:
            everybody = [bystander]  # the dancer is missed for a frame
        write_json(folder, number, *everybody)
    keypoints = read(folder, 12)
    expected = np.stack([person(25, left=20 + 5 * number) for number in range(12)])
    expected[6] = 0
    np.testing.assert_allclose(keypoints, expected, rtol=1e-6)


def test_a_giant_for_one_frame_is_not_followed(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "json"
    for number in range(4):
        write_json(folder, number, *([person(25, left=120, height=75)] if number == 1 else []), person(25))
    np.testing.assert_allclose(read(folder, 4), np.stack([person(25)] * 4), rtol=1e-6)


def write_two(folder: pathlib.Path, lefts: Sequence[tuple[float, float]]) -> tuple[Float32Array, Float32Array]:
    """Two people `[frames, 25, 3]` as far to the right as said, the first one a little taller, in changing order."""
    first, second = (
        np.stack([person(25, left=both[who], height=height) for both in lefts]) for who, height in enumerate((50, 45))
    )
    for number, both in enumerate(zip(first, second, strict=True)):
        again = both[number % 2] * (1, 1, 0.9)  # one of them is seen twice
        write_json(folder, number, *both[:: 1 if number % 2 else -1], again)
    return first, second


def test_either_of_two_people_is_followed_through_a_crossing(tmp_path: pathlib.Path) -> None:
    people = write_two(tmp_path / "json", [(20 + 5 * t, 130 - 5 * t) for t in range(24)])
    for text, expected in (("0", people[0]), ("1", people[1]), ("25,30", people[0]), ("150,30", people[1])):
        found = read(tmp_path / "json", 24, person=PersonChoice.parse(text))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    with pytest.raises(InputDataError, match=r"^keypoints .*json: 2 people are in it, there is no person 2\."):
        read(tmp_path / "json", 24, person=PersonChoice(2))


def test_people_who_may_have_changed_places_are_doubted(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: said.append(text % values))
    write_two(tmp_path / "apart", [(20 + t, 130 - t) for t in range(24)])
    read(tmp_path / "apart", 24)
    assert said == []
    way = [*range(0, 50, 5), *range(50, -1, -5)]  # they meet, and turn back
    write_two(tmp_path / "met", [(20 + step, 120 - step) for step in way])
    read(tmp_path / "met", len(way))
    assert re.fullmatch(rf"keypoints {tmp_path}/met frame 1\d: from here on it may be another person .*", said[0])


def test_a_person_is_chosen_among_several_only(tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "points.npy", person(25)[None])
    with pytest.raises(ConfigError, match="person must be 0 for a NumPy file, which holds one person"):
        read(tmp_path / "points.npy", 1, person=PersonChoice(1))


def test_a_file_that_is_missing_is_warned_of(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: said.append(text % values))
    write_json(tmp_path, 0, person(25))
    assert not read(tmp_path, 3)[1:].any()
    assert said == [f"keypoints {tmp_path}: 2 of 3 frames are not in it (the first is frame 1); they get no joints."]


def test_confidences_of_coco_and_keys_of_the_first_openpose_are_known(tmp_path: pathlib.Path) -> None:
    visible = person(17)
    visible[:, 2] = 2
    np.save(tmp_path / "coco.npy", visible)
    assert read(tmp_path / "coco.npy", 1)[..., 2].max() == 1
    values = person(18).reshape(-1).tolist()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a_0.json").write_text(json.dumps({"people": [{"pose_keypoints": values}]}))
    np.testing.assert_allclose(read(tmp_path / "old", 1)[0], keypoint_formats.from_coco18(person(18)), rtol=1e-6)


def save(values: npt.ArrayLike) -> Callable[[pathlib.Path], None]:
    return lambda path: np.save(path, values)


def centred(count: int) -> Float32Array:
    """Two frames with x and y around the picture's centre, between -0.5 and 0.5."""
    points = person(count) / np.array([WIDTH, HEIGHT, 1], np.float32)
    points[:, :2] -= points[:, :2].mean(axis=0)
    return np.stack([points] * 2)


def text(content: str) -> Callable[[pathlib.Path], None]:
    def write(path: pathlib.Path) -> None:
        path.mkdir()
        (path / "a_0_keypoints.json").write_text(content)

    return write


def posed(values: Any) -> Callable[[pathlib.Path], None]:
    return text(json.dumps({"people": [{"pose_keypoints_2d": values}]}))


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda path: None, "no such file"),
        (
            lambda path: path.write_text("1 2 3"),
            r"is no whole \.npy or \.npz file of numbers\. Write it with numpy\.save\.$",
        ),
        (lambda path: path.write_text('[{"people": []}]'), r"is JSON\. Rename it, so that it ends in \.json\.$"),
        (lambda path: np.save(path, np.array([{}]), allow_pickle=True), r"of numbers\. Write it with numpy\.save\.$"),
        (save(np.zeros((2, 21, 3))), r"must be \[frames, points, 3\] .* not \[2, 21, 3\]"),
        (save(np.zeros((2, 17, 4))), r"not \[2, 17, 4\]"),
        (save(np.zeros((2, 17, 2))), "no joint is within the 200x100 picture"),
        (save(np.full((2, 25, 3), np.nan)), "no joint is within the 200x100 picture"),
        (save(np.zeros((0, 25, 3))), r"not \[0, 25, 3\]"),
        (save(5.0), r"not \[\]"),
        (save(np.full((2, 25, 3), np.inf)), "frame 0: not finite"),
        (save(np.full((3, 25, 3), 9.0)), "are of 3 frames, the clip has 2"),
        (save(centred(25)), r"x and y from -0\.\d\d to 0\.\d\d are neither pixels nor shares .* \(--units\)"),
        (save(2.4 * centred(33)), "are neither pixels nor shares"),
        (save(np.zeros((2, 25, 3))), "no joint is within the 200x100 picture"),
        (save(np.full((2, 25, 3), 900.0)), "no joint is within the 200x100 picture"),
        (lambda path: path.mkdir(), "holds no file that ends in .json"),
        (text("{"), r"a_0_keypoints.json: not JSON"),
        (text("[]"), "has no list 'people'"),
        (text('[{"image_id": "0.jpg"}]'), "frame 0 person 0: has no list 'pose_keypoints_2d'"),
        (text('[{"image_id": "0.jpg", "keypoints": [1, 2]}]'), "frame 0 person 0: 'keypoints' must hold"),
        (text('[{"image_id": "0.jpg", "keypoints": []}, 3]'), "person 1: has no picture 'image_id'"),
        (text('[{"image_id": "a.jpg"}, {"image_id": "b.jpg"}]'), r"image a\.jpg: has no number in its name"),
        (text('[{"image_id": "a/1.jpg"}, {"image_id": "b/1.jpg"}]'), r"has the number of 1\.jpg"),
        (text('{"people": {}}'), "has no list 'people'"),
        (text('{"people": [3]}'), "person 0: has no list 'pose_keypoints_2d'"),
        (text('{"people": []}'), "nobody is in any of its 1 frames"),
        (posed([1, 2, 3]), r"person 0: .* must hold .* of 17 \(COCO-17\), .* points, not 3 numbers"),
        (posed(["x"] * 75), "is no list of numbers"),
        (posed([[1], [2, 3]]), "is no list of numbers"),
        (posed([float("inf")] * 75), "person 0: not finite"),
        (posed([float("nan")] * 75), "nobody is in any of its 1 frames"),
    ],
)
def test_refuses_in_one_line(tmp_path: pathlib.Path, write: Callable[[pathlib.Path], None], why: str) -> None:
    write(tmp_path / "points.npy")
    with pytest.raises(InputDataError, match=f"^keypoints .*points.npy.*{why}") as refused:
        read(tmp_path / "points.npy", 2)
    assert "\n" not in str(refused.value)


def with_feet(body: int, feet: int, count: int) -> tuple[Float32Array, Float32Array]:
    """Points `[count, 3]` whose joints are named by hand, and BODY_25 of them."""
    points, expected = np.zeros((count, 3), np.float32), np.zeros((25, 3), np.float32)
    body25_feet = [19, 20, 21, 22, 23, 24]  # left big toe, small toe, heel, then right
    for index, joint in enumerate(body25_feet):
        points[feet + index] = expected[joint] = (10 + index, 90, 0.9)
    points[body] = expected[4] = (50, 40, 0.8)  # the right wrist
    return points, expected


@pytest.mark.parametrize(("body", "feet", "count"), [(10, 17, 133), (4, 18, 134)])
def test_whole_bodies_have_feet(tmp_path: pathlib.Path, body: int, feet: int, count: int) -> None:
    points, expected = with_feet(body, feet, count)
    np.save(tmp_path / "points.npy", points[None])
    np.testing.assert_array_equal(read(tmp_path / "points.npy", 1), expected[None])


@pytest.mark.parametrize("nowhere", [(0, 0), (-1, -1), (np.nan, 5)])
def test_without_confidence_a_joint_is_seen_or_nowhere(tmp_path: pathlib.Path, nowhere: tuple[float, float]) -> None:
    points = person(18)[None, :, :2]
    points[0, 4] = nowhere
    expected = person(18)
    expected[:, 2], expected[4] = 1, 0
    for scale in (1, np.array([WIDTH, HEIGHT])):
        stored = points / scale
        stored[0, 4] = nowhere
        np.save(tmp_path / "points.npy", stored)
        found = read(tmp_path / "points.npy", 1)[0]
        np.testing.assert_allclose(found, keypoint_formats.from_coco18(expected), rtol=1e-5)


def test_scores_beside_keypoints_are_confidences(tmp_path: pathlib.Path) -> None:
    np.savez(tmp_path / "points.npz", keypoints=person(17)[None, :, :2], scores=person(17)[None, :, 2])
    expected = keypoint_formats.from_coco17(person(17))
    np.testing.assert_allclose(read(tmp_path / "points.npz", 1)[0], expected, rtol=1e-6)


def test_mediapipe_with_depth_and_visibility(tmp_path: pathlib.Path) -> None:
    stored = np.insert(person(33), 2, -0.4, axis=-1) / (WIDTH, HEIGHT, 1, 1)
    np.save(tmp_path / "points.npy", stored[None])
    expected = keypoint_formats.from_mediapipe33(person(33))
    np.testing.assert_allclose(read(tmp_path / "points.npy", 1)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("scale", [(1, 1), (2, 2), (1 / WIDTH, 1 / HEIGHT)], ids=["pixels", "larger", "shares"])
def test_one_json_file_holds_all_frames_of_dwpose(tmp_path: pathlib.Path, scale: tuple[float, float]) -> None:
    """As ComfyUI saves it; the canvas may be of another size than the video."""
    canvas = {"canvas_width": 2 * WIDTH, "canvas_height": 2 * HEIGHT} if scale == (2, 2) else {}
    canvas = canvas or {"canvas_width": WIDTH, "canvas_height": HEIGHT}
    poses = [person(18), person(18, left=24)]
    lists = [(pose * (*scale, 1)).ravel().tolist() for pose in poses]
    frames = [{"people": [{"pose_keypoints_2d": values, "face_keypoints_2d": None}], **canvas} for values in lists]
    path = tmp_path / "pose.json"
    path.write_text(json.dumps([*frames, {"people": [{"pose_keypoints_2d": None}], **canvas}]))
    expected = [*keypoint_formats.from_coco18(poses), np.zeros((25, 3))]
    np.testing.assert_allclose(importers.read_keypoints(path, WIDTH, HEIGHT), expected, rtol=1e-5)
    np.testing.assert_allclose(importers.read_keypoints(path, WIDTH, HEIGHT, [5, 7, 9]), expected, rtol=1e-5)
    with pytest.raises(InputDataError, match="are of 3 frames, the clip has 2"):
        read(path, 2)
    write_json(tmp_path, 1, person(18))
    with pytest.raises(InputDataError, match=r"pose_0\.json: holds 3 frames"):
        read(path.rename(tmp_path / "pose_0.json").parent, 3)


def write_alphapose(path: pathlib.Path, *people: tuple[Any, Float32Array]) -> pathlib.Path:
    """The picture and the points of each person."""
    listed = [
        {"image_id": picture, "category_id": 1, "keypoints": points.ravel().tolist(), "score": 2.5, "idx": [index]}
        for index, (picture, points) in enumerate(people)
    ]
    path.write_text(json.dumps(listed))
    return path


@pytest.mark.parametrize("count", [17, 26, 136])
@pytest.mark.parametrize("name", ["{}.jpg", "dance_{:04}_x2.png", "{}"])
def test_one_json_file_holds_everybody_of_alphapose(tmp_path: pathlib.Path, count: int, name: str) -> None:
    """Pictures without people are not in it, and the last of them only the video knows."""
    convert = {17: keypoint_formats.from_coco17, 26: keypoint_formats.from_halpe26, 136: keypoint_formats.from_halpe136}
    she, later, small = person(count), person(count, left=21), person(count, left=120, height=20)
    pictures = [int(name.format(number)) if name == "{}" else name.format(number) for number in (1, 1, 3)]
    people = zip(pictures, (small, she, later), strict=True)
    path = write_alphapose(tmp_path / "alphapose-results.json", *people)
    expected = np.zeros((4, 25, 3), np.float32)
    expected[[1, 3]] = convert[count](np.stack([she, later]))
    np.testing.assert_allclose(read(path, 4), expected, rtol=1e-5)
    np.testing.assert_allclose(importers.read_keypoints(path, WIDTH, HEIGHT, [1, 2, 3]), expected[1:], rtol=1e-5)
    for frames, known in ((0, expected[1:]), (3, expected[1:]), (4, expected), (6, [*expected, *expected[[0, 0]]])):
        np.testing.assert_allclose(importers.read_keypoints(path, WIDTH, HEIGHT, frames=frames), known, rtol=1e-5)
    other = read(path, 4, person=PersonChoice(1))
    np.testing.assert_allclose(other[1], convert[count](small), rtol=1e-5)
    with pytest.raises(InputDataError, match=r"have number 3, the frames are numbered 0 to 2\."):
        read(path, 3)


def test_one_picture_of_alphapose_needs_no_number(tmp_path: pathlib.Path) -> None:
    path = write_alphapose(tmp_path / "me.json", ("me.jpg", person(17)))
    expected = keypoint_formats.from_coco17(person(17))[None]
    np.testing.assert_allclose(importers.read_keypoints(path, WIDTH, HEIGHT), expected, rtol=1e-5)


def matrix_file(path: pathlib.Path, name: str, people: Float32Array) -> None:
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write(name, people)
    storage.release()


EMPTY = {"yml": "%YAML:1.0\n---\n", "xml": '<?xml version="1.0"?>\n<opencv_storage>\n</opencv_storage>\n'}


@pytest.mark.parametrize("suffix", EMPTY)
@pytest.mark.parametrize("count", [23, 25])
def test_reads_what_openpose_writes_with_write_keypoint(tmp_path: pathlib.Path, count: int, suffix: str) -> None:
    """The files of Everybody Dance Now: BODY_23 in YAML, with files of face and hands beside it."""
    for number, people in ((20001, person(count)[None]), (20005, np.stack([person(count, height=20), person(count)]))):
        matrix_file(tmp_path / f"frame0{number}_pose.{suffix}", "pose_0", people)
        matrix_file(tmp_path / f"frame0{number}_face.{suffix}", "face_0", np.ones((1, 70, 3), np.float32))
        matrix_file(tmp_path / f"frame0{number}_hand_left.{suffix}", "hand_left_0", np.ones((1, 21, 3), np.float32))
    (tmp_path / f"frame020009_pose.{suffix}").write_text(EMPTY[suffix])
    expected = person(25) if count == 25 else keypoint_formats.from_body23(person(23))
    found = importers.read_keypoints(tmp_path, WIDTH, HEIGHT, [20001, 20005, 20009])
    np.testing.assert_allclose(found, np.stack([expected, expected, np.zeros((25, 3), np.float32)]), rtol=1e-5)


def test_body23_begins_with_the_neck() -> None:
    points = np.zeros((23, 3), np.float32)
    for index, (joint, x) in enumerate({0: 1, 7: 8, 10: 11, 11: 22, 16: 19, 18: 0, 20: 17, 22: 18}.items()):
        points[joint] = (x, index, 1)
    body = keypoint_formats.from_body23(points)
    seen = np.flatnonzero(body[:, 2])
    np.testing.assert_array_equal(body[seen, 0], seen)  # x is the joint's index in BODY_25


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not YAML", "holds no OpenCV matrix"),
        ("%YAML:1.0\n---\npose_0: 3\n", "holds no OpenCV matrix"),
        (
            "%YAML:1.0\n---\npose_0: !!opencv-nd-matrix\n   sizes: [ 1, 1, 3 ]\n   dt: f\n   data: [ 1., 2., 3. ]\n",
            r"must be \[people, points, 3\] of .* points, not \[1, 1, 3\]",
        ),
    ],
)
def test_refuses_yaml_that_is_not_openposes(tmp_path: pathlib.Path, content: str, why: str) -> None:
    (tmp_path / "a_0_pose.yml").write_text(content)
    with pytest.raises(InputDataError, match=rf"^keypoints .*a_0_pose\.yml: {why}"):
        read(tmp_path, 1)


def test_refuses_files_of_other_frames_and_unknown_units(tmp_path: pathlib.Path) -> None:
    write_json(tmp_path / "json", 7, person(25))
    with pytest.raises(InputDataError, match=r"have number 7, the frames are numbered 0 to 4"):
        read(tmp_path / "json", 5)
    with pytest.raises(ConfigError, match=r"Received: units=metres"):
        read(tmp_path / "json", 8, units="metres")


def test_files_are_known_by_the_last_number_in_their_name(tmp_path: pathlib.Path) -> None:
    for name in ("take2_10.png", "take2_9.PNG", ".hidden_3.png", "notes_1.txt"):
        (tmp_path / name).touch()
    assert {n: path.name for n, path in numbered_files(tmp_path, {".png"}, "maps").items()} == {
        9: "take2_9.PNG",
        10: "take2_10.png",
    }
    (tmp_path / "other_010.png").touch()
    with pytest.raises(InputDataError, match=r"take2_10\.png: has the number of other_010\.png"):
        numbered_files(tmp_path, {".png"}, "maps")
    (tmp_path / "cihp").mkdir()
    for name in ("1.png", "1_vis.png", "2.png", "2_vis.png"):  # as CIHP-PGN writes them
        (tmp_path / "cihp" / name).touch()
    assert [path.name for path in numbered_files(tmp_path / "cihp", {".png"}, "maps").values()] == ["1.png", "2.png"]
    (tmp_path / "suffixed").mkdir()
    for name in ("a_3_cihp20.png", "a_4_cihp20.png"):
        (tmp_path / "suffixed" / name).touch()
    assert list(numbered_files(tmp_path / "suffixed", {".png"}, "maps")) == [3, 4]
    (tmp_path / "front.png").touch()
    with pytest.raises(InputDataError, match=r"front\.png: has no number in its name"):
        numbered_files(tmp_path, {".png"}, "maps")
    with pytest.raises(InputDataError, match=r"^maps .*nowhere: no such folder"):
        numbered_files(tmp_path / "nowhere", {".png"}, "maps")
    tmp_path.chmod(0)
    with testing.held_to_permissions(), pytest.raises(InputDataError, match=rf"^maps {tmp_path}: Permission denied"):
        numbered_files(tmp_path, {".png"}, "maps")
    tmp_path.chmod(0o700)


@pytest.mark.skipif(testing.shared_videos() is None, reason="the real footage is not here")
def test_reads_dwpose_of_real_footage() -> None:
    path = (testing.shared_videos() or pathlib.Path()) / "ubc_fashion_b.coco18.npz"
    keypoints = importers.read_keypoints(path, 414, 540, range(345))
    seen = keypoints[keypoints[..., 2] > 0]
    assert len(seen) > 345 * 15
    assert seen[:, 1].max() > 400  # ankles, in pixels


def test_keypoints_of_hours_for_a_video_of_seconds_are_refused_at_once(tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "hour.npy", np.full((1020, 25, 3), 50, np.float32))
    given = KeypointFile(tmp_path / "hour.npy")
    with pytest.raises(InputDataError, match=r"v.mp4: says that it has 5 frames, its keypoints are of 1020\. Give"):
        given.of_video(tmp_path / "v.mp4", video.VideoInfo(WIDTH, HEIGHT, 30.0, 5))
    for frames in (0, 10):  # how many is not known, or may be wrong
        given.of_video(tmp_path / "v.mp4", video.VideoInfo(WIDTH, HEIGHT, 30.0, frames))
