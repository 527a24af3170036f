"""Repairs parsing maps: removes islands apart from the person, and merges small ones into the class around them."""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Uint8Array
from retarget_tf.pictures.nearest import nearest_pixels

_LEAST_PERSON_SHARE = 0.01  # of the foreground: smaller islands are removed even if they touch the pose
_LEAST_PART_SHARE = 0.003  # of the person: smaller islands of a class get the class of their neighbours


def remove_specks(parsing_map: Uint8Array, body: BoolArray) -> Uint8Array:
    """Removes islands from a map.

    Args:
        parsing_map: uint8 `[height, width]`, 0 is the background.
        body: bool `[height, width]`: true near the bones of the pose. Islands that do not touch it are removed.

    Returns:
        uint8 `[height, width]`: small holes and islands of a class within the person have the nearest other class.
    """
    person = _person(parsing_map > 0, body)
    area = int(person.sum())
    if not area:
        return np.zeros_like(parsing_map)
    least = max(3, round(_LEAST_PART_SHARE * area))
    person = _without_holes(person, least)
    kept = np.zeros(parsing_map.shape, np.bool_)
    box = _box(person)  # a quarter of the map, and so of the time
    classes, kept_there = np.where(person[box], parsing_map[box], 0), kept[box]
    for class_id in np.flatnonzero(np.bincount(classes[classes > 0])):
        kept_there |= _large_islands(classes == class_id, least)
    filled = parsing_map[nearest_pixels(kept)] if kept.any() else parsing_map
    return np.where(person, filled, 0).astype(np.uint8)


def _box(mask: BoolArray) -> tuple[slice, slice]:
    """Returns the rows and columns of the box around a mask that is not empty."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _person(foreground: BoolArray, body: BoolArray) -> BoolArray:
    count, islands, stats, _ = cv2.connectedComponentsWithStats(foreground.astype(np.uint8), connectivity=8)
    touching = np.bincount(islands[body & foreground], minlength=count) > 0
    large = stats[:, cv2.CC_STAT_AREA] >= max(3.0, _LEAST_PERSON_SHARE * float(foreground.sum()))
    keep = touching & large
    keep[0] = False
    return keep[islands]


def _without_holes(person: BoolArray, least: int) -> BoolArray:
    """Fills holes of the person that are smaller than `least` pixels."""
    return ~_large_islands(~person, least)


def _large_islands(mask: BoolArray, least: int) -> BoolArray:
    _, islands, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    return keep[islands]
