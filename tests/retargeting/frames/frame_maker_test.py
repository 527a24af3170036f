"""Tests of whole frames: rendered dancers in their own pose are the photo, and away from them every byte is."""

import pathlib

import cv2
import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import image_files
from retarget_tf.retargeting.frames import plate
from retarget_tf.retargeting.frames.frame_maker import FrameMaker
from retarget_tf.retargeting.frames.options import FrameOptions
from tests.retargeting.frames import puppet

FRAMES = 12
_Dance = tuple[Uint8Array, Uint8Array, Float32Array]


def dance_of(person: int) -> _Dance:
    """Photo `[HEIGHT, WIDTH, 3]` of a rendered dancer with her own backdrop, its map on the canvas, and her dance."""
    recipe = dancers.Recipe(5, person, 0, FRAMES, puppet.SIZE)
    rendered = list(dancers.render_frames(recipe))
    frame, maps, _ = rendered[0]
    around = (
        (puppet.DOWN, puppet.HEIGHT - puppet.SIZE - puppet.DOWN),
        (puppet.RIGHT, puppet.WIDTH - puppet.SIZE - puppet.RIGHT),
    )
    photo = np.pad(frame, (*around, (0, 0)), mode="reflect")
    return photo, maps["parts10"], np.stack([keypoints for _, _, keypoints in rendered])


@pytest.fixture(scope="module", params=[0, 1, 3])
def dancer(request: pytest.FixtureRequest) -> _Dance:
    return dance_of(request.param)


def maker(photo: Uint8Array, parsing_map: Uint8Array, own: Float32Array, **options: object) -> FrameMaker:
    target = puppet.target(photo, parsing_map, own)
    return FrameMaker([target], [parsing_map], PARTS10, FrameOptions(**options))  # type: ignore[arg-type]


def puppets(**options: object) -> tuple[FrameMaker, Uint8Array, Uint8Array]:
    """The maker of a puppet before noise, her photo and her map in it."""
    parsing_map = puppet.draw_map(puppet.pose())
    noise = np.random.default_rng(0).integers(0, 256, (puppet.HEIGHT, puppet.WIDTH, 3), np.uint8)
    photo = puppet.photo_of(parsing_map, noise)
    return maker(photo, parsing_map, puppet.pose(), **options), photo, puppet.in_photo(parsing_map)


def psnr(one: Uint8Array, other: Uint8Array) -> float:
    error = np.square(one.astype(np.float64) - other).mean()
    return float("inf") if not error else float(10 * np.log10(255**2 / error))


def frame_of(makes: FrameMaker, pose: Float32Array) -> Uint8Array:
    [frame] = makes.dance(pose[None])
    return frame


def test_her_own_pose_is_the_photo(dancer: _Dance) -> None:
    photo, parsing_map, poses = dancer
    frame = frame_of(maker(photo, parsing_map, poses[0]), poses[0])
    assert frame.shape == photo.shape
    assert psnr(frame, photo) > 45
    here = puppet.in_photo(parsing_map) > 0
    assert psnr(frame[here], photo[here]) > 30


def test_a_puppets_own_pose_is_the_photo_to_the_byte() -> None:
    makes, photo, _ = puppets()
    np.testing.assert_array_equal(frame_of(makes, puppet.pose()), photo)


def test_away_from_the_old_and_the_new_person_every_byte_is_the_photos(dancer: _Dance) -> None:
    photo, parsing_map, poses = dancer
    makes = maker(photo, parsing_map, poses[0])
    alone = maker(photo, parsing_map, poses[0], background="none")
    old = plate.person_area((puppet.in_photo(parsing_map) > 0).astype(np.float32)) | shadows(makes, photo)
    frames, people = list(makes.dance(poses)), list(alone.dance(poses))
    assert len(frames) == FRAMES
    for frame, person in zip(frames, people, strict=True):
        away = ~(old | (person[..., 3] > 0))
        assert away.mean() > 0.5
        np.testing.assert_array_equal(frame[away], photo[away])
    moved = (frames[-1] != photo).any(axis=-1)
    assert moved.sum() > 50, "and she does move"


def shadows(makes: FrameMaker, photo: Uint8Array) -> BoolArray:
    """Where the floor may be darkened: below the ankles, if the photo has a shadow."""
    background = makes._background
    has_one = background._shadow.strength > 0  # type: ignore[attr-defined]
    area = np.zeros(photo.shape[:2], bool)
    if has_one:
        area[puppet.DOWN + 80 :] = True
    return area


def test_the_same_frames_come_again(dancer: _Dance) -> None:
    photo, parsing_map, poses = dancer
    first, again = (list(maker(photo, parsing_map, poses[0]).dance(poses[::4])) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    makes = maker(photo, parsing_map, poses[0])
    list(makes.dance(poses[4:]))
    np.testing.assert_array_equal(list(makes.dance(poses[::4])), first, err_msg="a dance leaves nothing behind")


def test_an_arm_that_was_in_front_of_the_trunk_leaves_no_ghost() -> None:
    own = puppet.pose(left_upper_arm=20, left_forearm=-60)
    parsing_map = puppet.draw_map(own)
    makes = maker(puppet.photo_of(parsing_map), parsing_map, own)
    frame = frame_of(makes, puppet.pose(left_upper_arm=120, left_forearm=120))
    wrist = puppet.place(own, "left_wrist").astype(int)
    assert puppet.in_photo(parsing_map)[wrist[1], wrist[0]] == puppet.ID["left_arm"]
    np.testing.assert_allclose(frame[wrist[1], wrist[0]], puppet.COLOURS[puppet.ID["upper_clothes"]], atol=3)


def test_where_an_arm_was_is_backdrop() -> None:
    parsing_map = puppet.draw_map(puppet.pose())
    makes = maker(puppet.photo_of(parsing_map), parsing_map, puppet.pose())
    frame = frame_of(makes, puppet.pose(left_upper_arm=150, left_forearm=170))
    hand = puppet.in_photo(parsing_map) == puppet.ID["left_arm"]
    hand[:, : int(puppet.place(puppet.pose(), "left_elbow")[0])] = False
    assert hand.sum() > 50
    np.testing.assert_allclose(frame[hand], [puppet.GREEN] * hand.sum(), atol=2)


def test_a_colour_is_everywhere_but_on_her() -> None:
    makes, photo, classes = puppets(background="#0a141e")
    frame = frame_of(makes, puppet.pose())
    near = cv2.dilate((classes > 0).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    np.testing.assert_array_equal(frame[~near], [[10, 20, 30]] * int((~near).sum()))
    inside = cv2.erode((classes > 0).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert (np.abs(frame[inside].astype(int) - photo[inside]).max(axis=-1) < 4).mean() > 0.96


def test_a_blurred_background_is_smooth_and_without_her() -> None:
    makes, photo, classes = puppets(background="blur")
    frame = frame_of(makes, puppet.pose(dx=60))
    away = np.zeros_like(classes, bool)
    away[:, : puppet.RIGHT + 60] = True
    rough = [np.abs(np.diff(picture[:, : puppet.RIGHT + 60].astype(int), axis=1)).mean() for picture in (frame, photo)]
    assert rough[0] < 0.1 * rough[1]
    was = (classes > 0) & away
    assert was.sum() > 500
    assert np.abs(frame[was].mean(axis=0) - photo[~was & away].mean(axis=0)).max() < 20


@pytest.mark.parametrize(("height", "width"), [(40, 400), (300, 75), (75, 128)])
def test_a_picture_of_another_size_is_cut_to_fit(tmp_path: pathlib.Path, height: int, width: int) -> None:
    """Its middle stays in the middle, undistorted: a disc in it is a disc in the frame."""
    picture = np.full((height, width, 3), (0, 90, 200), np.uint8)
    radius = min(height, width * puppet.HEIGHT // puppet.WIDTH) // 2 - 2
    cv2.circle(picture, (width // 2, height // 2), radius, (0, 250, 0), -1)
    (tmp_path / "beach.png").write_bytes(image_files.encode_png(picture))
    makes, photo, _ = puppets(background=str(tmp_path / "beach.png"))
    frame = frame_of(makes, puppet.pose(dx=1000))
    assert frame.shape == photo.shape
    rows, columns = np.nonzero(frame[..., 1] > 170)
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=4)
    assert (rows.mean(), columns.mean()) == pytest.approx((puppet.HEIGHT / 2, puppet.WIDTH / 2), abs=3)


def test_a_background_that_is_no_picture_is_told_in_one_line(tmp_path: pathlib.Path) -> None:
    (tmp_path / "beach.png").write_text("sand")
    with pytest.raises(InputDataError, match=r"beach\.png: is no JPEG, PNG, WebP, AVIF, GIF, TIFF or HEIC picture"):
        puppets(background=str(tmp_path / "beach.png"))


def test_no_background_is_alpha_with_clean_colours() -> None:
    makes, photo, classes = puppets(background="none")
    frame = frame_of(makes, puppet.pose())
    assert frame.shape == (*photo.shape[:2], 4)
    near = cv2.dilate((classes > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert (frame[~near][:, 3] == 0).all()
    inside = cv2.erode((classes > 0).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert frame[inside][:, 3].min() > 250
    edge = (frame[..., 3] > 30) & (frame[..., 3] < 250)
    assert edge.sum() > 50
    assert frame[edge][:, 1].max() < 8, "colours are not mixed with the photo's background, which has much green"


def test_frames_are_as_high_as_asked_and_never_higher_than_the_photo() -> None:
    assert puppets(height=100)[0].size == (round(puppet.WIDTH * 100 / puppet.HEIGHT) // 2 * 2, 100)
    assert puppets()[0].size == (puppet.WIDTH, puppet.HEIGHT)


def test_a_smaller_frame_is_the_smaller_photo() -> None:
    makes, photo, _ = puppets(height=100)
    frame = frame_of(makes, puppet.pose())
    small = cv2.resize(photo, (frame.shape[1] + 1, 100), interpolation=cv2.INTER_AREA)[:, : frame.shape[1]]
    assert psnr(frame, small) > 45


@pytest.mark.parametrize("height", [64, 150])
def test_the_mark_is_in_its_corner_of_every_frame(height: int) -> None:
    """Words of light pixels on a darkened strip, with its edge around them; the rest of the frame is as without it."""
    poses = np.stack([puppet.pose(), puppet.pose(dx=5)])
    plain, marked = (list(puppets(mark=mark, height=height)[0].dance(poses)) for mark in (False, True))
    for frame, other in zip(marked, plain, strict=True):
        rows, columns = np.nonzero((frame != other).any(axis=-1))
        strip = frame[rows.min() :, columns.min() :].min(axis=-1)
        assert strip.shape[0] < 20
        assert strip.shape[1] < 70
        bright = strip > 180
        assert bright.sum() > 15
        assert not bright[[0, -1]].any()
        assert not bright[:, [0, -1]].any()


def test_the_mark_is_seen_where_there_is_no_background() -> None:
    frame = frame_of(puppets(mark=True, background="none")[0], puppet.pose())
    assert (frame[-14:, -50:, 3] == 255).all()
    assert (frame[-14:, -50:, :3] > 180).any()
    assert frame[-40, -50, 3] == 0


def test_a_jump_out_of_the_picture_is_kept_inside() -> None:
    """The dance is scaled towards the floor: her head stays in the picture, her feet on the ground."""
    alone = puppets(background="none")[0]
    frames = list(alone.dance(np.stack([puppet.pose(), puppet.pose(dy=-26)])))
    tops = [np.flatnonzero((frame[..., 3] > 128).any(axis=1))[[0, -1]] for frame in frames]
    assert tops[1][0] >= 1
    standing = np.flatnonzero((puppets()[2] > 0).any(axis=1))[-1]
    assert tops[0][1] == pytest.approx(standing, abs=3)


def test_a_map_of_another_size_than_the_canvas() -> None:
    """The map of a clip may be larger than the canvas of the network."""
    parsing_map = puppet.draw_map(puppet.pose())
    photo = puppet.photo_of(parsing_map)
    whole = puppet.target(photo, parsing_map, puppet.pose())
    half = puppet.target(photo, parsing_map, puppet.pose() * np.array([0.5, 0.5, 1], np.float32))
    half = type(half)(half.canvas[::2, ::2], half.keypoints, half.known_keypoints, parsing_map[::2, ::2], half.photo)
    poses = puppet.pose(left_upper_arm=100)[None]
    expected = list(FrameMaker([whole], [parsing_map], PARTS10, FrameOptions()).dance(poses))
    made = FrameMaker([half], [parsing_map], PARTS10, FrameOptions()).dance(poses * np.array([0.5, 0.5, 1], np.float32))
    np.testing.assert_allclose(np.stack(list(made)).astype(int), np.stack(expected).astype(int), atol=2)
