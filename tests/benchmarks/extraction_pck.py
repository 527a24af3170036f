"""Compares extracted keypoints with another detector's, joint by joint: PCK at a tenth of the torso.

    python -m tests.benchmarks.extraction_pck --videos='videos/ubc_fashion_*.mp4'

Compared are the keypoints that `extract_clips` finds, in pixels of the video, before they are moved into the clip's
square (a shift and a scale). The reference is `NAME.coco18.npz` beside `NAME.mp4`: COCO-18 keypoints as shares of width
and height, frame by frame. A joint of the reference counts as correct if ours lies within a tenth of the reference's
torso (neck to mid-hip) in that frame; a missing joint is wrong. `found` is the share of the reference's joints that we
have. COCO-18 has no feet, and the neck is left out, because ours is the middle of the shoulders.
"""

import glob
import pathlib

import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import Float32Array, Int64Array

_VIDEOS = flags.DEFINE_string("videos", None, "Videos: a file name or a pattern.", required=True)
_EVERY = flags.DEFINE_integer("every", 1, "Score one of so many frames; the detector sees all.", lower_bound=1)
_SHARE = flags.DEFINE_float(
    "share", 0.1, "Largest error of a correct joint, as a share of the torso's length.", lower_bound=0
)
_EXACT = flags.DEFINE_bool("exact_keypoints", True, "Find keypoints with both models.")

_JOINTS = (
    "nose", "right_eye", "left_eye", "right_ear", "left_ear", "right_shoulder", "left_shoulder", "right_elbow",
    "left_elbow", "right_wrist", "left_wrist", "right_hip", "left_hip", "right_knee", "left_knee", "right_ankle",
    "left_ankle",
)  # fmt: skip


def main() -> None:
    """Prints a line for each video and each joint."""
    from retarget_tf.errors import InputDataError

    paths = sorted(glob.glob(_VIDEOS.value))
    if not paths:
        raise InputDataError(f"videos {_VIDEOS.value}: no file matches. Check --videos.")
    total = np.zeros((3, len(_JOINTS)), np.int64)
    for path in paths:
        with program.native_log_aside():
            ours, reference = _keypoints(path)
        counts = _count(ours, reference)
        print(f"{path}: {len(ours)} frames: {_line(counts.sum(axis=1))}", flush=True)
        total += counts
    for name, counts in zip(_JOINTS, total.T, strict=True):
        print(f"  {name:15} {_line(counts)}")
    print(f"all joints: {_line(total.sum(axis=1))}; mean over joints {np.mean(total[2] / total[0]):.3f}")


def _keypoints(path: str) -> tuple[Float32Array, Float32Array]:
    """Ours and the reference's, `[frames, 25, 3]` in pixels of the video, of the frames that count."""
    from retarget_tf.body import keypoint_formats
    from retarget_tf.errors import InputDataError
    from retarget_tf.footage import extraction
    from retarget_tf.pictures import video

    file = pathlib.Path(path).with_suffix(".coco18.npz")
    if not file.is_file():
        raise InputDataError(f"reference {file}: no such file. It must lie beside the video.")
    header = video.probe(path)
    shares = np.load(file)["keypoints"]
    reference = keypoint_formats.from_coco18(shares * np.array([header.width, header.height, 1], np.float32))
    ours = extraction.video_keypoints(path, extraction.PersonSearch(exact_keypoints=_EXACT.value))
    if len(ours) != len(reference):
        raise InputDataError(f"reference {file}: is of {len(reference)} frames, the video of {len(ours)}.")
    return ours[:: _EVERY.value], reference[:: _EVERY.value]


def _count(ours: Float32Array, reference: Float32Array) -> Int64Array:
    """In how many frames the reference has a joint, we have it too, and it is right: `[3, joints]`."""
    from retarget_tf.body import skeleton

    neck, hips = reference[:, skeleton.JOINT["neck"]], reference[:, skeleton.JOINT["mid_hip"]]
    torso = np.linalg.norm(neck[:, :2] - hips[:, :2], axis=-1)
    has_torso = np.minimum(neck[:, 2], hips[:, 2]) > 0
    joints = [skeleton.JOINT[name] for name in _JOINTS]
    known = (reference[:, joints, 2] > 0) & has_torso[:, None]
    found = known & (ours[:, joints, 2] > 0)
    distance = np.linalg.norm(ours[:, joints, :2] - reference[:, joints, :2], axis=-1)
    right = found & (distance <= _SHARE.value * torso[:, None])
    return np.stack([known.sum(axis=0), found.sum(axis=0), right.sum(axis=0)])


def _line(counts: Int64Array) -> str:
    known, found, right = counts
    of_found = right / max(found, 1)
    return f"PCK {right / known:.3f}, found {found / known:.3f}, right when found {of_found:.3f} ({known} counted)"


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
