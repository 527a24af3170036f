"""Tests of videos for viewers: frame times, colours, alpha and metadata, and of the choice of the writer."""

import pathlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
import pytest
from absl import logging as absl_logging

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import ConfigError
from retarget_tf.pictures import video
from retarget_tf.pictures.video import times

# A pause, a fast stretch, a frame of a third of a second; each time is one of 59.94 fps or a multiple of 1/90000 s.
UNEVEN = [0.0, 1001 / 60000, 0.04, 0.08, 0.58, 0.5902, 0.6004, 0.7, 1.0]


def frames_of(count: int, channels: int = 3, height: int = 48, width: int = 64) -> list[Uint8Array]:
    coarse = np.random.default_rng(0).integers(60, 200, (3, 4, channels), np.uint8)
    return [
        cv2.resize(np.roll(coarse, t, axis=1), (width, height), interpolation=cv2.INTER_CUBIC) for t in range(count)
    ]


def write(path: pathlib.Path, seconds: Sequence[float], last: float = 0.25, **options: Any) -> pathlib.Path:
    with video.open_writer(path, 25, **options) as writer:
        for frame, at in zip(frames_of(len(seconds)), seconds, strict=True):
            writer.write(frame, at, last)
    return path


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(absl_logging.get_absl_logger(), "propagate", True)
    return caplog


@pytest.mark.parametrize(("suffix", "most"), [(".mp4", 1e-9), (".mov", 1e-9), (".mkv", 5e-4), (".webm", 5e-4)])
def test_times_are_kept_and_the_last_frame_lasts(
    tmp_path: pathlib.Path, suffix: str, most: float, warnings: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / f"a{suffix}", UNEVEN)
    read = list(video.read_timed_frames(path))
    np.testing.assert_allclose([seconds for seconds, _, _ in read], UNEVEN, rtol=0, atol=most + 1e-12)
    assert read[-1].duration == pytest.approx(0.25, abs=1e-3)
    with av.open(str(path)) as container:
        assert container.duration / av.time_base == pytest.approx(1.25, abs=1e-3)
        order = [packet.dts for packet in container.demux(video=0) if packet.dts is not None]
    assert order == sorted(set(order))
    assert warnings.messages == []


def test_a_copy_of_a_variable_rate_is_in_time_twice_over(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.mp4", UNEVEN)
    with video.VideoWriter(tmp_path / "b.mp4", video.probe(path).fps) as writer:
        for seconds, frame, duration in video.read_timed_frames(path):
            writer.write(frame, seconds, duration)
    first, second = (list(video.read_timed_frames(tmp_path / name)) for name in ("a.mp4", "b.mp4"))
    assert [f.seconds for f in first] == [f.seconds for f in second]
    assert first[-1].duration == second[-1].duration


def test_times_count_from_the_first_frame(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.mkv", [2.0, 2.04, 2.08])
    assert [round(frame.seconds, 6) for frame in video.read_timed_frames(path)] == [0.0, 0.04, 0.08]


def test_resampled_times_are_a_grid(tmp_path: pathlib.Path) -> None:
    path, options = write(tmp_path / "a.mp4", UNEVEN), video.ReadOptions(fps=10)
    timed = list(video.read_timed_frames(path, options))
    assert [frame.seconds for frame in timed] == [k / 10 for k in range(11)]
    assert {frame.duration for frame in timed} == {0.1}
    np.testing.assert_array_equal([frame.frame for frame in timed], list(video.read_frames(path, options)))


class Frame:
    """A decoded frame of which only the time is asked."""

    def __init__(self, milliseconds: int | None) -> None:
        self.time = None if milliseconds is None else milliseconds / 1000
        self.duration, self.time_base = 0, Fraction(1, 1000)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ([100, 140, 200], [0, 40, 100]),
        ([None, None, None], [0, 40, 80]),
        ([0, None, 90], [0, 40, 90]),
        ([0, 40, 40, 80], [0, 40, 41, 80]),  # a frame twice
        ([0, 40, 30, 80], [0, 40, 41, 80]),
        ([5000, 5040, 0, 40, 80], [0, 40, 80, 120, 160]),  # joined files
        ([0, 40, 120, 0, 40], [0, 40, 120, 160, 200]),
        ([0, 40, 90_000_000, 90_000_040], [0, 40, 80, 120]),  # a clock that leaps
        ([0, 40, 20_000], [0, 40, 20_000]),  # a recorder stores nothing while the screen stands still
    ],
)
def test_times_increase_whatever_is_stored(stored: list[int | None], read: list[int]) -> None:
    found = times.timed(map(Frame, stored), 25.0, times.Clock())
    assert [round(1000 * seconds) for seconds, _, _ in found] == read


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "frames"])
def test_given_times_must_increase_and_be_given_for_all_or_none(tmp_path: pathlib.Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"times must increase.* Received: seconds=0\.04 after 0\.04"):
        write(tmp_path / name, [0, 0.04, 0.04])
    for given in ([0.0, None], [None, 0.0]):
        with pytest.raises(ValueError, match="either all frames must have a time, or none"):
            write(tmp_path / name, given)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_colours_are_bt709_and_say_so(tmp_path: pathlib.Path, name: str) -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    with video.open_writer(tmp_path / name, 25) as writer:
        writer.write(red)
    with av.open(str(tmp_path / name)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        frame = next(container.decode(stream))
    assert (context.colorspace, context.color_range) == (1, 1)
    if not name.endswith("webm"):  # VP9's stream has neither, but Matroska's header does
        assert (context.color_primaries, context.color_trc) == (1, 1)
    # Y = 16 + 219 * 0.2126, Cb = 128 - 224 * 0.2126 / 1.8556, Cr = 128 + 224 / 2 (ITU-R BT.709)
    stored = frame.to_ndarray()
    np.testing.assert_allclose([stored[32, 32], stored[64 + 8, 16], stored[80 + 8, 16]], [63, 102, 240], atol=2)
    (read,) = video.read_frames(tmp_path / name)
    np.testing.assert_allclose(read[16:48, 16:48].mean((0, 1)), [255, 0, 0], atol=4)


def decoded_rgba(path: pathlib.Path) -> list[Uint8Array]:
    """Decodes with libvpx: libavcodec's own decoder of VP9 leaves the alpha out."""
    decoder = av.CodecContext.create(av.codec.Codec("libvpx-vp9", "r"))
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.dts is not None]
        frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    assert all(frame.format.name == "yuva420p" for frame in frames)
    return [frame.to_ndarray(format="rgba") for frame in frames]


def test_webm_keeps_alpha(tmp_path: pathlib.Path) -> None:
    frames = frames_of(6, 4)
    for t, frame in enumerate(frames):
        frame[..., 3] = 0
        frame[8:40, 8 + 2 * t : 40 + 2 * t, 3] = 255
        frame[20:28, :, 3] //= 2
    with video.VideoWriter(tmp_path / "a.webm", 25, "vp9") as writer:
        for frame in frames:
            writer.write(frame)
    read = np.stack(decoded_rgba(tmp_path / "a.webm")).astype(int)
    assert np.abs(read[..., 3] - np.stack(frames)[..., 3]).mean() < 2
    assert np.abs(read[..., :3] - np.stack(frames)[..., :3]).mean() < 4
    assert b"\x53\xc0\x81\x01" in (tmp_path / "a.webm").read_bytes()[:2000]  # AlphaMode = 1, which browsers ask for


def test_webm_of_rgb_is_opaque(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "a.webm", [0, 0.04])
    assert b"\x53\xc0\x81\x01" not in path.read_bytes()[:2000]
    assert len(list(video.read_frames(path))) == 2


def test_the_same_frames_make_the_same_bytes(tmp_path: pathlib.Path) -> None:
    for name in ("a.mp4", "a.webm"):
        one, other = (list(video.read_frames(write(tmp_path / name, UNEVEN))) for _ in range(2))
        np.testing.assert_array_equal(one, other)


def test_frames_of_the_wrong_channels_are_refused(tmp_path: pathlib.Path) -> None:
    with (
        pytest.raises(ValueError, match=r"must have channels \[3\]\. Received: frame=\(48, 64, 4\)"),
        video.open_writer(tmp_path / "a.mp4", 25) as writer,
    ):
        writer.write(frames_of(1, 4)[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm"])
def test_metadata_are_stored(tmp_path: pathlib.Path, name: str) -> None:
    given = {"comment": "generated: a synthetic dance, é", "title": "dance", "artist": "nobody", "copyright": "none"}
    path = write(tmp_path / name, [0, 0.04], metadata=given)
    assert given.items() <= video.read_metadata(path).items()
    with pytest.raises(ValueError, match=r"metadata must be of artist, .*, title\. Received: key=mood"):
        video.VideoWriter(tmp_path / "a.mp4", 25, metadata={"mood": "good"})


def test_the_name_chooses_the_writer(tmp_path: pathlib.Path) -> None:
    for name, alpha in (("a.mp4", False), ("a.MKV", False), ("a.webm", True), ("frames", True)):
        video.check_output(tmp_path / name)
        assert video.takes_alpha(tmp_path / name) is alpha
    for refuse in (video.check_output, lambda path: video.open_writer(path, 25)):
        with pytest.raises(ConfigError, match=r"in one of \.mkv, .*or have no suffix .* Received: path=.*a\.gif$"):
            refuse(tmp_path / "a.gif")
    with pytest.raises(ConfigError, match=r"must end in one of \.webm\. Received"):
        video.VideoWriter(tmp_path / "a.mp4", 25, "vp9")
