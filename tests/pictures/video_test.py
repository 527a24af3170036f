"""Tests of videos: written and read back, and every broken file that is refused."""

import gc
import pathlib
import struct
from collections.abc import Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from absl import logging as absl_logging

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.pictures import video


def gentle_frames(count: int, height: int = 48, width: int = 64) -> list[Uint8Array]:
    """Smooth colours that drift: what codecs are made for."""
    coarse = np.random.default_rng(0).integers(60, 200, (3, 4, 3), np.uint8)
    return [
        cv2.resize(np.roll(coarse, t, axis=1), (width, height), interpolation=cv2.INTER_CUBIC) for t in range(count)
    ]


def write(path: pathlib.Path, frames: list[Uint8Array], codec: str = "h264") -> pathlib.Path:
    with video.VideoWriter(path, 25, codec) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def difference(a: list[Uint8Array], b: list[Uint8Array]) -> float:
    return float(np.mean(np.abs(np.stack(a).astype(np.float32) - np.stack(b))))


def files_in(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("name", "codec", "most"), [("a.mp4", "h264", 4.0), ("a.mkv", "mjpeg", 1.2)])
def test_written_frames_come_back_alike(tmp_path: pathlib.Path, name: str, codec: str, most: float) -> None:
    frames = gentle_frames(10)
    path = write(tmp_path / name, frames, codec)
    read = list(video.read_frames(path))
    assert len(read) == 10
    assert read[0].shape == (48, 64, 3)
    assert read[0].dtype == np.uint8
    assert difference(frames, read) < most
    assert video.probe(path) == video.VideoInfo(64, 48, 25.0, 10)
    assert files_in(tmp_path) == [name]


def test_red_stays_red(tmp_path: pathlib.Path) -> None:
    red = np.full((16, 16, 3), (250, 10, 20), np.uint8)
    for name, codec in (("a.mp4", "h264"), ("a.mkv", "mjpeg")):
        (read,) = video.read_frames(write(tmp_path / name, [red], codec))
        assert difference([red], [read]) < 3


def test_frames_are_freed_without_the_garbage_collector(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.mp4", gentle_frames(40))
    gc.collect()
    gc.disable()
    try:
        assert len(list(video.read_frames(path))) == 40
        assert sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects()) < 5
    finally:
        gc.enable()


def test_ffv1_is_exact_for_any_ids(tmp_path: pathlib.Path) -> None:
    maps = [np.random.default_rng(t).integers(0, 256, (33, 31), np.uint8) for t in range(5)]
    maps[0].ravel()[:256] = np.arange(256)
    read = list(video.read_gray(write(tmp_path / "maps.mkv", maps, "ffv1")))
    np.testing.assert_array_equal(read, maps)


def test_odd_sides_are_padded_by_one_pixel_of_the_edge(tmp_path: pathlib.Path) -> None:
    frames = gentle_frames(2, height=33, width=47)
    (first, _) = video.read_frames(write(tmp_path / "a.mp4", frames))
    assert first.shape == (34, 48, 3)
    assert difference([first[33]], [first[32]]) < 2
    (first, _) = video.read_frames(write(tmp_path / "a.mkv", frames, "mjpeg"))
    assert first.shape == (33, 47, 3)


@pytest.mark.parametrize(
    ("a", "b", "c", "d", "turns"),
    [
        (0, 1, -1, 0, -1),  # a phone held upright: shown turned by 90 degrees clockwise
        (-1, 0, 0, -1, 2),
        (0, -1, 1, 0, 1),
        (-1, 0, 0, 1, "mirrored"),  # a front camera
        (1, 0, 0, -1, "upside down"),
        (0, 1, 1, 0, "transposed"),
        (0.8, 0.6, -0.6, 0.8, 0),  # 37 degrees: players turn by the nearest quarter
        (0.6, 0.8, -0.8, 0.6, -1),
    ],
)
def test_rotation_metadata_is_applied(
    tmp_path: pathlib.Path, a: float, b: float, c: float, d: float, turns: int | str
) -> None:
    path = write(tmp_path / "a.mp4", gentle_frames(3))
    (upright, *_) = video.read_frames(path)
    # The matrix of the track header (ISO/IEC 14496-12, 8.3.2): 16.16 fixed point, the last column 2.30.
    old, new = (struct.pack(">9i", *(round(n * 65536) for n in (p, q, 0, r, s, 0, 0, 0)), 1 << 30)
                for p, q, r, s in ((1, 0, 0, 1), (a, b, c, d)))  # fmt: skip
    head, tail = path.read_bytes().split(b"tkhd")
    path.write_bytes(head + b"tkhd" + tail.replace(old, new, 1))
    (turned, *_) = video.read_frames(path)
    if isinstance(turns, int):
        expected = np.rot90(upright, turns)
    else:
        expected = {
            "mirrored": upright[:, ::-1],
            "upside down": upright[::-1],
            "transposed": upright.swapaxes(0, 1),
        }[turns]
    np.testing.assert_array_equal(turned, expected)
    info = video.probe(path)
    assert (info.height, info.width) == turned.shape[:2]


def write_timed(
    path: pathlib.Path, milliseconds: Sequence[int], *, width: int = 64, height: int = 48, **settings: object
) -> pathlib.Path:
    """A gray frame of level 20 + 20 t at each of these times; settings go to the encoder."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for index, time in enumerate(milliseconds):
            frame = av.VideoFrame.from_ndarray(
                np.full((height, width, 3), (20 + 20 * index) % 256, np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
@pytest.mark.parametrize(
    ("fps", "nearest"),
    [(10, [0, 3, 5, 7, 8, 9]), (25, [0, 1, 2, 4, 4, 5, 6, 7, 7, 8, 8, 8, 9]), (2, [0, 9])],
)
def test_a_variable_rate_is_resampled_by_time(tmp_path: pathlib.Path, name: str, fps: int, nearest: list[int]) -> None:
    path = write_timed(tmp_path / name, [0, 40, 80, 100, 120, 205, 210, 300, 400, 500])
    options = video.ReadOptions(fps=fps)
    levels = [round((float(frame.mean()) - 20) / 20) for frame in video.read_frames(path, options)]
    assert levels == nearest
    assert video.probe(path, options).fps == fps
    assert len(list(video.read_frames(path))) == 10


def test_a_variable_rate_read_as_it_is_is_warned_of(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absl_logging.get_absl_logger(), "propagate", True)
    one_dropped = write_timed(tmp_path / "dropped.mkv", [40 * index for index in range(60) if index != 30])
    assert len(list(video.read_frames(one_dropped))) == 59
    slowing_down = [*range(0, 1000, 33), *range(1000, 3000, 100)]
    path = write_timed(tmp_path / "a.mkv", slowing_down)
    list(video.read_frames(path, video.ReadOptions(fps=25)))
    list(video.read_frames(path, at_one_rate=False))
    assert caplog.messages == []
    assert len(list(video.read_frames(path))) == len(slowing_down)
    assert caplog.messages == [
        f"video {path}: is of variable frame rate: 33 ms from frame to frame, up to 100. Read as it is, it is out of "
        "time; --fps resamples it."
    ]


def test_a_video_that_changes_its_size_is_refused(tmp_path: pathlib.Path) -> None:
    parts = b"".join(
        write_timed(tmp_path / f"{side}.ts", range(0, 200, 40), width=side, height=side).read_bytes()
        for side in (48, 64)
    )
    (tmp_path / "both.ts").write_bytes(parts)
    with pytest.raises(InputDataError, match=r"both\.ts frame \d: is 64x64, those before it 48x48\. Split the file"):
        list(video.read_frames(tmp_path / "both.ts"))


@pytest.mark.parametrize("pattern", ["dance [4k].mp4", "dance*.mp4"])
def test_a_name_with_brackets_is_found(tmp_path: pathlib.Path, pattern: str) -> None:
    (tmp_path / "dance [4k].mp4").touch()
    assert video.find_videos(str(tmp_path / pattern)) == [str(tmp_path / "dance [4k].mp4")]


def test_a_constant_rate_resampled_to_itself_stays(tmp_path: pathlib.Path) -> None:
    for count in (1, 7):
        path = write(tmp_path / "a.mp4", gentle_frames(count))
        as_is, resampled = (list(video.read_frames(path, video.ReadOptions(fps=fps))) for fps in (0, 25))
        np.testing.assert_array_equal(as_is, resampled)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("fps", [0, 2, 60])
def test_a_single_frame_is_one_at_any_rate(tmp_path: pathlib.Path, suffix: str, fps: int) -> None:
    path, options = write(tmp_path / f"a{suffix}", gentle_frames(1)), video.ReadOptions(fps=fps)
    assert len(list(video.read_frames(path, options))) == 1
    assert video.probe(path, options).fps == (fps or 25)


def test_frames_of_too_many_pixels_are_refused(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.mp4", gentle_frames(1))
    assert video.probe(path, video.ReadOptions(max_pixels=48 * 64)).width == 64
    with pytest.raises(InputDataError, match=r"is 64x48, more than 3071 pixels\. Scale it down, or raise --max_pixels"):
        video.probe(path, video.ReadOptions(max_pixels=48 * 64 - 1))
    with pytest.raises(ConfigError, match="fps must be 0, or from 1 to 240"):
        video.ReadOptions(fps=-1)


def test_what_is_no_video_is_refused_in_one_line(tmp_path: pathlib.Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video\n" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    no_video = "not a video that can be read (Invalid data found when processing input). "
    no_video += "Give a video file, such as an .mp4."
    for name, reason in (
        ("missing.mp4", "no such file. Check its name."),
        ("text.mp4", no_video),
        ("empty.mp4", no_video),
        ("sound.mp4", "holds no video stream. Give a file with pictures."),
    ):
        for read in (video.probe, lambda path: list(video.read_frames(path))):
            with pytest.raises(InputDataError) as refusal:
                read(tmp_path / name)
            assert str(refusal.value) == f"video {tmp_path / name}: {reason}"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_cut_mp4_is_refused_before_its_first_frame(tmp_path: pathlib.Path, share: float) -> None:
    whole = write(tmp_path / "a.mp4", gentle_frames(60)).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputDataError, match=r"cut\.mp4: is cut: \d+ bytes where its index needs \d+\. Copy it again"):
        next(video.read_frames(cut))
    with pytest.raises(InputDataError, match="is cut"):
        video.probe(cut)


def test_a_cut_mkv_is_read_to_the_cut_and_warned_of_once(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absl_logging.get_absl_logger(), "propagate", True)
    whole = write(tmp_path / "a.mkv", gentle_frames(60), "mjpeg")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert len(list(video.read_frames(whole))) == 60
    assert caplog.messages == []
    frames = len(list(video.read_frames(cut)))
    assert 20 < frames == len(list(video.read_frames(cut))) < 40
    assert caplog.messages == [f"video {cut}: decoded {frames} of 60 declared frames; the file may be cut."]


def test_an_mp4_without_its_index_or_with_damage_within_is_refused(tmp_path: pathlib.Path) -> None:
    whole = write(tmp_path / "a.mp4", gentle_frames(60)).read_bytes()
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(whole.replace(b"moov", b"junk", 1))
    with pytest.raises(InputDataError, match=r"^video .*damaged\.mp4: not a video that can be read \(Invalid data"):
        list(video.read_frames(damaged))
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + bytes(range(256)) * 4 + whole[middle + 1024 :])
    with pytest.raises(
        InputDataError, match=r"frame \d+: cannot be decoded .*the file is cut or damaged\. Copy it again\.$"
    ):
        list(video.read_frames(damaged))


def test_a_video_without_frames_is_refused(tmp_path: pathlib.Path) -> None:
    whole = write(tmp_path / "a.mkv", gentle_frames(3), "mjpeg").read_bytes()
    headless = tmp_path / "headless.mkv"
    headless.write_bytes(whole[:600])
    with pytest.raises(InputDataError, match="holds no frame that can be decoded"):
        list(video.read_frames(headless))


def test_the_writer_leaves_nothing_on_an_error(tmp_path: pathlib.Path) -> None:
    frame = gentle_frames(1)[0]

    def fail_halfway() -> None:
        with video.VideoWriter(tmp_path / "a.mp4", 25) as writer:
            writer.write(frame)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with pytest.raises(ValueError, match="at least one frame"), video.VideoWriter(tmp_path / "a.mp4", 25):
        pass
    with pytest.raises(ValueError, match=r"all frames must be \[48, 64, 3\].* Received: frame=\(48, 62, 3\)"):
        write(tmp_path / "a.mp4", [frame, frame[:, 1:-1]])
    assert files_in(tmp_path) == []


def test_a_video_appears_only_when_it_is_complete(tmp_path: pathlib.Path) -> None:
    with video.VideoWriter(tmp_path / "a.mp4", 29.97) as writer:
        for frame in gentle_frames(4):
            writer.write(frame)
        assert "a.mp4" not in files_in(tmp_path)
    assert len(list(video.read_frames(tmp_path / "a.mp4"))) == 4
    assert video.probe(tmp_path / "a.mp4").fps == pytest.approx(29.97, abs=0.01)


def test_a_name_that_no_player_knows_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in one of \.mkv, \.mov, \.mp4\. Received: path=.*a\.xyz"):
        video.VideoWriter(tmp_path / "a.xyz", 25)
    with pytest.raises(ValueError, match="codec must be one of"):
        video.VideoWriter(tmp_path / "a.mp4", 25, codec="theora")
