"""The parts of a body with their bones, and a guess for every joint that a detector has missed."""

import dataclasses

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton

# Points in addition to the joints of BODY_25, each halfway between a pair of joints.
_MIDDLES = {
    "head": ("left_ear", "right_ear"),
    "mid_knee": ("left_knee", "right_knee"),
    "mid_ankle": ("left_ankle", "right_ankle"),
}
POINT = {**skeleton.JOINT, **{name: skeleton.NUM_JOINTS + index for index, name in enumerate(_MIDDLES)}}

_QUARTER_TURN = np.array([[0, 1], [-1, 0]], np.float32)
_SEEN = 0.2  # from this confidence on a detected joint is used as it is; below, it is blended with the guess


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of the body that moves with one bone.

    Attributes:
        start: Name in `POINT` of the bone's start.
        end: Name in `POINT` of the bone's end.
        thickness: Half of the part's thickness in body units.
        rank: Parts of a higher rank lie on top.
        rank_if_seen: Added to the rank, multiplied by the lower confidence of the bone's ends.
        beside: Further segments (start, end) whose surroundings belong to the part too.
    """

    start: str
    end: str
    thickness: float
    rank: float
    rank_if_seen: float = 0.0
    beside: tuple[tuple[str, str], ...] = ()


def _both_sides(parts: dict[str, Part]) -> dict[str, Part]:
    def of_side(part: Part, side: str) -> Part:
        beside = tuple((f"{side}_{a}", f"{side}_{b}") for a, b in part.beside)
        return dataclasses.replace(part, start=f"{side}_{part.start}", end=f"{side}_{part.end}", beside=beside)

    return {f"{side}_{name}": of_side(part, side) for name, part in parts.items() for side in ("right", "left")}


# Arms lie in front of the trunk where they are detected, behind it where they are not. Cloth between the legs (a skirt:
# `lap` and `hem`) lies behind the legs.
PARTS: dict[str, Part] = {
    "trunk": Part(
        "neck",
        "mid_hip",
        0.05,
        0.3,
        beside=(
            ("right_shoulder", "right_hip"),
            ("left_shoulder", "left_hip"),
            ("right_shoulder", "mid_hip"),
            ("left_shoulder", "mid_hip"),
        ),
    ),
    "head": Part("head", "neck", 0.06, 0.5),
    "lap": Part("mid_hip", "mid_knee", 0.0, -0.2),
    "hem": Part("mid_knee", "mid_ankle", 0.0, -0.3),
    **_both_sides(
        {
            "thigh": Part("hip", "knee", 0.045, 0.1, 0.1),
            "shin": Part("knee", "ankle", 0.045, 0.0, 0.1),
            "foot": Part("ankle", "big_toe", 0.0, 0.05, 0.1, beside=(("heel", "big_toe"),)),
            "upper_arm": Part("shoulder", "elbow", 0.025, -0.3, 1.0),
            "forearm": Part("elbow", "wrist", 0.025, -0.29, 1.0),
        }
    ),
}
NAMES = tuple(PARTS)
PART = {name: index for index, name in enumerate(NAMES)}
BONES = np.array([[POINT[part.start], POINT[part.end]] for part in PARTS.values()])


def _twin(name: str) -> str:
    side, _, rest = name.partition("_")
    return {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, name)


TWINS = np.array([PART[_twin(name)] for name in NAMES])

# A person standing upright with slightly spread arms, seen from the front: x and y from the mid-hip in body units.
_HALF_TEMPLATE = {
    "nose": (0, -0.40), "neck": (0, -0.29), "mid_hip": (0, 0), "left_shoulder": (0.10, -0.29),
    "left_elbow": (0.14, -0.13), "left_wrist": (0.16, 0.02), "left_hip": (0.055, 0), "left_knee": (0.06, 0.23),
    "left_ankle": (0.06, 0.46), "left_eye": (0.015, -0.415), "left_ear": (0.035, -0.405),
    "left_big_toe": (0.075, 0.50), "left_small_toe": (0.085, 0.50), "left_heel": (0.06, 0.49),
}  # fmt: skip
_TEMPLATE = np.zeros((skeleton.NUM_JOINTS, 2), np.float32)
for _name, (_x, _y) in _HALF_TEMPLATE.items():
    _TEMPLATE[skeleton.MIRRORED_JOINT[skeleton.JOINT[_name]]] = (-_x, _y)
    _TEMPLATE[skeleton.JOINT[_name]] = (_x, _y)

# A missing joint is placed at its usual offset from its parent, in three rounds from the trunk outwards (`_DEPTH`).
# Joints of the trunk are their own parents here, and all joints of the head have the neck as parent.
_PARENT = np.arange(skeleton.NUM_JOINTS)
for _joint, _inner in skeleton.PARENTS.items():
    if _joint not in skeleton.joints("neck", "shoulder", "hip"):
        _PARENT[_joint] = skeleton.JOINT["neck"] if _joint in skeleton.HEAD else _inner
_DEPTH = np.zeros(skeleton.NUM_JOINTS, int)
for _ in range(3):
    _DEPTH = np.where(np.arange(skeleton.NUM_JOINTS) == _PARENT, 0, _DEPTH[_PARENT] + 1)

_MEASURED = np.array(
    [index for index, name in enumerate(NAMES) if name not in ("head", "lap", "hem") and "foot" not in name]
)
_USUAL_LENGTHS = np.linalg.norm(_TEMPLATE[BONES[_MEASURED, 1]] - _TEMPLATE[BONES[_MEASURED, 0]], axis=-1)[
    :, None
].astype(np.float32)


def template(height: int, width: int) -> Tensor:
    """Returns an upright pose `[1, 25, 2]` in pixels, in the middle of a picture."""
    return ops.convert_to_tensor((_TEMPLATE * 0.6 * height + np.array([width / 2, height / 2], np.float32))[None])


def complete(keypoints: Tensor, like: Tensor) -> Tensor:
    """Guesses the missing joints of a pose and adds the points halfway between pairs.

    Args:
        keypoints: float32 `[batch, 25, 3]` in pixels.
        like: Another pose, float32 `[batch or 1, 25, 2]` in pixels. Moved, turned and scaled to fit the detected
            joints, it supplies the missing ones.

    Returns:
        float32 `[batch, 28, 2]` in pixels: the joints, then the points of `_MIDDLES`; the order of `POINT`.
    """
    seen = ops.minimum(keypoints[..., 2:] / _SEEN, 1.0)
    guess, offsets = _fitted(like, keypoints[..., :2], seen)
    xy = guess + seen * (keypoints[..., :2] - guess)
    for depth in (1, 2, 3):
        at_depth = np.equal(_DEPTH, depth).astype(np.float32)[:, None]
        guess = ops.take(xy, _PARENT, axis=1) + offsets
        xy = xy + (1.0 - seen) * at_depth * (guess - xy)
    # The head is the mean of the ears weighted by confidence: in profile one is hidden, but both are at the same place.
    ears = np.array([POINT["left_ear"], POINT["right_ear"]])
    trust = ops.take(seen, ears, axis=1) + 1e-3
    head = ops.sum(ops.take(xy, ears, axis=1) * trust, axis=1, keepdims=True) / ops.sum(trust, axis=1, keepdims=True)
    others = [
        ops.mean(ops.take(xy, [POINT[a], POINT[b]], axis=1), axis=1, keepdims=True)
        for a, b in list(_MIDDLES.values())[1:]
    ]
    return ops.concatenate([xy, head, *others], axis=1)


def _fitted(like: Tensor, xy: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Fits `like` to `xy` by a similarity (weighted least squares); returns joints and their offsets from parents."""
    weights = weights * ops.ones_like(like[..., :1])
    total = ops.sum(weights, axis=1, keepdims=True) + 1e-6
    start = ops.sum(like * weights, axis=1, keepdims=True) / total
    end = ops.sum(xy * weights, axis=1, keepdims=True) / total
    a, b = like - start, (xy - end) * weights
    # Where hardly any joint is seen, `doubt` keeps the scale and rotation of `like`; where none is, also its place.
    doubt = ops.mean(ops.square(like - ops.mean(like, axis=1, keepdims=True)), axis=(1, 2), keepdims=True) * 1e-2
    power = ops.sum(weights * a * a, axis=(1, 2), keepdims=True) + doubt
    cosine = (ops.sum(a * b, axis=(1, 2), keepdims=True) + doubt) / power
    sine = ops.sum(a[..., :1] * b[..., 1:] - a[..., 1:] * b[..., :1], axis=1, keepdims=True) / power

    def turned(v: Tensor) -> Tensor:
        x, y = v[..., :1], v[..., 1:]
        return ops.concatenate([cosine * x - sine * y, sine * x + cosine * y], axis=-1)

    return turned(a) + end, turned(like - ops.take(like, _PARENT, axis=1))


def body_unit(points: Tensor) -> Tensor:
    """Returns the length of one body unit in pixels, `[batch, 1, 1]`, of points `[batch, 28, 2]`."""
    # The 4-norm over the bones favours the longer ones: foreshortening only makes bones look shorter. A joint in a
    # wrong place makes two of them too long, so none counts as more than the third longest.
    bones = BONES[_MEASURED]
    lengths = length(ops.take(points, bones[:, 1], axis=1) - ops.take(points, bones[:, 0], axis=1)) / _USUAL_LENGTHS
    lengths = ops.minimum(lengths, ops.sort(lengths, axis=1)[:, -3:-2])
    return ops.sqrt(ops.sqrt(ops.mean(ops.square(ops.square(lengths)), axis=1, keepdims=True)))


def length(vectors: Tensor) -> Tensor:
    """Returns the lengths `[..., 1]` of vectors `[..., 2]`; at least 1e-3, so that one can divide by them."""
    return ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + 1e-6)


def scan_pixels(origin: Tensor, axis: Tensor, height: int, width: int, start: Tensor | float = 0.0) -> Tensor:
    """Returns `(pixel - origin) . axis + start` for every pixel centre: `[batch, n, height * width]`.

    Args:
        origin: float32 `[batch, n, 2]` in pixels.
        axis: float32 `[batch, n, 2]`, the vector of the scalar product.
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        start: Value at the origin, `[batch, n, 1]`.
    """
    # Rows and columns are computed apart: a grid of all pixels would be a large constant in a saved model.
    along_x = ops.subtract(np.arange(width, dtype=np.float32) + 0.5, origin[..., :1]) * axis[..., :1] + start
    along_y = ops.subtract(np.arange(height, dtype=np.float32) + 0.5, origin[..., 1:]) * axis[..., 1:]
    # Keep this order: `ops.add` treats a right operand that could be a bias as one, and would add a single column
    # [1, 1, height, 1] along the row.
    return ops.reshape(along_y[:, :, :, None] + along_x[:, :, None, :], (-1, origin.shape[1], height * width))


def direction(vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the unit vectors of `[batch, n, 2]`, the same rotated by 90 degrees, and the lengths `[batch, n, 1]`."""
    # Gives a bone of length 0, which points at the camera, a direction: straight down.
    vectors = vectors + np.array([0, 1e-2], np.float32)
    lengths = length(vectors)
    along = vectors / lengths
    return along, ops.matmul(along, _QUARTER_TURN), lengths
