"""Measures cleaning on real clips: maps moved by raw and by cleaned keypoints, and keypoints against another detector.

    python -m data.extract_clips --videos='videos/*.mp4' --out=clips --size=128
    python -m tests.benchmarks.keypoint_cleaning --clips=clips --videos=videos

Every row is a clip at a frame rate: its own, or a lower one for which the nearest frames are taken; rates above a
clip's own are left out. Columns are the keypoints as detected, all of `clean_keypoints`, and all but one step.
`limb_warp` moves the map of frame 0 by them; given are mIoU, mIoU with the sides merged, and the IoU of the silhouette,
times 100. The reference's keypoints stay as detected, as those of a photo. The true maps tell left from right by the
keypoints as detected, so repaired swaps count as wrong in the first number, not in the other two.

With `NAME.coco18.npz` beside a video, PCK at a tenth and a twentieth of the torso follows, as in `extraction_pck`.
DWPose takes the right side of `ubc_fashion_c` for the left from frame 186 on, so there the comparison ends before.
"""

import pathlib
from collections.abc import Callable

import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import Float32Array, Float64Array, Int64Array
from retarget_tf.body import keypoint_filters, keypoint_formats, pose_transform, skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dataset import clips
from retarget_tf.evaluation import baselines, metrics
from retarget_tf.footage import extraction
from retarget_tf.pictures import video

_CLIPS = flags.DEFINE_string("clips", None, "Folder of clip folders.", required=True)
_VIDEOS = flags.DEFINE_string("videos", None, "Folder of their videos; None leaves the comparison of keypoints out.")
_RATES = flags.DEFINE_multi_float("rates", [0, 16, 24, 30], "Frames per second; 0 is the clip's own.")
_EVERY = flags.DEFINE_integer("every", 4, "Score one of so many frames.", lower_bound=1)

_LAST = 200  # frame of a clip that is scored
_BATCH = 20
_RIGHT_UNTIL = {"ubc_fashion_c": 186}  # frames of the reference whose sides are right
_STEPS = ("swaps", "outliers", "gaps", "twin", "smoothing")
_ROWS = ("raw", "all", *(f"-{step}" for step in _STEPS))
_GROUPS = ([group for _, group in PARTS10.coarse_groups], [list(range(1, PARTS10.num_classes))])


def main() -> None:
    """Prints a table of maps for each rate, then one of keypoints."""
    warp = baselines.LimbWarp(PARTS10)
    folders = sorted(path.parent for path in pathlib.Path(_CLIPS.value).glob("*/clip.json"))
    for rate in _RATES.value:
        _print(f"{rate or 'own'} frames/s", _ROWS)
        rows = [_map_row(clips.open_clip(folder), rate, warp) for folder in folders]
        _print("mean", np.mean([row for row in rows if row], axis=0).tolist())
    if _VIDEOS.value is not None:
        _print("PCK .1 and .05", _ROWS)
        for folder in folders:
            reference = pathlib.Path(_VIDEOS.value) / f"{folder.name}.coco18.npz"
            if reference.is_file():
                _print(folder.name, _agreement(reference.with_name(f"{folder.name}.mp4"), reference))


def _clean(keypoints: Float32Array, fps: float, row: str) -> Float32Array:
    """Cleans as the row says; `all` equals `clean_keypoints`."""
    steps: dict[str, Callable[[Float32Array], Float32Array]] = {
        "swaps": lambda pose: keypoint_filters.repair_swaps(pose, fps),
        "outliers": lambda pose: keypoint_filters.drop_outliers(pose, fps),
        "gaps": lambda pose: keypoint_filters.fill_gaps(pose, fps),
        "twin": keypoint_filters.fill_from_twin,
        "smoothing": lambda pose: keypoint_filters.smooth(pose, fps),
    }
    for name in _STEPS if row != "raw" else ():
        if row != f"-{name}":
            keypoints = steps[name](keypoints)
    return keypoints


def _map_row(clip: clips.Clip, rate: float, warp: baselines.LimbWarp) -> list[list[float]] | None:
    own_fps, count = clip.info.fps, min(len(clip.keypoints), _LAST + 1)
    if rate > 1.01 * own_fps:
        return None
    fps = rate or own_fps
    times = np.arange(0, (count - 1) / own_fps + 1e-6, 1 / fps)
    frames = np.unique(np.round(times * own_fps).astype(int).clip(0, count - 1))
    maps = np.stack([image for image, _ in zip(clip.read_maps(PARTS10.name), range(count), strict=False)])
    scored = np.arange(1, len(frames), _EVERY.value)
    row = []
    for name in _ROWS:
        path = pose_transform.hold_pose(_clean(clip.keypoints[frames], fps, name))[scored]
        confusion = np.zeros((PARTS10.num_classes,) * 2, np.int64)
        for first in range(0, len(path), _BATCH):
            # The last batch is filled up, so that the graph is traced once.
            some = path[np.arange(first, first + _BATCH).clip(0, len(path) - 1)]
            start = np.repeat(clip.keypoints[:1], _BATCH, axis=0), np.repeat(maps[:1], _BATCH, axis=0)
            moved = warp.start(*start)(some)[: len(path) - first]
            real = maps[frames[scored[first : first + _BATCH]]]
            confusion += metrics.confusion_matrix(real, moved, PARTS10.num_classes)
        row.append(_scores(confusion))
    _print(clip.info.clip_id, row)
    return row


def _scores(confusion: Int64Array) -> list[float]:
    merged = (metrics.merge_classes(confusion, groups) for groups in _GROUPS)
    return [100 * metrics.mean_iou(one) for one in (confusion, *merged)]


def _agreement(path: pathlib.Path, file: pathlib.Path) -> list[list[float]]:
    """Returns PCK at both shares of the torso for each row, in percent."""
    header = video.probe(path)
    with program.native_log_aside():
        ours = extraction.video_keypoints(path)
    shares = np.load(file)["keypoints"] * np.array([header.width, header.height, 1], np.float32)
    reference = keypoint_formats.from_coco18(shares)[: _RIGHT_UNTIL.get(path.stem)]
    return [_pck(_clean(ours, header.fps, name)[: len(reference)], reference) for name in _ROWS]


def _pck(ours: Float32Array, reference: Float32Array) -> list[float]:
    neck, hip = (reference[:, [skeleton.JOINT[name]]] for name in ("neck", "mid_hip"))
    torso: Float64Array = np.linalg.norm((neck - hip)[..., :2], axis=-1)
    known = (reference[..., 2] > 0) & (neck[..., 2] > 0) & (hip[..., 2] > 0)
    known[:, skeleton.joints("neck", "mid_hip")] = False  # derived from other joints in one of both skeletons
    distance = np.where(ours[..., 2] > 0, np.linalg.norm((ours - reference)[..., :2], axis=-1), np.inf)
    return [100 * float((distance <= share * torso)[known].mean()) for share in (0.1, 0.05)]


def _print(name: str, cells: "tuple[str, ...] | list[list[float]]") -> None:
    texts = (cell if isinstance(cell, str) else " ".join(f"{value:5.2f}" for value in cell) for cell in cells)
    print(f"{name:22}" + "".join(f"{text:>20}" for text in texts), flush=True)


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
