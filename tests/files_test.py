"""Tests of atomic files and folders: what is left after success, after an error, and on a full disk."""

import contextlib
import errno
import os
import pathlib
import resource
from collections.abc import Callable, Iterator

import pytest

from retarget_tf import files
from retarget_tf.errors import ConfigError, InputDataError


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


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: pathlib.Path) -> None:
    path = tmp_path / f"{'ä' * 125}.json"  # 255 bytes
    files.write_json(path, {})
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_what_killed_writes_left_is_swept_and_nothing_else(tmp_path: pathlib.Path) -> None:
    kept = [".hidden", ".a.tmp.json", "b.156bce03.tmp.json", ".c.156bce03.tmp"]
    for name in (".config.156bce03.tmp.json", ".generator.5165c7aa.tmp.keras", ".d.0123abcd.tmp", *kept[:3]):
        (tmp_path / name).touch()
    (tmp_path / kept[3]).mkdir()
    files.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


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
    """Not even a folder above it that it made, unless something else has come into that."""

    def fail_halfway(beside: pathlib.Path | None = None) -> None:
        with files.atomic_folder(tmp_path / "new" / "clips" / "clip") as temporary:
            (temporary / "a.txt").write_text("a")
            if beside:
                beside.write_text("b")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert tree(tmp_path) == []
    with pytest.raises(ZeroDivisionError):
        fail_halfway(tmp_path / "new" / "b.txt")
    assert tree(tmp_path) == ["new", "new/b.txt"]
    (tmp_path / "new" / "clips").mkdir()
    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert tree(tmp_path) == ["new", "new/b.txt", "new/clips"]


def test_neither_a_file_nor_a_lock_leaves_folders_on_an_error(tmp_path: pathlib.Path) -> None:
    for within in (files.atomic_file, files.exclusive):
        with pytest.raises(ZeroDivisionError), within(tmp_path / "new" / "deep" / "a.txt"):
            raise ZeroDivisionError
        assert tree(tmp_path) == []


def txt_files(folder: pathlib.Path) -> set[str]:
    """A writer whose folders hold `mark` and text files."""
    return {"mark", *(path.name for path in folder.glob("*.txt"))} if (folder / "mark").exists() else set()


def make_marked(folder: pathlib.Path) -> pathlib.Path:
    folder.mkdir(parents=True)
    (folder / "mark").touch()
    (folder / "old.txt").write_text("old")
    return folder


def test_atomic_folder_replaces_only_where_told_to(tmp_path: pathlib.Path) -> None:
    final = make_marked(tmp_path / "clip")
    said = r"must not exist already.*choose another name\. Received: folder=.*clip$"
    with pytest.raises(ConfigError, match=said), files.atomic_folder(final):
        pass
    with pytest.raises(ZeroDivisionError), files.atomic_folder(final, ours=txt_files):
        raise ZeroDivisionError
    assert tree(tmp_path) == ["clip", "clip/mark", "clip/old.txt"]
    with files.atomic_folder(final, ours=txt_files) as temporary:
        (temporary / "new.txt").write_text("new")
    assert tree(tmp_path) == ["clip", "clip/new.txt"]


@pytest.mark.parametrize("through_a_link", [False, True])
@pytest.mark.parametrize("strange", ["notes.md", "deep.txt/", "no mark"])
def test_a_folder_is_replaced_only_if_all_in_it_is_ours(
    tmp_path: pathlib.Path, strange: str, through_a_link: bool
) -> None:
    out = final = make_marked(tmp_path / "clip")
    if strange == "no mark":
        (final / "mark").unlink()
    elif strange.endswith("/"):
        (final / strange).mkdir()
    else:
        (final / strange).write_text("dear")
    if through_a_link:
        out = tmp_path / "link"
        out.symlink_to(final)
    before = tree(tmp_path)
    named = "old.txt" if strange == "no mark" else strange.rstrip("/")
    said = rf"and {named} is something else: .* Received: folder={final}$"
    with pytest.raises(ConfigError, match=said), files.atomic_folder(out, ours=txt_files):
        pass
    assert tree(tmp_path) == before


def test_what_a_link_leads_to_is_replaced_and_an_empty_folder_too(tmp_path: pathlib.Path) -> None:
    make_marked(tmp_path / "clip")
    (tmp_path / "link").symlink_to(tmp_path / "clip")
    (tmp_path / "empty").mkdir()
    for name in ("link", "empty"):
        with files.atomic_folder(tmp_path / name, ours=txt_files) as temporary:
            (temporary / "new.txt").write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert tree(tmp_path) == ["clip", "clip/new.txt", "empty", "empty/new.txt", "link"]


def test_a_link_in_a_replaced_folder_goes_and_what_it_leads_to_stays(tmp_path: pathlib.Path) -> None:
    (tmp_path / "dear.txt").write_text("dear")
    (make_marked(tmp_path / "clip") / "link.txt").symlink_to(tmp_path / "dear.txt")
    with files.atomic_folder(tmp_path / "clip", ours=txt_files):
        pass
    assert tree(tmp_path) == ["clip", "dear.txt"]


def test_atomic_folder_does_not_replace_what_another_made_meanwhile(tmp_path: pathlib.Path) -> None:
    final = tmp_path / "clip"

    def make_twice_at_once() -> None:
        with files.atomic_folder(final):
            final.mkdir()
            (final / "theirs.txt").write_text("theirs")

    with pytest.raises(ConfigError, match="must not exist already"):
        make_twice_at_once()
    assert tree(tmp_path) == ["clip", "clip/theirs.txt"]


def test_atomic_folder_never_replaces_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "clip").write_text("a file")
    folder = files.atomic_folder(tmp_path / "clip", ours=lambda folder: {"clip"})
    with pytest.raises(ConfigError, match="must not exist already"), folder:
        pass
    assert (tmp_path / "clip").read_text() == "a file"


REPLACING = [
    # output, input, what is refused
    ("video.mp4", "video.mp4", "be an input"),
    ("folder/../video.mp4", "video.mp4", "be an input"),
    ("link.mp4", "video.mp4", "be an input"),
    ("video.mp4", "link.mp4", "be an input"),
    ("hard.mp4", "video.mp4", "be an input"),
    ("folder", "folder", "be an input"),
    ("folder_link", "folder", "be an input"),
    ("folder/new.mp4", "folder", "lie in an input"),
    ("folder_link/new/new.mp4", "folder", "lie in an input"),
    ("folder/new.mp4", "folder_link", "lie in an input"),
    ("folder", "folder/in/it.npy", "hold an input"),
    ("folder_link", "folder/in", "hold an input"),
    ("folder", "folder_link/in", "hold an input"),
]


@pytest.fixture
def linked(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "folder" / "in").mkdir(parents=True)
    (tmp_path / "folder" / "in" / "it.npy").touch()
    (tmp_path / "video.mp4").touch()
    (tmp_path / "link.mp4").symlink_to("video.mp4")
    os.link(tmp_path / "video.mp4", tmp_path / "hard.mp4")
    (tmp_path / "folder_link").symlink_to("folder")
    return tmp_path


@pytest.mark.parametrize(("out", "given", "refused"), REPLACING)
def test_an_output_never_replaces_an_input(linked: pathlib.Path, out: str, given: str, refused: str) -> None:
    said = rf"must not {refused} \({linked}/{given}\): choose another name\. Received: output={linked}/{out}$"
    with pytest.raises(ConfigError, match=said):
        files.refuse_replacing(linked / out, None, linked / "elsewhere", linked / given)
    if refused == "hold an input":
        files.refuse_replacing(linked / out, linked / given, whole=False)


def test_an_output_beside_its_inputs_is_taken(linked: pathlib.Path) -> None:
    inputs = (linked / "video.mp4", linked / "folder", linked / "missing.npy", None)
    for out in ("panel.mp4", "folder2", "folder2/panel.mp4", "video", "missing.npy"):
        files.refuse_replacing(linked / out, *inputs)


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
    with pytest.raises(InputDataError, match=r"^manifest .*a\.json: No such file or directory\. Check its name"):
        files.read_json(path, "manifest")
    path.write_text("{")
    with pytest.raises(InputDataError, match=r"^manifest .*a\.json: not JSON \(.*\)\. Restore"):
        files.read_json(path, "manifest")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputDataError, match="not JSON"):
        files.read_json(path, "manifest")
    with pytest.raises(InputDataError, match="is a folder"):
        files.read_json(tmp_path, "manifest")


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"


@pytest.mark.parametrize("read", [files.check_file, files.read_bytes, files.read_json])
def test_a_pointer_of_git_lfs_is_told_as_what_it_is(
    tmp_path: pathlib.Path, read: Callable[[pathlib.Path, str], object]
) -> None:
    (tmp_path / "weights").write_text(POINTER)
    with pytest.raises(InputDataError, match=r"^model .*weights: is a Git LFS pointer .* with git lfs pull\.$"):
        read(tmp_path / "weights", "model")


def test_a_pipe_keeps_its_bytes_when_it_is_checked(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    files.check_file(tmp_path / "pipe", "photo")
