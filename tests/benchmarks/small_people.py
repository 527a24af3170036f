"""Sets videos of one person small into a larger picture, and compares the joints found there with those of the video.

    python -m tests.benchmarks.small_people --videos='videos/ubc_fashion_*.mp4' --shares=0.4 --shares=0.2

`found` is the share of the frames in which somebody is found, PCK the share of the video's own joints that are found
within a tenth of the torso (neck to mid-hip); a missed frame counts as wrong. The time is the processor's, a frame.
"""

import glob
import itertools
import time

import numpy as np
from absl import flags

from retarget_tf import program
from retarget_tf.arrays import Float32Array, Uint8Array

_VIDEOS = flags.DEFINE_string("videos", None, "Videos: a file name or a pattern.", required=True)
_SIZE = flags.DEFINE_list("picture", ["1920", "1080"], "Width and height of the larger picture.")
_SHARES = flags.DEFINE_multi_float("shares", [0.5, 0.4, 0.3, 0.25, 0.2], "Heights of the person in it, as shares.")
_FRAMES = flags.DEFINE_integer("frames", 60, "Frames of each video.", lower_bound=1)
_EXACT = flags.DEFINE_bool("exact_keypoints", False, "Find keypoints with both models.")

_WITH_HEAD = 1.12  # the body's height as a multiple of that of its joints
_BACKDROP = 40.0  # contrast of the blurred noise around the video, in grey levels


def main() -> None:
    """Prints a line for each video, and for each share one more."""
    from retarget_tf.body import skeleton
    from retarget_tf.pictures import video

    width, height = (int(side) for side in _SIZE.value)
    backdrop = _backdrop(height, width)
    for path in sorted(glob.glob(_VIDEOS.value)):
        frames = list(itertools.islice(video.read_frames(path), _FRAMES.value))
        truth, seconds = _detected(frames)
        print(f"{path}: {len(frames)} frames, {1e3 * seconds:.0f} ms", flush=True)
        for share in _SHARES.value:
            scale = share * height / (_WITH_HEAD * skeleton.box_side(truth[0]))
            small = [_set_in(frame, backdrop, scale) for frame in frames]
            left, top = _place(frames[0], backdrop, scale)
            found, seconds = _detected(small)
            expected = truth * np.array([scale, scale, 1], np.float32) + np.array([left, top, 0], np.float32)
            is_found = found[..., 2].any(axis=1)
            print(
                f"  {share:.2f} of the height: found {is_found.mean():.2f}, PCK "
                f"{_correct(found, expected, truth[..., 2] > 0):.3f}, {1e3 * seconds:.0f} ms",
                flush=True,
            )


def _detected(frames: list[Uint8Array]) -> tuple[Float32Array, float]:
    """Keypoints `[frames, 25, 3]`, unseen joints 0, and seconds of the processor a frame."""
    from retarget_tf.body import skeleton
    from retarget_tf.footage.extraction import following
    from retarget_tf.footage.settings import PersonSearch

    start = time.process_time()
    with program.native_log_aside():
        track = following.find_person(frames, 30.0, PersonSearch(exact_keypoints=_EXACT.value))
    seconds = (time.process_time() - start) / len(frames)
    return skeleton.drop_unseen(track.keypoints, frames[0].shape[1], frames[0].shape[0]), seconds


def _correct(found: Float32Array, expected: Float32Array, seen: np.ndarray) -> float:
    from retarget_tf.body import skeleton

    neck, hips = (expected[:, skeleton.JOINT[name], :2] for name in ("neck", "mid_hip"))
    error = np.linalg.norm((found - expected)[..., :2], axis=-1)
    is_found = np.asarray(found[..., 2].any(axis=1))
    is_right = (error < 0.1 * np.linalg.norm(neck - hips, axis=-1)[:, None]) & is_found[:, None]
    return float(is_right[seen].mean())


def _backdrop(height: int, width: int) -> Uint8Array:
    import cv2

    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (height, width, 3)), (0, 0), 9)
    return np.clip(128 + _BACKDROP * noise / noise.std(), 0, 255).astype(np.uint8)


def _place(frame: Uint8Array, backdrop: Uint8Array, scale: float) -> tuple[int, int]:
    """Left and top of the scaled frame: on the floor, right of the middle."""
    rows, columns = (round(side * scale) for side in frame.shape[:2])
    return min(int(0.6 * backdrop.shape[1]), backdrop.shape[1] - columns), backdrop.shape[0] - rows


def _set_in(frame: Uint8Array, backdrop: Uint8Array, scale: float) -> Uint8Array:
    import cv2

    size = round(frame.shape[1] * scale), round(frame.shape[0] * scale)
    left, top = _place(frame, backdrop, scale)
    picture = backdrop.copy()
    if left < 0 or top < 0:
        raise ValueError(f"the picture must be larger than the scaled video. Received: video of {size}")
    picture[top : top + size[1], left : left + size[0]] = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return picture


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
