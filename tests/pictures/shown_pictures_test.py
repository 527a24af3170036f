"""Tests of the pictures that a player shows: which part of the stored ones, and in which colours."""

import pathlib
import struct
from typing import Any

import av
import numpy as np
import pytest
from absl import logging as absl_logging

from retarget_tf.pictures import video
from tests.pictures.video_test import gentle_frames


def write_coloured(path: pathlib.Path, pix_fmt: str, profile: str, picture: Any, **settings: Any) -> pathlib.Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1", "profile": profile})
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = pix_fmt
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return path


def test_only_the_clean_aperture_is_shown(tmp_path: pathlib.Path) -> None:
    path = write_coloured(tmp_path / "a.mp4", "yuv420p", "high", gentle_frames(1)[0])
    (whole,) = video.read_frames(path)
    stored = bytearray(path.read_bytes())
    # 40 x 20 pixels, 6 to the right of the middle and 4 above it.
    box = struct.pack(">i4s8i", 40, b"clap", 40, 1, 20, 1, 12, 2, -4, 1)
    sizes, at = [], 0
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        at = stored.index(name, at)
        sizes.append(at - 4)
    end = sizes[-1] + int.from_bytes(stored[sizes[-1] : sizes[-1] + 4], "big")
    for at in sizes:
        stored[at : at + 4] = (int.from_bytes(stored[at : at + 4], "big") + len(box)).to_bytes(4, "big")
    path.write_bytes(bytes(stored[:end]) + box + bytes(stored[end:]))
    assert (video.probe(path).width, video.probe(path).height) == (40, 20)
    (shown,) = video.read_frames(path)
    assert np.abs(shown.astype(int) - whole[10:30, 18:58]).mean() < 1


def test_full_chroma_and_odd_sides_are_read(tmp_path: pathlib.Path) -> None:
    path = write_coloured(tmp_path / "a.mp4", "yuv444p", "high444", np.full((47, 65, 3), (200, 40, 90), np.uint8))
    (frame,) = video.read_frames(path)
    assert frame.shape == (47, 65, 3)
    np.testing.assert_allclose(frame.mean((0, 1)), (200, 40, 90), atol=3)


@pytest.mark.slow
@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_tone_mapped_and_said_once(
    tmp_path: pathlib.Path, transfer: int, name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absl_logging.get_absl_logger(), "propagate", True)
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 3, axis=2).repeat(32, axis=0)
    path = write_coloured(
        tmp_path / "a.mp4", "yuv420p10le", "high10", ramp, color_trc=transfer, color_primaries=9, colorspace=9
    )
    assert video.probe(path).width == 64
    (frame,) = video.read_frames(path)
    row = frame[16].mean(axis=-1)
    assert np.all(np.diff(row) > -2)
    # Half of the signal is 92 cd/m2 by PQ (ITU-R BT.2100), so bright, and 50 by HLG; SDR shows up to 100 and more.
    assert row[:2].max() < 10
    assert row[-1] > 240
    assert 95 < row[32] < 150
    assert len(np.unique(row[48:].round())) > 8  # what is brighter than white stays apart
    assert caplog.messages == [f"video {path}: is HDR ({name}); its colours are converted to SDR."]
