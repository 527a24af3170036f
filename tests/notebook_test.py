"""Runs all cells of the notebook in a separate process."""

import pathlib

import nbclient
import nbformat
import pytest

from tests import testing

NOTEBOOK = testing.ROOT / "docs" / "from_photo_to_dance.ipynb"


@pytest.mark.slow
def test_notebook_runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(testing.ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where it writes
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    pictures = [output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in str(output)]
    assert len(pictures) >= 3
    assert list(tmp_path.rglob("dance.mp4"))


def test_notebook_is_small_and_keeps_no_machine() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert not any(place in text for place in ("/home/", "/Users/", "/work/", "/tmp/"))
