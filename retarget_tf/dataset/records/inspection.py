"""Shows the contents of records: tables and a contact sheet."""

import colorsys
import itertools
from collections.abc import Iterable

import cv2
import numpy as np
from keras import ops

from retarget_tf.arrays import Float32Array, IndexArray, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import correspondence
from retarget_tf.dataset.records.manifest import Manifest
from retarget_tf.dataset.records.reading import read_segments
from retarget_tf.dataset.records.segment import Segment, decode_frame, decode_map, decode_surface_map
from retarget_tf.pictures import drawing

_HIDDEN = (255, 0, 200), (70, 0, 55)  # colours of the stripes
_NO_PERSON = 60
_SURFACE_CAPTION = (
    "surface map: which point of the body a pixel shows. The same patch of the same colour is the same place on the "
    "body in every frame of the clip.",
    "reference moved: each pixel takes the colour that its point of the body has in the reference picture; pink "
    "stripes where the reference does not show that point.",
    "its map moved: the same with the parsing map of the reference. Where there are no stripes, it is the frame's own "
    "map above.",
)


def describe(manifest: Manifest) -> str:
    """Returns a table of the splits with their people, clips, frames, shards and megabytes."""
    rows: list[tuple[str, ...]] = [("split", "people", "clips", "frames", "shards", "MB")]
    for name, split in manifest.splits.items():
        people = len({clip.person_id for clip in split.clips})
        counts = (people, len(split.clips), split.frames, len(split.shards))
        rows.append((name, *map(str, counts), f"{split.bytes / 1e6:.1f}"))
    facts = (
        f"{manifest.folder}: {manifest.image_size} pixels, label schema {manifest.label_schema}, "
        f"{manifest.segment_frames} frames a record, the person takes {manifest.person_height_share:.0%} of the height"
        f"{', with surface maps' * bool(manifest.surface_version)}"
    )
    return f"{facts}\n{drawing.aligned(rows)}"


def describe_classes(manifest: Manifest, split: str, max_records: int = 64) -> str:
    """Returns a table of each class's share of the pixels, from the middle frames of a split's first records."""
    schema = parsing_labels.get_schema(manifest.label_schema)
    counts = np.zeros(256, np.int64)
    for segment in itertools.islice(read_segments(manifest.folder, split), max_records):
        middle = segment.body.parsing_maps[len(segment.body) // 2]
        counts += np.bincount(decode_map(middle).numpy().ravel(), minlength=256)
    named = [*enumerate(schema.classes), (parsing_labels.UNKNOWN, "unknown")]
    rows = [(f"class ({split})", "share"), *((name, f"{counts[i] / counts.sum():.2%}") for i, name in named)]
    return drawing.aligned(rows)


def contact_sheet(manifest: Manifest, split: str, *, max_rows: int = 8, frames_in_row: int = 3) -> Uint8Array:
    """Draws a picture of a split with one row for the first record of each clip.

    A row shows the reference frame and then, for frames spread over the record, the frame, the frame with its stick
    figure, and its parsing map in colours. Of records with surface maps it also shows these, and the reference moved to
    each frame by the correspondences.

    Returns:
        RGB uint8 `[height, width, 3]`.
    """
    schema = parsing_labels.get_schema(manifest.label_schema)
    segments = _different_clips(read_segments(manifest.folder, split), max_rows)
    rows = [_row(segment, schema, frames_in_row) for segment in segments]
    if manifest.surface_version:
        width = rows[0].shape[1]
        rows.append(np.concatenate([drawing.text_line(line, width, drawing.LIGHT.ink) for line in _SURFACE_CAPTION]))
    return drawing.stack(rows)


def _different_clips(segments: Iterable[Segment], count: int) -> list[Segment]:
    """Returns the first segment of each of the first `count` clips."""
    found: dict[str, Segment] = {}
    for segment in segments:
        found.setdefault(segment.clip.clip_id, segment)
        if len(found) == count:
            break
    return list(found.values())


def _row(segment: Segment, schema: parsing_labels.LabelSchema, count: int) -> Uint8Array:
    # The second reference, where there is one: it is the one that was chosen for this record.
    captions, cells = ["reference"], [decode_frame(segment.references.frames[-1]).numpy()]
    indices = np.unique(np.linspace(0, len(segment.body) - 1, count).round().astype(int))
    for index in indices:
        frame = decode_frame(segment.body.frames[index]).numpy()
        large = drawing.enlarged(frame)
        scale = np.array([len(large) / len(frame)] * 2 + [1], np.float32)
        captions += [f"frame {segment.first_index + index}", "keypoints", "parsing map"]
        cells += [
            frame,
            draw_sticks(large, segment.body.keypoints[index] * scale),
            schema.colour(decode_map(segment.body.parsing_maps[index]).numpy()),
        ]
    title = f"{segment.clip.clip_id}   person {segment.clip.person_id}   {segment.clip.fps:g} fps"
    shown = [drawing.grid([cells], captions)]
    if segment.reference_pieces is not None:
        shown.append(_surface_row(segment, segment.reference_pieces[-1], schema, indices))
    return drawing.titled(title, np.concatenate(shown))


def _surface_row(
    segment: Segment, pieces: Float32Array, schema: parsing_labels.LabelSchema, indices: IndexArray
) -> Uint8Array:
    """Draws the surface maps, and what the reference shows of them, below what `_row` shows of the same frames."""
    frame, parsing_map, reference_map = (
        decode(encoded[-1]).numpy()
        for decode, encoded in (
            (decode_frame, segment.references.frames),
            (decode_map, segment.references.parsing_maps),
            (decode_surface_map, segment.references.surface_maps),
        )
    )
    captions, cells = ["its surface map"], [_colour_surface(reference_map)]
    for index in indices:
        codes = decode_surface_map(segment.body.surface_maps[index]).numpy()
        found = correspondence.find(codes[None], reference_map[None], pieces[None])
        place, visibility = (ops.convert_to_numpy(of_batch)[0] for of_batch in found)
        captions += ["surface map", "reference moved", "its map moved"]
        cells.append(_colour_surface(codes))
        cells += [_moved(picture, codes, place, visibility) for picture in (frame, schema.colour(parsing_map))]
    return drawing.grid([cells], captions)


def _moved(picture: Uint8Array, codes: Uint8Array, place: Float32Array, visibility: Float32Array) -> Uint8Array:
    """Returns the reference's colours at the points that a frame shows, with stripes where it does not show them."""
    moved = cv2.remap(picture, place[..., 0] - 0.5, place[..., 1] - 0.5, cv2.INTER_NEAREST)
    stripes = np.add(*np.indices(codes.shape[:2])) // 2 % 2
    moved = np.where(visibility[..., None] > 0, moved, np.array(_HIDDEN)[stripes])
    return np.where(codes[..., :1] > 0, moved, _NO_PERSON).astype(np.uint8)


def _colour_surface(codes: Uint8Array) -> Uint8Array:
    """Returns a surface map in colours: one for each piece, with squares along and around it; black for no piece."""
    hues = np.arange(256) * 0.618034 % 1  # neighbours differ much
    palette = np.array([colorsys.hsv_to_rgb(hue, 0.65, 1) for hue in hues])
    is_dark = (codes[..., 1] // 64 + codes[..., 2] // 64) % 2
    coloured = 255 * palette[codes[..., 0]] * np.where(is_dark, 0.55, 1.0)[..., None]
    return np.where(codes[..., :1] > 0, coloured, 0).astype(np.uint8)


def draw_sticks(frame: Uint8Array, keypoints: Float32Array) -> Uint8Array:
    """Returns the darkened frame with the stick figure of keypoints `[25, 3]`; missing joints are not drawn."""
    drawn = (frame * 0.6).astype(np.uint8)
    thickness = max(2, frame.shape[0] // 80)
    points = [(round(float(x) - 0.5), round(float(y) - 0.5)) for x, y, _ in keypoints]
    for (start, end), colour in zip(skeleton.LIMBS, skeleton.LIMB_COLOURS, strict=True):
        if keypoints[start, 2] > 0 and keypoints[end, 2] > 0:
            cv2.line(drawn, points[start], points[end], colour, thickness, cv2.LINE_AA)
    for point, confidence in zip(points, keypoints[:, 2], strict=True):
        if confidence > 0:
            cv2.circle(drawn, point, thickness, (255, 255, 255), -1, cv2.LINE_AA)
    return drawn
