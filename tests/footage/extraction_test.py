"""Tests of extraction without MediaPipe (geometry, votes, parts on painted figures), then with it where installed."""

import itertools
import pathlib
from typing import Self

import numpy as np
import pytest
from absl import logging

from retarget_tf.arrays import Float32Array, IndexArray, Uint8Array
from retarget_tf.body import keypoint_formats, parsing_labels, skeleton
from retarget_tf.dataset import clips
from retarget_tf.errors import InputDataError, MissingDependencyError
from retarget_tf.footage import extraction
from retarget_tf.footage.extraction import (
    body_geometry,
    cleanup,
    cropping,
    detectors,
    parts,
    steadying,
    wardrobe,
)
from retarget_tf.pictures import video
from retarget_tf.pictures.square_crop import SquareCrop
from tests import testing
from tests.testing import make_clip_folder, mirror_keypoints, needs_footage, needs_mediapipe, run_program, shared_videos

SIZE = 128
ID = {name: index for index, name in enumerate(parsing_labels.PARTS10.classes)}

# A person seen from the front, arms hanging a little away; left is at the right of the picture.
FIGURE = {
    "nose": (64, 16), "left_ear": (68, 16), "right_ear": (60, 16), "neck": (64, 28), "mid_hip": (64, 64),
    "left_shoulder": (74, 28), "left_elbow": (84, 46), "left_wrist": (92, 62), "left_hip": (69, 64),
    "left_knee": (70, 90), "left_ankle": (71, 114), "left_heel": (71, 117), "left_big_toe": (74, 121),
    "right_shoulder": (54, 28), "right_elbow": (44, 46), "right_wrist": (36, 62), "right_hip": (59, 64),
    "right_knee": (58, 90), "right_ankle": (57, 114), "right_heel": (57, 117), "right_big_toe": (54, 121),
}  # fmt: skip


def figure() -> Float32Array:
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for joint, (x, y) in FIGURE.items():
        keypoints[skeleton.JOINT[joint]] = x, y, 0.95
    return keypoints


def paint(*, trousers: bool = True, sleeves: bool = False) -> Float32Array:
    """What a segmenter says of the figure: sure of itself, hair, face, shirt, trousers or bare legs, shoes."""
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    points = np.stack([columns, rows], axis=-1).reshape(-1, 2).astype(np.float32)
    bones = body_geometry.bones_of(figure())
    assert bones is not None
    distance = body_geometry.nearness(points, bones).distance / (0.6 + 0.4 * 0.95)  # about radii again
    nearest, inside = distance.argmin(axis=1), distance.min(axis=1) < 0.8
    leg = detectors.CLOTHES if trousers else detectors.BODY_SKIN
    arm = detectors.CLOTHES if sleeves else detectors.BODY_SKIN
    material = np.array(
        [arm, arm, detectors.BODY_SKIN, leg, leg, detectors.OTHERS, detectors.CLOTHES, detectors.FACE_SKIN]
    )
    channel = np.where(inside, material[bones.segment[nearest]], detectors.BACKGROUND).reshape(SIZE, SIZE)
    channel[:12][channel[:12] == detectors.FACE_SKIN] = detectors.HAIR
    return sure(channel)


def sure(channel: IndexArray) -> Float32Array:
    confidences = np.full((*channel.shape, detectors.NUM_CHANNELS), 0.01, np.float32)
    np.put_along_axis(confidences, channel[..., None], 0.95, axis=-1)
    return confidences


def turn(keypoints: Float32Array, turns: int) -> Float32Array:
    """Turns keypoints in a picture of `SIZE` px by quarter turns to the left, as `np.rot90` turns the picture."""
    for _ in range(turns % 4):
        turned = np.stack([keypoints[:, 1], SIZE - keypoints[:, 0], keypoints[:, 2]], axis=-1)
        keypoints = np.where(keypoints[:, 2:] > 0, turned, 0).astype(np.float32)
    return keypoints


class UprightSegmenter:
    """Knows materials by their colour, but hair and faces only in the upper half of what it sees."""

    def __init__(self, **_: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def segment(self, image: Uint8Array) -> Float32Array:
        """Returns the confidences; a head in the lower half is skin."""
        channel = np.rint(image[..., 0] / 50).astype(np.intp)
        below = channel[len(channel) // 2 :]
        below[(below == detectors.HAIR) | (below == detectors.FACE_SKIN)] = detectors.BODY_SKIN
        return sure(channel)


def ballot_of(confidences: Float32Array, lab: Float32Array | None = None) -> wardrobe.Ballot:
    bones = body_geometry.bones_of(figure())
    assert bones is not None
    rows, columns = parts.candidates(confidences)
    near = body_geometry.nearness(np.stack([columns, rows], axis=-1).astype(np.float32) + 0.5, bones)
    colours = np.zeros((SIZE, SIZE, 3), np.float32) if lab is None else lab
    return wardrobe.ballot(confidences[rows, columns], colours[rows, columns], bones, near)


def vote(*confidences: Float32Array) -> wardrobe.Wardrobe:
    return wardrobe.count([ballot_of(values) for values in confidences])


def share_of(clothes: wardrobe.Wardrobe, segment: int, along: float, kind: int) -> float:
    return float(clothes.cover_at(np.array([segment]), np.array([along], np.float32), kind)[0])


# ---- squares


def walk(*lefts: float) -> Float32Array:
    """A person of 20 x 100 pixels, one frame for each left edge, its head at y = 50."""
    keypoints = np.zeros((len(lefts), skeleton.NUM_JOINTS, 3), np.float32)
    for frame, left in zip(keypoints, lefts, strict=True):
        frame[skeleton.JOINT["nose"]] = left + 10, 50, 1
        frame[skeleton.JOINT["right_ankle"]] = left, 150, 1
        frame[skeleton.JOINT["left_ankle"]] = left + 20, 150, 1
    return keypoints


def test_clip_crop_holds_the_whole_path() -> None:
    crop = cropping.clip_crop(walk(*range(100, 200)), 640, 480, margin=0)
    assert crop is not None
    # Joints lie at x 100..219; the body goes 6 beyond on each side; the running median of 5 takes 2 off.
    assert crop.side == pytest.approx(129, abs=4)
    assert crop.left == pytest.approx(95, abs=3)
    assert crop.left + crop.side == pytest.approx(224, abs=4)


def test_clip_crop_moves_into_the_picture_where_it_fits() -> None:
    crop = cropping.clip_crop(walk(5, 5, 5), 640, 480, margin=0.1)
    assert crop is not None
    assert crop.left == 0
    assert crop.top + crop.side <= 480


def test_clip_crop_leaves_a_narrow_picture_evenly() -> None:
    crop = cropping.clip_crop(walk(40, 40, 40), 100, 400, margin=0.1)
    assert crop is not None
    assert crop.side > 100
    assert crop.left < 0 < 100 < crop.left + crop.side


def test_one_wrong_frame_does_not_widen_the_clip() -> None:
    steady, jump = walk(*[100] * 20), walk(*[100] * 10, 500, *[100] * 9)
    assert cropping.clip_crop(jump, 640, 480, 0.05) == cropping.clip_crop(steady, 640, 480, 0.05)


def test_nobody_has_no_crop() -> None:
    nobody = np.zeros((3, skeleton.NUM_JOINTS, 3), np.float32)
    assert cropping.clip_crop(nobody, 64, 64, 0.1) is None
    assert cropping.person_view(nobody[0], 64, 64) is None


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_square_of_who_is_turned_is_turned(turns: int) -> None:
    """The hair reaches as far beyond the joints, wherever the head is."""
    small = figure() * np.array([0.5, 0.5, 1], np.float32) + np.array([20, 30, 0], np.float32) * (figure()[:, 2:] > 0)
    crop = cropping.clip_crop(small[None], SIZE, SIZE, 0.1)
    turned = cropping.clip_crop(turn(small, turns)[None], SIZE, SIZE, 0.1)
    assert crop is not None
    assert turned is not None
    corners = np.array([[crop.left, crop.top, 1], [crop.left + crop.side, crop.top + crop.side, 1]], np.float32)
    expected = turn(corners, turns)[:, :2].min(axis=0)
    np.testing.assert_allclose([turned.left, turned.top, turned.side], [*expected, crop.side], atol=1e-3)


# ---- bones


def test_distance_is_counted_in_radii_from_the_line() -> None:
    bones = body_geometry.bones_of(figure())
    assert bones is not None
    assert bones.torso_length == pytest.approx(36)
    trunk = int(np.flatnonzero(bones.segment == body_geometry.TRUNK)[0])
    points = np.array([[64, 46], [64 + bones.radius[trunk] * 0.98, 46], [64, 82]], np.float32)
    near = body_geometry.nearness(points, bones)
    np.testing.assert_allclose(near.distance[:2, trunk], [0, 1], atol=1e-5)  # 0.98: the confidence of 0.95
    np.testing.assert_allclose(near.along[:, trunk], [0.5, 0.5, 1.5], atol=1e-5)


def test_no_body_has_no_bones() -> None:
    assert body_geometry.bones_of(np.zeros((skeleton.NUM_JOINTS, 3), np.float32)) is None


# ---- vote


def test_a_shin_whose_ankle_is_not_seen_ends_at_the_heel() -> None:
    pose = figure()
    pose[skeleton.JOINT["left_ankle"]] = 0
    bones = body_geometry.bones_of(pose)
    assert bones is not None
    (shin,) = np.flatnonzero((bones.segment == body_geometry.SHIN) & bones.is_left)
    np.testing.assert_array_equal(bones.end[shin], pose[skeleton.JOINT["left_heel"], :2])


def test_vote_sees_sleeves_and_bare_legs() -> None:
    clothes = vote(paint(trousers=False, sleeves=True))
    for segment, kind in (("forearm", wardrobe.CLOTH), ("shin", wardrobe.SKIN), ("foot", wardrobe.SHOE)):
        assert share_of(clothes, body_geometry.SEGMENTS.index(segment), 0.5, kind) > 0.6, segment
    assert clothes.has_shoes


def test_a_few_bad_frames_are_outvoted() -> None:
    good, bad = paint(trousers=True), paint(trousers=False)
    np.testing.assert_allclose(vote(*[good] * 5, bad, bad).cover, vote(good).cover, atol=1e-6)


def test_cloth_below_bare_skin_is_footwear() -> None:
    confidences = paint(trousers=False)
    socks = (confidences[..., detectors.BODY_SKIN] > 0.5) & (np.arange(SIZE) > 102)[:, None]
    confidences[socks] = sure(np.full(int(socks.sum()), detectors.CLOTHES))
    assert share_of(vote(confidences), body_geometry.SHIN, 0.9, wardrobe.SHOE) > 0.6
    parsing_map = parts.assign(confidences, figure(), vote(confidences))
    assert parsing_map[107, 70] == ID["shoes"]
    assert parsing_map[95, 70] == ID["left_leg"]


def test_nobody_votes() -> None:
    clothes = wardrobe.count([])
    assert clothes.waist == wardrobe.HIP_LINE
    np.testing.assert_allclose(clothes.cover.sum(axis=-1), 1, atol=1e-6)


def test_waist_lies_where_the_colour_changes() -> None:
    bins = wardrobe._WAIST_BINS
    low, high = wardrobe._WAIST_SPAN
    colours = np.zeros((bins, 3), np.float32)
    colours[:, 0] = np.where(np.arange(bins) < 12, 90, 20)
    assert wardrobe.find_waist(colours) == pytest.approx(low + (high - low) * 12 / bins)


@pytest.mark.parametrize("ramp", [0.0, 0.3])
def test_a_dress_is_split_at_the_hips(ramp: float) -> None:
    colours = np.zeros((wardrobe._WAIST_BINS, 3), np.float32)
    colours[:, 0] = 50 + ramp * np.arange(wardrobe._WAIST_BINS)
    assert wardrobe.find_waist(colours) == wardrobe.HIP_LINE


# ---- parts


def test_parts_of_a_painted_figure() -> None:
    confidences = paint()
    parsing_map = parts.assign(confidences, figure(), vote(confidences))
    expected = {
        (10, 64): "hair", (18, 64): "face", (45, 64): "upper_clothes", (46, 84): "left_arm", (46, 44): "right_arm",
        (85, 70): "lower_clothes", (85, 58): "lower_clothes", (105, 71): "lower_clothes", (119, 72): "shoes",
        (5, 5): "background", (66, 94): "left_arm",
    }  # fmt: skip
    found = {place: parsing_labels.PARTS10.classes[parsing_map[place]] for place in expected}
    assert found == expected


def test_bare_legs_have_sides() -> None:
    confidences = paint(trousers=False)
    parsing_map = parts.assign(confidences, figure(), vote(confidences))
    assert parsing_map[100, 70] == ID["left_leg"]
    assert parsing_map[100, 58] == ID["right_leg"]


def test_mirrored_figure_has_the_mirrored_map() -> None:
    confidences = paint(trousers=False)
    clothes = vote(confidences)
    parsing_map = parts.assign(confidences, figure(), clothes)
    mirrored = parts.assign(np.ascontiguousarray(confidences[:, ::-1]), mirror_keypoints(figure(), SIZE), clothes)
    expected = np.asarray(parsing_labels.PARTS10.mirrored, np.uint8)[parsing_map[:, ::-1]]
    assert (mirrored == expected).mean() > 0.995


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("trousers", [True, False])
def test_turned_figure_has_the_turned_map(monkeypatch: pytest.MonkeyPatch, turns: int, trousers: bool) -> None:
    """On her hands or lying, a person keeps her hair and face."""
    monkeypatch.setattr(detectors, "Segmenter", UprightSegmenter)
    picture = np.repeat(paint(trousers=trousers).argmax(axis=-1)[..., None] * 50, 3, axis=-1).astype(np.uint8)
    whole = SquareCrop(0, 0, SIZE)
    turned = extraction.PosedImage(np.ascontiguousarray(np.rot90(picture, turns)), turn(figure(), turns))
    with extraction.PartsParser(workers=1) as parser:
        expected = parser.parse(extraction.PosedImage(picture, figure()), whole, SIZE)
        found = parser.parse(turned, whole, SIZE)
    assert (expected[10, 64], expected[18, 64]) == (ID["hair"], ID["face"])
    assert (np.rot90(found, -turns) == expected).mean() > 0.995


def test_a_view_that_voted_is_not_segmented_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Uint8Array] = []

    class Counting(UprightSegmenter):
        def segment(self, image: Uint8Array) -> Float32Array:
            looks.append(image)
            return super().segment(image)

    monkeypatch.setattr(detectors, "Segmenter", Counting)
    picture = np.repeat(paint().argmax(axis=-1)[..., None] * 50, 3, axis=-1).astype(np.uint8)
    posed, whole = extraction.PosedImage(picture, figure()), SquareCrop(0, 0, SIZE)
    with extraction.PartsParser(workers=1) as parser:
        unvoted = parser.opacity(posed, whole, SIZE)
        parser.parse(posed, whole, SIZE)
        assert len(looks) == 2
        np.testing.assert_array_equal(parser.opacity(posed, whole, SIZE), unvoted)
        parser.parse(posed, whole, SIZE // 2)
        assert len(looks) == 2
        parser.opacity(extraction.PosedImage(picture[::-1], figure()), whole, SIZE)
        assert len(looks) == 3
        parser.vote([])
        parser.opacity(posed, whole, SIZE)
        assert len(looks) == 4


def test_trousers_taken_for_skin_in_one_frame_stay_trousers() -> None:
    good, bad = paint(trousers=True), paint(trousers=False)
    parsing_map = parts.assign(bad, figure(), vote(*[good] * 5, bad))
    legs = np.isin(parsing_map, [ID["left_leg"], ID["right_leg"]])
    assert not legs.any()
    assert parsing_map[100, 70] == ID["lower_clothes"]


def test_a_broken_arm_is_made_whole() -> None:
    confidences = paint()
    clothes = vote(confidences)
    gap = np.zeros((SIZE, SIZE), np.bool_)
    gap[50:56, 80:100] = True
    confidences[gap & (confidences[..., detectors.BODY_SKIN] > 0.5)] = [0.85, 0, 0.15, 0, 0, 0]
    parsing_map = parts.assign(confidences, figure(), clothes)
    assert parsing_map[53, 87] == ID["left_arm"]
    assert parsing_map[64, 93] == ID["left_arm"]


def test_a_ball_and_a_bystander_are_background() -> None:
    confidences = paint()
    clothes = vote(confidences)
    confidences[100:112, 100:112] = sure(np.full((12, 12), detectors.OTHERS))
    confidences[30:60, 4:14] = sure(np.full((30, 10), detectors.CLOTHES))
    parsing_map = parts.assign(confidences, figure(), clothes)
    assert not parsing_map[100:112, 100:112].any()
    assert not parsing_map[30:60, 4:14].any()


def test_without_a_pose_all_is_background() -> None:
    nobody = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    assert not parts.assign(paint(), nobody, wardrobe.count([])).any()


def test_specks_and_holes_are_filled_islands_go() -> None:
    parsing_map = np.zeros((64, 64), np.uint8)
    parsing_map[10:50, 10:50] = 3
    parsing_map[20:22, 20:22] = 5  # a speck
    parsing_map[30:32, 30:32] = 0  # a hole
    parsing_map[56:60, 56:60] = 3  # apart from the body
    clean = cleanup.remove_specks(parsing_map, np.pad(np.ones((20, 20), np.bool_), 22))
    expected = np.zeros((64, 64), np.uint8)
    expected[10:50, 10:50] = 3
    np.testing.assert_array_equal(clean, expected)


def test_islands_are_the_same_wherever_the_person_is() -> None:
    parsing_map = np.random.default_rng(0).choice([1, 3, 5], (24, 20), p=[0.1, 0.6, 0.3]).astype(np.uint8)
    body = parsing_map > 0
    at_edge = cleanup.remove_specks(parsing_map, body)
    within = cleanup.remove_specks(np.pad(parsing_map, 9), np.pad(body, 9))
    assert (at_edge != parsing_map).any()
    assert at_edge.all()
    np.testing.assert_array_equal(within[9:-9, 9:-9], at_edge)


def test_still_pixels_are_averaged_moving_ones_are_not() -> None:
    images = np.full((3, 32, 32, 3), 100, np.uint8)
    images[1, :, 16:] = 200  # the right half flashes up
    confidences = np.zeros((3, 32, 32, 6), np.float32)
    confidences[1] = 0.9
    frames = [steadying.SegmentedFrame(i, c, figure()) for i, c in zip(images, confidences, strict=True)]
    steady = [frame.confidences for frame in steadying.steadied(frames)]
    assert len(steady) == 3
    np.testing.assert_allclose(steady[1][:, :8], 0.3, atol=1e-4)
    np.testing.assert_allclose(steady[1][:, 24:], 0.9, atol=1e-4)
    np.testing.assert_allclose(steady[0][:, :8], 0.45, atol=1e-4)


# ---- videos


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="Received: size=8"):
        extraction.ExtractionConfig(size=8)


def test_missing_models_say_the_command(tmp_path: pathlib.Path) -> None:
    with pytest.raises(MissingDependencyError, match=r"retarget-fetch-models --out="):
        extraction.detect_keypoints(np.zeros((8, 8, 3), np.uint8), extraction.PersonSearch(models=str(tmp_path)))


def test_clips_that_are_there_are_skipped(tmp_path: pathlib.Path) -> None:
    make_clip_folder(tmp_path, clip_id="dance")
    said: list[str] = []
    extraction.extract_videos(["dance.mp4"], tmp_path, extraction.ExtractionConfig(), report=said.append)
    assert len(said) == 1
    assert "already there" in said[0]
    info = tmp_path / "dance" / "clip.json"
    info.write_text(info.read_text().replace('"source": ""', '"source": "dance.mov"'))
    with pytest.raises(InputDataError, match=r"video dance\.mp4: .*dance holds a clip of dance\.mov\. Rename"):
        extraction.extract_videos(["dance.mp4"], tmp_path, extraction.ExtractionConfig(), report=said.append)


def test_two_videos_of_one_name_are_refused(tmp_path: pathlib.Path) -> None:
    make_clip_folder(tmp_path, clip_id="dance")
    with pytest.raises(InputDataError, match=r"^1 of 2 files cannot be used") as failed:
        extraction.extract_videos(["a/dance.mp4", "b/dance.mp4"], tmp_path, extraction.ExtractionConfig())
    assert failed.value.__notes__ == ["video b/dance.mp4: has the clip id of a/dance.mp4. Rename one of the two."]


@pytest.mark.parametrize(
    ("name", "why"), [("text.mp4", "not a video that can be read"), ("none_*.mp4", "no file matches")]
)
def test_program_names_bad_videos(tmp_path: pathlib.Path, name: str, why: str) -> None:
    (tmp_path / "text.mp4").write_text("hello\n")
    done = run_program("data.extract_clips", f"--videos={tmp_path / name}", f"--out={tmp_path / 'clips'}")
    assert done.returncode == 3
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("ERROR: ")
    assert name in error
    assert why in error
    assert not (tmp_path / "clips").exists()


# ---- with MediaPipe


def write_video(path: pathlib.Path, frames: "itertools.islice[Uint8Array]", fps: float) -> pathlib.Path:
    with video.VideoWriter(path, fps) as writer:
        for frame in frames:
            writer.write(frame)
    return path


@needs_mediapipe
def test_a_video_without_a_person_is_refused(tmp_path: pathlib.Path) -> None:
    grey = np.full((96, 96, 3), 120, np.uint8)
    path = write_video(tmp_path / "empty.mp4", itertools.islice(itertools.repeat(grey), 4), 25)
    with pytest.raises(InputDataError, match=r"empty.mp4: nobody is found"):
        extraction.extract_videos([path], tmp_path / "clips", extraction.ExtractionConfig(size=64))
    assert not (tmp_path / "clips").exists()
    assert extraction.detect_keypoints(grey) is None


@pytest.mark.slow
@needs_mediapipe
@needs_footage
def test_real_footage_becomes_a_clip(tmp_path: pathlib.Path) -> None:
    folder = shared_videos()
    assert folder is not None
    frames = itertools.islice(video.read_frames(folder / "ubc_fashion_b.mp4"), 12)
    path = write_video(tmp_path / "cut.mp4", frames, 30)
    config = extraction.ExtractionConfig(size=128)
    extraction.extract_clip(path, tmp_path / "cut", config)
    clip = clips.open_clip(tmp_path / "cut")
    assert (clip.info.clip_id, clip.info.frames, clip.info.fps, clip.info.image_size) == ("cut", 12, 30.0, 128)
    maps = list(clip.read_maps())
    assert len(list(clip.read_frames())) == 12
    for parsing_map, keypoints in zip(maps, clip.keypoints, strict=True):
        present = keypoints[:, 2] > 0
        assert present.sum() >= 18
        # A dress with short sleeves, bare arms and legs: every class is there, and each joint lies in what it names.
        assert set(np.unique(parsing_map)) == set(range(10))
        for joint, name in (
            ("nose", "face"),
            ("left_knee", None),
            ("left_wrist", "left_arm"),
            ("right_wrist", "right_arm"),
        ):
            x, y = keypoints[skeleton.JOINT[joint], :2].astype(int)
            assert parsing_map[y, x] == ID[name] if name else parsing_map[y, x] > 0
    consecutive = np.mean([a != b for a, b in itertools.pairwise(maps)])
    assert consecutive < 0.01


@needs_mediapipe
@needs_footage
def test_a_picture_is_parsed_like_a_frame() -> None:
    folder = shared_videos()
    assert folder is not None
    frame = next(video.read_frames(folder / "ubc_fashion_b.mp4"))
    keypoints = extraction.detect_keypoints(frame)
    assert keypoints is not None
    crop = cropping.clip_crop(keypoints[None], frame.shape[1], frame.shape[0], 0.05)
    assert crop is not None
    parsed = extraction.parse_picture(frame, keypoints, crop, (192, 256))
    for (parsing_map, opacity), size in zip(parsed, (192, 256), strict=True):
        assert parsing_map.shape == opacity.shape == (size, size)
        assert set(np.unique(parsing_map)) == set(range(10))
        # What is surely the person's has a class, what surely is not has none.
        assert (parsing_map[opacity > 0.9] > 0).mean() > 0.98
        assert (parsing_map[opacity < 0.1] == 0).mean() > 0.98


@needs_mediapipe
@needs_footage
def test_pose_agrees_with_an_independent_detector() -> None:
    folder = shared_videos()
    assert folder is not None
    path = folder / "ubc_fashion_b.mp4"
    found = extraction.video_keypoints(path, max_frames=24)
    header = video.probe(path)
    reference = np.load(folder / "ubc_fashion_b.coco18.npz")["keypoints"][:24]
    expected = keypoint_formats.from_coco18(reference * np.array([header.width, header.height, 1], np.float32))
    both = (found[..., 2] > 0) & (expected[..., 2] > 0)
    distance = np.linalg.norm(found[..., :2] - expected[..., :2], axis=-1)[both]
    assert both[:, skeleton.JOINT["left_knee"]].all()
    assert np.median(distance) < 0.012 * header.height


@pytest.mark.parametrize(
    ("people", "told"), [(1, []), (2, ["photo me.jpg: 2 people are seen in it, the main one is taken. "])]
)
def test_a_photo_of_several_people_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, people: int, told: list[str]
) -> None:
    frames, keypoints = testing.two_dancers(2)
    detector = testing.TrueDetector(keypoints[:people], frames[0].shape[1])
    monkeypatch.setattr(extraction, "PeopleDetector", detector)
    monkeypatch.setattr(logging.get_absl_logger(), "propagate", True)
    with caplog.at_level("WARNING", "absl"):
        extraction.tell_others(frames[0], extraction.PersonSearch(), "photo me.jpg")
        extraction.tell_others(frames[0], extraction.PersonSearch(extraction.PersonChoice(1)), "photo me.jpg")
    advice = "Choose another with --target_person=1, or --target_person=x,y for the one at that pixel."
    assert [record.getMessage() for record in caplog.records] == [line + advice for line in told]
