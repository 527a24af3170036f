"""Tests of the stream before a camera, with a detector that knows the dancer's joints."""

import contextlib
import dataclasses
import itertools
import time
from pathlib import Path

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dancers import Recipe, render_frames
from retarget_tf.errors import ConfigError
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.networks.generator import build_generator
from retarget_tf.networks.trained import TrainedGenerator
from retarget_tf.pictures import video
from retarget_tf.retargeting import mirror
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.live_options import LiveOptions
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.retargeting.targets import Target
from tests.testing import target_of

SIZE = 64
FRAMES = 40
SMALL = FrameOptions(height=64)


@dataclasses.dataclass
class Detector:
    """Takes its time, and returns the joints of the frame whose number is in the picture's upper edge."""

    poses: Float32Array
    seconds: float
    seen: list[int] = dataclasses.field(default_factory=list)
    brightness_of_left_foot: list[float] = dataclasses.field(default_factory=list)

    def detect(self, image: Uint8Array, seconds: float) -> Float32Array | None:
        """See `PoseDetector.detect`."""
        assert seconds >= 0
        self.seen.append(round(float(image[:4].mean()) / 6))
        self.brightness_of_left_foot.append(float(image[-4:, : SIZE // 2].mean()))
        time.sleep(self.seconds)
        return self.poses[self.seen[-1]]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Float32Array, Target]:
    folder = tmp_path_factory.mktemp("stage")
    source = list(render_frames(Recipe(5, 1, 0, frames=FRAMES, size=SIZE)))
    with video.open_writer(folder / "dance.mp4", 25) as writer:
        for number, (frame, _, _) in enumerate(source):
            marked = frame.copy()
            marked[:4] = number * 6
            marked[-4:, : SIZE // 2], marked[-4:, SIZE // 2 :] = 255, 0
            writer.write(marked)
    photo, maps, pose = next(iter(render_frames(Recipe(5, 3, 0, frames=2, size=SIZE))))
    return folder / "dance.mp4", np.stack([pose for _, _, pose in source]), target_of(photo, pose, maps["parts10"])


def stream(
    stage: tuple[Path, Float32Array, Target], monkeypatch: pytest.MonkeyPatch, detection: float = 0.0, **given: object
) -> tuple[list[mirror.Mirrored], Detector]:
    path, poses, target = stage
    detector = Detector(poses, detection)
    monkeypatch.setattr(mirror, "open_detector", lambda *_, **__: contextlib.nullcontext(detector))
    spec = GeneratorSpec(ModelConfig.of_preset("stable", image_size=SIZE, filters=2), person_height_share=0.8)
    network = build_generator(spec.model)
    retargeter = Retargeter(TrainedGenerator(lambda inputs: network(inputs, training=False), spec))
    monkeypatch.setattr(retargeter, "prepare_target", lambda *_, **__: target)
    options = LiveOptions(target_photo="photo.png", source_video=str(path), **given)  # type: ignore[arg-type]
    return list(mirror.mirrored(retargeter, options, SMALL)), detector


@pytest.mark.slow
def test_a_slow_machine_drops_pictures_and_stays_near(
    stage: tuple[Path, Float32Array, Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, detector = stream(stage, monkeypatch, detection=0.15)
    assert 2 < len(frames) < FRAMES / 2
    assert detector.seen == sorted(set(detector.seen))
    assert max(frame.latency for frame in frames) < 1, "not one picture after the other, which would be 6 s"
    assert "frames/s" in frames[-1].told
    assert all(earlier.seconds < later.seconds for earlier, later in itertools.pairwise(frames))
    assert len({frame.picture.tobytes() for frame in frames}) == len(frames), "the person moves"


@pytest.mark.slow
@pytest.mark.parametrize("is_mirror", [True, False])
def test_the_camera_is_a_mirror_unless_asked_otherwise(
    stage: tuple[Path, Float32Array, Target], monkeypatch: pytest.MonkeyPatch, is_mirror: bool
) -> None:
    _, detector = stream(stage, monkeypatch, detection=0.1, mirror=is_mirror)
    assert (np.mean(detector.brightness_of_left_foot) < 64) == is_mirror


@pytest.mark.slow
def test_maps_are_shown_too_and_it_ends_in_time(
    stage: tuple[Path, Float32Array, Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, _ = stream(stage, monkeypatch, show="maps", seconds=0.8)
    colours = {tuple(colour) for colour in frames[-1].picture.reshape(-1, 3)}
    assert frames[-1].picture.shape == (SIZE, SIZE, 3)
    assert colours <= {tuple(colour) for colour in PARTS10.palette}
    assert frames[-1].seconds <= 0.8


def test_a_stream_that_nobody_sees_is_refused() -> None:
    with pytest.raises(ConfigError, match="give --record"):
        LiveOptions(target_photo="photo.png", window=False)
    for background in ("source", "none"):
        options = LiveOptions(target_photo="photo.png")
        with pytest.raises(ConfigError, match=f"background={background}"):
            next(mirror.mirrored(None, options, FrameOptions(background=background)))  # type: ignore[arg-type]


def test_nobody_before_the_camera_keeps_the_pose(
    stage: tuple[Path, Float32Array, Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Detector, "detect", lambda *_: None)
    frames, _ = stream(stage, monkeypatch)
    assert len({frame.picture.tobytes() for frame in frames}) == 1
