"""A figure made of volumes: ellipsoids that follow bones, and parts that span them and carry label and colour."""

import dataclasses
import itertools

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import Float64Array
from retarget_tf.body import parsing_labels
from retarget_tf.dancers.body import Colour, Pattern
from retarget_tf.dancers.kinematics import Pose

# Distance in depth, in standing heights, that only tells which of two joined parts is drawn last.
LAYER = 1e-4


@dataclasses.dataclass(frozen=True)
class Material:
    """What a surface is.

    Attributes:
        label: class id in `cihp20`.
        colour: RGB 0..255 in full light.
        opacity: 0..1; less than 1 only for shadows, which show the backdrop.
        pattern: what is woven or printed in, if anything.
    """

    label: int
    colour: Colour
    opacity: float = 1.0
    pattern: Pattern | None = None


@dataclasses.dataclass(frozen=True)
class Texture:
    """The painted surface of an ellipsoid.

    Attributes:
        materials: int16 `[rows, columns]`: position in the part's materials, -1 where nothing is; rows go from the
            top (the axis y) to the bottom at equal steps of height, columns around from the front (z) by x.
        taper: how much narrower the ellipsoid is at its bottom, 0..1.
    """

    materials: npt.NDArray[np.int16]
    taper: float = 0.0


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of body or clothing that is drawn in one go.

    Attributes:
        name: says what it is.
        limb: which limb a detector takes it for, one of `LIMBS`.
        pieces: groups of ellipsoids; the part is the union of the groups' convex hulls.
        materials: one, or those of the texture.
        depth: `[frames]`, larger is nearer; parts are drawn in this order.
        texture: of the single ellipsoid of a painted part.
        is_seam: whether it covers the shaded rims where two parts of one surface meet, and has no rim itself.
    """

    name: str
    limb: str
    pieces: tuple[tuple[int, ...], ...]
    materials: tuple[Material, ...]
    depth: Float64Array
    texture: Texture | None = None
    is_seam: bool = False


LIMBS = ("none", "trunk", "skirt", "head", "left_arm", "right_arm", "left_leg", "right_leg")


@dataclasses.dataclass(frozen=True)
class Figure:
    """A person's volumes in every frame, in standing heights.

    Attributes:
        centres: `[frames, ellipsoids, 3]`.
        axes: `[frames, ellipsoids, 3, 3]`: columns are the half-axes.
        parts: what the ellipsoids make.
        landmarks: BODY_25 joints `[frames, 3]` by name; small toes, neck and mid-hip are not among them.
        hips: the middle of the hips `[frames, 3]`, where a dress is divided.
    """

    centres: Float64Array
    axes: Float64Array
    parts: tuple[Part, ...]
    landmarks: dict[str, Float64Array]
    hips: Float64Array


class Sculptor:
    """Collects ellipsoids and parts over all frames of a pose."""

    def __init__(self, pose: Pose) -> None:
        self.pose = pose
        self.parts: list[Part] = []
        self._centres: list[Float64Array] = []
        self._axes: list[Float64Array] = []

    def ellipsoid(
        self, centre: Float64Array, bone: Float64Array, half_widths: "tuple[float, ...] | Float64Array"
    ) -> int:
        """Adds an ellipsoid; half-widths `[3]` or `[frames, 3]` along the axes of a bone `[frames, 3, 3]`."""
        return self.place(centre, bone * np.asarray(half_widths)[..., None, :])

    def place(self, centre: Float64Array, axes: Float64Array) -> int:
        """Adds an ellipsoid by its centre `[frames, 3]` and axes `[frames, 3, 3]`."""
        self._centres.append(centre)
        self._axes.append(axes)
        return len(self._centres) - 1

    def ball(self, centre: Float64Array, radius: float) -> int:
        """Adds a ball."""
        return self.ellipsoid(centre, self.pose.bones["root"], (radius, radius, radius))

    def ring(self, centre: Float64Array, bone: Float64Array, radius: float) -> int:
        """Adds a flat disc across a bone: the hem of a garment."""
        return self.ellipsoid(centre, bone, (radius, 0.004, radius))

    def between(self, start: int, end: int, share: float, scale: float = 1.0) -> int:
        """Adds the ellipsoid that lies between two."""
        centre = self._centres[start] * (1 - share) + self._centres[end] * share
        return self.place(centre, (self._axes[start] * (1 - share) + self._axes[end] * share) * scale)

    def at(self, ellipsoid: int) -> tuple[Float64Array, Float64Array]:
        """Centre `[frames, 3]` and axes `[frames, 3, 3]` of an ellipsoid."""
        return self._centres[ellipsoid], self._axes[ellipsoid]

    def scaled(self, ellipsoid: int, scale: float) -> int:
        """Adds an ellipsoid around another."""
        return self.between(ellipsoid, ellipsoid, 0.0, scale)

    def depth(self, *ellipsoids: int) -> Float64Array:
        """The mean depth `[frames]` of ellipsoids."""
        return np.mean([self._centres[index][:, 2] for index in ellipsoids], axis=0)

    def part(
        self,
        name: str,
        limb: str,
        pieces: tuple[tuple[int, ...], ...],
        label: str,
        colour: Colour,
        depth: Float64Array | None = None,
        opacity: float = 1.0,
        pattern: Pattern | None = None,
    ) -> Part:
        """Adds a part of one material; its depth is by default the mean of its ellipsoids'."""
        if depth is None:
            depth = self.depth(*{index for piece in pieces for index in piece})
        self.parts.append(Part(name, limb, pieces, (material(label, colour, opacity, pattern),), depth))
        return self.parts[-1]

    def seam(self, before: Part, after: Part, ellipsoids: tuple[int, int, int]) -> None:
        """Joins two parts of one surface around the middle one of three ellipsoids, over the rims of both."""
        start, joint, end = ellipsoids
        pieces = chain(self.between(joint, start, 0.22), joint, self.between(joint, end, 0.22))
        depth = np.maximum(before.depth, after.depth) + LAYER / 2
        self.parts.append(Part(f"{after.name}_seam", after.limb, pieces, after.materials, depth, is_seam=True))

    def painted(
        self, name: str, ellipsoid: int, texture: Texture, materials: tuple[Material, ...], depth: Float64Array
    ) -> None:
        """Adds an ellipsoid of the head with a painted surface."""
        self.parts.append(Part(name, "head", ((ellipsoid,),), materials, depth, texture))

    def stacked(self) -> tuple[Float64Array, Float64Array]:
        """Centres `[frames, ellipsoids, 3]` and axes `[frames, ellipsoids, 3, 3]`."""
        return np.stack(self._centres, axis=1), np.stack(self._axes, axis=1)


def chain(*ellipsoids: int) -> tuple[tuple[int, ...], ...]:
    """The pieces that lead from each ellipsoid to the next."""
    return tuple(itertools.pairwise(ellipsoids))


def material(label: str, colour: Colour, opacity: float = 1.0, pattern: Pattern | None = None) -> Material:
    """A material by the name of its `cihp20` class."""
    return Material(parsing_labels.CIHP20.classes.index(label), colour, opacity, pattern)


def lagged(values: Float64Array, inertia: float) -> Float64Array:
    """Values `[frames, ...]` as cloth or hair follows them: each frame covers the share 1 - inertia of the way."""
    result = np.empty_like(values)
    current = values[0]
    for index, value in enumerate(values):
        current = inertia * current + (1 - inertia) * value
        result[index] = current
    return result
