"""Reads keypoints from a `.npy` file or the array `keypoints` of an `.npz`; the number of points gives the skeleton.

| points | skeleton |
|---|---|
| 17 | COCO |
| 18 | COCO with a neck, as OpenPose and DWPose write it |
| 23 | BODY_23 of Everybody Dance Now |
| 25 | BODY_25 |
| 26 | Halpe |
| 33 | MediaPipe Pose Landmarker |
| 133 | COCO-WholeBody |
| 134 | DWPose's whole body: COCO with a neck, feet, face, hands |
| 136 | Halpe with face and hands |
"""

import pathlib
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Float32Array
from retarget_tf.body import keypoint_formats
from retarget_tf.errors import InputDataError

SKELETONS: dict[int, tuple[str, Callable[[npt.ArrayLike], Float32Array]]] = {
    17: ("COCO-17", keypoint_formats.from_coco17),
    18: ("COCO-18", keypoint_formats.from_coco18),
    23: ("BODY_23", keypoint_formats.from_body23),
    25: ("BODY_25", lambda points: np.asarray(points, np.float32)),
    26: ("Halpe-26", keypoint_formats.from_halpe26),
    33: ("MediaPipe-33", keypoint_formats.from_mediapipe33),
    133: ("COCO-WholeBody", keypoint_formats.from_whole_body133),
    134: ("DWPose", keypoint_formats.from_dwpose134),
    136: ("Halpe-136", keypoint_formats.from_halpe136),
}
KNOWN_COUNTS = ", ".join(f"{count} ({name})" for count, (name, _) in SKELETONS.items())
# Coordinates that say in files without confidence that a joint is missing: OpenPose's and DWPose's.
_NOWHERE = (0, -1)
_MOST_FRAMES = 1_000_000  # nine hours, 300 MB as BODY_25
_FRAMES_AT_A_TIME = 10_000


def read_keypoint_array(path: files.PathLike) -> Float32Array:
    """Reads an array `[frames, points, 3]`, or `[points, 3]` for a single frame.

    The last axis is x, y and confidence; x and y alone, where (0, 0) or (-1, -1) is a missing joint and an array
    `scores` of an `.npz` has the confidences; or of 33 points MediaPipe's x, y, z and visibility. Joints that are not a
    number are missing.

    Returns:
        float32 `[frames, 25, 3]`: x, y in the file's own units and confidence; missing joints are (0, 0, 0).

    Raises:
        InputDataError: The file is missing, of another kind or shape, or has infinite values.
    """
    points = _load(pathlib.Path(path))
    if points.ndim == 2:
        points = points[None]
    if points.ndim != 3 or _with_confidence(points[:1]) is None or not len(points):
        raise InputDataError(
            f"keypoints {path}: must be [frames, points, 3] (x, y, confidence) or [frames, points, 2] with "
            f"{KNOWN_COUNTS} points, not {list(points.shape)}. Store them so."
        )
    if len(points) > _MOST_FRAMES:
        raise InputDataError(
            f"keypoints {path}: are of {len(points)} frames, more than {_MOST_FRAMES}. "
            "Split the video and its keypoints."
        )
    return np.concatenate(  # what they are converted to takes ten times as much as some files
        [_part(path, points, first) for first in range(0, len(points), _FRAMES_AT_A_TIME)]
    )


def _part(path: files.PathLike, points: AnyArray, first: int) -> Float32Array:
    sized = _with_confidence(np.asarray(points[first : first + _FRAMES_AT_A_TIME], np.float64))
    assert sized is not None, "the shape is checked before"
    if np.isinf(sized).any():
        frame = first + int(np.argwhere(np.isinf(sized))[0][0])
        raise InputDataError(f"keypoints {path} frame {frame}: not finite. Give missing joints the confidence 0.")
    return as_body25(sized)


def as_body25(points: npt.ArrayLike) -> Float32Array:
    """Converts keypoints `[..., points, 3]` of a known skeleton to `[..., 25, 3]`; those of confidence 0 become zeros.

    Confidences above 1 become 1 (COCO's 2 is a visible joint), and joints that are not a number are missing.
    """
    values = np.asarray(points, np.float32)
    values = np.where(np.isnan(values).any(axis=-1, keepdims=True), np.float32(0), values)
    _, to_body25 = SKELETONS[values.shape[-2]]
    body = to_body25(values)
    capped = np.concatenate([body[..., :2], np.minimum(body[..., 2:], 1)], axis=-1)
    return np.where(body[..., 2:] > 0, capped, np.float32(0)).astype(np.float32)


def _with_confidence(points: AnyArray) -> AnyArray | None:
    """Returns x, y and confidence `[frames, points, 3]`; None if the array has another shape than those understood."""
    if points.ndim != 3 or points.shape[1] not in SKELETONS:
        return None
    if points.shape[2] == 2:
        is_missing = np.any([(points == nowhere).all(axis=-1) for nowhere in _NOWHERE], axis=0)
        return np.concatenate([points, 1.0 - is_missing[..., None]], axis=-1)
    if points.shape[1:] == (33, 4):
        return points[..., [0, 1, 3]]
    return points if points.shape[2] == 3 else None


def _load(path: pathlib.Path) -> AnyArray:
    files.check_file(path, "keypoints")
    try:
        files.check_arrays(path, "keypoints")
        stored = np.load(path, allow_pickle=False)
        if not isinstance(stored, np.lib.npyio.NpzFile):
            return _numbers(stored)
        points = _numbers(stored["keypoints"])
        if "scores" in stored and points.shape[-1:] == (2,) and stored["scores"].shape == points.shape[:-1]:
            points = np.concatenate([points, _numbers(stored["scores"])[..., None]], axis=-1)
        return points
    except InputDataError:
        raise
    except KeyError as error:
        raise InputDataError(f"keypoints {path}: holds no array named 'keypoints'. Name it so.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if _is_json(path):
            raise InputDataError(f"keypoints {path}: is JSON. Rename it, so that it ends in .json.") from error
        # What NumPy says is left out: of any file that it does not know it advises to unpickle it.
        raise InputDataError(
            f"keypoints {path}: is no whole .npy or .npz file of numbers. Write it with numpy.save."
        ) from error


def _numbers(values: AnyArray) -> AnyArray:
    if values.dtype.kind not in "fiu":
        raise ValueError(f"of type {values.dtype}")
    return values


def _is_json(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
