"""The documents: links and anchors lead somewhere, commands exist, quoted errors are those of the code."""

import ast
import pathlib
import re

import pytest

from tests import testing
from tests.testing import run_program

DOCUMENTS = sorted(
    path.relative_to(testing.ROOT)
    for pattern in ("*.md", "docs/*.md", "data/*.md", "export/*.md", "retarget_tf/**/*.md")
    for path in testing.ROOT.glob(pattern)
)
WITH_COMMANDS = [*DOCUMENTS, pathlib.Path("Makefile")]
each_document = pytest.mark.parametrize("name", DOCUMENTS, ids=str)

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```", re.DOTALL)
# A console script and its flags, up to the end of the command; `\` goes on in the next line.
_COMMAND = re.compile(r"(?<![\w/.=-])(?:\$\(BIN\)/)?(retarget(?:-[a-z]+)*)(?=[ `])((?:\\\n|[^\n`|&>;#])*)")
# What other programs say, quoted in the troubleshooting.
_OF_OTHERS = {
    "libGL.so.1: cannot open shared object file",
    "No module named 'fcntl'",
    "make install",
    "No space left on device",
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


def console_scripts() -> dict[str, str]:
    """The programs of setup.py: name -> module, as it is called in a checkout."""
    tree = ast.parse(text_of(pathlib.Path("setup.py")))
    values = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}  # type: ignore[attr-defined]
    programs: dict[str, str] = ast.literal_eval(values["PROGRAMS"])
    checkout = {"retarget_tf_data": "data", "retarget_tf_export": "export"}
    return {
        name: ".".join([checkout.get(module.split(".")[0], module.split(".")[0]), *module.split(".")[1:]])
        for name, module in programs.items()
    }


def documented_commands() -> dict[str, set[str]]:
    """The flags that the documents give to each console script."""
    found: dict[str, set[str]] = {}
    for name in WITH_COMMANDS:
        for program, arguments in _COMMAND.findall(text_of(name)):
            found.setdefault(program, set()).update(re.findall(r"--(?:no)?([a-z][a-z0-9_]*)", arguments))
    return found


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


def test_every_program_is_documented_and_every_documented_one_exists() -> None:
    existing = set(console_scripts())
    assert set(documented_commands()) <= existing
    assert existing - {"retarget-query-server"} <= set(documented_commands())  # the old name of `retarget --server`


@pytest.mark.parametrize(("program", "module"), sorted(console_scripts().items()), ids=lambda value: value)
def test_documented_flags_exist(program: str, module: str) -> None:
    known = set(re.findall(r"^  --(\w+)", run_program(module, "--help").stdout, re.MULTILINE))
    assert documented_commands().get(program, set()) - {"help", "verbosity"} <= known


def test_quoted_errors_are_those_of_the_code() -> None:
    said = "\n".join(sentence for path in (testing.ROOT / "retarget_tf").rglob("*.py") for sentence in sentences(path))
    headings = re.findall(r"^### (.*)$", text_of(pathlib.Path("docs/troubleshooting.md")), re.MULTILINE)
    quoted = {quote for heading in headings for quote in re.findall(r"`([^`]+)`", heading)} - _OF_OTHERS
    assert len(quoted) > 20
    assert not {quote for quote in quoted if quote not in said}


def sentences(path: pathlib.Path) -> list[str]:
    """The strings of a file, with `...` for what is put in."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [_sentence(node) for node in nodes if isinstance(node, ast.JoinedStr | ast.Constant)]


def _sentence(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in parts)
