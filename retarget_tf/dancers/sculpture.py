"""Builds a figure from ellipsoids that follow the bones, and parts that span them and have a label and a colour."""

import dataclasses
import itertools

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import Float64Array
from retarget_tf.body import parsing_labels
from retarget_tf.dancers.body import Colour, Pattern
from retarget_tf.dancers.kinematics import Pose

# A tiny distance in depth, in standing heights, that decides which of two connected parts is drawn last.
LAYER = 1e-4


@dataclasses.dataclass(frozen=True)
class Material:
    """Label and look of a surface.

    Attributes:
        label: Class id in `cihp20`.
        colour: RGB 0..255 in full light.
        opacity: 0..1; less than 1 only for shadows, through which the backdrop is visible.
        pattern: Pattern of the cloth; None for plain surfaces.
    """

    label: int
    colour: Colour
    opacity: float = 1.0
    pattern: Pattern | None = None


@dataclasses.dataclass(frozen=True)
class Texture:
    """The painted surface of an ellipsoid.

    Attributes:
        materials: int16 `[rows, columns]`, indices in the part's materials, -1 for transparent. Rows go from top (+y)
            to bottom in equal steps of height, columns around the y axis in equal angles, from front (+z) towards +x.
        taper: By what share the ellipsoid is narrower at its bottom, 0..1.
    """

    materials: npt.NDArray[np.int16]
    taper: float = 0.0


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of body or clothing that is drawn in one go.

    Attributes:
        name: Unique name.
        limb: The limb that it belongs to for a keypoint detector, one of `LIMBS`.
        pieces: Groups of indices of ellipsoids; the part is the union of the groups' convex hulls in the picture.
        materials: One material, or those of the texture.
        depth: `[frames]`, larger is nearer; parts are drawn in the order of depth.
        texture: Texture of a painted part, which has a single ellipsoid; None for others.
        is_seam: Whether the part covers the shaded rims where two parts of one surface meet; it has no rim itself.
        surface: For each piece the pairs of ellipsoids between which its surface lies; empty for all pairs of its own.
    """

    name: str
    limb: str
    pieces: tuple[tuple[int, ...], ...]
    materials: tuple[Material, ...]
    depth: Float64Array
    texture: Texture | None = None
    is_seam: bool = False
    surface: tuple[tuple[tuple[int, int], ...], ...] = ()

    @property
    def surfaces(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """`surface`, or all pairs of ellipsoids of each piece; of a piece of one ellipsoid, this one twice."""
        if self.surface:
            return self.surface
        return tuple(
            tuple(itertools.combinations(piece, 2)) if len(piece) > 1 else ((piece[0],) * 2,) for piece in self.pieces
        )


LIMBS = ("none", "trunk", "skirt", "head", "left_arm", "right_arm", "left_leg", "right_leg")


@dataclasses.dataclass(frozen=True)
class Figure:
    """A person's volumes in every frame, in standing heights.

    Attributes:
        centres: Centres of the ellipsoids `[frames, ellipsoids, 3]`.
        axes: Half-axes of the ellipsoids, the columns of `[frames, ellipsoids, 3, 3]`.
        parts: Parts that the ellipsoids form.
        landmarks: BODY_25 joints `[frames, 3]` by name, without small toes, neck and mid-hip.
        turned: The half-axes again, but those of balls turn with their bone too; they fix the points of the surface.
        hips: Mid-hip `[frames, 3]`, at whose height a dress is divided into upper and lower clothes.
    """

    centres: Float64Array
    axes: Float64Array
    turned: Float64Array
    parts: tuple[Part, ...]
    landmarks: dict[str, Float64Array]
    hips: Float64Array


class Sculptor:
    """Collects ellipsoids and parts in all frames of a pose; methods that add an ellipsoid return its index."""

    def __init__(self, pose: Pose) -> None:
        self.pose = pose
        self.parts: list[Part] = []
        self._centres: list[Float64Array] = []
        self._axes: list[Float64Array] = []
        self._turned: list[Float64Array] = []

    def ellipsoid(
        self, centre: Float64Array, bone: Float64Array, half_widths: "tuple[float, ...] | Float64Array"
    ) -> int:
        """Adds an ellipsoid with half-widths `[3]` or `[frames, 3]` along the axes of a bone `[frames, 3, 3]`."""
        return self.place(centre, bone * np.asarray(half_widths)[..., None, :])

    def place(self, centre: Float64Array, axes: Float64Array, turned: Float64Array | None = None) -> int:
        """Adds an ellipsoid with centre `[frames, 3]` and half-axes `[frames, 3, 3]`; for `turned` see `Figure`."""
        self._centres.append(centre)
        self._axes.append(axes)
        self._turned.append(axes if turned is None else turned)
        return len(self._centres) - 1

    def ball(self, centre: Float64Array, radius: float, bone: Float64Array) -> int:
        """Adds a ball whose surface turns with a bone `[frames, 3, 3]`."""
        return self.place(centre, radius * self.pose.bones["root"], radius * bone)

    def ring(self, centre: Float64Array, bone: Float64Array, radius: float) -> int:
        """Adds a flat disc across a bone, such as the hem of a garment."""
        return self.ellipsoid(centre, bone, (radius, 0.004, radius))

    def between(self, start: int, end: int, share: float, scale: float = 1.0) -> int:
        """Adds an ellipsoid interpolated between two, at `share` of the way from start to end, then scaled."""

        def blend(values: list[Float64Array]) -> Float64Array:
            return values[start] * (1 - share) + values[end] * share

        return self.place(blend(self._centres), blend(self._axes) * scale, blend(self._turned) * scale)

    def at(self, ellipsoid: int) -> tuple[Float64Array, Float64Array]:
        """Returns centre `[frames, 3]` and half-axes `[frames, 3, 3]` of an ellipsoid."""
        return self._centres[ellipsoid], self._axes[ellipsoid]

    def scaled(self, ellipsoid: int, scale: float) -> int:
        """Adds a scaled copy of an ellipsoid."""
        return self.between(ellipsoid, ellipsoid, 0.0, scale)

    def depth(self, *ellipsoids: int) -> Float64Array:
        """Returns the mean depth `[frames]` of ellipsoids."""
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
        surface: tuple[tuple[tuple[int, int], ...], ...] = (),
    ) -> Part:
        """Adds a part of one material; by default its depth is the mean of its ellipsoids' depths."""
        if depth is None:
            depth = self.depth(*{index for piece in pieces for index in piece})
        materials = (material(label, colour, opacity, pattern),)
        self.parts.append(Part(name, limb, pieces, materials, depth, surface=surface))
        return self.parts[-1]

    def seam(self, before: Part, after: Part, ellipsoids: tuple[int, int, int]) -> None:
        """Covers the shaded rims of two adjacent parts around their joint, the middle one of three ellipsoids."""
        start, joint, end = ellipsoids
        pieces = chain(self.between(joint, start, 0.22), joint, self.between(joint, end, 0.22))
        depth = np.maximum(before.depth, after.depth) + LAYER / 2
        self.parts.append(Part(f"{after.name}_seam", after.limb, pieces, after.materials, depth, is_seam=True))

    def painted(
        self, name: str, ellipsoid: int, texture: Texture, materials: tuple[Material, ...], depth: Float64Array
    ) -> None:
        """Adds a part of the head: one ellipsoid with a painted surface."""
        self.parts.append(Part(name, "head", ((ellipsoid,),), materials, depth, texture))

    def stacked(self) -> tuple[Float64Array, Float64Array, Float64Array]:
        """Returns `Figure.centres`, `Figure.axes` and `Figure.turned` of all ellipsoids."""
        return np.stack(self._centres, axis=1), np.stack(self._axes, axis=1), np.stack(self._turned, axis=1)


def chain(*ellipsoids: int) -> tuple[tuple[int, ...], ...]:
    """Returns the pieces of a part that connects each ellipsoid with the next."""
    return tuple(itertools.pairwise(ellipsoids))


def material(label: str, colour: Colour, opacity: float = 1.0, pattern: Pattern | None = None) -> Material:
    """Creates a material from the name of its `cihp20` class."""
    return Material(parsing_labels.CIHP20.classes.index(label), colour, opacity, pattern)


def lagged(values: Float64Array, inertia: float) -> Float64Array:
    """Low-pass filters values `[frames, ...]`, as cloth or hair lags behind: the more, the nearer `inertia` is to 1."""
    result = np.empty_like(values)
    current = values[0]
    for index, value in enumerate(values):
        current = inertia * current + (1 - inertia) * value
        result[index] = current
    return result
