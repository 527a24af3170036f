"""Records and clips in an object store: a server of S3's interface on this machine, and fsspec's store in memory."""

import dataclasses
import importlib.util
import pathlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from retarget_tf import dancers, files
from retarget_tf.dataset import clips, input_pipeline, records
from retarget_tf.dataset.records import collecting
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.files import stores
from retarget_tf.footage import extraction
from retarget_tf.training import loop
from tests import testing
from tests.training import loop_test

CONFIG = records.BuildConfig(segment_frames=4, validation_share=0.2, test_share=0.2)
needs_s3 = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("s3fs", "google_crc32c", "moto", "flask_cors")),
    reason="needs the extra [s3], and moto with Flask, which answers as S3 does",
)
needs_fsspec = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("fsspec", "google_crc32c")), reason="needs the extra [s3]"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server with an empty bucket, which the environment names as S3's; yields its address."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    address = "http://{}:{}".format(*served.get_host_and_port())
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "of",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            patched.setenv(name, value)
        forget()
        stores._system_of("s3").mkdir("bucket")
        yield address
    served.stop()
    forget()


def forget() -> None:
    """Makes the next use of a store read the environment again."""
    stores._system_of.cache_clear()
    if importlib.util.find_spec("s3fs"):
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> records.Manifest:
    """Records of five people on the disk, beside their `clips`."""
    folder = tmp_path_factory.mktemp("local")
    return records.build_records([testing.make_five_people(folder / "clips")], folder / "records", CONFIG)


@pytest.fixture(scope="module")
def built(server: str, local: records.Manifest) -> records.Manifest:
    """The same in the bucket."""
    return records.build_records([clips_of(local)], "s3://bucket/built/records", CONFIG)


def clips_of(manifest: records.Manifest) -> pathlib.Path:
    return pathlib.Path(manifest.folder).parent / "clips"


def contents(folder: files.PathLike) -> dict[str, bytes]:
    place = files.place(folder)
    return {name: (place / name).read_bytes() for name, state in files.states(place).items() if state is not None}


def below(address: str) -> set[str]:
    """All files below an address, without it."""
    scheme, _, path = address.partition("://")
    return {name.partition(f"{path}/")[2] for name in stores._system_of(scheme).find(path)}


def windows(folder: files.PathLike, count: int = 4, **settings: Any) -> list[dict[str, Any]]:
    dataset = input_pipeline.make_dataset(folder, "train", batch_size=2, **settings)
    return list(dataset.take(count).as_numpy_iterator())


def streams(folder: files.PathLike, count: int = 6, **settings: Any) -> list[dict[str, Any]]:
    lengths = input_pipeline.StreamLengths((1, 2), 3.0, 0.1)
    dataset = input_pipeline.make_streams(folder, "train", lengths, batch_size=2, **settings)
    return list(dataset.take(count).as_numpy_iterator())


@needs_s3
def test_a_build_in_a_store_gives_the_same_files_and_leaves_nothing_else(
    built: records.Manifest, local: records.Manifest
) -> None:
    assert built.folder == files.StorePath("s3://bucket/built/records")
    assert contents(built.folder) == contents(local.folder)
    assert below("s3://bucket/built") == {f"records/{name}" for name in contents(local.folder)}
    built.verify()
    assert records.find_problems(built.folder) == []


@needs_fsspec
def test_a_build_in_memory_too(local: records.Manifest) -> None:
    records.build_records([clips_of(local)], "memory://one/records/", CONFIG)
    assert contents("memory://one/records") == contents(local.folder)
    assert below("memory://one") == {f"records/{name}" for name in contents(local.folder)}


@needs_s3
@pytest.mark.parametrize(
    ("read", "settings"),
    [(windows, {"start_batch": 3}), (streams, {"start_batch": 3}), (windows, {"cache_records": True, "seed": 5})],
    ids=["windows", "streams", "cached"],
)
def test_batches_are_those_of_the_disk_from_any_one_on(
    built: records.Manifest,
    local: records.Manifest,
    read: Callable[..., list[dict[str, Any]]],
    settings: dict[str, Any],
) -> None:
    testing.assert_same_batches(read(built.folder, **settings), read(local.folder, **settings))


@needs_s3
def test_clips_are_those_of_the_disk(built: records.Manifest, local: records.Manifest) -> None:
    for split in ("validation", "test"):
        (there,), (here,) = (list(records.read_clips(manifest.folder, split)) for manifest in (built, local))
        assert there.encoded.frames == here.encoded.frames
        assert there.encoded.parsing_maps == here.encoded.parsing_maps


@needs_s3
def test_only_the_bytes_of_a_record_are_asked_for(built: records.Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = input_pipeline.make_dataset(built.folder, "train", batch_size=1, repeat=False)
    asked: list[int] = []
    read_range = files.StorePath.read_range

    def counted(self: files.StorePath, start: int, end: int) -> bytes:
        asked.append(end - start)
        return read_range(self, start, end)

    monkeypatch.setattr(files.StorePath, "read_range", counted)
    list(dataset)
    split = built.splits["train"]
    assert len(asked) == sum(shard.records for shard in split.shards)  # each once an epoch
    assert sum(asked) == split.bytes


@needs_fsspec
def test_garbage_is_collected_in_a_thread_that_no_fetch_needs(local: records.Manifest) -> None:
    """Else a data set that is garbage waits for a fetch, and the fetch for the thread that collects the garbage."""

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    records.build_records([clips_of(local)], "memory://garbage/records", CONFIG)
    windows("memory://garbage/records", 1)
    collected_in: list[str] = []
    weakref.finalize(Cycle(), lambda: collected_in.append(threading.current_thread().name))
    kept = [[index] for index in range(100_000)]  # what makes Python collect, at once and in this thread
    testing.wait_until(lambda: collected_in)
    assert collected_in == [collecting.THREAD_NAME]
    assert len(kept) == 100_000


@needs_s3
def test_clips_may_lie_in_the_store_too(built: records.Manifest, local: records.Manifest) -> None:
    stores._system_of("s3").put(str(clips_of(local)), "s3://bucket/clips", recursive=True)
    made = records.build_records(["s3://bucket/clips"], "s3://bucket/of_clips/records", CONFIG)
    assert contents(made.folder) == contents(local.folder)
    (clip, *_) = clips.find_clips("s3://bucket/clips")
    with pytest.raises(InputDataError, match=r"clip s3://bucket/clips/a0: lies in a store\. Copy it"):
        next(clip.read_frames())
    with pytest.raises(ConfigError, match="must not lie in an input"):
        records.build_records(["s3://bucket/clips"], "s3://bucket/clips/records", CONFIG)
    files.place("s3://bucket/clips/b0/frames.mkv").unlink()
    with pytest.raises(InputDataError, match=r"^video s3://bucket/clips/b0/frames\.mkv: no such file"):
        records.build_records(["s3://bucket/clips"], "s3://bucket/bad_clips/records", CONFIG)


@needs_fsspec
def test_what_is_there_is_replaced_only_where_told_to_and_if_it_is_ours(local: records.Manifest) -> None:
    address = "memory://replaced/records"
    records.build_records([clips_of(local)], address, CONFIG)
    other = dataclasses.replace(CONFIG, seed=7, shards=2)
    with pytest.raises(ConfigError, match="must not exist already"):
        records.build_records([clips_of(local)], address, other)
    stores._system_of("memory").pipe(f"{address}/notes.txt", b"mine")
    with pytest.raises(ConfigError, match=r"notes\.txt is something else"):
        records.build_records([clips_of(local)], address, other, overwrite=True)
    stores._system_of("memory").rm(f"{address}/notes.txt")
    made = records.build_records([clips_of(local)], address, other, overwrite=True)
    assert len(made.splits["train"].shards) == 2
    made.verify()
    assert made.stray_shards() == []  # the shards of the old ones are gone


@needs_fsspec
def test_a_build_that_ends_while_it_is_published_is_no_data_set_and_goes_on(
    local: records.Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "memory://published/records"
    copy_to = files.StorePath.copy_to

    def fails(self: files.StorePath, other: files.StorePath) -> None:
        if self.name.startswith("train-00001"):
            raise OSError("the network is gone")
        copy_to(self, other)

    with monkeypatch.context() as patched:
        patched.setattr(files.StorePath, "copy_to", fails)
        with pytest.raises(OSError, match="the network is gone"):
            records.build_records([clips_of(local)], address, CONFIG)
    assert len(files.states(files.place(address))) == 2
    with pytest.raises(InputDataError, match=r"no manifest\.json, so this is no complete data set"):
        records.Manifest.load(address)
    done: list[records.Work] = []
    made = records.build_records([clips_of(local)], address, CONFIG, carry_out=done.append)
    assert (done[0].clips, done[0].shards) == ((), ())
    assert contents(made.folder) == contents(local.folder)


@needs_s3
def test_a_second_writer_is_refused_until_the_lock_is_gone(server: str, local: records.Manifest) -> None:
    with files.exclusive("s3://bucket/locked/records"), pytest.raises(ConfigError) as refused:
        records.build_records([clips_of(local)], "s3://bucket/locked/records", CONFIG)
    assert "no other process may be writing" in str(refused.value)
    assert "remove its lock s3://bucket/locked/.records.lock (" in str(refused.value)
    assert below("s3://bucket/locked") == set()


@needs_s3
def test_what_is_wrong_with_a_shard_is_told_in_one_line(built: records.Manifest, tmp_path: pathlib.Path) -> None:
    stores._system_of("s3").copy(str(built.folder), "s3://bucket/damaged/records", recursive=True)
    manifest = records.Manifest.load("s3://bucket/damaged/records")
    path = manifest.folder / manifest.splits["train"].shards[0].name
    assert isinstance(path, files.StorePath)
    whole = path.read_bytes()
    training = input_pipeline.make_dataset(manifest.folder, "train", batch_size=1, repeat=False)
    flipped = whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]
    for data, at_the_start, in_the_middle in (
        (None, "the shard is missing", "there is no such file"),
        (whole[:-100], "bytes, the manifest says", "a record is damaged (truncated record at"),
        (flipped, "a record is damaged (corrupted record at 0)", "a record is damaged (corrupted record at 0)"),
    ):
        if data is None:
            path.unlink()
        else:
            stores._system_of("s3").pipe(str(path), data)
        with pytest.raises(InputDataError) as told:
            list(records.read_segments(manifest.folder, "train"))
        assert str(told.value).startswith(f"records {path}: ")
        assert at_the_start in str(told.value)
        with pytest.raises(InputDataError) as told, records.locating_damage([manifest.folder]):
            list(training)
        assert str(told.value).startswith(f"records {path}: {in_the_middle}")
        assert "\n" not in str(told.value)
    assert any(problem.startswith(f"{path}") for problem in records.find_problems(manifest.folder))


@needs_s3
def test_a_missing_bucket_is_told_in_one_line(server: str, local: records.Manifest) -> None:
    told = "s3://nowhere/records/manifest.json: there is no such bucket. Check the address, your credentials and the"
    with pytest.raises(InputDataError, match=f"^records {told} network\\.$"):
        records.Manifest.load("s3://nowhere/records")
    with pytest.raises(files.StoreError, match=r"^s3://nowhere/records: there is no such bucket\."):
        records.build_records([clips_of(local)], "s3://nowhere/records", CONFIG)
    with pytest.raises(InputDataError, match=r"^clips folder s3://nowhere/clips: there is no such bucket\."):
        clips.find_clips("s3://nowhere/clips")


@needs_s3
@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "there are no credentials for the store"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}, "the store cannot be reached"),
    ],
)
@pytest.mark.slow  # the second waits for its retries
def test_no_credentials_and_no_network_are_told_in_one_line(
    built: records.Manifest, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str | None], told: str
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    for name, value in environment.items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    forget()
    try:
        with pytest.raises(InputDataError, match=rf"^records {built.folder}/manifest\.json: {told} \(.*network\.$"):
            records.Manifest.load(built.folder)
    finally:
        monkeypatch.undo()
        forget()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    stores._system_of.cache_clear()
    for address, extra in (("s3://bucket/records", "s3"), ("gs://bucket/records", "gcs")):
        with pytest.raises(MissingDependencyError, match=rf"pip install 'retarget_tf\[{extra}\]'$"):
            records.Manifest.load(address)
    stores._system_of.cache_clear()


@pytest.mark.parametrize("address", ["s3://bucket", "s3://bucket/", "s3:///records", "http://example.org/records"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=rf"an address must be s3://BUCKET/FOLDER.*Received: {address}$"):
        records.Manifest.load(address)


def test_nothing_but_records_is_written_to_a_store(tmp_path: pathlib.Path) -> None:
    for write in (
        lambda: files.check_kind("s3://bucket/sheet.png", ".png"),
        lambda: testing.make_clip_folder(files.StorePath("s3://bucket/clips"), frames=1),  # type: ignore[arg-type]
        lambda: files.check_added("s3://bucket/work", ["config.json"], "config.json"),
        lambda: dancers.make_clips("s3://bucket/clips", people=1, clips_per_person=1, frames=2, size=32),
        lambda: extraction.extract_videos([], "s3://bucket/clips", extraction.ExtractionConfig()),
        lambda: loop.train(tmp_path, "s3://bucket/work", loop_test.MODEL, loop_test.CONFIG),
    ):
        with pytest.raises(ConfigError, match="nothing but records is written to a store"):
            write()


# Starts a worker of Beam with a folder of its own for all that it writes; where the system lets it, what the tests
# have written is hidden from it too, and what it writes from everybody else.
_WORKER = """#!/bin/sh
touch {seen}/$$
hide='mount -t tmpfs none {hidden}'
if unshare -rm sh -c "$hide" 2>/dev/null; then apart='unshare -rm sh -c'; else apart='sh -c'; hide=true; fi
own="own=\\$(mktemp -d {hidden}/own.XXXXXX) && cd \\$own && TMPDIR=\\$own HOME=\\$own"
$apart "$hide && $own exec {python} \\"\\$@\\"" worker "$@"
"""


@needs_s3
@pytest.mark.slow
def test_workers_of_beam_that_share_no_disk_make_the_same_records(
    server: str, local: records.Manifest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("apache_beam")
    from retarget_tf.dataset import beam_build

    stores._system_of("s3").put(str(clips_of(local)), "s3://bucket/beam/clips", recursive=True)
    seen, worker = tmp_path_factory.mktemp("seen"), tmp_path_factory.mktemp("worker") / "python"
    hidden = tmp_path_factory.getbasetemp()
    worker.write_text(_WORKER.format(seen=seen, hidden=hidden, python=sys.executable))
    worker.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(worker))  # with which Beam starts the workers
    monkeypatch.setenv("PYTHONPATH", str(testing.ROOT))
    options = ["direct_num_workers=2", "direct_running_mode=multi_processing"]
    carry_out = beam_build.on_runner("DirectRunner", options)
    made = records.build_records(["s3://bucket/beam/clips"], "s3://bucket/beam/records", CONFIG, carry_out=carry_out)
    assert contents(made.folder) == contents(local.folder)
    assert not any(name.startswith(".") for name in below("s3://bucket/beam"))
    assert len(list(seen.iterdir())) == 2
