"""Tests of the sound of written videos: in time with the pictures, cut at their end, absent or damaged."""

import itertools
import pathlib
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from absl import logging as absl_logging

from retarget_tf.arrays import Float32Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import video
from tests.testing import needs_footage, shared_videos

RATE = 48_000
FPS = 25


def make_source(
    path: pathlib.Path,
    codec: str | None = "aac",
    *,
    seconds: float = 2.0,
    pictures_at: float | None = 0.0,
    sound_at: float = 0.0,
    click_at: float = 1.0,
    layout: str = "mono",
) -> pathlib.Path:
    """Writes gray pictures, None for none, and a silence with a click, `click_at` seconds after the first picture."""
    with av.open(str(path), "w") as container:
        if pictures_at is not None:
            pictures = container.add_stream("libx264", rate=FPS, options={"crf": "40", "preset": "ultrafast"})
            pictures.width = pictures.height = 32
            pictures.codec_context.time_base = Fraction(1, 1000)
        if codec:
            sound = container.add_stream(codec, rate=RATE)
            sound.layout = layout
        if pictures_at is not None:
            for index in range(int(seconds * FPS)):
                frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 20 + index % 200, np.uint8))
                frame.pts, frame.time_base = round(1000 * (pictures_at + index / FPS)), Fraction(1, 1000)
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode())
        if codec:
            wave = np.zeros(int(seconds * RATE), np.float32)
            click = round(((pictures_at or 0) + click_at - sound_at) * RATE)
            wave[click : click + 960] = 0.8 * np.sin(np.arange(960) * 2 * np.pi * 2000 / RATE)
            for start in range(0, len(wave), 1024):
                part = np.stack([wave[start : start + 1024]] * sound.layout.nb_channels)
                heard = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
                heard.sample_rate, heard.time_base = RATE, Fraction(1, RATE)
                heard.pts = start + round(sound_at * RATE)
                container.mux(sound.encode(heard))
            container.mux(sound.encode())
    return path


def copy(source: pathlib.Path, out: pathlib.Path, frames: int | None = None, sound: Any = None) -> pathlib.Path:
    with video.open_writer(out, FPS, sound=sound or source) as writer:
        for seconds, frame, duration in itertools.islice(video.read_timed_frames(source), frames):
            writer.write(frame, seconds, duration)
    return out


def listen(path: pathlib.Path) -> tuple[str, Float32Array, Float32Array]:
    """Returns the codec, and the loudness with its times in seconds from the first picture."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0))
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        levels, times = [], []
        for frame in container.decode(stream):
            samples = frame.to_ndarray().astype(np.float32).reshape(len(frame.layout.channels), -1)
            levels.append(np.abs(samples).mean(0))
            times.append(frame.time - first.time + np.arange(frame.samples) / RATE)
        return stream.codec_context.name, np.concatenate(levels), np.concatenate(times).astype(np.float32)


def click_in(path: pathlib.Path) -> float:
    """Returns the time of the click in seconds after the first picture."""
    _, levels, times = listen(path)
    return float(times[np.argmax(levels > 0.3 * levels.max())])


def starts_at_zero(path: pathlib.Path) -> bool:
    with av.open(str(path)) as container:
        return bool(next(container.decode(video=0)).time == 0)


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(absl_logging.get_absl_logger(), "propagate", True)
    return caplog


@pytest.mark.parametrize(("pictures_at", "sound_at"), [(0.0, 0.0), (0.5, 0.1), (0.1, 0.6)])
@pytest.mark.parametrize("source", [("a.mp4", "aac"), ("a.mkv", "libopus"), ("a.mov", "pcm_s16le")])
def test_sound_is_in_time_and_cut_with_the_pictures(
    tmp_path: pathlib.Path,
    source: tuple[str, str],
    pictures_at: float,
    sound_at: float,
    warnings: pytest.LogCaptureFixture,
) -> None:
    path = make_source(tmp_path / source[0], source[1], pictures_at=pictures_at, sound_at=sound_at)
    assert click_in(path) == pytest.approx(1.0, abs=0.002)
    copied = {"aac": {".mp4", ".mov", ".mkv"}, "libopus": {".mkv", ".webm"}, "pcm_s16le": set()}[source[1]]
    for suffix in (".mp4", ".mov", ".mkv", ".webm"):
        out = copy(path, tmp_path / f"out{suffix}", frames=30)
        assert starts_at_zero(out)
        assert click_in(out) == pytest.approx(1.0, abs=0.003), suffix
        codec, _, times = listen(out)
        assert codec == ("opus" if suffix == ".webm" or (source[1] == "libopus" and suffix in copied) else "aac")
        # Decoders fill the last packet, of 21 ms; Matroska's duration counts what the decoder is primed with.
        assert times.max() < 1.2 + 0.022
        with av.open(str(out)) as container:
            assert container.duration / av.time_base == pytest.approx(1.2, abs=1e-3 if suffix[1:3] == "mp" else 0.022)
    assert warnings.messages == []


def packets_of(path: pathlib.Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_what_the_container_takes_is_copied(tmp_path: pathlib.Path) -> None:
    aac, opus = make_source(tmp_path / "a.mp4"), make_source(tmp_path / "a.webm.mkv", "libopus")
    assert packets_of(copy(aac, tmp_path / "out.mp4")) == packets_of(aac)[: len(packets_of(tmp_path / "out.mp4"))]
    assert set(packets_of(copy(opus, tmp_path / "out.webm"))) <= set(packets_of(opus))
    mp3 = make_source(tmp_path / "mp3.mkv", "libmp3lame")
    assert set(packets_of(copy(mp3, tmp_path / "out.mkv"))) <= set(packets_of(mp3))


def test_a_gap_in_the_sound_becomes_silence(tmp_path: pathlib.Path) -> None:
    whole = make_source(tmp_path / "whole.mkv", "pcm_s16le", click_at=1.5)
    with av.open(str(whole)) as source, av.open(str(tmp_path / "gap.mkv"), "w") as container:
        streams = [container.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            is_gap = packet.stream.type == "audio" and packet.size and 0.4 < packet.pts * packet.time_base < 1
            if packet.size and not is_gap:
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    for suffix in (".mp4", ".webm"):
        assert click_in(copy(tmp_path / "gap.mkv", tmp_path / f"out{suffix}")) == pytest.approx(1.5, abs=0.003)


def test_shorter_sound_and_no_sound_are_fine(tmp_path: pathlib.Path, warnings: pytest.LogCaptureFixture) -> None:
    pictures = make_source(tmp_path / "pictures.mp4", None)
    short = make_source(tmp_path / "short.mp4", seconds=0.5, click_at=0.2)
    for suffix in (".mp4", ".webm"):
        out = copy(pictures, tmp_path / f"out{suffix}", sound=short)
        assert click_in(out) == pytest.approx(0.2, abs=0.003)
        assert len(list(video.read_frames(out))) == 50
        silent = copy(pictures, tmp_path / f"silent{suffix}")
        with av.open(str(silent)) as container:
            assert [stream.type for stream in container.streams] == ["video"]
    assert warnings.messages == []


def test_a_file_of_sound_alone_starts_with_the_pictures(tmp_path: pathlib.Path) -> None:
    pictures = make_source(tmp_path / "pictures.mp4", None)
    sound = make_source(tmp_path / "sound.mp4", pictures_at=None, click_at=0.7, layout="stereo")
    assert click_in(copy(pictures, tmp_path / "out.mp4", sound=sound)) == pytest.approx(0.7, abs=0.003)
    assert click_in(copy(pictures, tmp_path / "out.webm", sound=sound)) == pytest.approx(0.7, abs=0.003)


def test_constant_rate_without_times_has_sound_too(tmp_path: pathlib.Path) -> None:
    source = make_source(tmp_path / "a.mp4")
    with video.VideoWriter(tmp_path / "out.mp4", FPS, sound=source) as writer:
        for frame in video.read_frames(source):
            writer.write(frame)
    assert click_in(tmp_path / "out.mp4") == pytest.approx(1.0, abs=0.003)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_damaged_sound_ends_at_the_damage_with_one_warning(
    tmp_path: pathlib.Path, suffix: str, warnings: pytest.LogCaptureFixture
) -> None:
    source = make_source(tmp_path / "a.mp4", click_at=0.5)
    with av.open(str(source)) as container:
        damaged = next(packet for packet in container.demux(audio=0) if packet.pts * packet.time_base > 1)
        place, size = damaged.pos, damaged.size
    whole = source.read_bytes()
    source.write_bytes(whole[:place] + b"\xff" * size + whole[place + size :])
    out = copy(source, tmp_path / f"out{suffix}")
    assert len(list(video.read_frames(out))) == 50
    assert click_in(out) == pytest.approx(0.5, abs=0.003)
    _, _, times = listen(out)
    assert 0.9 < times.max() < 1.1
    (message,) = warnings.messages
    assert message.startswith(f"sound of {source}: cannot be read past 1.0 s (")
    assert message.endswith("; the video has no sound after it.")
    assert "\n" not in message


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_sound_and_pictures_lie_beside_each_other(tmp_path: pathlib.Path, suffix: str) -> None:
    out = copy(make_source(tmp_path / "a.mp4", seconds=6), tmp_path / f"out{suffix}")
    reached = {"video": 0.0, "audio": 0.0}
    with av.open(str(out)) as container:
        for packet in sorted(
            (p for p in container.demux() if p.size), key=lambda packet: packet.pos
        ):  # by place in the file
            reached[packet.stream.type] = float(packet.pts * packet.time_base)
            assert abs(reached["video"] - reached["audio"]) < 2.1


def test_a_sound_that_cannot_be_opened_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "text.mp3").write_text("no sound\n" * 100)
    for name, why in (
        ("missing.mp3", r"no such file\. Check"),
        ("text.mp3", r"not a file that can be read \(.*\)\. G"),
    ):
        with (
            pytest.raises(InputDataError, match=rf"^sound .*{name}: {why}"),
            video.VideoWriter(tmp_path / "a.mp4", FPS, sound=tmp_path / name),
        ):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp3"]


@needs_footage
def test_real_footage_keeps_its_times_and_its_sound(tmp_path: pathlib.Path) -> None:
    source = (shared_videos() or tmp_path) / "arm_swing.mp4"  # of variable rate
    frames = list(itertools.islice(video.read_timed_frames(source), 30))
    with video.VideoWriter(tmp_path / "out.mp4", video.probe(source).fps, sound=source) as writer:
        for seconds, frame, duration in frames:
            writer.write(frame[::4, ::4], seconds, duration)
    read = [frame.seconds for frame in video.read_timed_frames(tmp_path / "out.mp4")]
    np.testing.assert_allclose(read, [frame.seconds for frame in frames], rtol=0, atol=2e-6)
    assert packets_of(tmp_path / "out.mp4")[:-1] == packets_of(source)[: len(packets_of(tmp_path / "out.mp4")) - 1]


def test_a_long_silence_that_is_not_stored_stays(tmp_path: pathlib.Path) -> None:
    source, sparse = make_source(tmp_path / "a.mkv", "libopus", seconds=45, click_at=40.0), tmp_path / "sparse.mkv"
    with av.open(str(source)) as whole, av.open(str(sparse), "w") as container:
        streams = {stream.index: container.add_stream_from_template(stream) for stream in whole.streams}
        for packet in whole.demux():
            if packet.dts is not None and (packet.stream.type == "video" or not 2 < packet.dts * packet.time_base < 39):
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    out = tmp_path / "out.mkv"
    with video.open_writer(out, FPS, sound=sparse) as writer:
        for seconds in (0, 20, 44):
            writer.write(np.zeros((32, 32, 3), np.uint8), seconds, 1.0)
    assert click_in(out) == pytest.approx(40.0, abs=0.01)
