"""Tests of records: written and read back, the division into splits, and what is refused."""

import dataclasses
import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.dataset import clips, records
from retarget_tf.dataset.records import building, planning, splitting
from retarget_tf.errors import ConfigError, InputDataError
from tests import testing

TINY = records.BuildConfig(segment_frames=4, validation_share=0.25, test_share=0.25)


def info(clip_id: str, person_id: str, motion_of: str | None = None) -> clips.ClipInfo:
    return clips.ClipInfo(clip_id, person_id, 25.0, motion_of, image_size=32, label_schema="parts10", frames=10)


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Four people, two clips each, of 10 and 7 frames of 32 pixels."""
    folder = tmp_path_factory.mktemp("clips")
    for person in "abcd":
        for index, frames in enumerate((10, 7)):
            testing.make_clip_folder(folder, clip_id=f"{person}{index}", person_id=person, frames=frames)
    return folder


@pytest.fixture(scope="module")
def built(clip_folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> records.Manifest:
    return records.build_records([clip_folder], tmp_path_factory.mktemp("records") / "records", TINY)


def test_people_and_clips_are_each_in_one_split(built: records.Manifest) -> None:
    people = [{clip.person_id for clip in split.clips} for split in built.splits.values()]
    assert [len(group) for group in people] == [2, 1, 1]
    assert set.union(*people) == set("abcd")
    ids = [clip.clip_id for split in built.splits.values() for clip in split.clips]
    assert sorted(ids) == ["a0", "a1", "b0", "b1", "c0", "c1", "d0", "d1"]


def test_clips_stand_in_the_manifest_as_they_always_did(built: records.Manifest) -> None:
    written = json.loads((built.folder / "manifest.json").read_bytes())["splits"]["test"]
    assert list(written) == ["frames", "clips", "shards"]
    assert [list(clip.items()) for clip in written["clips"]] == [
        [("clip_id", clip.clip_id), ("person_id", clip.person_id), ("frames", frames), ("fps", 25), ("motion_of", None)]
        for clip, frames in zip(built.splits["test"].clips, (10, 7), strict=True)
    ]


def test_manifest_survives_a_round_trip(built: records.Manifest) -> None:
    loaded = records.Manifest.load(built.folder)
    assert loaded == built
    assert (loaded.image_size, loaded.label_schema, loaded.segment_frames) == (32, "parts10", 4)
    # From the nose, at 0.1 quarters, to the ankles, at 1.9 quarters of the picture.
    assert loaded.person_height_share == pytest.approx((1.9 - 0.1) / 4, abs=1e-6)
    loaded.verify()


def test_clips_come_back_whole_and_as_written(built: records.Manifest) -> None:
    read = list(records.read_clips(built.folder, "test"))
    assert [(clip.info.clip_id, len(clip)) for clip in read] == [
        (clip.clip_id, clip.frames) for clip in built.splits["test"].clips
    ]
    for clip in read:
        truth = [testing.walking_square(index, 32, clip.info.person_id) for index in range(len(clip))]
        assert clip.info.fps == 25.0
        np.testing.assert_array_equal(clip.keypoints, [keypoints for _, _, keypoints in truth])
        np.testing.assert_array_equal(list(clip.parsing_maps()), [parsing_map for _, parsing_map, _ in truth])
        difference = np.abs(np.stack(list(clip.frames())).astype(int) - [frame for frame, _, _ in truth])
        assert difference.mean() < 1.5  # JPEG twice: in the clip and in the record
        np.testing.assert_array_equal(clip.reference.frame, clip.frame(0))
        np.testing.assert_array_equal(clip.reference.parsing_map, truth[0][1])


def test_training_segments_are_complete_and_shuffled(built: records.Manifest) -> None:
    found = [(s.clip.clip_id, s.first_index, len(s.body)) for s in records.read_segments(built.folder, "train")]
    expected = [
        (clip.clip_id, start, min(4, clip.frames - start))
        for clip in built.splits["train"].clips
        for start in range(0, clip.frames, 4)
    ]
    assert sorted(found) == expected
    assert found != expected
    assert len(built.splits["train"].shards) == 4


def test_references_are_frame_0_and_a_frame_from_elsewhere(built: records.Manifest) -> None:
    for segment in records.read_segments(built.folder, "train"):
        assert len(segment.references) == 2
        first = testing.walking_square(0, 32, segment.clip.person_id)[2]
        np.testing.assert_array_equal(segment.references.keypoints[0], first)
    (segment, *_) = records.read_segments(built.folder, "test")
    assert len(segment.references) == 1
    assert segment.references.frames[0] == segment.body.frames[0]


def test_the_second_reference_never_lies_in_the_segment() -> None:
    rng = np.random.default_rng(0)
    draws = {planning._index_elsewhere(rng, frames=10, start=4, length=4) for _ in range(200)}
    assert draws == {0, 1, 2, 3, 8, 9}
    assert {planning._index_elsewhere(rng, 10, 8, 2) for _ in range(200)} == set(range(8))
    assert {planning._index_elsewhere(rng, 3, 0, 3) for _ in range(200)} == {0, 1, 2}


def test_building_is_a_function_of_the_seed(clip_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    first, again, other = (
        records.build_records([clip_folder], tmp_path / name, dataclasses.replace(TINY, seed=seed))
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first.splits == again.splits
    assert first.splits != other.splits


def test_resizing_keeps_pictures_maps_and_keypoints_together(clip_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(TINY, size=16, validation_share=0, test_share=1)
    manifest = records.build_records([clip_folder], tmp_path / "small", config)
    assert [len(split.clips) for split in manifest.splits.values()] == [0, 0, 8]
    clip = next(records.read_clips(manifest.folder, "test"))
    frame, parsing_map, keypoints = testing.walking_square(0, 32, clip.info.person_id)
    np.testing.assert_allclose(clip.keypoints[0], keypoints * [0.5, 0.5, 1])
    np.testing.assert_array_equal(clip.parsing_map(0), parsing_map[::2, ::2])
    assert np.abs(clip.frame(0).astype(int) - frame[::2, ::2]).mean() < 4


def test_people_of_one_motion_stay_together() -> None:
    tied = [info("a0", "a"), info("b0", "b", "a0"), info("c0", "c", "gone"), info("d0", "d", "gone"), info("e0", "e")]
    assert splitting.tied_people(tied) == [("a", "b"), ("c", "d"), ("e",)]
    chained = [info("a0", "a"), info("b0", "b", "a0"), info("b1", "b", "c0"), info("c0", "c")]
    assert splitting.tied_people(chained) == [("a", "b", "c")]
    for seed in range(20):
        split = splitting.split_people(tied, validation_share=0.2, test_share=0.4, seed=seed)
        assert split["a"] == split["b"]
        assert split["c"] == split["d"]
        assert set(split.values()) == {"train", "validation", "test"}


def test_test_people_are_taken_by_name_with_who_is_tied_to_them() -> None:
    tied = [info("a0", "a"), info("b0", "b", "a0"), info("c0", "c"), info("d0", "d")]
    split = splitting.split_people(tied, validation_share=0, test_share=0.5, test_people=["b"])
    assert split == {"a": "test", "b": "test", "c": "train", "d": "train"}
    with pytest.raises(InputDataError, match="test people nobody: in none of the clips"):
        splitting.split_people(tied, validation_share=0, test_share=0, test_people=["nobody"])


def test_too_few_people_are_refused() -> None:
    two = [info("a0", "a"), info("b0", "b")]
    with pytest.raises(InputDataError, match="clips: 2 people leave nobody for train"):
        splitting.split_people(two, validation_share=0.5, test_share=0.2)
    tied = [info("a0", "a"), info("b0", "b", "a0"), info("c0", "c", "a0")]
    with pytest.raises(InputDataError, match=r"3 of them share motions and stay together: a, b, c .*nobody for train"):
        splitting.split_people(tied, validation_share=0, test_share=0.3)
    without_train = splitting.split_people(two, validation_share=0.3, test_share=0.7)
    assert sorted(without_train.values()) == ["test", "validation"]


def test_settings_out_of_range_are_refused() -> None:
    settings: tuple[dict[str, Any], ...] = ({"segment_frames": 1}, {"test_share": 1.5}, {"size": -1})
    for setting in (*settings, {"label_schema": "nonsense"}):
        ((name, value),) = setting.items()
        with pytest.raises(ConfigError, match=f"Received:.*{name}={value}"):
            dataclasses.replace(TINY, **setting)


def test_training_clips_are_not_read_whole(built: records.Manifest) -> None:
    with pytest.raises(ConfigError, match="Received: split=train"):
        next(records.read_clips(built.folder, "train"))


def copied(built: records.Manifest, folder: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(built.folder, folder / "copy"))


def test_a_folder_without_a_manifest_is_refused(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    folder = copied(built, tmp_path)
    (folder / "manifest.json").unlink()
    with pytest.raises(InputDataError, match=r"no manifest.json.*retarget-build-records"):
        records.Manifest.load(folder)


def test_another_schema_version_is_refused_by_name(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    folder = copied(built, tmp_path)
    values = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**values, "schema_version": 99}))
    with pytest.raises(InputDataError, match="schema version 99, this program reads 1"):
        records.Manifest.load(folder)
    (folder / "manifest.json").write_text(json.dumps({"schema_version": 1, "splits": {}}))
    with pytest.raises(InputDataError, match="not a manifest"):
        records.Manifest.load(folder)


def test_missing_cut_and_damaged_shards_are_refused_by_name(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    folder = copied(built, tmp_path)
    manifest = records.Manifest.load(folder)
    shard = folder / manifest.splits["test"].shards[0].name
    whole = shard.read_bytes()

    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    shard.write_bytes(damaged)
    with pytest.raises(InputDataError, match=f"{shard.name}: damaged"):
        manifest.verify()
    with pytest.raises(InputDataError, match=f"{shard.name}: a record is damaged"):
        list(records.read_clips(folder, "test"))

    shard.write_bytes(whole[:-10])
    with pytest.raises(InputDataError, match=f"{shard.name}: {len(whole) - 10} bytes, the manifest says {len(whole)}"):
        list(records.read_clips(folder, "test"))

    shard.unlink()
    with pytest.raises(InputDataError, match=f"{shard.name}: the shard is missing"):
        list(records.read_clips(folder, "test"))


def test_a_shard_may_be_a_link_and_what_it_leads_to_is_never_replaced(
    built: records.Manifest, clip_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """As git-annex and DVC lay out data sets: every file is a link into a store outside of the folder."""
    folder, elsewhere = tmp_path / "records", tmp_path / "elsewhere"
    shutil.copytree(built.folder, elsewhere)
    folder.mkdir()
    for path in elsewhere.iterdir():
        (folder / path.name).symlink_to(path)
    kept = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
    assert len(list(records.read_segments(folder, "train"))) == len(list(records.read_segments(built.folder, "train")))
    records.build_records([clip_folder], folder, records.BuildConfig(segment_frames=4, seed=7), overwrite=True)
    assert not any(path.is_symlink() for path in folder.iterdir())
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == kept


def test_a_link_to_what_is_not_the_shard_is_refused(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    folder = pathlib.Path(shutil.copytree(built.folder, tmp_path / "records"))
    shard = folder / built.splits["train"].shards[0].name
    for leads_to, why in (("/etc/passwd", "bytes, the manifest says"), ("/dev/zero", "missing"), ("/tmp", "missing")):
        shard.unlink()
        shard.symlink_to(leads_to)
        with pytest.raises(InputDataError, match=rf"^records {shard}: .*{why}"):
            list(records.read_segments(folder, "train"))


def test_a_shard_of_another_number_of_records_is_refused(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    folder = copied(built, tmp_path)
    shard = folder / built.splits["test"].shards[0].name
    size = shard.stat().st_size
    with tf.io.TFRecordWriter(str(shard)) as writer:
        writer.write(b"x" * (size - 16))
    with pytest.raises(InputDataError, match=f"{shard.name}: 1 records, the manifest says"):
        list(records.read_clips(folder, "test"))


def test_a_shard_of_gigabytes_of_zeros_is_not_listed(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    shard = tmp_path / "zeros.tfrecord"
    with shard.open("wb") as file:
        file.truncate(10**10)  # takes no room on the disk; as records, 600 million without data
    assert records.record_offsets(shard, 3) == [0, 16, 32]
    split = built.splits["test"]
    zeros = dataclasses.replace(split.shards[0], name=shard.name, bytes=10**10, records=2)
    splits = {**built.splits, "train": records.Split(), "validation": records.Split()}
    splits["test"] = records.Split(split.clips, (zeros,))
    manifest = dataclasses.replace(built, folder=tmp_path, splits=splits)
    with pytest.raises(InputDataError, match=r"zeros\.tfrecord: more than 2 records, the manifest says 2\. Build"):
        manifest.shard_paths("test")


def test_records_of_another_format_are_refused(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    shard = copied(built, tmp_path) / built.splits["test"].shards[0].name
    lengths = [len(record.numpy()) for record in tf.data.TFRecordDataset(str(shard))]
    with tf.io.TFRecordWriter(str(shard)) as writer:
        for length in lengths:
            writer.write(b"x" * length)
    with pytest.raises(InputDataError, match=f"{shard.name}: a record is damaged"):
        list(records.read_clips(shard.parent, "test"))


def test_an_empty_split_says_which_flag_fills_it(clip_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(TINY, validation_share=0)
    manifest = records.build_records([clip_folder], tmp_path / "records", config)
    with pytest.raises(InputDataError, match=r"split validation is empty.*--validation_share"):
        next(records.read_clips(manifest.folder, "validation"))
    with pytest.raises(ConfigError, match="Received: split=nonsense"):
        manifest.split("nonsense")


def test_clips_that_do_not_go_together_are_refused(tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "one", clip_id="a0", size=32)
    testing.make_clip_folder(tmp_path / "two", clip_id="b0", size=48)
    testing.make_clip_folder(tmp_path / "three", clip_id="a0")
    testing.make_clip_folder(tmp_path / "four", clip_id="c0", label_schema="cihp20")
    for other, message in (
        ("two", "b0: is of 48 pixels, .*a0 of 32.*--size"),
        ("three", "has the id of"),
        ("four", "c0: has parsing maps of cihp20, not of parts10"),
    ):
        with pytest.raises(InputDataError, match=message):
            records.build_records([tmp_path / "one", tmp_path / other], tmp_path / "out", TINY)
    assert not (tmp_path / "out").exists()


def test_a_failed_build_gives_no_records_and_keeps_what_was_done(tmp_path: pathlib.Path) -> None:
    for person in "abcd":
        testing.make_clip_folder(tmp_path / "clips", clip_id=person, person_id=person, frames=9)
    cut = tmp_path / "clips" / "d" / "clip.json"
    np.save(cut.with_name("keypoints.npy"), np.ones((8, 25, 3), np.float32))
    cut.write_text(json.dumps({**json.loads(cut.read_text()), "frames": 8}))
    out = tmp_path / "out" / "records"
    with pytest.raises(InputDataError, match=r"holds 9 frames, clip\.json and keypoints\.npy 8"):
        records.build_records([tmp_path / "clips"], out, TINY)
    assert [path.name for path in out.parent.iterdir()] == [".records.building"]
    testing.make_clip_folder(tmp_path / "clips", clip_id="d", person_id="d", frames=9, overwrite=True)
    before = {path.name: path.stat().st_mtime_ns for path in out.parent.rglob("*.pictures")}
    assert len(before) == 3
    kept = []

    def watch(work: records.Work) -> None:
        kept.append(3 - len({clip.key + ".pictures" for clip in work.clips} & before.keys()))
        building._carry_out_here(work, workers=1, show_progress=False)

    records.build_records([tmp_path / "clips"], out, TINY, carry_out=watch)
    assert kept == [3]
    assert [path.name for path in out.parent.iterdir()] == ["records"]


@pytest.mark.slow
def test_programs_build_and_inspect(clip_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out, sheet = tmp_path / "records", tmp_path / "sheet.png"
    build = ("data.build_records", f"--clips={clip_folder}", f"--out={out}", "--segment_frames=4", "--test_people=a,b")
    done = testing.run_program(*build, "--validation_share=0.25")
    assert done.returncode == 0, done.stderr
    assert "test             2      4      34" in done.stdout
    assert {clip.person_id for clip in records.Manifest.load(out).splits["test"].clips} == {"a", "b"}

    again = testing.run_program(*build, "--validation_share=0.25")
    assert again.returncode == 2
    assert again.stderr.splitlines()[-1].endswith(f"choose another name. Received: folder={out}")
    assert "Traceback" not in again.stderr

    shown = testing.run_program("data.inspect_records", f"--records={out}", "--verify", f"--out={sheet}")
    assert shown.returncode == 0, shown.stderr
    assert "upper_clothes" in shown.stdout
    picture = tf.io.decode_png(sheet.read_bytes()).numpy()
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20
