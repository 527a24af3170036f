"""Tests of what a player shows of a file: which stream and frames, when and at which rate."""

import io
import pathlib
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import pytest
from absl import logging as absl_logging
from av.stream import Disposition

from retarget_tf.errors import InputDataError
from retarget_tf.pictures import video
from tests.pictures.sound_test import listen, make_source
from tests.pictures.video_test import write_timed


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(absl_logging.get_absl_logger(), "propagate", True)
    return caplog


def milliseconds(path: pathlib.Path) -> list[int]:
    return [round(1000 * frame.seconds) for frame in video.read_timed_frames(path, pictures=False)]


def levels(path: pathlib.Path) -> list[int]:
    """Returns the number t of each frame of `write_timed`."""
    return [round((float(frame.mean()) - 20) / 20) for frame in video.read_frames(path, at_one_rate=False)]


def copied(out: pathlib.Path, *sources: tuple[pathlib.Path, int], start: float = 0.0, end: float = 1e9) -> pathlib.Path:
    """Copies the pictures of files, each with its disposition, without encoding; times count from `start`."""
    with av.open(str(out), "w") as container:
        opened = [av.open(str(path)) for path, _ in sources]
        pairs = [(file, container.add_stream_from_template(file.streams.video[0])) for file in opened]
        for (_, stream), (_, disposition) in zip(pairs, sources, strict=True):
            stream.disposition = Disposition(disposition)
        for file, stream in pairs:
            for packet in file.demux(video=0):
                if packet.dts is None or packet.pts is None or packet.pts * packet.time_base >= end:
                    continue
                packet.pts -= round(start / packet.time_base)
                packet.dts -= round(start / packet.time_base)
                packet.stream = stream
                container.mux(packet)
            file.close()
    return out


def as_of_a_browser(path: pathlib.Path, milliseconds: Sequence[int]) -> pathlib.Path:
    """Writes WebM as MediaRecorder does: no duration, no rate, time stamps of 1 ms."""
    with av.open(str(path), "w", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for index, time in enumerate(milliseconds):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 + 20 * (index % 10), np.uint8))
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("aspect", ["1787:1789", "405:404", "1280:1281", "3645:3644"])
def test_nearly_square_pixels_are_square(tmp_path: pathlib.Path, aspect: str) -> None:
    path = write_timed(tmp_path / "a.mp4", [0, 40], sample_aspect_ratio=Fraction(aspect.replace(":", "/")))
    square = write_timed(tmp_path / "square.mp4", [0, 40])
    assert video.probe(path) == video.probe(square)
    np.testing.assert_array_equal(list(video.read_frames(path)), list(video.read_frames(square)))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("aspect", "width"), [(Fraction(4, 3), 85), (Fraction(8, 9), 57)])
def test_anamorphic_pictures_are_resampled_to_square_pixels(
    tmp_path: pathlib.Path, suffix: str, aspect: Fraction, width: int
) -> None:
    path = write_timed(tmp_path / f"a{suffix}", [0, 40], sample_aspect_ratio=aspect)
    assert (video.probe(path).width, video.probe(path).height) == (width, 48)
    assert [frame.shape for frame in video.read_frames(path)] == [(48, width, 3)] * 2
    assert levels(path) == [0, 1]
    largest = max(width, 64)  # of what is decoded and what is shown
    with pytest.raises(InputDataError, match=f"is {largest}x48, more than"):
        video.probe(path, video.ReadOptions(max_pixels=largest * 48 - 1))


def test_a_recording_of_a_browser_has_the_rate_of_its_time_stamps(
    tmp_path: pathlib.Path, warnings: pytest.LogCaptureFixture
) -> None:
    path = as_of_a_browser(tmp_path / "a.webm", [round(index * 1000 / 30) for index in range(40)])
    assert video.probe(path).fps == pytest.approx(30, rel=1e-3)
    assert len(list(video.read_frames(path))) == 40
    slowing = as_of_a_browser(tmp_path / "b.webm", [*range(0, 1000, 20), *range(1000, 4000, 100)])
    assert video.probe(slowing).fps == pytest.approx(79 / 3.9, rel=1e-3)
    assert milliseconds(slowing)[-3:] == [3700, 3800, 3900]
    assert [message for message in warnings.messages if "may be cut" in message] == []


@pytest.mark.parametrize("name", ["a.mkv", "a.flv", "a.ts"])
def test_a_copy_without_a_declared_rate_keeps_its_rate_and_is_not_called_cut(
    tmp_path: pathlib.Path, name: str, warnings: pytest.LogCaptureFixture
) -> None:
    whole = write_timed(tmp_path / "whole.mp4", range(0, 2400, 40))
    path = copied(tmp_path / name, (whole, 0))
    assert video.probe(path).fps == 25
    assert len(list(video.read_frames(path))) == 60
    assert warnings.messages == []


@pytest.mark.parametrize(("step", "fps"), [(2, 240), (3000, 1)])
def test_rates_stay_between_1_and_240(tmp_path: pathlib.Path, step: int, fps: int) -> None:
    path = write_timed(tmp_path / "a.mkv", range(0, 8 * step, step))
    assert video.probe(path).fps == fps
    seconds = [frame.seconds for frame in video.read_timed_frames(path)]
    np.testing.assert_allclose(seconds, np.arange(len(seconds)) / fps)
    assert seconds[-1] == pytest.approx(7 * step / 1000, abs=1 / fps)
    assert len(list(video.read_frames(path))) == len(seconds)


def test_sound_that_is_longer_than_the_pictures_is_no_sign_of_a_cut(
    tmp_path: pathlib.Path, warnings: pytest.LogCaptureFixture
) -> None:
    path = make_source(tmp_path / "a.flv", seconds=2.0)
    longer = tmp_path / "longer.flv"
    with av.open(str(path)) as source, av.open(str(longer), "w") as container:
        streams = {stream.index: container.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None and (packet.stream.type == "audio" or packet.dts * packet.time_base < 1):
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    assert 20 < len(list(video.read_frames(longer))) < 30
    assert warnings.messages == []


def test_a_trim_shows_what_its_edit_list_shows(tmp_path: pathlib.Path, warnings: pytest.LogCaptureFixture) -> None:
    whole = write_timed(tmp_path / "whole.mp4", range(0, 2400, 40), gop_size=30)
    trim = copied(tmp_path / "trim.mp4", (whole, 0), start=0.72, end=1.44)
    with av.open(str(trim)) as container:
        assert container.streams.video[0].frames == 36
    assert video.probe(trim) == video.VideoInfo(64, 48, 25.0, 18)
    assert levels(trim) == levels(whole)[18:36]
    assert milliseconds(trim) == list(range(0, 720, 40))
    assert warnings.messages == []


def test_an_avi_with_gaps_is_not_called_cut_but_one_without_its_end_is(
    tmp_path: pathlib.Path, warnings: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for time in (*range(10), *range(14, 24)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 10 * time, np.uint8))
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert milliseconds(path) == [*range(0, 400, 40), *range(560, 960, 40)]
    assert warnings.messages == []
    path.write_bytes(path.read_bytes()[:-1000])
    assert len(milliseconds(path)) < 20
    assert "the file may be cut" in warnings.text


def test_a_colon_in_a_name_is_no_protocol(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_source(tmp_path / "12:30:05.mp4", seconds=0.2, click_at=0.1)
    monkeypatch.chdir(tmp_path)
    assert len(list(video.read_frames("12:30:05.mp4"))) == 5
    with video.open_writer("a:b.mp4", 25, sound="12:30:05.mp4") as writer:
        for seconds, frame, duration in video.read_timed_frames("12:30:05.mp4"):
            writer.write(frame, seconds, duration)
    assert len(list(video.read_frames("a:b.mp4"))) == 5
    with pytest.raises(InputDataError, match=r"^video x:y\.mp4: no such file"):
        video.probe("x:y.mp4")


def test_of_several_streams_the_default_one_is_shown_and_never_a_cover(tmp_path: pathlib.Path) -> None:
    dance = write_timed(tmp_path / "dance.mp4", range(0, 400, 40))
    small = write_timed(tmp_path / "small.mp4", range(0, 80, 40), width=32, height=32)
    still = tmp_path / "still.mkv"
    with video.VideoWriter(still, 25, "mjpeg") as writer:
        writer.write(np.zeros((32, 32, 3), np.uint8))
    cover, default = int(Disposition.attached_pic), int(Disposition.default)
    for name, other, disposition in (("a.mp4", still, cover), ("b.mkv", small, 0), ("c.mp4", still, 0)):
        path = copied(tmp_path / name, (other, disposition), (dance, default if other is small else 0))
        assert (video.probe(path).width, levels(path)) == (64, list(range(10)))


def test_joined_recordings_go_on(tmp_path: pathlib.Path, warnings: pytest.LogCaptureFixture) -> None:
    part = write_timed(tmp_path / "part.ts", range(0, 400, 40)).read_bytes()
    (tmp_path / "joined.ts").write_bytes(part + part)
    assert milliseconds(tmp_path / "joined.ts") == list(range(0, 800, 40))
    assert levels(tmp_path / "joined.ts") == list(range(10)) * 2
    leaping = write_timed(tmp_path / "leap.mkv", [0, 40, 80, 3_600_000, 3_600_040, 3_600_080])
    assert milliseconds(leaping) == list(range(0, 240, 40))
    assert video.probe(leaping).fps == 25
    assert len(list(video.read_frames(leaping, video.ReadOptions(fps=50)))) == 11
    assert warnings.messages == []


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])  # copied, and encoded anew
def test_the_sound_of_joined_recordings_goes_on(tmp_path: pathlib.Path, suffix: str) -> None:
    part = make_source(tmp_path / "part.ts", seconds=1.0, click_at=0.5)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part.read_bytes() * 2)
    with video.open_writer(tmp_path / f"out{suffix}", 25, sound=joined) as writer:
        for seconds, frame, duration in video.read_timed_frames(joined):
            writer.write(frame, seconds, duration)
    _, loudness, times = listen(tmp_path / f"out{suffix}")
    loud = times[loudness > 0.3 * loudness.max()]
    assert loud[loud < 1].mean() == pytest.approx(0.51, abs=0.05)
    assert loud[loud > 1].mean() == pytest.approx(1.51, abs=0.08)


def test_interlaced_frames_lose_their_comb_and_stay_as_many(tmp_path: pathlib.Path) -> None:
    options = {"crf": "1", "flags": "+ildct+ilme", "x264-params": "tff=1"}
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for index in range(6):
            picture = np.full((64, 64, 3), 60, np.uint8)
            for field in (0, 1):  # a bar that is 4 pixels further in the second field
                picture[field::2, 8 * index + 4 * field : 8 * index + 4 * field + 16] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    frames = list(video.read_frames(tmp_path / "a.mp4"))
    assert len(frames) == 6
    assert milliseconds(tmp_path / "a.mp4") == list(range(0, 240, 40))
    assert np.abs(np.diff(frames[2][20:40].astype(int), axis=0)).mean() < 2  # 20 with the comb


def test_thousands_of_frames_are_counted(tmp_path: pathlib.Path) -> None:
    stored = io.BytesIO()
    with av.open(stored, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=60)
        stream.width = stream.height = 16
        stream.pix_fmt = "gray"
        for _ in range(4000):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16), np.uint8), format="gray")))
        container.mux(stream.encode())
    (tmp_path / "a.mkv").write_bytes(stored.getvalue())
    times = milliseconds(tmp_path / "a.mkv")
    assert (len(times), times[-1]) == (4000, round(3999 * 1000 / 60))
