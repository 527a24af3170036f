"""A drawn person for tests of photographic frames, seen from the front, with its map and any backdrop.

Her limbs are thick lines along their bones, so that a test knows each pixel's part; her classes are painted in flat
colours, none of which has the backdrop's green.
"""

import types
from collections.abc import Mapping

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames.framing import Framing, frame_photo
from retarget_tf.retargeting.targets import Photo, Target

SIZE = 128  # of the canvas
ID = {name: index for index, name in enumerate(PARTS10.classes)}
GREEN = (0, 255, 0)
COLOURS = np.array(
    [
        GREEN, (60, 0, 20), (250, 0, 150), (200, 0, 0), (0, 0, 200),
        (250, 0, 100), (250, 0, 50), (150, 0, 250), (150, 0, 200), (30, 0, 30),
    ],
    np.uint8,
)  # fmt: skip
RIGHT, DOWN = 36, 12  # place of the canvas in the photo
HEIGHT, WIDTH = SIZE + 22, 2 * SIZE

NO_CHANGE: Mapping[str, float] = types.MappingProxyType({})
_REST = {"upper_arm": 35.0, "forearm": 35.0, "thigh": 4.0, "shin": 4.0, "foot": 40.0}  # degrees outwards from down
_LIMBS = {  # parent and length
    "upper_arm": ("shoulder", "elbow", 17),
    "forearm": ("elbow", "wrist", 15),
    "thigh": ("hip", "knee", 22),
    "shin": ("knee", "ankle", 20),
    "foot": ("ankle", "big_toe", 6),
}


def pose(dx: float = 0.0, dy: float = 0.0, lengths: Mapping[str, float] = NO_CHANGE, **angles: float) -> Float32Array:
    """Returns keypoints `[25, 3]` on the canvas.

    Args:
        dx: Shift of everything to the right.
        dy: Shift of everything down.
        lengths: Factors on the lengths of limbs, such as `{"left_forearm": 0.5}`.
        **angles: Angles of limbs in degrees from straight down, outwards, such as `left_upper_arm=90`.
    """
    points = {"nose": (64, 26), "neck": (64, 38), "mid_hip": (64, 72)}
    for side, sign in (("right", -1), ("left", 1)):
        points |= {f"{side}_shoulder": (64 + 12 * sign, 40), f"{side}_hip": (64 + 7 * sign, 72)}
        points |= {f"{side}_eye": (64 + 2 * sign, 24), f"{side}_ear": (64 + 5 * sign, 25)}
        for limb, (start, end, length) in _LIMBS.items():
            name = f"{side}_{limb}"
            angle = np.radians(angles.get(name, _REST[limb]))
            x, y = points[f"{side}_{start}"]
            stretched = length * lengths.get(name, 1.0)
            points[f"{side}_{end}"] = x + sign * stretched * np.sin(angle), y + stretched * np.cos(angle)
        x, y = points[f"{side}_ankle"]
        points |= {f"{side}_heel": (x - 1 * sign, y + 3), f"{side}_small_toe": (x + 5 * sign, y + 5)}
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for name, (x, y) in points.items():
        keypoints[skeleton.JOINT[name]] = x + dx, y + dy, 1
    return keypoints


def draw_map(
    keypoints: Float32Array, *, sleeves: bool = False, skirt: bool = False, long_skirt: bool = False
) -> Uint8Array:
    """Returns the map `[SIZE, SIZE]` of `parts10`: shirt, shorts, shoes, bare arms and legs, hair around the face.

    Args:
        keypoints: The pose.
        sleeves: The shirt has sleeves that reach to the wrists.
        skirt: She wears a skirt that reaches to the knees in place of shorts.
        long_skirt: She wears one that reaches to the ankles.
    """
    drawn = np.zeros((SIZE, SIZE), np.uint8)
    at = {name: keypoints[index, :2] for name, index in skeleton.JOINT.items()}

    def line(start: str, end: str, kind: str, width: int, from_: float = 0.0, to: float = 1.0) -> None:
        first, last = (at[start] + share * (at[end] - at[start]) for share in (from_, to))
        start_at, end_at = ((int(x), int(y)) for x, y in (np.floor(first), np.floor(last)))
        cv2.line(drawn, start_at, end_at, ID[kind], width)

    for side in ("right", "left"):
        line(f"{side}_hip", f"{side}_knee", f"{side}_leg", 8)
        line(f"{side}_knee", f"{side}_ankle", f"{side}_leg", 7)
        line(f"{side}_ankle", f"{side}_big_toe", "shoes", 6)
        line(f"{side}_hip", f"{side}_knee", "lower_clothes", 9, to=0.6)
    hem_joint = "ankle" if long_skirt else "knee"
    hem = [at[f"{side}_{hem_joint}"] + (7 * sign, 0) for side, sign in (("left", 1), ("right", -1))]
    waist = [at["right_hip"] + (-4, -4), at["left_hip"] + (4, -4)]
    if skirt or long_skirt:
        cv2.fillPoly(drawn, [np.array([*waist, *hem]).astype(np.int32)], ID["lower_clothes"])
    trunk = [at["right_shoulder"] + (-2, -2), at["left_shoulder"] + (2, -2), at["left_hip"] + (4, 0), at["right_hip"]]
    trunk[3] = trunk[3] - (4, 0)
    cv2.fillPoly(drawn, [np.array(trunk).astype(np.int32)], ID["upper_clothes"])
    for side in ("right", "left"):
        kind = "upper_clothes" if sleeves else f"{side}_arm"
        line(f"{side}_shoulder", f"{side}_elbow", kind, 6, from_=0.2)
        line(f"{side}_elbow", f"{side}_wrist", kind, 5)
        line(f"{side}_elbow", f"{side}_wrist", f"{side}_arm", 5, from_=1.0, to=1.3)
    head = tuple(int(value) for value in np.floor(at["nose"]))
    cv2.ellipse(drawn, (head[0], head[1] - 2), (7, 9), 0, 0, 360, ID["hair"], -1)
    cv2.ellipse(drawn, head, (5, 7), 0, 0, 360, ID["face"], -1)
    return drawn


def photo_of(parsing_map: Uint8Array, backdrop: Uint8Array | None = None) -> Uint8Array:
    """Returns the picture `[HEIGHT, WIDTH, 3]` of a map in `COLOURS`, in front of green or another backdrop."""
    picture = np.full((HEIGHT, WIDTH, 3), GREEN, np.uint8) if backdrop is None else backdrop.copy()
    canvas = picture[DOWN : DOWN + SIZE, RIGHT : RIGHT + SIZE]
    canvas[parsing_map > 0] = COLOURS[parsing_map[parsing_map > 0]]
    return picture


def in_photo(values: Uint8Array) -> Uint8Array:
    """Returns a map or mask of the canvas in the photo, `[HEIGHT, WIDTH]`; 0 outside of the canvas."""
    placed = np.zeros((HEIGHT, WIDTH), values.dtype)
    placed[DOWN : DOWN + SIZE, RIGHT : RIGHT + SIZE] = values
    return placed


def place(keypoints: Float32Array, joint: str) -> Float32Array:
    """Returns x and y of a joint in pixels of the photo."""
    return keypoints[skeleton.JOINT[joint], :2] + np.array([RIGHT, DOWN])


def framing() -> Framing:
    """Returns where the canvas lies in the photo."""
    return frame_photo(np.zeros((HEIGHT, WIDTH, 3), np.uint8), square(), SIZE, HEIGHT)[1]


def square() -> SquareCrop:
    """Returns the canvas in the photo."""
    return SquareCrop(float(RIGHT), float(DOWN), float(SIZE))


def target(picture: Uint8Array, parsing_map: Uint8Array, keypoints: Float32Array) -> Target:
    """Returns the target of a photo."""
    photo = Photo(picture, square(), parsing_map)
    return Target(square().apply(picture, SIZE), keypoints, keypoints[None], parsing_map, photo)
