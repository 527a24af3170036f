"""Imports frames, keypoints and maps in every format, builds records of them, and compares what is read back."""

import dataclasses
import json
import pathlib
import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import keypoint_formats, parsing_labels, skeleton
from retarget_tf.dataset import clips, records
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage import importers
from retarget_tf.footage.extraction import PersonChoice, cropping
from retarget_tf.footage.importers import ImportConfig
from retarget_tf.footage.settings import ExtractionConfig
from retarget_tf.pictures import video
from tests.testing import heard, run_program

SIZE, FRAMES = 32, 3
WHOLE = ImportConfig("lip20", "lip20", SIZE, "whole", fps=25.0)


def write_png(path: pathlib.Path, values: Uint8Array, *, indexed: bool = False, bits: int = 8) -> None:
    """A PNG of `[height, width]` gray or indexed, or `[height, width, 3]`, by the standard's own words."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = values.shape[:2]
    colour_type = 3 if indexed else {2: 0, 3: 2}[values.ndim]
    rows = np.pad(values.reshape(height, -1), [(0, 0), (1, 0)]).tobytes()  # filter 0 before each row
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))]
    if indexed:
        parts.append(chunk(b"PLTE", bytes(range(256)) * 3))  # colours that have nothing to do with the schema
    parts += [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def random_maps(schema: str, height: int = SIZE, width: int = SIZE) -> Uint8Array:
    ids = np.random.default_rng(1).integers(0, parsing_labels.get_schema(schema).num_classes, (FRAMES, height, width))
    return ids.astype(np.uint8)


def random_points(count: int) -> Float32Array:
    """Points `[frames, count, 3]` that drift to the right: one person in every frame."""
    points = np.tile(np.random.default_rng(2).uniform(1, SIZE - 4, (count, 3)), (FRAMES, 1, 1))
    points[..., 0] += np.arange(FRAMES)[:, None]
    points[..., 2] = 0.9
    return points.astype(np.float32)


def write_maps(folder: pathlib.Path, kind: str, maps: Uint8Array, schema: str = "lip20", first: int = 0) -> None:
    folder.mkdir()
    for index, ids in enumerate(maps):
        painted = parsing_labels.get_schema(schema).colour(ids) if kind == "rgb" else ids
        write_png(folder / f"parse_{first + index:04d}.png", painted, indexed=kind == "indexed")


def write_frames(path: pathlib.Path, height: int = SIZE, width: int = SIZE) -> None:
    """Plain grey frames, each of its own shade: a video, or where the name has no suffix a folder."""
    frames = [np.full((height, width, 3), 60 * (index + 1), np.uint8) for index in range(FRAMES)]
    if path.suffix:
        with video.VideoWriter(path, 25.0, "mjpeg") as writer:
            for frame in frames:
                writer.write(frame)
        return
    path.mkdir()
    for index, frame in enumerate(frames):
        write_png(path / f"{index}.png", frame)


def write_openpose(folder: pathlib.Path, points: Float32Array) -> None:
    folder.mkdir()
    for index, person in enumerate(points):
        content = {"people": [{"pose_keypoints_2d": person.ravel().tolist()}]}
        (folder / f"v_{index:012d}_keypoints.json").write_text(json.dumps(content))


CONVERT: dict[int, Callable[[Any], Float32Array]] = {
    17: keypoint_formats.from_coco17,
    18: keypoint_formats.from_coco18,
    25: np.asarray,
    33: keypoint_formats.from_mediapipe33,
}


@pytest.mark.parametrize(
    ("frames", "keypoints", "count", "maps", "first", "schema"),
    [
        ("frames", "json", 25, "indexed", 0, "lip20"),
        ("frames.mkv", "json", 18, "gray", 0, "atr18"),
        ("frames.mkv", "points.npy", 17, "rgb", 1, "ppp7"),
        ("frames", "points.npz", 33, "rgb", 0, "mediapipe6"),
        ("frames", "points.npz", 18, "rgb", 0, "atr18"),
        ("frames.mkv", "points.npy", 25, "indexed", 1, "cihp20"),
    ],
)
def test_every_format_in_and_the_same_out(
    tmp_path: pathlib.Path, frames: str, keypoints: str, count: int, maps: str, first: int, schema: str
) -> None:
    points, ids = random_points(count), random_maps(schema)
    write_frames(tmp_path / frames)
    write_maps(tmp_path / "maps", maps, ids, schema, first)
    if keypoints == "json":
        write_openpose(tmp_path / keypoints, points)
    elif keypoints.endswith(".npy"):
        np.save(tmp_path / keypoints, points)
    else:
        np.savez(tmp_path / keypoints, keypoints=points / np.array([SIZE, SIZE, 1], np.float32))
    config = dataclasses.replace(WHOLE, schema=schema, to_schema=schema, person_id="anna")
    made = importers.import_clip(
        tmp_path / frames, tmp_path / keypoints, tmp_path / "maps", tmp_path / "clips" / "dance", config
    )

    clip = clips.open_clip(tmp_path / "clips" / "dance")
    assert (
        clip.info
        == made
        == clips.ClipInfo("dance", "anna", 25.0, image_size=SIZE, label_schema=schema, frames=FRAMES, source=frames)
    )
    np.testing.assert_array_equal(list(clip.read_maps()), ids)
    np.testing.assert_allclose(clip.keypoints, CONVERT[count](points), atol=1e-3)
    shades = [frame.mean() for frame in clip.read_frames()]
    np.testing.assert_allclose(shades, [60, 120, 180], atol=4)

    build = records.BuildConfig(label_schema=schema, segment_frames=2, validation_share=0, test_share=1)
    manifest = records.build_records([tmp_path / "clips"], tmp_path / "records", build)
    (read,) = records.read_clips(manifest.folder, "test")
    np.testing.assert_array_equal(list(read.parsing_maps()), ids)
    np.testing.assert_array_equal(read.keypoints, clip.keypoints)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("kind", "factor"), [(np.uint8, 1), (np.uint16, 1), (np.uint16, 257)])
def test_ids_are_ids_in_every_kind_of_gray(
    tmp_path: pathlib.Path, kind: type[np.unsignedinteger[Any]], factor: int, channels: int
) -> None:
    """As programs store them that know no gray of 8 bits: three equal channels, alpha, 16 bits (0..255 or widened)."""
    ids = random_maps("lip20")[0]
    stored = np.dstack([ids.astype(kind) * kind(factor)] * channels)
    if channels == 4:
        stored[..., 3] = np.iinfo(kind).max
    cv2.imwrite(str(tmp_path / "map.png"), stored)
    np.testing.assert_array_equal(importers.read_parsing_png(tmp_path / "map.png", parsing_labels.LIP20), ids)


@pytest.mark.parametrize(("crop", "size"), [("person", 32), ("person", 100), ("whole", 64)])
def test_one_crop_moves_frames_maps_and_keypoints(tmp_path: pathlib.Path, crop: str, size: int) -> None:
    """A box whose corners are joints: after the crop the joints are still at the corners, in frames and maps."""
    height, width, left, top, right, bottom = 120, 90, 30, 20, 60, 100
    frame, ids = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    frame[top:bottom, left:right], ids[top:bottom, left:right] = 255, 5
    for folder in ("frames", "maps"):
        (tmp_path / folder).mkdir()
    write_png(tmp_path / "frames" / "0.png", frame)
    write_png(tmp_path / "maps" / "0.png", ids)
    points = np.zeros((1, 25, 3), np.float32)
    points[0, :2] = (left, top, 1), (right, bottom, 1)
    np.save(tmp_path / "points.npy", points)
    config = dataclasses.replace(WHOLE, size=size, crop=crop)
    importers.import_clip(tmp_path / "frames", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clip", config)
    clip = clips.open_clip(tmp_path / "clip")
    parsing_map, picture = next(clip.read_maps()), next(clip.read_frames())
    assert parsing_map.shape == (size, size)
    for shown, atol in ((parsing_map == 5, 0.5), (picture[..., 0] / 255, 0.2)):
        weights = [shown.max(axis=axis) for axis in (0, 1)]  # edges between two pixels are shown by half tones
        middles = np.array([np.average(np.arange(size) + 0.5, weights=weight) for weight in weights])
        lengths = np.array([weight.sum() for weight in weights])
        corners = middles - lengths / 2, middles + lengths / 2
        np.testing.assert_allclose(clip.keypoints[0, :2, :2], corners, atol=atol)
    if crop == "person":
        assert np.ptp(clip.keypoints[0, :2, 1]) > 0.75 * size


@pytest.mark.parametrize(("height", "width", "size"), [(120, 90, 64), (61, 150, 48), (200, 33, 32), (40, 40, 100)])
def test_a_person_comes_back_from_records_as_the_crop_moved_it(
    tmp_path: pathlib.Path, height: int, width: int, size: int
) -> None:
    """Joints within half a pixel, in fact a thousandth; each id is that of the pixel of the source below its centre."""
    ids, points = random_maps("lip20", height, width), np.full((FRAMES, 25, 3), 0.9)
    points[..., :2] = np.random.default_rng(3).uniform(0.2, 0.8, (FRAMES, 25, 2)) * (width, height)
    write_frames(tmp_path / "frames", height, width)
    write_maps(tmp_path / "maps", "indexed", ids)
    np.save(tmp_path / "points.npy", points)
    config = dataclasses.replace(WHOLE, size=size, crop="person")
    importers.import_clip(
        tmp_path / "frames", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clips" / "dance", config
    )
    build = records.BuildConfig(label_schema="lip20", segment_frames=2, validation_share=0, test_share=1)
    manifest = records.build_records([tmp_path / "clips"], tmp_path / "records", build)
    (read,) = records.read_clips(manifest.folder, "test")

    square = cropping.clip_crop(points.astype(np.float32), width, height, ExtractionConfig.margin)
    assert square is not None
    assert square.side != size
    corner = np.array([square.left, square.top])
    moved = (points[..., :2] - corner) * (size / square.side)
    assert ((moved > 0) & (moved < size)).all()
    np.testing.assert_allclose(read.keypoints[..., :2], moved, atol=1e-3)
    np.testing.assert_allclose(read.keypoints[..., 2], 0.9)
    x, y = np.floor(corner[:, None] + (np.arange(size) + 0.5) * (square.side / size)).astype(int)
    inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))
    below = ids[:, y.clip(0, height - 1)[:, None], x.clip(0, width - 1)]
    np.testing.assert_array_equal(list(read.parsing_maps()), np.where(inside, below, 0))


@pytest.mark.parametrize(("height", "width"), [(32, 17), (21, 32)])
def test_the_whole_picture_at_its_own_size_is_not_resampled(tmp_path: pathlib.Path, height: int, width: int) -> None:
    ids = random_maps("lip20", height, width)
    write_frames(tmp_path / "frames", height, width)
    write_maps(tmp_path / "maps", "gray", ids)
    np.save(tmp_path / "points.npy", np.full((FRAMES, 25, 3), 9.0))
    importers.import_clip(tmp_path / "frames", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clip", WHOLE)
    left, top = -((width - SIZE) // 2), -((height - SIZE) // 2)
    stored = np.stack(list(clips.open_clip(tmp_path / "clip").read_maps()))
    np.testing.assert_array_equal(stored[:, top : top + height, left : left + width], ids)


def test_outside_of_the_picture_is_background(tmp_path: pathlib.Path) -> None:
    write_frames(tmp_path / "frames", 32, 16)
    write_maps(tmp_path / "maps", "gray", np.full((FRAMES, 32, 16), 5, np.uint8))
    np.save(tmp_path / "points.npy", np.full((FRAMES, 25, 3), 9.0))
    importers.import_clip(tmp_path / "frames", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clip", WHOLE)
    parsing_map = next(clips.open_clip(tmp_path / "clip").read_maps())
    assert (parsing_map[:, 8:24] == 5).all()
    assert not parsing_map[:, :8].any()
    assert not parsing_map[:, 24:].any()


def test_to_parts10_a_dress_is_split_at_the_hips_also_where_they_are_missed(tmp_path: pathlib.Path) -> None:
    write_frames(tmp_path / "frames")
    dress = parsing_labels.LIP20.classes.index("dress")
    write_maps(tmp_path / "maps", "gray", np.full((FRAMES, SIZE, SIZE), dress, np.uint8))
    points = np.tile(np.array([16, 4, 1], np.float32), (FRAMES, 25, 1))
    points[:, skeleton.JOINT["mid_hip"]] = [(16, 10, 1), (0, 0, 0), (16, 20, 1)]
    np.save(tmp_path / "points.npy", points)
    config = dataclasses.replace(WHOLE, to_schema="parts10")
    importers.import_clip(tmp_path / "frames", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clip", config)
    upper, lower = (parsing_labels.PARTS10.classes.index(name) for name in ("upper_clothes", "lower_clothes"))
    for parsing_map, hip in zip(clips.open_clip(tmp_path / "clip").read_maps(), (10, 15, 20), strict=True):
        assert (parsing_map[:hip] == upper).all()
        assert (parsing_map[hip:] == lower).all()


def inputs(folder: pathlib.Path) -> None:
    """Two kinds of frames, keypoints and maps that go together."""
    write_frames(folder / "frames")
    write_frames(folder / "video.mkv")
    write_maps(folder / "maps", "gray", random_maps("lip20"))
    np.save(folder / "points.npy", random_points(25))


def stranger(path: pathlib.Path) -> None:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[3, 4] = (1, 2, 3)
    write_png(path, picture)


def cut(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("frames", "break_it", "why"),
    [
        ("frames", lambda f: (f / "frames/1.png").unlink(), r"are 3, the frames 2: .*parse_0001.png has no frame"),
        ("frames", lambda f: (f / "maps/parse_0002.png").unlink(), r"are 2, the frames 3: .*2.png has no map"),
        ("video.mkv", lambda f: (f / "maps/parse_0002.png").unlink(), "are of 3 frames, the clip has 2"),
        ("video.mkv", lambda f: (f / "maps/parse_0001.png").unlink(), "none of the 2 has number 1"),
        ("frames", lambda f: write_png(f / "maps/parse_0001.png", np.full((32, 32), 20, np.uint8)),
         r"parse_0001.png: ids \[20\] are not in label schema lip20"),
        ("frames", lambda f: stranger(f / "maps/parse_0001.png"),
         r"parse_0001.png: colour \(1, 2, 3\) at x=4, y=3 is of no class"),
        ("frames", lambda f: write_png(f / "maps/parse_0001.png", parsing_labels.ATR18.colour(random_maps("atr18")[0])),
         r"is of no class of label schema lip20, but in atr18\. Check the schema"),
        ("frames", lambda f: write_png(f / "maps/parse_0001.png", np.zeros((9, 8), np.uint8)),
         "parse_0001.png: is 8x9, its frame 32x32"),
        ("frames", lambda f: write_png(f / "frames/1.png", np.zeros((9, 8, 3), np.uint8)),
         "1.png: is 8x9, those before"),
        ("frames", lambda f: cut(f / "maps/parse_0001.png"), "parse_0001.png: is cut or damaged"),
        ("frames", lambda f: (f / "maps/parse_0001.png").write_bytes(b"GIF89a"), "parse_0001.png: is no PNG"),
        ("frames", lambda f: cv2.imwrite(str(f / "maps/parse_0001.png"), np.zeros((32, 32, 4), np.uint8)),
         "parse_0001.png: is transparent at x=0, y=0"),
        ("frames", lambda f: cv2.imwrite(str(f / "maps/parse_0001.png"), np.full((32, 32), 300, np.uint16)),
         "parse_0001.png: has values up to 300 in 16 bits"),
        ("frames", lambda f: write_png(f / "maps/parse_0001.png", np.zeros((32, 8), np.uint8), bits=2),
         "is a PNG of kind gray with 2 bits"),
        ("nothing.mp4", lambda f: None, "nothing.mp4: no such file"),
    ],
)  # fmt: skip
def test_refuses_in_one_line_and_leaves_nothing(
    tmp_path: pathlib.Path, frames: str, break_it: Callable[[pathlib.Path], object], why: str
) -> None:
    inputs(tmp_path)
    break_it(tmp_path)
    with pytest.raises(InputDataError, match=why) as refused:
        importers.import_clip(
            tmp_path / frames, tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clips" / "a", WHOLE
        )
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.glob("clips/*"))


def test_a_video_longer_than_its_maps_is_refused(tmp_path: pathlib.Path) -> None:
    inputs(tmp_path)
    (tmp_path / "maps" / "parse_0002.png").unlink()
    np.save(tmp_path / "points.npy", random_points(25)[:2])
    with pytest.raises(InputDataError, match=r"maps: are 2, video .*video\.mkv has 3 frames"):
        importers.import_clip(
            tmp_path / "video.mkv", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clips" / "a", WHOLE
        )
    assert not (tmp_path / "clips").exists()


def test_a_clip_that_another_process_is_making_is_refused(tmp_path: pathlib.Path) -> None:
    inputs(tmp_path)
    arguments = tmp_path / "video.mkv", tmp_path / "points.npy", tmp_path / "maps"
    with clips.alone(tmp_path / "clips" / "a"):
        with pytest.raises(ConfigError, match=r"no other process may be writing the folder: .*clips/a$"):
            importers.import_clip(*arguments, tmp_path / "clips" / "a", WHOLE)
        importers.import_clip(*arguments, tmp_path / "clips" / "b", WHOLE)  # another clip of the folder may be made
    assert [path.name for path in (tmp_path / "clips").iterdir()] == ["b"]


def test_a_larger_video_than_asked_for_is_refused(tmp_path: pathlib.Path) -> None:
    inputs(tmp_path)
    arguments = tmp_path / "video.mkv", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clips" / "a"
    with pytest.raises(InputDataError, match=rf"is 32x32, more than {SIZE**2 - 1} pixels.*raise --max_pixels"):
        importers.import_clip(*arguments, dataclasses.replace(WHOLE, max_pixels=SIZE**2 - 1))
    importers.import_clip(*arguments, dataclasses.replace(WHOLE, max_pixels=SIZE**2))


def test_the_clip_is_of_the_person_chosen(tmp_path: pathlib.Path) -> None:
    inputs(tmp_path)
    main, other = random_points(25), random_points(25) * np.array([0.5, 0.5, 1], np.float32)
    (tmp_path / "json").mkdir()
    for index, both in enumerate(zip(main, other, strict=True)):
        people = [{"pose_keypoints_2d": person.ravel().tolist()} for person in both]
        (tmp_path / "json" / f"{index}.json").write_text(json.dumps({"people": people}))
    for rank, expected in enumerate((main, other)):
        clip, config = tmp_path / f"clip{rank}", dataclasses.replace(WHOLE, person=PersonChoice(rank))
        importers.import_clip(tmp_path / "frames", tmp_path / "json", tmp_path / "maps", clip, config)
        np.testing.assert_allclose(clips.open_clip(clip).keypoints, expected, rtol=1e-6)


def test_a_clip_begins_and_ends_with_a_person(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    inputs(tmp_path)
    points = random_points(25)
    points[[0, 2]] = 0
    np.save(tmp_path / "points.npy", points)
    with heard(caplog):
        made = importers.import_clip(
            tmp_path / "frames", tmp_path / "points.npy", tmp_path / "maps", tmp_path / "clip", WHOLE
        )
    clip = clips.open_clip(tmp_path / "clip")
    assert clip.info == made
    np.testing.assert_allclose(clip.keypoints, points[1:2], rtol=1e-6)
    assert [round(float(frame.mean()) / 60) for frame in clip.read_frames()] == [2]
    said = [f"frames {tmp_path / 'frames'}: frames {n} to {n} show nobody, they are left out." for n in (0, 2)]
    assert caplog.messages == said


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema": "lip"}, "label schema must be one of"),
        ({"to_schema": "atr18"}, "to_schema must be parts10 or lip20. Received: to_schema=atr18"),
        ({"crop": "middle"}, "crop must be one of"),
        ({"fps": None}, "fps must be given for a folder of pictures"),
    ],
)
def test_settings_that_cannot_be(tmp_path: pathlib.Path, changes: dict[str, Any], why: str) -> None:
    inputs(tmp_path)
    with pytest.raises(ConfigError, match=why):
        importers.import_clip(
            tmp_path / "frames",
            tmp_path / "points.npy",
            tmp_path / "maps",
            tmp_path / "clip",
            dataclasses.replace(WHOLE, **changes),
        )


@pytest.mark.slow
def test_program(tmp_path: pathlib.Path) -> None:
    inputs(tmp_path)
    given = {name: tmp_path / name for name in ("frames", "maps")} | {"keypoints": tmp_path / "points.npy"}
    flags = [*(f"--{name}={value}" for name, value in given.items()), "--schema=lip20", f"--out={tmp_path / 'clips'}"]
    done = run_program("data.import_clips", *flags, "--fps=30", "--size=32", "--clip_id=dance")
    expected = f"{tmp_path / 'clips' / 'dance'}: 3 frames, 32 px, maps of parts10\n"
    assert (done.returncode, done.stdout) == (0, expected), done.stderr
    again = run_program("data.import_clips", *flags, "--fps=30", "--size=32", "--clip_id=dance")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "must not exist already" in again.stderr
    without_fps = run_program("data.import_clips", *flags)
    assert (without_fps.returncode, without_fps.stderr.count("\n")) == (2, 1)
