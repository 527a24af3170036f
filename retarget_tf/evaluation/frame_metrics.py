"""Scores of generated photographic frames against the true ones: shift-tolerant SSIM, texture, sharpness, SSIM.

PSNR (`metrics.l1_and_psnr`) and SSIM compare pixel with pixel. They prefer a blurred picture, or one colour for each
class, to a sharp person who stands two pixels off. Two measures here rank as the eye does, without trained weights:

    shift-tolerant SSIM   each pixel takes its best SSIM among small shifts of the generated picture
    texture distance      compares how strongly each class's brightness varies at three scales, wherever it does so

Pictures are RGB uint8 `[height, width, 3]`, and brightness is 0..255. Masks are bool `[height, width]`, such as the
silhouette of the true person; scores are means over their pixels, NaN for an empty mask.

SSIM: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", 2004.
"""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import UNKNOWN

_SSIM_SIGMA = 1.5  # pixels, as published
_SSIM_C1, _SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_SHIFT_COST = 0.002  # of SSIM for each pixel of shift, so that the smallest good shift wins
_SCALES = (1.0, 2.0, 4.0)  # pixels, of the Gaussians in which the texture distance measures deviations
_DECILES = np.arange(0.1, 0.95, 0.1)
_SMALLEST_CLASS = 60  # pixels; smaller classes have no texture to speak of


def ssim(generated: Uint8Array, real: Uint8Array, mask: BoolArray) -> float:
    """Returns the structural similarity of the brightness over a mask, at most 1."""
    return shift_tolerant_ssim(generated, real, mask, radius=0)


def shift_tolerant_ssim(
    generated: Uint8Array, real: Uint8Array, mask: BoolArray, radius: int = 8, step: int = 2
) -> float:
    """Returns the mean over a mask of each pixel's best SSIM among shifts of the generated picture.

    Args:
        generated: Generated picture.
        real: True picture.
        mask: Pixels that count.
        radius: Largest shift in pixels, horizontally and vertically.
        step: Distance of two neighbouring shifts in pixels; 4 takes a quarter of the time of 2 and scores a bit lower.
    """
    if not mask.any():
        return float("nan")
    return float(similarity(generated, real, radius, step)[mask].mean(dtype=np.float64))


def similarity(generated: Uint8Array, real: Uint8Array, radius: int = 8, step: int = 2) -> Float32Array:
    """Returns each pixel's best SSIM among shifts of the generated picture, float32 `[height, width]`.

    Arguments are those of `shift_tolerant_ssim`, whose means over several masks can be taken of one such map.
    """
    ours, truth = _brightness(generated), _brightness(real)
    our_mean, true_mean = _blur(ours, _SSIM_SIGMA), _blur(truth, _SSIM_SIGMA)
    our_variance = _blur(ours * ours, _SSIM_SIGMA) - our_mean**2
    true_variance = _blur(truth * truth, _SSIM_SIGMA) - true_mean**2
    best = np.full(truth.shape, -np.inf, np.float32)
    for shift in _shifts(radius, step):
        mean, variance, moved = (_shifted(image, shift) for image in (our_mean, our_variance, ours))
        covariance = _blur(moved * truth, _SSIM_SIGMA) - mean * true_mean
        similar = (2 * mean * true_mean + _SSIM_C1) * (2 * covariance + _SSIM_C2)
        similar /= (mean**2 + true_mean**2 + _SSIM_C1) * (variance + true_variance + _SSIM_C2)
        np.maximum(best, similar - _SHIFT_COST * np.hypot(*shift), out=best)
    return best


def texture_distance(generated: Uint8Array, real: Uint8Array, parsing_map: Uint8Array) -> float:
    """Returns how differently the classes of a true map are textured in two pictures, 0 if alike.

    For each class but the background, and each of three scales, nine deciles of log(1 + local standard deviation of the
    brightness) are compared; the result is their mean absolute difference. A class counts if 60 of its pixels are left
    when its border is removed; NaN if none does.
    """
    regions = [region for region in _inner_regions(parsing_map) if region.sum() >= _SMALLEST_CLASS]
    differences = []
    for scale in _SCALES:
        ours, truth = (np.log1p(_local_deviation(_brightness(picture), scale)) for picture in (generated, real))
        for region in regions:
            ours_at, truth_at = (np.quantile(image[region], _DECILES) for image in (ours, truth))
            differences.append(np.abs(ours_at - truth_at).mean())
    return float(np.mean(differences)) if differences else float("nan")


def sharpness(generated: Uint8Array, real: Uint8Array, mask: BoolArray) -> float:
    """Returns the mean absolute Laplacian of the generated brightness over a mask, divided by the true picture's.

    1 is as sharp as the truth, less is blurred, more is noisy or ringing; NaN if the true picture is flat there.
    """
    if not mask.any():
        return float("nan")
    ours, truth = (
        np.abs(cv2.Laplacian(_brightness(picture), cv2.CV_32F))[mask].mean(dtype=np.float64)
        for picture in (generated, real)
    )
    return float(ours / truth) if truth else float("nan")


def _brightness(picture: Uint8Array) -> Float32Array:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def _blur(image: Float32Array, sigma: float) -> Float32Array:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def _local_deviation(image: Float32Array, sigma: float) -> Float32Array:
    variance = _blur(image * image, sigma) - _blur(image, sigma) ** 2
    return np.sqrt(np.maximum(variance, 0))


def _shifts(radius: int, step: int) -> list[tuple[int, int]]:
    """Returns vertical and horizontal shifts up to `radius` in each direction, multiples of `step`."""
    ends = radius // step * step
    return [(down, right) for down in range(-ends, ends + 1, step) for right in range(-ends, ends + 1, step)]


def _shifted(image: Float32Array, shift: tuple[int, int]) -> Float32Array:
    """Moves an image down and right; what comes in at the border repeats the border."""
    rows, columns = (
        np.clip(np.arange(size) - offset, 0, size - 1) for size, offset in zip(image.shape, shift, strict=True)
    )
    return image[rows[:, None], columns]


def _inner_regions(parsing_map: Uint8Array) -> list[BoolArray]:
    """Returns a mask of each class but the background and unknown, without the pixels at its border."""
    regions = [parsing_map == class_id for class_id in np.unique(parsing_map) if class_id not in (0, UNKNOWN)]
    return [cv2.erode(region.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for region in regions]
