"""Renders a figure to frames and parsing maps.

The parts are filled, from the farthest to the nearest, into a canvas of surface ids with three times the picture's
resolution. The picture is the colours of these ids, averaged down; the parsing map is the class of every third id, at
the centre of each pixel. As picture, map and occlusion come from the same canvas, they always agree.
"""

import dataclasses
import itertools

import cv2
import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import BoolArray, Float64Array, IndexArray, Uint8Array
from retarget_tf.dancers.body import Backdrop, Pattern
from retarget_tf.dancers.camera import Camera
from retarget_tf.dancers.patterns import Wallpaper
from retarget_tf.dancers.scenery import paint_backdrop
from retarget_tf.dancers.sculpture import LIMBS, Figure, Part

FINENESS = 3  # odd: a pixel's centre is then the centre of a fine pixel
_OUTLINE = 14  # corners of the polygon that approximates an ellipse
_SUBPIXEL_BITS = 4
# Bands of shading, from the rim inwards: size relative to the part, shift towards the light, brightness.
_BANDS = ((1.0, 0.0, 0.82), (0.84, 0.10, 0.93), (0.58, 0.22, 1.0))


class Painter:
    """Renders the frames of one clip."""

    def __init__(self, figure: Figure, camera: Camera, backdrop: Backdrop, size: int) -> None:
        self._figure = figure
        self._size = size
        self._backdrop = paint_backdrop(backdrop, size)
        # Pixels have their centres at +0.5, fine pixels of the canvas at whole numbers.
        self._centres = camera.project(figure.centres) * FINENESS - 0.5
        self._axes = camera.project_axes(figure.centres, figure.axes) * FINENESS
        self._shapes = _ellipse_matrices(self._axes)
        self._order = np.argsort(np.stack([part.depth for part in figure.parts], axis=1), axis=1, kind="stable")
        self._light = np.array(backdrop.light)
        self._outlines = _band_outlines(self._light)
        self._surfaces = _surface_tables(figure.parts, backdrop.contrast)
        self._pieces = [_in_a_row(part.pieces) for part in figure.parts]
        self._wallpaper = Wallpaper(figure, camera)
        self._first_hulls = np.cumsum([1, *(len(part.pieces) for part in figure.parts)])
        self._canvas: Uint8Array = np.zeros((size * FINENESS, size * FINENESS), np.uint8)
        self._hulls: Uint8Array = np.zeros_like(self._canvas)

    def fill_canvas(self, index: int) -> Uint8Array:
        """Returns a frame's surface ids, uint8 `[size * FINENESS] * 2`; 0 is the backdrop. The next call reuses it."""
        self._canvas.fill(0)
        fixed = self._corners(index, self._outlines)
        for number in self._order[index]:
            part, first = self._figure.parts[number], self._surfaces.first_ids[number]
            if part.texture is not None:
                region, seen, material_and_band = self._textured(index, part)
                self._canvas[region][seen] = (first + material_and_band)[seen]
                continue
            ellipsoids, bounds = self._pieces[number]
            outlines = fixed[:, ellipsoids]
            for band in range(int(part.is_seam), len(_BANDS)):
                for start, end in bounds:
                    hull = cv2.convexHull(outlines[band, start:end].reshape(-1, 1, 2))
                    cv2.fillConvexPoly(self._canvas, hull, first + band, cv2.LINE_8, _SUBPIXEL_BITS)
        return self._canvas

    def hulls(self, index: int) -> Uint8Array:
        """Returns which hull each pixel of a frame shows, uint8 `[size, size]`, sampled at the centres of the pixels.

        The hulls are the pieces of all parts, in order, counted from 1; 0 is the backdrop. The next call reuses it.
        """
        self._hulls.fill(0)
        fixed = self._corners(index, self._outlines[:2])
        for number in self._order[index]:
            part, first = self._figure.parts[number], int(self._first_hulls[number])
            if part.texture is not None:
                region, seen, _ = self._textured(index, part)
                self._hulls[region][seen] = first
                continue
            ellipsoids, bounds = self._pieces[number]
            outlines = fixed[int(part.is_seam), ellipsoids]
            hull_id = first if part.materials[0].opacity == 1 else 0  # a shadow is no surface
            for piece, (start, end) in enumerate(bounds):
                hull = cv2.convexHull(outlines[start:end].reshape(-1, 1, 2))
                cv2.fillConvexPoly(self._hulls, hull, hull_id and hull_id + piece, cv2.LINE_8, _SUBPIXEL_BITS)
        middle = FINENESS // 2
        return self._hulls[middle::FINENESS, middle::FINENESS]

    def _corners(self, index: int, outlines: Float64Array) -> npt.NDArray[np.int32]:
        """Returns the corners of the ellipsoids' outlines in fixed-point numbers, `[bands, ellipsoids, corners, 2]`."""
        # The matrices are symmetric, so they can be multiplied from the right.
        corners = self._centres[index][:, None] + outlines[:, None] @ self._shapes[index]
        return np.round(corners * 2**_SUBPIXEL_BITS).astype(np.int32)

    def colour(self, canvas: Uint8Array, index: int) -> Uint8Array:
        """Returns the picture of a frame, RGB uint8 `[size, size, 3]`, without noise."""
        picture = self._backdrop.copy()
        left, top, width, height = (FINENESS * side for side in self._box(canvas))
        fine = self._surfaces.palette[canvas[top : top + height, left : left + width]].view(np.uint8)
        fine = fine.reshape(height, width, 4)
        figure = cv2.resize(fine, None, fx=1 / FINENESS, fy=1 / FINENESS, interpolation=cv2.INTER_AREA)
        self._print_patterns(figure, canvas, index, left // FINENESS, top // FINENESS)
        region = picture[top // FINENESS :, left // FINENESS :][: len(figure), : figure.shape[1]]
        seen_through = cv2.merge([255 - figure[..., 3]] * 3)
        cv2.add(figure[..., :3], cv2.multiply(region, seen_through, scale=1 / 255), dst=region)
        return picture

    def _print_patterns(self, figure: Uint8Array, canvas: Uint8Array, index: int, left: int, top: int) -> None:
        """Draws the patterns of cloth into the RGBA picture `figure`, whose corner is at (left, top)."""
        surfaces, middle = self._surfaces, FINENESS // 2
        if not surfaces.patterns:
            return
        ids = canvas[middle::FINENESS, middle::FINENESS][top:, left:][: len(figure), : figure.shape[1]]
        numbers = cv2.LUT(ids, surfaces.pattern_of_id)
        for number, pattern in enumerate(surfaces.patterns, start=1):
            y, x = np.nonzero(numbers == number)
            inked = self._wallpaper.is_inked(pattern, index, np.stack([x + left + 0.5, y + top + 0.5], axis=1))
            y, x = y[inked], x[inked]
            light = surfaces.brightness[ids[y, x]] * figure[y, x, 3] / 255
            figure[y, x, :3] = (light[:, None] * pattern.colour).astype(np.uint8)

    def labels(self, canvas: Uint8Array) -> Uint8Array:
        """Returns the `cihp20` map `[size, size]`, sampled at the centres of the pixels."""
        middle = FINENESS // 2
        return self._surfaces.labels[canvas[middle::FINENESS, middle::FINENESS]]

    def limbs_at(self, canvas: Uint8Array, places: Float64Array) -> Uint8Array:
        """Returns which limb is visible at pixels (x, y) `[points, 2]`: indices in `LIMBS`, `[points]`."""
        x, y = np.clip((places * FINENESS).astype(int), 0, len(canvas) - 1).T
        return self._surfaces.limbs[canvas[y, x]]

    def _box(self, canvas: Uint8Array) -> tuple[int, int, int, int]:
        """Returns left, top, width and height in pixels of the box around the figure."""
        x, y, width, height = cv2.boundingRect(canvas)
        left, top = x // FINENESS, y // FINENESS
        return left, top, -(-(x + width) // FINENESS) - left, -(-(y + height) // FINENESS) - top

    def _textured(self, index: int, part: Part) -> tuple[tuple[slice, slice], BoolArray, npt.NDArray[np.int16]]:
        """Casts a ray through each fine pixel of a textured ellipsoid.

        Returns:
            The region of the canvas around it; where in it a material is seen; and the surface of each of its pixels,
            counted from the part's first one.
        """
        assert part.texture is not None
        number = part.pieces[0][0]
        centre, half_axes = self._centres[index, number], self._axes[index, number]
        spread = np.linalg.norm(half_axes, axis=1)
        left, top = np.maximum(np.floor(centre - spread), 0).astype(int)
        right, bottom = np.minimum(np.ceil(centre + spread) + 1, len(self._canvas)).astype(int)
        region = slice(top, bottom), slice(left, right)
        if right <= left or bottom <= top:
            return (slice(0), slice(0)), np.zeros((0, 0), np.bool_), np.zeros((0, 0), np.int16)
        x, y = np.meshgrid(np.arange(left, right) - centre[0], np.arange(top, bottom) - centre[1])
        if part.texture.taper:
            x, y = _widen(x, y, half_axes[:, 1], part.texture.taper)
        shape = self._shapes[index, number]
        flat = np.linalg.inv(shape)  # to the unit disc
        across, down = flat[0, 0] * x + flat[0, 1] * y, flat[1, 0] * x + flat[1, 1] * y
        inside = 1 - across**2 - down**2
        # The ray's first point on the unit ball: a linear function of x and y plus a part towards the camera.
        in_picture = half_axes.T @ flat @ flat
        toward = np.cross(half_axes[0], half_axes[1])
        toward *= np.sign(self._figure.axes[index, number, 2] @ toward) / max(np.linalg.norm(toward), 1e-9)
        height = np.sqrt(np.maximum(inside, 0))
        ball = [in_picture[i, 0] * x + in_picture[i, 1] * y + toward[i] * height for i in range(3)]
        rows, columns = part.texture.materials.shape
        row = np.clip((1 - ball[1]) * (rows / 2), 0, rows - 1).astype(np.intp)
        angle = cv2.phase(ball[2].astype(np.float32), ball[0].astype(np.float32))
        column = np.minimum((angle * (columns / (2 * np.pi))).astype(np.intp), columns - 1)
        material = part.texture.materials[row, column]
        band = np.zeros(x.shape, np.int16)
        for size, shift, _ in _BANDS[1:]:
            band += (across - shift * self._light[0]) ** 2 + (down - shift * self._light[1]) ** 2 < size**2
        return region, (inside > 0) & (material >= 0), material * len(_BANDS) + band


def _ellipse_matrices(axes: Float64Array) -> Float64Array:
    """Returns symmetric `[..., 2, 2]` that map the unit circle to the outlines of ellipsoids, axes `[..., 2, 3]`."""
    square = axes @ np.swapaxes(axes, -1, -2)
    # The square root of a 2x2 matrix: Levinger 1980, "The square root of a 2x2 matrix".
    root = np.sqrt(np.maximum(square[..., 0, 0] * square[..., 1, 1] - square[..., 0, 1] ** 2, 1e-6))
    trace = square[..., 0, 0] + square[..., 1, 1]
    return (square + root[..., None, None] * np.eye(2)) / np.sqrt(trace + 2 * root)[..., None, None]


def _in_a_row(pieces: tuple[tuple[int, ...], ...]) -> tuple[IndexArray, list[tuple[int, int]]]:
    """Concatenates the ellipsoids of all pieces; returns them and the start and end of each piece."""
    ends = np.cumsum([len(piece) for piece in pieces]).tolist()
    return np.concatenate(pieces).astype(np.intp), list(itertools.pairwise([0, *ends]))


def _band_outlines(light: Float64Array) -> Float64Array:
    """Returns the corners `[bands, corners, 2]` of the shading bands of a unit circle."""
    angle = np.arange(_OUTLINE) * (2 * np.pi / _OUTLINE)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.stack([size * circle + shift * light for size, shift, _ in _BANDS])


@dataclasses.dataclass(frozen=True)
class _Surfaces:
    """Tables of the surface ids on a canvas; arrays have one entry for each id.

    Attributes:
        first_ids: First id of each part.
        palette: Colour as packed RGBA, premultiplied.
        labels: Class id of `cihp20`.
        limbs: Index in `LIMBS`.
        brightness: Brightness of the shading band.
        patterns: All patterns that occur.
        pattern_of_id: uint8 `[256]`: index in `patterns` plus 1, or 0 for no pattern.
    """

    first_ids: tuple[int, ...]
    palette: npt.NDArray[np.uint32]
    labels: Uint8Array
    limbs: Uint8Array
    brightness: Float64Array
    patterns: tuple[Pattern, ...]
    pattern_of_id: Uint8Array


def _surface_tables(parts: tuple[Part, ...], contrast: float) -> _Surfaces:
    colours, labels, limbs, light, prints = [[0.0] * 4], [0], [0], [1.0], [0]  # id 0 is the backdrop
    first_ids: list[int] = []
    patterns: list[Pattern] = []
    for part in parts:
        first_ids.append(len(labels))
        for surface in part.materials:
            if surface.pattern is not None and surface.pattern not in patterns:
                patterns.append(surface.pattern)
            for number, (_, _, brightness) in enumerate(_BANDS):
                # The bands of a shadow differ in opacity: it is darkest in the middle.
                opacity = surface.opacity if surface.opacity == 1 else surface.opacity * (number + 1) / len(_BANDS)
                light.append(1 - contrast * (1 - brightness))
                colours.append([*(np.array(surface.colour) * light[-1] * opacity), round(255 * opacity)])
                labels.append(surface.label)
                limbs.append(LIMBS.index(part.limb))
                prints.append(0 if surface.pattern is None else patterns.index(surface.pattern) + 1)
    if len(labels) > 256:
        raise ValueError(f"a figure must have at most 255 surfaces. Received: surfaces={len(labels) - 1}")
    return _Surfaces(
        tuple(first_ids),
        np.array(colours).astype(np.uint8).view(np.uint32)[:, 0],
        np.array(labels, np.uint8),
        np.array(limbs, np.uint8),
        np.array(light),
        tuple(patterns),
        np.pad(np.array(prints, np.uint8), (0, 256 - len(prints))),
    )


def _widen(x: Float64Array, y: Float64Array, up: Float64Array, taper: float) -> tuple[Float64Array, Float64Array]:
    """Maps picture points of an ellipsoid that tapers towards its bottom to those of the full ellipsoid."""
    length = max(float(np.linalg.norm(up)), 1e-9)
    below = np.clip(-(x * up[0] + y * up[1]) / length**2, 0, 1)
    wider = 1 / (1 - taper * below**1.5) - 1
    side_x, side_y = -up[1] / length, up[0] / length
    aside = (x * side_x + y * side_y) * wider
    return x + aside * side_x, y + aside * side_y
