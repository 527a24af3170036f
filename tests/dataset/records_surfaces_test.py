"""Tests of surface maps in records: written and read back, checked and shown."""

import dataclasses
import json
import pathlib
import shutil
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Uint8Array
from retarget_tf.dataset import records, surfaces
from retarget_tf.dataset.records.manifest import Shard, sha256_of
from retarget_tf.errors import InputDataError
from tests import testing
from tests.dataset.input_pipeline_surfaces_test import find, shown_by, streams, windows

SIZE = 128
CONFIG = records.BuildConfig(surfaces=True, segment_frames=10, validation_share=0, test_share=0.34, shards=1)


def decoded(encoded: tuple[bytes, ...]) -> Uint8Array:
    return np.stack([records.decode_surface_map(png).numpy() for png in encoded])


def test_surface_maps_come_back_as_the_clips_have_them(
    dancer_records: records.Manifest, dancer_clips: pathlib.Path
) -> None:
    for split in ("train", "test"):
        for segment in records.read_segments(dancer_records.folder, split):
            truth = shown_by(dancer_clips, segment.clip.clip_id)
            codes = np.stack([shown.codes for shown in truth])
            last = segment.first_index + len(segment.body)
            np.testing.assert_array_equal(decoded(segment.body.surface_maps), codes[segment.first_index : last])
            assert segment.reference_pieces is not None
            assert len(segment.reference_pieces) == len(segment.references) == (2 if split == "train" else 1)
            for reference, pieces in zip(
                decoded(segment.references.surface_maps), segment.reference_pieces, strict=True
            ):
                index = int(np.flatnonzero((codes == reference).all(axis=(1, 2, 3)))[0])
                np.testing.assert_array_equal(pieces, truth[index].pieces)
    (clip,) = records.read_clips(dancer_records.folder, "test")
    np.testing.assert_array_equal(decoded(clip.encoded.surface_maps), codes)


def test_pieces_are_scaled_with_the_maps(dancer_clips: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(CONFIG, size=SIZE // 2, test_share=1)
    manifest = records.build_records([dancer_clips], tmp_path / "small", config)
    y, x = np.mgrid[: SIZE // 2, : SIZE // 2] + 0.5
    for segment in records.read_segments(manifest.folder, "test"):
        (codes,), pieces = decoded(segment.references.surface_maps), segment.reference_pieces
        assert pieces is not None
        place, visibility = find(codes, codes, pieces[0])
        is_person = codes[..., 0] > 0
        assert np.quantile(np.hypot(place[..., 0] - x, place[..., 1] - y)[is_person], 0.9) < 1
        assert visibility[is_person].mean() > 0.9


def test_the_manifest_names_the_version_and_is_the_old_one_without(
    dancer_records: records.Manifest, dancer_clips: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    assert records.Manifest.load(dancer_records.folder) == dancer_records
    assert dancer_records.surface_version == surfaces.VERSION
    plain = records.build_records([dancer_clips], tmp_path / "plain", dataclasses.replace(CONFIG, surfaces=False))
    assert "surface_version" not in json.loads((plain.folder / "manifest.json").read_bytes())
    for segment in records.read_segments(plain.folder, "train"):
        assert segment.reference_pieces is None
        assert b"surface" not in segment.serialize()
        assert b"pieces" not in segment.serialize()
    values = json.loads((plain.folder / "manifest.json").read_bytes())
    (pathlib.Path(plain.folder) / "manifest.json").write_text(json.dumps({**values, "surface_version": 9}))
    with pytest.raises(InputDataError, match=r"surface maps of version 9, this program reads 1\. Build the records"):
        records.Manifest.load(plain.folder)


def test_clips_without_surface_maps_are_refused(dancer_clips: pathlib.Path, tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "real", size=SIZE)
    with pytest.raises(InputDataError, match=r"real.clip: has no surface maps\. Leave it out, .*: --nosurfaces$"):
        records.build_records([dancer_clips, tmp_path / "real"], tmp_path / "records", CONFIG)
    mixed = dataclasses.replace(CONFIG, surfaces=False)
    assert not records.build_records([dancer_clips, tmp_path / "real"], tmp_path / "records", mixed).surface_version


def rewritten(
    dancer_records: records.Manifest, folder: pathlib.Path, change: Callable[[records.Segment], records.Segment]
) -> records.Manifest:
    """A copy of the records whose training shard is written anew of changed segments."""
    copy = dataclasses.replace(
        dancer_records, folder=pathlib.Path(shutil.copytree(dancer_records.folder, folder / "copy"))
    )
    split = copy.splits["train"]
    segments = list(records.read_segments(copy.folder, "train"))
    path = copy.folder / split.shards[0].name
    with tf.io.TFRecordWriter(str(path)) as writer:
        for segment in (change(segments[0]), *segments[1:]):
            writer.write(segment.serialize())
    shard = Shard(path.name, len(segments), path.stat().st_size, sha256_of(path))
    changed = dataclasses.replace(copy, splits={**copy.splits, "train": dataclasses.replace(split, shards=(shard,))})
    changed.save()
    return changed


def test_sound_records_have_no_problem(dancer_records: records.Manifest) -> None:
    assert records.find_problems(dancer_records.folder) == []


def test_bad_surface_maps_are_found(dancer_records: records.Manifest, tmp_path: pathlib.Path) -> None:
    def spoil(segment: records.Segment) -> records.Segment:
        assert segment.reference_pieces is not None
        large, strange = (tf.io.encode_png(np.full((size, size, 3), 250, np.uint8)).numpy() for size in (9, SIZE))
        maps = b"no PNG", large, strange, *segment.body.surface_maps[3:-1]
        return dataclasses.replace(
            segment,
            body=dataclasses.replace(segment.body, surface_maps=maps),
            reference_pieces=segment.reference_pieces + np.array([[9, 0, 0, 0]] * 3, np.float32),
        )

    manifest = rewritten(dancer_records, tmp_path, spoil)
    where = f"{manifest.folder / manifest.splits['train'].shards[0].name} record 0"
    segment = next(iter(records.read_segments(manifest.folder, "train")))
    assert segment.reference_pieces is not None
    assert records.find_problems(manifest.folder) == [
        f"{where}: frames: 10 pictures, 9 surface maps",
        f"{where}: frame 0: its surface map cannot be decoded",
        f"{where}: frame 1: its surface map is 9x9, the manifest says {SIZE}x{SIZE}",
        f"{where}: frame 2: its surface map shows piece 250 of {segment.reference_pieces.shape[1]}",
        f"{where}: reference 0: its pieces are not those that its surface map shows",
        f"{where}: reference 1: its pieces are not those that its surface map shows",
    ]


def test_a_record_without_surface_maps_is_found(dancer_records: records.Manifest, tmp_path: pathlib.Path) -> None:
    manifest = rewritten(dancer_records, tmp_path, lambda segment: dataclasses.replace(segment, reference_pieces=None))
    assert any("record 0: references: no pieces" in problem for problem in records.find_problems(manifest.folder))
    for open_dataset in (windows, streams):
        problem = r"record 0: frames without surface maps, though the manifest .*retarget-build-records --surfaces$"
        with pytest.raises(InputDataError, match=problem):
            open_dataset(manifest)
    unlisted = dataclasses.replace(manifest, surface_version=0)
    unlisted.save()
    assert any("record 1: has surface maps, the manifest" in found for found in records.find_problems(unlisted.folder))
    for open_dataset in (windows, streams):
        with pytest.raises(InputDataError, match=r"copy: have no surface maps.*retarget-build-records --surfaces$"):
            open_dataset(unlisted)


def test_the_sheet_shows_surface_maps_and_marks_what_the_reference_hides(dancer_records: records.Manifest) -> None:
    sheet = records.contact_sheet(dancer_records, "train", max_rows=2)
    plain = records.contact_sheet(dataclasses.replace(dancer_records, surface_version=0), "train", max_rows=2)
    assert len(sheet) > len(plain)  # by the caption
    assert "with surface maps" in records.describe(dancer_records)
    pink = (sheet == (255, 0, 200)).all(axis=-1)
    assert 0 < pink.sum() < 0.02 * pink.size


@pytest.mark.slow
def test_a_build_with_beam_gives_the_same_bytes(
    dancer_records: records.Manifest, dancer_clips: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    pytest.importorskip("apache_beam")
    from retarget_tf.dataset import beam_build

    carry_out = beam_build.on_runner("DirectRunner", ["direct_num_workers=1"])
    made = records.build_records([dancer_clips], tmp_path / "made", CONFIG, carry_out=carry_out)
    assert (made.folder / "manifest.json").read_bytes() == (dancer_records.folder / "manifest.json").read_bytes()
    made.verify()
