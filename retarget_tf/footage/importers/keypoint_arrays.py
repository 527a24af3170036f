"""Reads keypoints from a `.npy` file or the array `keypoints` of an `.npz`; the number of points gives the skeleton.

| points | skeleton |
|---|---|
| 17 | COCO |
| 18 | COCO with a neck, as OpenPose and DWPose write it |
| 25 | BODY_25 |
| 33 | MediaPipe Pose Landmarker |
"""

import pathlib
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Float64Array
from retarget_tf.body import keypoint_formats
from retarget_tf.errors import InputDataError

SKELETONS: dict[int, tuple[str, Callable[[npt.ArrayLike], Float32Array]]] = {
    17: ("COCO-17", keypoint_formats.from_coco17),
    18: ("COCO-18", keypoint_formats.from_coco18),
    25: ("BODY_25", lambda points: np.asarray(points, np.float32)),
    33: ("MediaPipe-33", keypoint_formats.from_mediapipe33),
}


def read_keypoint_array(path: files.PathLike) -> Float32Array:
    """Reads an array `[frames, points, 3]`, or `[points, 3]` for a single frame.

    Returns:
        float32 `[frames, 25, 3]`: x, y in the file's own units and confidence; missing joints are (0, 0, 0).

    Raises:
        InputDataError: The file is missing, of another kind or shape, or has values that are not finite.
    """
    points = _load(pathlib.Path(path))
    if points.ndim == 2:
        points = points[None]
    if points.ndim != 3 or points.shape[1] not in SKELETONS or points.shape[2] != 3 or not len(points):
        known = ", ".join(f"{count} ({name})" for count, (name, _) in SKELETONS.items())
        raise InputDataError(
            f"keypoints {path}: must be [frames, points, 3] (x, y, confidence) with {known} points, "
            f"not {list(points.shape)}. Store them so."
        )
    if not np.isfinite(points).all():
        frame = int(np.argwhere(~np.isfinite(points))[0][0])
        raise InputDataError(f"keypoints {path} frame {frame}: not finite. Give missing joints the confidence 0.")
    _, to_body25 = SKELETONS[points.shape[1]]
    return with_known_confidence(to_body25(points))


def with_known_confidence(body: Float32Array) -> Float32Array:
    """Limits confidences of keypoints `[..., 25, 3]` to 1 (COCO's 2 is a visible joint); joints of 0 become zeros."""
    capped = np.concatenate([body[..., :2], np.minimum(body[..., 2:], 1)], axis=-1)
    return np.where(body[..., 2:] > 0, capped, np.float32(0)).astype(np.float32)


def _load(path: pathlib.Path) -> Float64Array:
    try:
        stored = np.load(path, allow_pickle=False)
        values = stored["keypoints"] if isinstance(stored, np.lib.npyio.NpzFile) else stored
        if values.dtype.kind not in "fiu":
            raise ValueError(f"of type {values.dtype}")
        return np.asarray(values, np.float64)
    except FileNotFoundError as error:
        raise InputDataError(f"keypoints {path}: no such file. Check its name.") from error
    except KeyError as error:
        raise InputDataError(f"keypoints {path}: holds no array named 'keypoints'. Name it so.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputDataError(
            f"keypoints {path}: is no .npy or .npz file of numbers ({error}). Write it with numpy.save."
        ) from error
