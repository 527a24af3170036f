"""Codes of the points of a dancer's surface; `correspondence` says where these points lie in another frame.

A *piece* spans two ellipsoids. float32 `[pieces, 2, 3, 4]` holds, for each of its ends, the ellipsoid's centre and
three half-axes, as columns: two across the piece, which turn with the bone, and one along it. Rows are x and y in
pixels of the picture, and z towards the camera in the same unit.

A *surface map*, uint8 `[height, width, 3]`, says of each pixel which piece it shows (counted from 1; 0 is the
background), how far along it the point lies and how far around it, as DensePose's IUV does (Guler et al. 2018).
Along the piece, the codes 0..31 are the round cap at its start, 32..223 the part between the two centres, and 224..255
the cap at its end. Around it, 256 codes are a whole turn.
"""

import dataclasses
from typing import Final

import numpy as np

from retarget_tf.arrays import Float32Array, Float64Array, IndexArray, Uint8Array

VERSION: Final = 1  # of this coding, which clips and records name; 0 means that they have no surface maps
MAX_PIECES: Final = 255
CAP: Final = 32  # codes of each cap
BETWEEN: Final = 256 - 2 * CAP


@dataclasses.dataclass(frozen=True)
class Surface:
    """What one frame shows of the surface.

    Attributes:
        codes: The surface map, uint8 `[size, size, 3]`.
        pieces: Where the pieces are in this frame, float32 `[pieces, 2, 3, 4]`.
    """

    codes: Uint8Array
    pieces: Float32Array


def encode(numbers: IndexArray, pieces: Float64Array, points: Float64Array) -> Uint8Array:
    """Returns the codes of points on the surface.

    Args:
        numbers: The piece of each point, `[points]` from 0.
        pieces: These pieces, `[points, 2, 3, 4]`.
        points: x, y and z, `[points, 3]`.

    Returns:
        uint8 `[points, 3]`, the pixels of a surface map.
    """
    start, end = pieces[:, 0, :, 0], pieces[:, 1, :, 0]
    bone = end - start
    length = (bone**2).sum(-1, keepdims=True)
    share = ((points - start) * bone).sum(-1, keepdims=True) / np.maximum(length, 1e-9)
    share = np.where(length > 1e-6, np.clip(share, 0, 1), 0.0)
    blended = pieces[:, 0] * (1 - share[..., None]) + pieces[:, 1] * share[..., None]
    inverse = np.linalg.inv(blended[..., 1:] + 1e-9 * np.eye(3))
    across, other, along = np.einsum("nij,nj->in", inverse, points - blended[..., 0])
    norm = np.maximum(np.sqrt(across**2 + other**2 + along**2), 1e-9)
    cap = np.clip(along / norm, -1, 1)
    share = share[:, 0]
    is_single = length[:, 0] <= 1e-6
    code = np.where(share <= 0, (cap + 1) * CAP, np.where(share >= 1, 256 - CAP + cap * CAP, CAP + share * BETWEEN))
    code = np.where(is_single & (cap > 0), 256 - CAP + cap * CAP, code)
    around = np.arctan2(other, across) / (2 * np.pi) % 1.0
    return np.stack([numbers + 1, np.clip(code, 0, 255), np.minimum(around * 256, 255)], axis=-1).astype(np.uint8)
