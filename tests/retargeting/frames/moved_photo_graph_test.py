"""Tests of a photo that is moved within a graph: nothing changes in its own pose, and colours stay with their class."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.body.skeleton import JOINT
from retarget_tf.retargeting.frames import appearance, moved_photo_graph
from retarget_tf.retargeting.frames.moved_photo_graph import PreparedPhoto
from tests.retargeting.frames import puppet
from tests.retargeting.frames.puppet import COLOURS, ID, SIZE

RAISED = puppet.pose(left_upper_arm=150, left_forearm=170, right_thigh=30, right_shin=5)


def photo_of(parsing_map: Uint8Array, noise: int = 0) -> Uint8Array:
    """The puppet before green, with or without noise, on the canvas alone."""
    picture = COLOURS[parsing_map].astype(int)
    picture += np.random.default_rng(0).integers(-noise, noise + 1, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def prepared(*people: tuple[Float32Array, Uint8Array, Uint8Array]) -> PreparedPhoto:
    """Prepares people of whom pose, map and photo are given."""
    poses, maps, photos = (tf.constant(np.stack(values)) for values in zip(*people, strict=True))
    layers = moved_photo_graph.layers(photos, maps, PARTS10)
    return moved_photo_graph.prepare(photos, poses, maps, *layers, PARTS10)


def person(noise: int = 0, **drawing: bool) -> tuple[Float32Array, Uint8Array, Uint8Array]:
    parsing_map = puppet.draw_map(puppet.pose(), **drawing)
    return puppet.pose(), parsing_map, photo_of(parsing_map, noise)


def frame_of(photo: PreparedPhoto, pose: Float32Array) -> Uint8Array:
    return np.asarray(photo.frame(tf.constant(pose[None]))[0].numpy()[0], np.uint8)


@pytest.mark.parametrize("drawing", [{}, {"skirt": True}, {"sleeves": True}], ids=["shorts", "skirt", "sleeves"])
def test_the_own_pose_gives_back_the_photo(drawing: dict[str, bool]) -> None:
    pose, parsing_map, photo = person(noise=20, **drawing)
    np.testing.assert_array_equal(frame_of(prepared((pose, parsing_map, photo)), pose), photo)


def test_a_moved_person_has_the_colours_of_the_wanted_map() -> None:
    frame = frame_of(prepared(person()), RAISED).astype(int)
    wanted = puppet.draw_map(RAISED)
    inner = cv2.erode((wanted > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    nearest = np.abs(frame[:, :, None] - COLOURS[None, None].astype(int)).sum(axis=-1).argmin(axis=-1)
    assert (nearest == wanted)[inner].mean() > 0.85
    hand = puppet.place(RAISED, "left_wrist") - (puppet.RIGHT, puppet.DOWN)
    assert nearest[int(hand[1]), int(hand[0])] == ID["left_arm"]


def test_nothing_green_is_on_the_person_and_nothing_of_her_is_left_behind() -> None:
    _, parsing_map, _ = person()
    frame, opacity = prepared(person()).frame(tf.constant(RAISED[None]))
    green = frame.numpy()[0, ..., 1].astype(int)
    covered = opacity.numpy()[0, ..., 0]
    around = cv2.dilate((parsing_map > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    was_slit = around & (parsing_map == 0)  # between parts that stay: the photo's own pixels
    assert green[(covered > 0.99) & ~was_slit].max() <= 2
    far = cv2.dilate((covered > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    assert (green[far] < 250).sum() <= 2


def test_people_of_a_batch_are_moved_as_each_alone() -> None:
    both = person(noise=20), person(noise=20, skirt=True)
    poses = np.stack([RAISED, puppet.pose(right_upper_arm=90)])
    together = prepared(*both).frame(tf.constant(poses))[0].numpy()
    for one, pose, frame in zip(both, poses, together, strict=True):
        np.testing.assert_array_equal(frame_of(prepared(one), pose), frame)
    swapped = prepared(*both).of(tf.constant([1, 0])).frame(tf.constant(poses[::-1].copy()))[0].numpy()
    np.testing.assert_array_equal(swapped, together[::-1])


def test_from_behind_the_head_shows_no_face() -> None:
    turned = puppet.pose(left_upper_arm=60)
    for left, right in (("left_eye", "right_eye"), ("left_ear", "right_ear")):
        rows = [JOINT[left], JOINT[right]]
        turned[rows] = turned[rows[::-1]]
    turned[[JOINT[name] for name in ("nose", "left_eye", "right_eye")], 2] = 0
    frame = frame_of(prepared(person()), turned).astype(int)
    is_face = np.abs(frame - COLOURS[ID["face"]].astype(int)).sum(axis=-1) < 30
    assert is_face[:30].sum() < 0.2 * (puppet.draw_map(puppet.pose())[:30] == ID["face"]).sum()


def test_a_photo_of_nobody_stays_as_it_is() -> None:
    photo = photo_of(np.zeros((SIZE, SIZE), np.uint8), noise=20)
    nobody = prepared((np.zeros((25, 3), np.float32), np.zeros((SIZE, SIZE), np.uint8), photo))
    frame, opacity = nobody.frame(tf.constant(RAISED[None]))
    np.testing.assert_array_equal(frame[0], photo)
    assert not opacity.numpy().any()


def test_a_picture_of_a_class_goes_on_as_outside_of_a_graph() -> None:
    photo = photo_of(puppet.draw_map(puppet.pose()), noise=60)
    mask = puppet.draw_map(puppet.pose()) == ID["upper_clothes"]
    in_graph = moved_photo_graph._continued(
        tf.constant(photo[None], tf.float32), tf.constant(mask[None, None], tf.float32)
    )
    same = (in_graph.numpy()[0, 0] == appearance.continued(photo, mask)).all(axis=-1)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    assert same[mask].all()
    assert same[near].mean() > 0.9  # the nearest pixel is not always the only one
