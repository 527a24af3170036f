"""Checks that validation names file and record of each kind of damage, and that readers never ignore it."""

import dataclasses
import pathlib
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.dataset import clips, input_pipeline, records
from retarget_tf.dataset.records.manifest import Shard, sha256_of
from retarget_tf.errors import InputDataError
from tests import testing

CONFIG = records.BuildConfig(segment_frames=5, validation_share=0, test_share=0.3, shards=2)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> records.Manifest:
    """Three people, clips of 10 frames in records of 5: two training shards of two records, a test shard of two."""
    folder = tmp_path_factory.mktemp("data")
    for person in "abc":
        testing.make_clip_folder(folder / "clips", clip_id=f"{person}0", person_id=person, frames=10)
    return records.build_records([folder / "clips"], folder / "records", CONFIG)


@pytest.fixture
def manifest(built: records.Manifest, tmp_path: pathlib.Path) -> records.Manifest:
    """A copy to be damaged."""
    return dataclasses.replace(built, folder=pathlib.Path(shutil.copytree(built.folder, tmp_path / "records")))


def shard_path(manifest: records.Manifest, split: str = "test", number: int = 0) -> pathlib.Path:
    return pathlib.Path(manifest.folder) / manifest.splits[split].shards[number].name


def flip_byte(path: pathlib.Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


def rewrite(
    manifest: records.Manifest, change: Callable[[list[records.Segment]], Sequence[records.Segment]]
) -> pathlib.Path:
    """Writes the test shard anew of changed segments, with a manifest that knows of the new file."""
    path, split = shard_path(manifest), manifest.splits["test"]
    segments = change(list(records.read_segments(manifest.folder, "test")))
    with tf.io.TFRecordWriter(str(path)) as writer:
        for segment in segments:
            writer.write(segment.serialize())
    shard = Shard(path.name, len(segments), path.stat().st_size, sha256_of(path))
    splits = {**manifest.splits, "test": dataclasses.replace(split, shards=(shard,))}
    dataclasses.replace(manifest, splits=splits).save()
    return path


def with_body(segment: records.Segment, **changed: Any) -> records.Segment:
    return dataclasses.replace(segment, body=dataclasses.replace(segment.body, **changed))


def test_sound_records_have_no_problem(manifest: records.Manifest) -> None:
    assert records.find_problems(manifest.folder) == []


def test_missing_cut_damaged_and_stray_shards_are_all_found(manifest: records.Manifest) -> None:
    first, second, test = (shard_path(manifest, *place) for place in (("train", 0), ("train", 1), ("test", 0)))
    first.unlink()
    offsets = records.record_offsets(second)
    second.write_bytes(second.read_bytes()[: offsets[1]])  # at the seam of two records: tf.data sees nothing
    flip_byte(test, records.record_offsets(test)[1] + 100)
    stray = pathlib.Path(manifest.folder) / "train-00009-of-00010.tfrecord"
    stray.touch()
    problems = records.find_problems(manifest.folder)
    assert f"{stray}: not in the manifest" in problems
    assert f"{first}: missing" in problems
    assert f"{second}: 1 records, the manifest says 2" in problems
    assert any(problem.startswith(f"{second}: {offsets[1]} bytes, the manifest says") for problem in problems)
    assert f"{test}: its sha256 is not the manifest's" in problems
    assert f"{test} record 1: cut, or its checksum does not fit" in problems
    lost = [problem for problem in problems if "are in no record that can be read" in problem]
    assert len(lost) == 2 + 1 + 1
    assert not any(f"{test} record 0" in problem for problem in problems)


def test_a_shard_that_may_not_be_read_is_a_problem(manifest: records.Manifest) -> None:
    shard_path(manifest).chmod(0)
    with testing.held_to_permissions():
        problems = records.find_problems(manifest.folder)
    assert f"{shard_path(manifest)}: cannot be read (Permission denied)" in problems


@pytest.mark.parametrize("cut", [1, 20])
def test_a_record_cut_within_is_found(manifest: records.Manifest, cut: int) -> None:
    path = shard_path(manifest)
    path.write_bytes(path.read_bytes()[:-cut])
    assert f"{path} record 1: cut, or its checksum does not fit" in records.find_problems(manifest.folder)


def test_contents_that_readers_would_take_are_found(manifest: records.Manifest) -> None:
    def spoil(segments: list[records.Segment]) -> list[records.Segment]:
        first, second = segments
        picture = tf.io.encode_png(np.full((32, 32, 1), 77, np.uint8)).numpy()
        keypoints = first.body.keypoints.copy()
        keypoints[1, 0] = (np.nan, 0, 1)
        keypoints[2, 0] = (99, 0, 1)
        keypoints[3, 0] = (9, 0, 2)
        first = with_body(
            first,
            frames=(b"no JPEG", *first.body.frames[1:]),
            parsing_maps=(*first.body.parsing_maps[:3], picture, b"no PNG"),
            keypoints=keypoints,
        )
        stranger = dataclasses.replace(second.clip, person_id="nobody")
        second = dataclasses.replace(with_body(second, frames=second.body.frames[:4]), clip=stranger)
        return [first, second]

    path = rewrite(manifest, spoil)
    assert records.find_problems(manifest.folder) == [
        f"{path} record 0: frame 0: its picture cannot be decoded",
        f"{path} record 0: frame 3: its parsing map has ids [77], which parts10 has not",
        f"{path} record 0: frame 4: its parsing map cannot be decoded",
        f"{path} record 0: frame 1: keypoints not finite",
        f"{path} record 0: frame 2: keypoints outside of the picture",
        f"{path} record 0: frame 3: keypoints of a confidence outside of 0..1",
        f"{path} record 1: person nobody, the manifest says {manifest.splits['test'].clips[0].person_id}",
        f"{path} record 1: frames: 4 pictures, 5 parsing maps, 5 sets of keypoints",
    ]


def test_doubled_lost_strange_and_unordered_segments_are_found(manifest: records.Manifest) -> None:
    path = rewrite(manifest, lambda segments: [segments[0], segments[0]])
    (clip,) = manifest.splits["test"].clips
    assert records.find_problems(manifest.folder) == [
        f"{manifest.folder / 'manifest.json'}: test clip {clip.clip_id}: "
        "its frames from 5 on are in no record that can be read",
        f"{path} record 1: another record has frames 0 and on of clip {clip.clip_id} too",
    ]
    stranger = clips.ClipIdentity("strange", "a", 25.0)
    rewrite(manifest, lambda segments: [dataclasses.replace(segments[0], clip=stranger)])
    assert f"{path} record 0: clip strange is not in this split of the manifest" in records.find_problems(
        manifest.folder
    )


def test_clips_out_of_order_are_found(manifest: records.Manifest) -> None:
    rewrite(manifest, lambda segments: segments[::-1])
    (problem,) = records.find_problems(manifest.folder)
    assert problem.endswith("test: its clips are not whole and in order in the shards")


@pytest.mark.parametrize("kind", ["windows", "streams"])
def test_readers_refuse_a_stray_shard(manifest: records.Manifest, kind: str) -> None:
    (pathlib.Path(manifest.folder) / "train-00002-of-00003.tfrecord").touch()
    with pytest.raises(InputDataError, match=r"train-00002-of-00003\.tfrecord: not in the manifest"):
        open_dataset(manifest, kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["windows", "streams"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_damage_that_shows_up_while_reading_names_the_shard(manifest: records.Manifest, kind: str, damage: str) -> None:
    dataset = open_dataset(manifest, kind)
    path = shard_path(manifest, "train", 1)
    offsets = records.record_offsets(path)
    if damage == "flipped":
        flip_byte(path, offsets[1] + 100)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[: offsets[1]])
    else:
        path.unlink()
    wanted = {"flipped": "record 1: its checksum does not fit", "cut": "bytes, the manifest says", "gone": "missing"}
    with (
        pytest.raises(InputDataError, match=f"{path.name}.*{wanted[damage]}"),
        records.locating_damage([manifest.folder]),
    ):
        list(dataset.take(50))


def test_errors_that_are_not_of_the_records_go_through(manifest: records.Manifest) -> None:
    with pytest.raises(tf.errors.DataLossError), records.locating_damage([manifest.folder]):
        raise tf.errors.DataLossError(None, None, "a checkpoint")


def open_dataset(manifest: records.Manifest, kind: str) -> tf.data.Dataset:
    if kind == "windows":
        return input_pipeline.make_dataset(manifest.folder, "train", batch_size=2)
    lengths = input_pipeline.StreamLengths((1, 4), mean_frames=20, single_share=0.3)
    return input_pipeline.make_streams(manifest.folder, "train", lengths, batch_size=2)


@pytest.mark.slow
def test_the_program_lists_problems_and_ends_with_3(manifest: records.Manifest) -> None:
    command = ("data.validate_records", f"--records={manifest.folder}")
    sound = testing.run_program(*command)
    assert sound.returncode == 0, sound.stderr
    assert "Every shard, record and picture is as it should be." in sound.stdout
    shard_path(manifest).unlink()
    bad = testing.run_program(*command, "--max_problems=2")
    assert bad.returncode == 3
    assert bad.stdout.splitlines()[0] == f"{shard_path(manifest)}: missing"
    assert bad.stdout.splitlines()[-1] == "... and 1 more"
    assert bad.stderr.strip() == f"ERROR: records {manifest.folder}: 3 problems. Build the records again."
