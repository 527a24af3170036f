"""Scores one frame against the true one, over the person and over parts of her.

    person_*       the silhouette of the true map
    face_*         hair and face
    arms_*         arms and hands
    background_*   outside of the silhouettes of the true map and of the photo's

Each has `psnr` in dB, `ssim`, `st_ssim` (shift-tolerant, up to 8 pixels in steps of 4), `texture` (distance, 0 is
best) and `sharpness` (1 is as sharp as the truth), see `frame_metrics`. `untouched` is the share of the pixels that a
contender had no reason to draw on whose bytes are the photo's.
"""

import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema
from retarget_tf.evaluation import frame_metrics, metrics
from retarget_tf.evaluation.baselines import without_unknown
from retarget_tf.evaluation.frames.contenders import Made

REGIONS = ("person", "face", "arms", "background")
MEASURES = ("psnr", "ssim", "st_ssim", "texture", "sharpness")
_SHIFT_STEP = 4
_PARTS = {"face": ("hair", "face"), "arms": ("left_arm", "right_arm")}


def region_maps(real_map: Uint8Array, photo_map: Uint8Array, schema: LabelSchema) -> dict[str, Uint8Array]:
    """Returns for each region a map that is 0 outside of it: the true classes, or 1 for the background."""
    real = without_unknown(real_map)
    of_part = {name: [i for i, part in enumerate(schema.to_parts10) if part in _ids(name)] for name in _PARTS}
    background = (real_map == 0) & (photo_map == 0)
    return {
        "person": real,
        **{name: np.where(np.isin(real, ids), real, 0).astype(np.uint8) for name, ids in of_part.items()},
        "background": background.astype(np.uint8),
    }


def score(made: Made, real: Uint8Array, photo: Uint8Array, regions: dict[str, Uint8Array]) -> dict[str, float]:
    """Returns the scores of a frame by name; NaN where a region is empty.

    Args:
        made: The frame.
        real: The true frame, RGB uint8 `[size, size, 3]`.
        photo: The photo, likewise.
        regions: From `region_maps`.
    """
    similar = frame_metrics.similarity(made.frame, real, radius=0)
    tolerant = frame_metrics.similarity(made.frame, real, step=_SHIFT_STEP)
    scores: dict[str, float] = {}
    for name, of_region in regions.items():
        mask = of_region > 0
        scores |= {
            f"{name}_psnr": psnr(made.frame, real, mask),
            f"{name}_ssim": _mean(similar, mask),
            f"{name}_st_ssim": _mean(tolerant, mask),
            f"{name}_texture": frame_metrics.texture_distance(made.frame, real, of_region),
            f"{name}_sharpness": frame_metrics.sharpness(made.frame, real, mask),
        }
    kept = (made.frame == photo).all(axis=-1)
    return {**scores, "untouched": _mean(kept, ~made.drawn)}


def psnr(one: Uint8Array, other: Uint8Array, mask: BoolArray) -> float:
    """Returns the peak signal-to-noise ratio over a mask in dB; 100 for equal pictures, NaN for an empty mask."""
    _, ratio = metrics.l1_and_psnr(_signed(other), _signed(one), mask)
    return ratio


def _signed(picture: Uint8Array) -> Float32Array:
    return picture.astype(np.float32) / np.float32(127.5) - 1


def _ids(region: str) -> list[int]:
    return [PARTS10.classes.index(name) for name in _PARTS[region]]


def _mean(values: Float32Array | BoolArray, mask: BoolArray) -> float:
    return float(values[mask].mean(dtype=np.float64)) if mask.any() else float("nan")
