"""Tests of a dance given by files: it equals the calls of `Retargeter`, and contradicting files are refused."""

import pathlib
from typing import Any

import numpy as np
import pytest

from retarget_tf.errors import ConfigError
from retarget_tf.networks import generator, trained
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files
from retarget_tf.retargeting import sources, targets
from retarget_tf.retargeting.dance import Dance
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.retargeting.writing import write_dance
from tests.testing import lively, make_clip_folder, walking_square

SPEC = GeneratorSpec(ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=0), person_height_share=0.7)


@pytest.fixture(scope="module")
def retargeter() -> Retargeter:
    network = lively(generator.build_generator(SPEC.model))
    return Retargeter(trained.TrainedGenerator(lambda given: network(given, training=False), SPEC))


@pytest.mark.slow
def test_a_photo_takes_the_place_of_a_clip(retargeter: Retargeter, tmp_path: pathlib.Path) -> None:
    clip, photo, points = make_clip_folder(tmp_path, frames=4, size=64), tmp_path / "me.png", tmp_path / "points.npy"
    frame, _, keypoints = walking_square(0, 64)
    photo.write_bytes(image_files.encode_png(frame))
    np.save(points, keypoints)
    maps = {}
    people: dict[str, dict[str, Any]] = {
        "clip": {"target_clip": str(clip)},
        "clip_without_map": {"target_clip": str(clip), "target_map": "none"},
        "photo": {"target_photo": str(photo), "target_keypoints": str(points), "target_map": "none"},
    }
    for name, whom in people.items():
        folder = tmp_path / f"{name}_maps"
        dance = Dance(
            out=str(tmp_path / f"{name}.mp4"),
            show="maps",  # a network that learnt nothing sees no person in the photo
            maps_dir=str(folder),
            source_clip=str(clip),
            max_frames=3,
            **whom,
        )
        assert write_dance(retargeter, dance) == 3
        maps[name] = [image_files.load_photo(path)[..., 0].tobytes() for path in sorted(folder.iterdir())]
    target, source = targets.clip_target(clip, 32), sources.clip_source(clip, max_frames=3)
    expected = retargeter.retarget(target, source.keypoints)
    assert maps["clip"] == [parsing_map.tobytes() for parsing_map in expected]
    assert len({tuple(stored) for stored in maps.values()}) == 3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"target_clip": "clip"},
            "give one of --target_photo, --target_video and --target_clip. Received: target_photo and target_clip",
        ),
        ({"source_video": None}, "give one of --source_video and --source_clip. Received: none"),
        ({"target_photo": None, "target_clip": "clip", "target_keypoints": "a.npy"}, "give no keypoint file"),
        ({"target_photo": None, "target_clip": "clip", "target_map": "a.png"}, "auto or none with a clip"),
        ({"target_photo": "a.jpg,b.jpg", "target_map": "a.png"}, "are for a single photo. Received: several pictures"),
        ({"target_photo": None, "target_video": "me.mp4", "target_keypoints": "a.npy"}, "are for a single photo"),
        ({"target_person": "left"}, "Received: "),
        ({"units": "metres"}, "units must be one of auto, pixels, shares. Received: units=metres"),
        ({"max_frames": 0}, "max_frames must be at least 1. Received: max_frames=0"),
        ({"show": "photos"}, "show must be one of frames, maps, panel. Received: show=photos"),
        ({"maps_dir": "maps", "out": "maps/panel.mp4"}, "out must lie outside of maps_dir"),
    ],
)
def test_files_that_contradict_each_other_are_refused(changes: dict[str, Any], why: str) -> None:
    asked = {"target_photo": "me.jpg", "source_video": "dance.mp4", "out": "panel.mp4"}
    with pytest.raises(ConfigError, match=why):
        Dance(**{**asked, **changes})


def test_an_output_is_never_an_input(tmp_path: pathlib.Path) -> None:
    """Links are followed; nothing is read or written before the refusal."""
    video, photo, points, panel, other = (
        str(tmp_path / name) for name in ("video.mp4", "photo.png", "points.npy", "panel.mp4", "other.mp4")
    )
    maps = tmp_path / "maps"
    maps.mkdir()
    stored = str(maps / "000000.png")
    for path in (video, photo, points, stored):
        pathlib.Path(path).write_bytes(b"mine")
    pathlib.Path(panel).symlink_to(video)
    for changes, why in (
        ({"out": video}, "must not be an input"),
        ({"out": panel}, "must not be an input"),
        ({"out": f"{maps}/../video.mp4"}, "must not be an input"),
        (
            {"out": points, "target_photo": None, "target_keypoints": None, "target_video": points},
            "must not be an input",
        ),
        ({"out": photo, "target_photo": f"{points},{photo}", "target_keypoints": None}, "must not be an input"),
        ({"out": other, "maps_dir": other}, "out must lie outside of maps_dir"),
        ({"out": other, "maps_dir": photo}, "must not be an input"),
        ({"out": other, "maps_dir": str(maps), "target_map": stored}, "must not hold an input"),
        ({"out": other, "maps_dir": str(maps), "target_photo": stored}, "must not hold an input"),
    ):
        asked: dict[str, Any] = {"target_photo": photo, "target_keypoints": points, "source_video": video, **changes}
        with pytest.raises(ConfigError, match=why):
            Dance(**asked)
    assert {pathlib.Path(path).read_bytes() for path in (video, photo, points, stored)} == {b"mine"}
    Dance(out=other, maps_dir=str(tmp_path / "new"), target_photo=photo, source_video=video)
