"""Finds the keypoints of one person in a first pass over a video.

MediaPipe's detection of a single person is faster and steadier, but it may jump to a bystander. So `find_person` uses
it and also counts the people in a few frames a second. If there are several, `follow_person` tracks
everybody and returns one track. `given_person` takes keypoints that are known.
"""

import concurrent.futures
import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.extraction.parser import PosedImage
from retarget_tf.footage.extraction.searching import PeopleDetector, open_detector
from retarget_tf.footage.people import tracking
from retarget_tf.footage.people.choosing import MAIN_PERSON
from retarget_tf.footage.settings import MAIN_SEARCH, PersonSearch
from retarget_tf.footage.spread_sample import SpreadSample

ViewOf = Callable[[PosedImage], PosedImage | None]

_MOST_VIEWS = 63  # most views kept for the vote on clothes
_LOOK_SECONDS = 0.25  # interval at which people are counted
_ENOUGH_LOOKS = 2  # counts above 1 that make a video crowded; a single one may be the detector's mistake


@dataclasses.dataclass(frozen=True)
class Track:
    """Result of the first pass over a video.

    Attributes:
        keypoints: float32 `[frames, 25, 3]` in pixels of the upright video; all zero where nobody is found. Joints of
            low confidence are included, see `skeleton.drop_unseen`.
        views: The segmenter's views of the person in some frames spread over the video.
        has_company: Whether the video shows other people too.
        doubts: Frames from which on the track may follow somebody else.
    """

    keypoints: Float32Array
    views: tuple[PosedImage, ...]
    has_company: bool = False
    doubts: tuple[int, ...] = ()


def find_person(
    frames: Iterable[Uint8Array],
    fps: float,
    search: PersonSearch = MAIN_SEARCH,
    *,
    view_of: ViewOf | None = None,
    stops_in_company: bool = False,
) -> Track:
    """Finds the keypoints of a video's only person.

    Args:
        frames: RGB uint8 `[height, width, 3]`, in order.
        fps: Frames per second.
        search: How exactly joints are found; `person` is not used.
        view_of: Makes the segmenter's view of a picture; None keeps no views.
        stops_in_company: Ends the track, and takes no more frames, once it is certain that others are there too.
    """
    keypoints: list[Float32Array] = []
    views = _Views(view_of)
    look: concurrent.futures.Future[int] | None = None  # how many people are seen
    crowded_looks = 0
    stride = max(1, round(fps * _LOOK_SECONDS))
    with (
        open_detector(search, video=True) as detector,
        PeopleDetector(video=True, models_folder=search.models) as onlooker,
        concurrent.futures.ThreadPoolExecutor(1) as beside,
    ):
        for index, frame in enumerate(frames):
            if index % stride == 0:
                crowded_looks += _is_crowded(look)  # no more than one frame waits
                if stops_in_company and crowded_looks >= _ENOUGH_LOOKS:
                    break
                look = beside.submit(_count_people, onlooker, frame, index / fps)
            found = detector.detect(frame, index / fps)
            keypoints.append(np.zeros((skeleton.NUM_JOINTS, 3), np.float32) if found is None else found)
            views.add(index, frame, [] if found is None else [found])
        else:
            crowded_looks += _is_crowded(look)
    return Track(np.stack(keypoints), views.of(keypoints), crowded_looks >= _ENOUGH_LOOKS)


def given_person(frames: Iterable[Uint8Array], keypoints: Float32Array, *, view_of: ViewOf | None = None) -> Track:
    """Returns the track of a person whose keypoints `[frames, 25, 3]` are known; `frames`, `view_of`: `find_person`."""
    views = _Views(view_of)
    poses = list(keypoints)
    for index, (frame, pose) in enumerate(zip(frames, poses, strict=True)):
        views.add(index, frame, [pose])
    return Track(keypoints, views.of(poses))


def _is_crowded(look: concurrent.futures.Future[int] | None) -> bool:
    return look is not None and look.result() > 1


def _count_people(onlooker: PeopleDetector, frame: Uint8Array, seconds: float) -> int:
    return len(tracking.sight(frame, onlooker.detect_all(frame, seconds)))


def follow_person(
    frames: Iterable[Uint8Array],
    fps: float,
    search: PersonSearch,
    name: files.PathLike,
    *,
    view_of: ViewOf | None = None,
) -> Track:
    """Tracks everybody in a video and returns the track of one person.

    Args:
        frames: RGB uint8 `[height, width, 3]`, in order.
        fps: Frames per second.
        search: Whom to follow; joints are found more exactly and more slowly with the heavy model.
        name: Path of the video, for error messages.
        view_of: Makes the segmenter's view of a picture; None keeps no views.

    Raises:
        InputDataError: The chosen person is not in the video.
    """
    tracker = tracking.PeopleTracker(fps)
    views = _Views(view_of)
    count = 0
    with PeopleDetector(video=True, models_folder=search.models, exact=search.exact_keypoints) as detector:
        for index, frame in enumerate(frames):
            sightings = tracking.sight(frame, detector.detect_all(frame, index / fps))
            tracker.update(index, sightings)
            views.add(index, frame, [sighting.keypoints for sighting in sightings])
            count = index + 1
    if not tracker.tracks and search.person == MAIN_PERSON:
        return Track(np.zeros((count, skeleton.NUM_JOINTS, 3), np.float32), ())
    person = search.person.of(tracker.tracks, f"video {name}")
    return Track(person.over(count), views.of(person.keypoints.values()), len(tracker.tracks) > 1, tuple(person.doubts))


class _Views:
    """Keeps a few dozen of the segmenter's views, evenly spread over the video."""

    def __init__(self, view_of: ViewOf | None) -> None:
        self._view_of = view_of
        self._sample = SpreadSample[list[tuple[Float32Array, PosedImage]]](_MOST_VIEWS)

    def add(self, index: int, frame: Uint8Array, poses: Iterable[Float32Array]) -> None:
        """Keeps the views of all people of a frame if it belongs to the sample."""
        if self._view_of is None or not self._sample.wants(index):
            return
        pairs = [(pose, view) for pose in poses if (view := self._view_of(PosedImage(frame, pose))) is not None]
        if pairs:
            self._sample.add(index, pairs)

    def of(self, poses: Iterable[Float32Array]) -> tuple[PosedImage, ...]:
        """Returns the kept views of one person, given by the same pose arrays that were added."""
        own = {id(pose) for pose in poses}
        return tuple(view for pairs in self._sample.items.values() for pose, view in pairs if id(pose) in own)
