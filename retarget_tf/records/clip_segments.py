"""One clip folder as a stream of segments: resized, encoded, each with its reference frames."""

import itertools
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from retarget_tf.clips import Clip
from retarget_tf.records.segment import EncodedFrames, FloatArray, Segment, Uint8Array, encode_frame, encode_map

_Picture = tuple[Uint8Array, Uint8Array, FloatArray]  # frame, parsing map, keypoints


def num_segments(frames: int, segment_frames: int) -> int:
    """How many records a clip makes; the last may be shorter than the others."""
    return -(-frames // segment_frames)


def segments(
    clip: Clip, *, size: int, label_schema: str, segment_frames: int, seed: int, second_reference: bool
) -> Iterator[Segment]:
    """Yields a clip's segments in order.

    Args:
        clip: where the frames come from; they are streamed.
        size: side of the stored pictures: frames are averaged, maps take the nearest pixel, keypoints scale.
        label_schema: of the stored maps.
        segment_frames: frames in a segment.
        seed: of the second reference.
        second_reference: add to frame 0 a frame from outside of the segment (from anywhere in a clip of one).

    Raises:
        InputDataError: the clip cannot be read to its end, or holds another number of frames than it says.
    """
    info = clip.info
    starts = range(0, info.frames, segment_frames)
    # The clip's id in the seed: its references do not depend on which other clips there are.
    rng = np.random.default_rng([seed, *info.clip_id.encode()])
    chosen = [[0] for _ in starts]
    if second_reference:
        chosen = [[0, _index_elsewhere(rng, info.frames, start, segment_frames)] for start in starts]
    wanted = set(itertools.chain.from_iterable(chosen))
    until_last = enumerate(itertools.islice(_pictures(clip, label_schema), max(wanted) + 1))
    references = {index: _encode(picture, size) for index, picture in until_last if index in wanted}
    encoded = (_encode(picture, size) for picture in _pictures(clip, label_schema))
    for start, indices in zip(starts, chosen, strict=True):
        yield Segment(
            clip_id=info.clip_id,
            person_id=info.person_id,
            fps=info.fps,
            first_index=start,
            body=_join(itertools.islice(encoded, min(segment_frames, info.frames - start))),
            references=_join(references[index] for index in indices),
        )
    next(encoded, None)  # the clip compares what it holds with what it says when it is read to its end


def _pictures(clip: Clip, label_schema: str) -> Iterator[_Picture]:
    frames, maps = clip.read_frames(), clip.read_maps(label_schema)
    for keypoints in clip.keypoints:
        yield next(frames), next(maps), keypoints
    for rest in (frames, maps):
        for _ in rest:
            pass


def _encode(picture: _Picture, size: int) -> tuple[bytes, bytes, FloatArray]:
    frame, parsing_map, keypoints = picture
    before = frame.shape[0]
    if before != size:
        frame = cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)
        parsing_map = cv2.resize(parsing_map, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
        keypoints = keypoints * np.array([size / before, size / before, 1], np.float32)
    return encode_frame(frame), encode_map(parsing_map), keypoints


def _join(encoded: Iterable[tuple[bytes, bytes, FloatArray]]) -> EncodedFrames:
    frames, parsing_maps, keypoints = zip(*encoded, strict=True)
    return EncodedFrames(frames, parsing_maps, np.stack(keypoints))


def _index_elsewhere(rng: np.random.Generator, frames: int, start: int, length: int) -> int:
    """A frame outside of the segment from `start`; any frame where the segment is the whole clip."""
    outside = frames - min(length, frames - start)
    if outside == 0:
        return int(rng.integers(frames))
    index = int(rng.integers(outside))
    return index if index < start else index + length
