"""Says which point of a dancer's surface each pixel shows, so that it can be found again in any other frame.

The surface of a piece lies between two ellipsoids, whose shapes blend into each other. A point of it is given by how
far along the piece it lies and how far around it, in axes that turn with the bones (see `dataset.surfaces`).
"""

import numpy as np

from retarget_tf.arrays import Float32Array, Float64Array, IndexArray, Uint8Array
from retarget_tf.dancers.camera import Camera
from retarget_tf.dancers.sculpture import Figure
from retarget_tf.dataset import surfaces

_TRIES = 7  # places along a piece at which rays are tried, first coarsely, then around the best


class SurfaceCoder:
    """Codes the surface of a figure in the frames of a clip.

    Attributes:
        pieces: float32 `[frames, pieces, 2, 3, 4]`, see `dataset.surfaces`.
    """

    def __init__(self, figure: Figure, camera: Camera) -> None:
        ends: list[tuple[int, int]] = []
        of_hull: list[list[int]] = [[0, 0, 0]]  # hull 0 is the backdrop
        for part in figure.parts:
            for choices in part.surfaces:
                numbers = [len(ends) + index for index in range(len(choices))]
                of_hull.append((numbers * 3)[:3])
                ends += choices
        if len(ends) > surfaces.MAX_PIECES:
            raise ValueError(f"a figure must have at most {surfaces.MAX_PIECES} pieces. Received: pieces={len(ends)}")
        self._of_hull = np.array(of_hull)
        volumes = _in_pixels(figure, camera)[:, np.array(ends)]  # [frames, pieces, 2, 3, 4]
        centres, axes = volumes[..., 0], volumes[..., 1:]
        self.pieces: Float32Array = np.concatenate(
            [centres[..., None], axes @ _directions(centres, axes)], axis=-1
        ).astype(np.float32)

    def view(self, index: int, hulls: Uint8Array) -> surfaces.Surface:
        """Returns what frame `index` shows of the surface; `hulls` uint8 `[size, size]` comes from `Painter.hulls`."""
        y, x = np.nonzero(hulls)
        codes = np.zeros((*hulls.shape, 3), np.uint8)
        candidates = self._of_hull[hulls[y, x]]
        several = candidates[:, 0] != candidates[:, 1]
        for rows, count in ((~several, 1), (several, 3)):
            places = np.stack([x[rows], y[rows]], axis=1) + 0.5
            if not len(places):
                continue
            codes[y[rows], x[rows]] = _codes(self.pieces[index], candidates[rows, :count], places)
        return surfaces.Surface(codes, self.pieces[index])


def _in_pixels(figure: Figure, camera: Camera) -> Float64Array:
    """Returns each ellipsoid's centre and half-axes, `[frames, ellipsoids, 3, 4]`: x, y, and z towards the camera."""
    centres, turned = figure.centres, figure.turned
    depth = camera.scale * centres[..., 2:]
    centre = np.concatenate([camera.project(centres), depth], axis=-1)
    axes = np.concatenate([camera.project_axes(centres, turned), camera.scale * turned[..., 2:, :]], axis=-2)
    return np.concatenate([centre[..., None], axes], axis=-1)


def _directions(centres: Float64Array, axes: Float64Array) -> Float64Array:
    """Returns the directions across, along and out of each piece at both ends, in the ellipsoids' own axes.

    The columns of `[frames, pieces, 2, 3, 3]`: two across the piece, then one along it.
    """
    bone = centres[..., 1, :] - centres[..., 0, :]
    inverse = np.linalg.inv(axes + 1e-9 * np.eye(3))
    along = np.einsum("fpeij,fpj->fpei", inverse, bone)
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    along = np.where(length > 1e-6, along / np.maximum(length, 1e-9), np.array([0.0, 1.0, 0.0]))
    # The axis that is farthest from the bone in all frames fixes where "around" begins.
    start = np.eye(3)[np.abs(along).max(axis=(0, 2)).argmin(axis=-1)][:, None]  # [pieces, 1, 3]
    first = start - (along * start).sum(-1, keepdims=True) * along
    first /= np.maximum(np.linalg.norm(first, axis=-1, keepdims=True), 1e-9)
    return np.stack([first, np.cross(along, first), along], axis=-1)


def _codes(pieces: Float32Array, candidates: IndexArray, places: Float64Array) -> Uint8Array:
    """Returns the codes uint8 `[pixels, 3]` of the points that pixels at `places` `[pixels, 2]` show.

    Args:
        pieces: `[pieces, 2, 3, 4]` of the frame.
        candidates: Pieces that each pixel may belong to, `[pixels, candidates]`.
        places: Centres of the pixels.
    """
    rows = np.arange(len(places))
    coarse, fine = np.linspace(0, 1, _TRIES), np.linspace(-1, 1, _TRIES) / (_TRIES - 1)
    _, best = _nearest_hit(pieces[candidates], np.broadcast_to(coarse, (*candidates.shape, _TRIES)), places)
    which, middle = np.unravel_index(best, (candidates.shape[1], _TRIES))
    number = candidates[rows, which]
    shares = np.clip(coarse[middle][:, None] + fine, 0, 1)
    points, best = _nearest_hit(pieces[number][:, None], shares[:, None], places)
    return surfaces.encode(number, pieces[number].astype(np.float64), points[rows, best])


def _nearest_hit(pieces: Float32Array, shares: Float64Array, places: Float64Array) -> tuple[Float64Array, IndexArray]:
    """Casts rays at the ellipsoids at `shares` of the way along pieces.

    Args:
        pieces: `[pixels, candidates, 2, 3, 4]`.
        shares: `[pixels, candidates, tries]`, 0 at the start of the piece and 1 at its end.
        places: Centres of the pixels, `[pixels, 2]`.

    Returns:
        Where each ray meets each ellipsoid, `[pixels, candidates * tries, 3]`, and which of these the camera sees: the
        nearest or, where no ray hits, that on the ellipsoid that the ray misses least, `[pixels]`.
    """
    ends, share = pieces[:, :, None].astype(np.float64), shares[..., None, None]
    volume = ends[..., 0, :, :] * (1 - share) + ends[..., 1, :, :] * share  # [pixels, candidates, tries, 3, 4]
    unit = _first_hit(volume, places[:, None, None])
    outside = np.linalg.norm(unit, axis=-1)
    unit = unit / np.maximum(outside, 1)[..., None]
    hit = volume[..., 0] + np.einsum("...ij,...j->...i", volume[..., 1:], unit)
    score = np.where(outside <= 1 + 1e-9, hit[..., 2], -1e6 * outside)
    return hit.reshape(len(places), -1, 3), score.reshape(len(places), -1).argmax(axis=1)


def _first_hit(volume: Float64Array, places: Float64Array) -> Float64Array:
    """Returns where the ray through a pixel first meets an ellipsoid, in its unit ball: `[..., 3]`.

    The result is longer than 1 where the ray misses it: then it is the point of the ray nearest to it.
    """
    axes = volume[..., 1:]
    flat, deep = axes[..., :2, :], axes[..., 2, :]
    inverse = np.linalg.inv(flat @ np.swapaxes(flat, -1, -2) + 1e-9 * np.eye(2))
    middle = np.einsum("...ji,...jk,...k->...i", flat, inverse, places - volume[..., :2, 0])
    ray = np.cross(flat[..., 0, :], flat[..., 1, :])
    ray *= np.sign((ray * deep).sum(-1, keepdims=True) + 1e-12)
    ray /= np.maximum(np.linalg.norm(ray, axis=-1, keepdims=True), 1e-9)
    return middle + ray * np.sqrt(np.maximum(1 - (middle**2).sum(-1, keepdims=True), 0))
