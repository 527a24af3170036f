"""Checks the documents: links and anchors exist, and quoted errors are in the code."""

import ast
import pathlib
import re

import pytest

from tests import testing

DOCUMENTS = sorted(
    path.relative_to(testing.ROOT)
    for pattern in ("*.md", "docs/*.md", "data/*.md", "export/*.md", "retarget_tf/**/*.md")
    for path in testing.ROOT.glob(pattern)
)
each_document = pytest.mark.parametrize("name", DOCUMENTS, ids=str)

_TROUBLESHOOTING = pathlib.Path("docs/troubleshooting.md")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```", re.DOTALL)
# What other programs say, quoted in the troubleshooting.
_OF_OTHERS = {
    "libGL.so.1: cannot open shared object file",
    "No module named 'fcntl'",
    "make install",
    "No space left on device",
}
# What is told of an input that no small file brings about.
_OF_NO_ROW = {
    "no other process may be writing the folder": "of a second process",
    "nobody is seen in it": "of MediaPipe, whose models the tests lack",
    "nobody is found in it": "of MediaPipe",
    "the clip has no joints there": "of MediaPipe",
    "has no good stretch": "of MediaPipe",
}


def text_of(name: pathlib.Path) -> str:
    return (testing.ROOT / name).read_text(encoding="utf-8")


def anchors(markdown: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.*)$", _CODE.sub("", markdown), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        found[anchor] = found.get(anchor, -1) + 1
        if found[anchor]:
            found[f"{anchor}-{found[anchor]}"] = 0
    return set(found)


@each_document
def test_links_and_anchors_lead_somewhere(name: pathlib.Path) -> None:
    for link in _LINK.findall(_CODE.sub("", text_of(name))):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (testing.ROOT / name).parent / file if file else testing.ROOT / name
        assert target.exists(), f"{name}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name}: {link}"


@each_document
def test_code_fences_are_closed(name: pathlib.Path) -> None:
    assert len(re.findall(r"^```", text_of(name), re.MULTILINE)) % 2 == 0


@each_document
def test_tests_that_are_named_exist(name: pathlib.Path) -> None:
    for file, test in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text_of(name)):
        assert f"def {test}(" in text_of(pathlib.Path(file)), f"{name}: {file}::{test}"


def test_quoted_errors_are_those_of_the_code() -> None:
    said = "\n".join(sentence for path in (testing.ROOT / "retarget_tf").rglob("*.py") for sentence in sentences(path))
    quoted = quotes(text_of(_TROUBLESHOOTING))
    assert len(quoted) > 20
    assert not {quote for quote in quoted if quote not in said}


def test_quoted_errors_of_inputs_are_shown_by_the_page_of_inputs() -> None:
    shown = text_of(pathlib.Path("docs/inputs.md"))
    for title in ("Files that exist, and locks", "Photos, videos and keypoints", "Clips and records"):
        section = text_of(_TROUBLESHOOTING).partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        assert quotes(section)
        assert not {quote for quote in quotes(section) - _OF_NO_ROW.keys() if quote not in shown}
    assert not {quote for quote in _OF_NO_ROW if quote in shown or quote not in quotes(text_of(_TROUBLESHOOTING))}


def quotes(markdown: str) -> set[str]:
    """What the headings quote of this project's programs."""
    headings = re.findall(r"^### (.*)$", markdown, re.MULTILINE)
    return {quote for heading in headings for quote in re.findall(r"`([^`]+)`", heading)} - _OF_OTHERS


def sentences(path: pathlib.Path) -> list[str]:
    """The strings of a file, with `...` for what is put in."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [_sentence(node) for node in nodes if isinstance(node, ast.JoinedStr | ast.Constant)]


def _sentence(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in parts)
