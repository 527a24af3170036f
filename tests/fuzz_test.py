"""Damages the files that the readers take, at random, and asks that each is read or refused in the documented way.

    make fuzz MUTATIONS=1000        # of each kind of file; the tests make 200

A mutation is known by its number: the same number damages the same file in the same way.
"""

import itertools
import json
import os
import pathlib
import resource
import shutil
import time
from collections.abc import Callable

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf import dancers
from retarget_tf.body.parsing_labels import SCHEMAS
from retarget_tf.dataset import clips, records
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.footage.importers import keypoints, parsing_pngs
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files, video
from retarget_tf.training import callbacks, reports, run_settings
from retarget_tf.training.config import TrainingConfig
from tests import testing

MUTATIONS = int(os.environ.get("MUTATIONS", "200"))
DOCUMENTED = (InputDataError, ConfigError, MissingDependencyError)
MOST_SECONDS = 30
MOST_MB = 1500
Path = pathlib.Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that every reader below takes."""
    folder = tmp_path_factory.mktemp("whole")
    squares = [testing.walking_square(index, 64) for index in range(5)]
    for name, codec in (("dance.mp4", "h264"), ("dance.mkv", "mjpeg")):
        with video.VideoWriter(folder / name, 25, codec) as writer:
            for frame, _, _ in squares:
                writer.write(frame)
    for suffix in ("png", "jpg", "webp", "tiff"):
        cv2.imwrite(str(folder / f"photo.{suffix}"), squares[0][0][..., ::-1])
    points = np.stack([keypoints for _, _, keypoints in squares])
    np.save(folder / "points.npy", points)
    np.savez_compressed(folder / "points.npz", keypoints=points)
    poses = [pose[:17].ravel().tolist() for pose in points]
    people = [{"image_id": f"{index}.jpg", "keypoints": pose} for index, pose in enumerate(poses)]
    (folder / "points.json").write_text(json.dumps(people))
    for person in "abc":
        testing.make_clip_folder(folder / "clips", clip_id=person, person_id=person)
    config = records.BuildConfig(segment_frames=4, validation_share=0.34, test_share=0.34)
    records.build_records([folder / "clips"], folder / "records", config)
    (folder / "model").mkdir()
    model = ModelConfig.of_preset("paper", image_size=32, filters=2)
    network = generator.build_generator(model)
    generator.save_generator(network, GeneratorSpec(model, 0.7), folder / "model")
    save_served(network, GeneratorSpec(model, 0.7), folder / "served")
    cv2.imwrite(str(folder / "map.png"), squares[0][1])
    for suffix in ("yml", "xml"):  # as OpenPose writes ..._pose files
        storage = cv2.FileStorage(str(folder / f"people_pose.{suffix}"), cv2.FILE_STORAGE_WRITE)
        storage.write("people", points[:1])
        storage.release()
    shutil.copytree(folder / "records", folder / "work")  # nothing of it is read but what the next lines add
    read_settings(folder)
    (folder / "work" / "history.csv").write_text("step,seconds,loss\n1,0.5,2.0\n2,0.9,1.5\n3,1.4,1.25\n")
    with video.PngFolderWriter(folder / "frames", 25) as writer:
        writer.write(squares[0][0], 0.0)
    dancers.make_clips(folder / "dancers", people=2, clips_per_person=1, frames=2, size=64)
    return folder


def save_served(network: keras.Model, spec: GeneratorSpec, folder: Path) -> None:
    """Writes what a SavedModel of ours holds as far as loading goes, in seconds."""
    module = tf.Module()
    module.network = network
    inputs = {name: tf.TensorSpec((None, *tensor.shape[1:])) for name, tensor in network.input.items()}
    module.generator = tf.function(lambda of_one: network(of_one, training=False), input_signature=[inputs])
    tf.saved_model.save(module, str(folder))
    (folder / "assets.extra").mkdir()
    spec.write(folder / "assets.extra" / "generator.json")


def read_clip(folder: Path) -> None:
    clip = clips.open_clip(folder / "clips" / "a")
    for _ in zip(clip.read_frames(), clip.read_maps(clip.info.label_schema), strict=False):
        pass


def read_records(folder: Path) -> None:
    manifest = records.Manifest.load(folder / "records")
    for _ in records.read_clips(folder / "records", "test"):
        pass
    manifest.verify()


def read_photo(name: str) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        image_files.load_photo(folder / name)

    return read


def read_video(name: str) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        for _ in video.read_frames(folder / name):
            pass

    return read


def read_points(name: str) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        keypoints.read_keypoints(folder / name, 64, 64)

    return read


def read_model(folder: Path) -> None:
    generator.load_keras_generator(folder / "model")


def read_served(folder: Path) -> None:
    generator.load_generator(folder / "served")


def read_map(folder: Path) -> None:
    parsing_pngs.read_parsing_png(folder / "map.png", SCHEMAS["parts10"])


def read_settings(folder: Path) -> None:
    model, training = ModelConfig.of_preset("paper", image_size=32), TrainingConfig.of_preset("paper", steps=3)
    run_settings.write_settings(folder / "work", [folder / "records"], model, training)


def read_history(folder: Path) -> None:
    state, writer = callbacks.TrainingState.create(), tf.summary.create_noop_writer()
    history = reports.History(folder / "work" / "history.csv", writer, state, every=1, batch_size=1)
    history.on_train_begin()
    history.on_train_end()


def read_recipe(folder: Path) -> None:
    dancers.make_cross_clips(folder / "crossed", folder / "dancers")


READERS: dict[str, Callable[[Path], None]] = {
    **{f"photo.{suffix}": read_photo(f"photo.{suffix}") for suffix in ("png", "jpg", "webp", "tiff")},
    **{name: read_video(name) for name in ("dance.mp4", "dance.mkv")},
    **{f"points.{suffix}": read_points(f"points.{suffix}") for suffix in ("npy", "npz", "json")},
    **{f"clips/a/{name}": read_clip for name in ("clip.json", "keypoints.npy", "frames.mkv", "maps.mkv")},
    "records/manifest.json": read_records,
    "records/test-00000-of-00001.tfrecord": read_records,
    "model/generator.json": read_model,
    "model/generator.keras": read_model,
    **{f"served/{name}": read_served for name in ("saved_model.pb", "assets.extra/generator.json")},
    **{f"served/variables/{name}": read_served for name in ("variables.index", "variables.data-00000-of-00001")},
    "map.png": read_map,
    **{f"people_pose.{suffix}": read_points(f"people_pose.{suffix}") for suffix in ("yml", "xml")},
    "work/config.json": read_settings,
    "work/history.csv": read_history,
    "frames/frames.json": read_video("frames"),
    "dancers/dancer_0_0000_00/clip.json": read_recipe,
}
SLOW = {  # a mutation in so many is tried
    "model/generator.keras": 5,
    "model/generator.json": 3,
    "served/variables/variables.index": 10,
    "served/variables/variables.data-00000-of-00001": 10,
}


def mutated(data: bytes, number: int) -> bytes:
    """Cuts, flips, repeats, removes or overwrites parts of the data."""
    draw, changed = np.random.default_rng(number), bytearray(data)
    for _ in range(int(draw.integers(1, 4))):
        at = int(draw.integers(0, max(len(changed), 1)))
        length = int(min(draw.geometric(0.02), 200))
        part = changed[at : at + length]
        match int(draw.integers(0, 7)):
            case 0:
                del changed[at:]
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = part
            case 3:
                changed[at : at + length] = bytes(len(part))
            case 4:
                changed[at : at + length] = draw.integers(0, 256, len(part), dtype=np.uint8).tobytes()
            case 5 if part:
                changed[at] ^= 1 << int(draw.integers(0, 8))
            case 6 if part:  # what stands for a number becomes another, often a huge one
                changed[at : at + 1] = draw.choice([b"9", b"-", b"99999999", b"\xff\xff\xff\xff", b"null", b"[", b"0"])
    return bytes(changed)


def peak_mb() -> float:
    """Most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_read_or_refused_as_documented(name: str, whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "damaged"))
    data = (whole / name).read_bytes()
    READERS[name](folder)  # the whole one
    faults, peak = [], peak_mb()
    for number in itertools.islice(range(MUTATIONS), 0, None, SLOW.get(name, 1)):
        (folder / name).write_bytes(mutated(data, number))
        start = time.monotonic()
        try:
            READERS[name](folder)
        except DOCUMENTED as error:
            if "\n" in str(error):
                faults.append(f"mutation {number}: of several lines: {error}")
        except Exception as error:
            faults.append(f"mutation {number}: {type(error).__name__}: {str(error)[:200]}")
        if time.monotonic() - start > MOST_SECONDS:
            faults.append(f"mutation {number}: took {time.monotonic() - start:.0f} s")
        if peak_mb() > peak + MOST_MB:
            faults.append(f"mutation {number}: took {peak_mb() - peak:.0f} MB")
            peak = peak_mb()
    assert not faults, "\n".join(faults)
