"""Reads the source of a retargeting, the performer to imitate, from a video or a clip.

Keypoints come from a file, from the clip, or from the pose detector of the `extract` extra. A source holds its
keypoints in memory (300 bytes per frame) and streams its frames.
"""

import dataclasses
import os
from collections.abc import Callable, Iterator

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.dataset import clips
from retarget_tf.errors import InputDataError
from retarget_tf.footage import extraction
from retarget_tf.footage.importers import KeypointFile, with_keypoints
from retarget_tf.footage.settings import MAIN_SEARCH, PersonSearch
from retarget_tf.pictures import video
from retarget_tf.program.progress import Progress


@dataclasses.dataclass(frozen=True)
class Source:
    """The performer to imitate.

    Attributes:
        name: File name for messages.
        keypoints: float32 `[frames, 25, 3]` in pixels of the upright picture.
        picture_size: Width and height in pixels.
        fps: Frames per second.
        open_frames: Returns an iterator over the frames, RGB uint8 `[height, width, 3]`, with their times; called with
            False, the pictures may be empty.
        is_cut: Allows the video to be longer than the keypoints.
        sound: File with the sound; None for a clip or pictures.
        open_maps: Returns an iterator over the parsing maps, class ids uint8 `[size, size]` of the whole picture, 0 is
            background and 255 unknown; None for a video.
    """

    name: str
    keypoints: Float32Array
    picture_size: tuple[int, int]
    fps: float
    open_frames: Callable[[bool], Iterator[video.TimedFrame]]
    is_cut: bool = False
    sound: files.PathLike | None = None
    open_maps: Callable[[], Iterator[Uint8Array]] | None = None

    def __post_init__(self) -> None:
        if skeleton.person_box(self.keypoints) is None:
            raise InputDataError(
                f"source {self.name}: nobody is seen in it. Give a video that shows "
                "a whole person, at least a fifth of the picture tall."
            )

    def frames(self, *, pictures: bool = True) -> Iterator[video.TimedFrame]:
        """Yields a frame for each entry of `keypoints`; raises InputDataError if the video has fewer or more.

        Args:
            pictures: False saves the conversion of the pictures, which may then be empty, where only times are needed.
        """
        timed = self.open_frames(pictures)
        return with_keypoints(timed, len(self.keypoints), f"source {self.name}", is_cut=self.is_cut)


def video_source(
    path: files.PathLike,
    keypoints: Float32Array | KeypointFile | None = None,
    *,
    max_frames: int | None = None,
    reading: video.ReadOptions = video.AS_IT_IS,
    search: PersonSearch = MAIN_SEARCH,
    show_progress: Progress = False,
) -> Source:
    """Reads the source from a video.

    Args:
        path: The video file, or a folder of numbered pictures.
        keypoints: float32 `[frames, 25, 3]` in pixels of the upright frames, or a keypoint file, with one entry for
            each frame that `reading` yields, or a folder of files with the numbers of the pictures; None detects them
            in a first pass over the video.
        max_frames: Stops after this many frames; None reads all.
        reading: Resampling and limits of reading the video.
        search: Whose joints are detected, and how exactly.
        show_progress: Draws a progress bar while keypoints are detected, or the function to tell of the progress.

    Raises:
        InputDataError: The video cannot be read, or shows nobody.
        MissingDependencyError: The keypoint detector is needed and not installed.
    """
    info, times = video.probe(path, reading), list[video.TimedFrame]()
    if isinstance(keypoints, KeypointFile):
        keypoints = keypoints.of_video(path, info)
    elif keypoints is None:
        keypoints = extraction.video_keypoints(
            path,
            search=search,
            max_frames=max_frames or 0,
            reading=reading,
            show_progress=show_progress,
            times=times,
        )

    def timed(pictures: bool) -> Iterator[video.TimedFrame]:
        return iter(times) if times and not pictures else video.read_timed_frames(path, reading, pictures=pictures)

    return Source(
        str(path),
        keypoints[:max_frames],
        (info.width, info.height),
        info.fps,
        timed,
        is_cut=max_frames is not None and max_frames <= len(keypoints),
        sound=None if os.path.isdir(path) else path,
    )


def clip_source(folder: files.PathLike, *, max_frames: int | None = None) -> Source:
    """Reads the source from a clip folder; `max_frames` as in `video_source`."""
    clip = clips.open_clip(folder)
    size = clip.info.image_size
    keypoints = clip.keypoints[:max_frames]
    is_cut = len(keypoints) < len(clip.keypoints)
    fps = clip.info.fps

    def timed(_: bool) -> Iterator[video.TimedFrame]:
        return (video.TimedFrame(index / fps, frame, 1 / fps) for index, frame in enumerate(clip.read_frames()))

    return Source(str(folder), keypoints, (size, size), fps, timed, is_cut, open_maps=clip.read_maps)
