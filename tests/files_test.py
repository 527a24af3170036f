"""Nobody ever sees half of a file: what is left behind after success, after an error, and on a full disk."""

import contextlib
import errno
import os
import pathlib
import resource
from collections.abc import Iterator

import pytest

from retarget_tf import files
from retarget_tf.errors import InputDataError


def tree(folder: pathlib.Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@contextlib.contextmanager
def small_files_only() -> Iterator[None]:
    """No file of this process may pass 4 KiB, the log of these tests included: more fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_atomic_file_appears_when_the_block_ends(tmp_path: pathlib.Path) -> None:
    final = tmp_path / "new" / "picture.png"
    with files.atomic_file(final) as temporary:
        assert temporary.suffix == ".png"
        temporary.write_text("whole")
        assert not final.exists()
    assert final.read_text() == "whole"
    assert tree(tmp_path) == ["new", "new/picture.png"]


def test_atomic_file_replaces_and_keeps_the_old_one_on_an_error(tmp_path: pathlib.Path) -> None:
    final = tmp_path / "a.txt"
    final.write_text("old")

    def fail_halfway() -> None:
        with files.atomic_file(final) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert final.read_text() == "old"
    with files.atomic_file(final) as temporary:
        temporary.write_text("new")
    assert final.read_text() == "new"
    assert tree(tmp_path) == ["a.txt"]


def test_atomic_folder_appears_when_the_block_ends(tmp_path: pathlib.Path) -> None:
    final = tmp_path / "clip"
    with files.atomic_folder(final) as temporary:
        (temporary / "deep").mkdir()
        (temporary / "deep" / "a.txt").write_text("a")
        assert not final.exists()
    assert tree(tmp_path) == ["clip", "clip/deep", "clip/deep/a.txt"]


def test_atomic_folder_leaves_nothing_on_an_error(tmp_path: pathlib.Path) -> None:
    def fail_halfway() -> None:
        with files.atomic_folder(tmp_path / "clip") as temporary:
            (temporary / "a.txt").write_text("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert tree(tmp_path) == []


def test_atomic_folder_replaces_only_where_told_to(tmp_path: pathlib.Path) -> None:
    final = tmp_path / "clip"
    final.mkdir()
    (final / "old.txt").write_text("old")
    with pytest.raises(InputDataError, match="exists already"), files.atomic_folder(final):
        pass
    with pytest.raises(ZeroDivisionError), files.atomic_folder(final, overwrite=True):
        raise ZeroDivisionError
    assert tree(tmp_path) == ["clip", "clip/old.txt"]
    with files.atomic_folder(final, overwrite=True) as temporary:
        (temporary / "new.txt").write_text("new")
    assert tree(tmp_path) == ["clip", "clip/new.txt"]


def test_atomic_folder_does_not_replace_what_another_made_meanwhile(tmp_path: pathlib.Path) -> None:
    final = tmp_path / "clip"

    def make_twice_at_once() -> None:
        with files.atomic_folder(final):
            final.mkdir()
            (final / "theirs.txt").write_text("theirs")

    with pytest.raises(InputDataError, match="clip: exists already"):
        make_twice_at_once()
    assert tree(tmp_path) == ["clip", "clip/theirs.txt"]


def test_atomic_folder_never_replaces_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "clip").write_text("a file")
    with pytest.raises(InputDataError, match="exists already"), files.atomic_folder(tmp_path / "clip", overwrite=True):
        pass
    assert (tmp_path / "clip").read_text() == "a file"


def test_full_disk_leaves_the_old_file_alone(tmp_path: pathlib.Path) -> None:
    final = tmp_path / "a.json"
    files.write_json(final, [1])
    with pytest.raises(OSError, match="File too large"), small_files_only():
        files.write_json(final, ["long" * 2000])
    assert files.read_json(final, "list") == [1]
    assert tree(tmp_path) == ["a.json"]


def test_failing_rename_leaves_no_temporary_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, destination: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), destination)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        files.write_json(tmp_path / "a.json", 1)
    with pytest.raises(PermissionError), files.atomic_folder(tmp_path / "clip") as temporary:
        (temporary / "a.txt").write_text("a")
    assert tree(tmp_path) == []


def test_json_round_trip(tmp_path: pathlib.Path) -> None:
    value = {"name": "Zoë", "shares": [0.1, 2], "none": None}
    files.write_json(tmp_path / "a.json", value)
    assert files.read_json(tmp_path / "a.json", "settings") == value
    assert (tmp_path / "a.json").read_text(encoding="utf-8").startswith('{\n  "name": "Zoë"')


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_has_no_nan(tmp_path: pathlib.Path, number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a.json", {"loss": number})
    assert tree(tmp_path) == []


def test_unreadable_json_is_one_line(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(InputDataError, match=r"^manifest .*a\.json: No such file or directory\.$"):
        files.read_json(path, "manifest")
    path.write_text("{")
    with pytest.raises(InputDataError, match=r"^manifest .*a\.json: not JSON \(.*\)\.$"):
        files.read_json(path, "manifest")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputDataError, match="not JSON"):
        files.read_json(path, "manifest")
    with pytest.raises(InputDataError, match="Is a directory"):
        files.read_json(tmp_path, "manifest")
