"""Tests of clip folders: written and read back, and every contradiction that is refused."""

import dataclasses
import json
import pathlib
import re
import shutil
from typing import Any

import numpy as np
import pytest

from retarget_tf.arrays import Uint8Array
from retarget_tf.dataset import clips, surfaces
from retarget_tf.dataset.clips import writing
from retarget_tf.dataset.surfaces import Surface
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.pictures import video

SIZE = 16
FRAMES = 4
INFO = clips.ClipInfo(
    "dance",
    "anna",
    25.0,
    "walk",
    image_size=SIZE,
    label_schema="parts10",
    more_label_schemas=("cihp20",),
    source="a test",
)


def random_maps(most: int, seed: int = 0) -> Uint8Array:
    return np.random.default_rng(seed).integers(0, most, (FRAMES, SIZE, SIZE), np.uint8)


def write_clip(folder: pathlib.Path, info: clips.ClipInfo = INFO) -> pathlib.Path:
    parts10, cihp20 = random_maps(10), random_maps(20)
    with clips.ClipWriter(folder, info) as writer:
        for t in range(FRAMES):
            frame = np.full((SIZE, SIZE, 3), 20 + 50 * t, np.uint8)
            keypoints = np.full((25, 3), (t, t, 0.9), np.float32)
            writer.write(frame, {"parts10": parts10[t], "cihp20": cihp20[t]}, keypoints)
    return folder


def change(folder: pathlib.Path, **values: Any) -> None:
    path = folder / "clip.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def rewrite_maps(folder: pathlib.Path, maps: Uint8Array) -> None:
    with video.VideoWriter(folder / "maps.mkv", 25, "ffv1") as writer:
        for parsing_map in maps:
            writer.write(parsing_map)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return write_clip(tmp_path / "clips" / "dance")


def test_round_trip(folder: pathlib.Path) -> None:
    clip = clips.open_clip(folder)
    assert clip.info == dataclasses.replace(INFO, frames=FRAMES)
    assert clip.keypoints.dtype == np.float32
    np.testing.assert_array_equal(clip.keypoints[:, 7, 1], np.arange(FRAMES))
    np.testing.assert_array_equal(list(clip.read_maps()), random_maps(10))
    np.testing.assert_array_equal(list(clip.read_maps("cihp20")), random_maps(20))
    levels = [float(frame.mean()) for frame in clip.read_frames()]
    np.testing.assert_allclose(levels, [20, 70, 120, 170], atol=2)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["clip.json", "frames.mkv", "keypoints.npy", "maps.mkv", "maps_cihp20.mkv"]


def surface(t: int) -> Surface:
    codes = np.random.default_rng(t).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    return Surface(codes, np.full((7, 2, 3, 4), t, np.float32))


def write_with_surfaces(folder: pathlib.Path) -> pathlib.Path:
    info = dataclasses.replace(INFO, more_label_schemas=(), surface_version=surfaces.VERSION)
    with clips.ClipWriter(folder, info) as writer:
        for t in range(FRAMES):
            writer.write(
                np.zeros((SIZE, SIZE, 3), np.uint8), random_maps(10)[t], np.zeros((25, 3), np.float32), surface(t)
            )
    return folder


def test_surface_maps_come_back_exactly(tmp_path: pathlib.Path) -> None:
    clip = clips.open_clip(write_with_surfaces(tmp_path / "dance"))
    assert clip.info.surface_version == surfaces.VERSION
    folder = pathlib.Path(clip.folder)
    assert clips.parts_of_clip(folder) >= {path.name for path in folder.iterdir()}
    for t, shown in enumerate(clip.read_surfaces()):
        np.testing.assert_array_equal(shown.codes, surface(t).codes)
        np.testing.assert_array_equal(shown.pieces, surface(t).pieces)
    assert t == FRAMES - 1


def test_surface_maps_that_are_missing_or_do_not_fit(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        InputDataError, match=r"has no surface maps\. Make the clip again: retarget-make-dancers --surfaces"
    ):
        next(clips.open_clip(folder).read_surfaces())
    with pytest.raises(ValueError, match="surface must be given for clips with surface maps, and only for them"):
        write_clip_with(tmp_path / "wrong", surface(0))
    other = write_with_surfaces(tmp_path / "dance")
    change(other, surface_version=9)
    with pytest.raises(InputDataError, match="surface maps of version 9, this program reads 1"):
        clips.open_clip(other)
    change(other, surface_version=surfaces.VERSION)
    np.save(other / "pieces.npy", np.zeros((FRAMES, 7, 2, 3), np.float32))
    with pytest.raises(InputDataError, match="must be float32"):
        next(clips.open_clip(other).read_surfaces())
    (other / "pieces.npy").write_bytes(b"no numbers")
    with pytest.raises(InputDataError, match="cannot be read"):
        next(clips.open_clip(other).read_surfaces())


def write_clip_with(folder: pathlib.Path, shown: Surface) -> None:
    with clips.ClipWriter(folder, dataclasses.replace(INFO, more_label_schemas=())) as writer:
        writer.write(np.zeros((SIZE, SIZE, 3), np.uint8), random_maps(10)[0], np.zeros((25, 3), np.float32), shown)


def test_the_header_is_written_as_it_always_was(folder: pathlib.Path) -> None:
    assert json.loads((folder / "clip.json").read_text(), object_pairs_hook=list) == [
        ("clip_id", "dance"),
        ("person_id", "anna"),
        ("fps", 25.0),
        ("image_size", SIZE),
        ("label_schema", "parts10"),
        ("more_label_schemas", ["cihp20"]),
        ("frames", FRAMES),
        ("motion_of", "walk"),
        ("source", "a test"),
        ("schema_version", 1),
    ]


def test_find_clips_in_order_of_their_ids(tmp_path: pathlib.Path) -> None:
    for name, clip_id in (("1", "zoe"), ("2", "anna"), (".half.tmp", "hidden")):
        write_clip(tmp_path / name, dataclasses.replace(INFO, clip_id=clip_id))
    assert [clip.info.clip_id for clip in clips.find_clips(tmp_path)] == ["anna", "zoe"]


def test_find_clips_refuses_missing_empty_and_doubled(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match=r"clips folder .*none: no such folder"):
        clips.find_clips(tmp_path / "none")
    with pytest.raises(InputDataError, match=r"holds no clip folder. Make some: retarget-make-dancers"):
        clips.find_clips(folder)
    shutil.copytree(folder, folder.parent / "copy")
    with pytest.raises(InputDataError, match=r"clip .*dance: has the id of .*copy. Rename one in clip.json"):
        clips.find_clips(folder.parent)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"schema_version": 2}, "schema version 2, this program reads 1. Make the clip again."),
        ({"label_schema": "lip"}, "unknown label schema lip"),
        ({"more_label_schemas": ["lip"]}, "unknown label schema lip"),
        ({"more_label_schemas": None}, "'NoneType' object is not iterable"),
        ({"colour": "red"}, "unexpected keyword argument 'colour'"),
        ({"clip_id": "a/b"}, "clip_id must be letters, digits, .* Received: clip_id=a/b"),
        ({"fps": 0}, "fps must be positive. Received: fps=0"),
        ({"frames": 5}, "keypoints.npy: are of 4 frames, clip.json says 5. Make the clip again."),
    ],
)
def test_open_refuses_a_header_that_cannot_be(folder: pathlib.Path, values: dict[str, Any], reason: str) -> None:
    change(folder, **values)
    with pytest.raises(InputDataError, match=reason):
        clips.open_clip(folder)


def test_open_refuses_missing_or_broken_parts(folder: pathlib.Path) -> None:
    keypoints = folder / "keypoints.npy"
    with pytest.raises(InputDataError, match=r"clip .*clip.json: No such file"):
        clips.open_clip(folder.parent)
    broken = np.zeros((FRAMES, 25, 3), np.float32)
    broken[2, 3, 0] = np.nan
    np.save(keypoints, broken)
    with pytest.raises(InputDataError, match=r"keypoints.npy frame 2: not finite"):
        clips.open_clip(folder)
    np.save(keypoints, np.zeros((FRAMES, 18, 3)))
    with pytest.raises(InputDataError, match=r"must be \[frames, 25, 3\], not \[4, 18, 3\]"):
        clips.open_clip(folder)
    np.save(keypoints, np.array([None]), allow_pickle=True)
    with pytest.raises(InputDataError, match=r"keypoints.npy: cannot be read: it is cut or damaged"):
        clips.open_clip(folder)
    for damage in (b"", b"not an array"):
        keypoints.write_bytes(damage)
        with pytest.raises(InputDataError, match=r"keypoints.npy: cannot be read"):
            clips.open_clip(folder)
    keypoints.unlink()
    with pytest.raises(InputDataError, match=r"keypoints.npy: no such file"):
        clips.open_clip(folder)
    (folder / "clip.json").write_text("[]")
    with pytest.raises(InputDataError, match="schema version None, this program reads 1"):
        clips.open_clip(folder)


def test_unknown_ids_are_named_with_file_and_frame(folder: pathlib.Path) -> None:
    maps = random_maps(10)
    maps[2, 0, :4] = (12, 255, 10, 12)
    rewrite_maps(folder, maps)
    reading = clips.open_clip(folder).read_maps()
    assert [next(reading).shape for _ in range(2)] == [(SIZE, SIZE)] * 2
    reason = r"maps\.mkv frame 2: ids \[10, 12\] are not in label schema parts10 \(0\.\.9, 255 = unknown\)"
    with pytest.raises(InputDataError, match=reason):
        next(reading)


@pytest.mark.parametrize("frames", [FRAMES - 1, FRAMES + 1])
def test_another_number_of_maps_is_refused(folder: pathlib.Path, frames: int) -> None:
    rewrite_maps(folder, np.zeros((frames, SIZE, SIZE), np.uint8))
    with pytest.raises(InputDataError, match=f"maps.mkv: holds {frames} frames, clip.json and keypoints.npy 4"):
        list(clips.open_clip(folder).read_maps())


def test_pictures_of_another_size_are_refused(folder: pathlib.Path) -> None:
    rewrite_maps(folder, np.zeros((FRAMES, SIZE, SIZE + 4), np.uint8))
    with pytest.raises(InputDataError, match=r"maps\.mkv frame 0: is 20x16, clip\.json says 16x16"):
        list(clips.open_clip(folder).read_maps())
    change(folder, image_size=32)
    with pytest.raises(InputDataError, match=r"frames\.mkv frame 0: is 16x16, clip\.json says 32x32"):
        list(clips.open_clip(folder).read_frames())


def test_maps_that_the_clip_does_not_carry_are_refused(folder: pathlib.Path) -> None:
    (folder / "maps_cihp20.mkv").unlink()
    (folder / "frames.mkv").unlink()
    clip = clips.open_clip(folder)
    with pytest.raises(InputDataError, match=r"has no maps of label schema cihp20 \(maps_cihp20\.mkv\)"):
        list(clip.read_maps("cihp20"))
    with pytest.raises(ConfigError, match="label schema must be one of"):
        list(clip.read_maps("lip"))
    with pytest.raises(InputDataError, match=r"frames\.mkv: no such file"):
        list(clip.read_frames())


def test_the_writer_leaves_nothing_on_an_error_or_without_frames(tmp_path: pathlib.Path) -> None:
    maps = {"parts10": random_maps(10)[0], "cihp20": random_maps(20)[0]}
    frame, keypoints = np.zeros((SIZE, SIZE, 3), np.uint8), np.zeros((25, 3), np.float32)

    def fail_halfway() -> None:
        with clips.ClipWriter(tmp_path / "a", INFO) as writer:
            writer.write(frame, maps, keypoints)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with pytest.raises(ValueError, match="at least one frame"), clips.ClipWriter(tmp_path / "a", INFO):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_writer_refuses_wrong_shapes(tmp_path: pathlib.Path) -> None:
    maps = {"parts10": random_maps(10)[0], "cihp20": random_maps(20)[0]}
    frame, keypoints = np.zeros((SIZE, SIZE, 3), np.uint8), np.zeros((25, 3), np.float32)
    with clips.ClipWriter(tmp_path / "a", INFO) as writer:
        writer.write(frame, maps, keypoints)
        with pytest.raises(ValueError, match=r"frame must be \[16, 16, 3\]"):
            writer.write(frame[1:], maps, keypoints)
        with pytest.raises(ValueError, match=r"keypoints \[25, 3\]\. Received: .*keypoints=\(18, 3\)"):
            writer.write(frame, maps, keypoints[:18])
        with pytest.raises(ValueError, match=r"maps must be given for \['cihp20', 'parts10'\]"):
            writer.write(frame, maps["parts10"], keypoints)
        with pytest.raises(ValueError, match=r"maps must be uint8 \[16, 16\]\. Received: cihp20=int64"):
            writer.write(frame, {**maps, "cihp20": maps["cihp20"].astype(np.int64)}, keypoints)
    assert clips.open_clip(tmp_path / "a").info.frames == 1


def test_an_existing_folder_is_replaced_only_where_told_to(folder: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="must not exist already"):
        write_clip(folder)
    with clips.ClipWriter(folder, dataclasses.replace(INFO, more_label_schemas=()), overwrite=True) as writer:
        writer.write(np.zeros((SIZE, SIZE, 3), np.uint8), random_maps(10)[0], np.zeros((25, 3), np.float32))
    assert clips.open_clip(folder).info.frames == 1
    assert not (folder / "maps_cihp20.mkv").exists()


@pytest.mark.parametrize(
    ("name", "clip_id"),
    [
        ("iPER/images_HD/001/1/1", "images_HD_001_1_1"),
        ("TikTok_dataset/00001/images", "TikTok_dataset_00001_images"),
        ("anna/frames", "anna_frames"),
        ("anna/dance.final", "dance_final"),
    ],
)
def test_folders_of_pictures_have_ids_of_their_own(tmp_path: pathlib.Path, name: str, clip_id: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    assert clips.clip_id_of(tmp_path / name) == clip_id


def test_clip_ids_are_plain() -> None:
    assert clips.clip_id_of("a/My dance (2).final.mp4") == "My_dance_2_final"
    assert clips.clip_id_of("...mp4") == "clip"
    in_russian = [clips.clip_id_of(name) for name in ("танец.mp4", "вальс.mp4")]
    assert len({*in_russian}) == 2
    assert all(re.fullmatch(r"clip_[0-9a-f]{8}", name) for name in in_russian)


def test_a_writer_that_cannot_begin_leaves_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "maps_name", lambda *_: "maps.avi")  # a name that the second of its videos refuses
    with pytest.raises(ConfigError, match="must end in") as raised, clips.ClipWriter(tmp_path / "clip", INFO):
        pass
    assert not list(tmp_path.iterdir()), "while the error still holds on to the writer"
    del raised
