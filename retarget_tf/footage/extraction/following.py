"""The first pass over a video: the keypoints of its one person, or of the chosen one of several.

MediaPipe's search for one person is the steadier one, because it smooths over time, but it may hop to a bystander. So
it is used where nobody else is seen in looks that are spread over the video; otherwise everybody is tracked, and one
track is taken.
"""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.extraction import detectors
from retarget_tf.footage.extraction.parser import PosedImage
from retarget_tf.footage.people import tracking
from retarget_tf.footage.people.choosing import MAIN_PERSON, PersonChoice
from retarget_tf.footage.spread_sample import SpreadSample

ViewOf = Callable[[PosedImage], PosedImage | None]

MAX_PEOPLE = 4  # that are told apart
_MOST_VIEWS = 63  # that vote; at least half as many where the video is long enough
_LOOK_SECONDS = 0.25  # between looks for other people
_ENOUGH_LOOKS = 2  # that show several people: one alone is the detector's mistake


@dataclasses.dataclass(frozen=True)
class Track:
    """What the first pass knows of a video.

    Attributes:
        keypoints: float32 `[frames, 25, 3]` in pixels of the upright video; all zero where nobody is found. Joints that
            are unsure are still in it: see `skeleton.drop_unseen`.
        views: of the segmenter, spread over the video.
        has_company: whether other people are seen too.
        doubts: frames from which on it may be somebody else.
    """

    keypoints: Float32Array
    views: tuple[PosedImage, ...]
    has_company: bool = False
    doubts: tuple[int, ...] = ()


def find_person(
    frames: Iterable[Uint8Array],
    fps: float,
    *,
    models_folder: files.PathLike | None = None,
    view_of: ViewOf | None = None,
) -> Track:
    """The one person of a video.

    Args:
        frames: RGB uint8 `[height, width, 3]`, in order.
        fps: frames per second.
        models_folder: where the model file lies; `models.default_folder()` unless given.
        view_of: gives the segmenter's view of a picture; without it no views are kept.
    """
    keypoints: list[Float32Array] = []
    views = _Views(view_of)
    crowded_looks = 0
    stride = max(1, round(fps * _LOOK_SECONDS))
    with (
        detectors.PoseDetector(video=True, models_folder=models_folder) as detector,
        detectors.PoseDetector(video=True, max_people=MAX_PEOPLE, models_folder=models_folder) as onlooker,
    ):
        for index, frame in enumerate(frames):
            found = detector.detect(frame, index / fps)
            keypoints.append(np.zeros((skeleton.NUM_JOINTS, 3), np.float32) if found is None else found)
            views.add(index, frame, [] if found is None else [found])
            if index % stride == 0:
                crowded_looks += len(tracking.sight(frame, onlooker.detect_all(frame, index / fps))) > 1
    return Track(np.stack(keypoints), views.of(keypoints), crowded_looks >= _ENOUGH_LOOKS)


def follow_person(
    frames: Iterable[Uint8Array],
    fps: float,
    choice: PersonChoice,
    name: files.PathLike,
    *,
    models_folder: files.PathLike | None = None,
    view_of: ViewOf | None = None,
) -> Track:
    """One person of a video that shows several.

    Args:
        frames: RGB uint8 `[height, width, 3]`, in order.
        fps: frames per second.
        choice: which person.
        name: of the video, for errors.
        models_folder: where the model file lies; `models.default_folder()` unless given.
        view_of: gives the segmenter's view of a picture; without it no views are kept.

    Raises:
        InputDataError: the person chosen is not there.
    """
    tracker = tracking.PeopleTracker(fps)
    views = _Views(view_of)
    count = 0
    with detectors.PoseDetector(video=True, max_people=MAX_PEOPLE, models_folder=models_folder) as detector:
        for index, frame in enumerate(frames):
            sightings = tracking.sight(frame, detector.detect_all(frame, index / fps))
            tracker.update(index, sightings)
            views.add(index, frame, [sighting.keypoints for sighting in sightings])
            count = index + 1
    if not tracker.tracks and choice == MAIN_PERSON:
        return Track(np.zeros((count, skeleton.NUM_JOINTS, 3), np.float32), ())
    person = choice.of(tracker.tracks, f"video {name}")
    return Track(person.over(count), views.of(person.keypoints.values()), len(tracker.tracks) > 1, tuple(person.doubts))


class _Views:
    """A few dozen of the segmenter's views, spread over a video whose length is not known before its end."""

    def __init__(self, view_of: ViewOf | None) -> None:
        self._view_of = view_of
        self._sample = SpreadSample[list[tuple[Float32Array, PosedImage]]](_MOST_VIEWS)

    def add(self, index: int, frame: Uint8Array, poses: Iterable[Float32Array]) -> None:
        """Keeps the views of all people of a frame, if it is one of those that count."""
        if self._view_of is None or not self._sample.wants(index):
            return
        pairs = [(pose, view) for pose in poses if (view := self._view_of(PosedImage(frame, pose))) is not None]
        if pairs:
            self._sample.add(index, pairs)

    def of(self, poses: Iterable[Float32Array]) -> tuple[PosedImage, ...]:
        """The views of one person, whose poses are among those that were added."""
        own = {id(pose) for pose in poses}
        return tuple(view for pairs in self._sample.items.values() for pose, view in pairs if id(pose) in own)
