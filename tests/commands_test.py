"""Checks that every command in messages, help and documents exists, and that every error gives advice."""

import ast
import functools
import importlib.util
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import testing

ROOT = testing.ROOT
LIBRARY = sorted(path for folder in ("retarget_tf", "data", "export") for path in (ROOT / folder).rglob("*.py"))
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("data/*.md"), *ROOT.glob("export/*.md")})
# A command with its flags, up to the end of the line (which a backslash continues), a quote, or another command.
COMMAND = re.compile(r"(?<![\w/.-])(?<!ame: )(retarget(?:-[a-z]+)*|python -m [\w.]+)(?![\w/.])((?:\\\n|[^\n`|&>;#)])*)")
FLAG = re.compile(r"(?<=\s)--(?:no)?([a-z]\w*)")
MAKE = re.compile(r"(?:`|&& |^(?=make \S+ *(?:#|&&|$)))make ([a-z][\w.-]*)", re.MULTILINE)
EXTRA = re.compile(r"(?:retarget_tf|'\.)\[([\w,]+)\]")
# Verbs that the last sentence of a refusal may begin with: it says what to do.
IMPERATIVES = re.compile(
    "(Build|Check|Choose|Convert|Copy|Count|Detect|Export|Extract|Fetch|Give|Leave|Look|Make|Mend|Name|Number|Remove|"
    "Rename|Restore|Run|Save|Scale|Split|Store|Train|Try|Write) "
)


def text_of(node: ast.expr, constants: dict[str, str]) -> str:
    """The text of a string expression as a reader sees it; `{}` for what is known only when it runs."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part, constants) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)) | ast.Name(id=name):
            return constants.get(name, "{}")
        case ast.BinOp(left=left, right=right):
            return text_of(left, constants) + text_of(right, constants)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as template, attr="format")):
            return text_of(template, constants)
    return "{}"


@functools.cache
def parsed(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def constants_of(path: pathlib.Path) -> dict[str, str]:
    """The strings that stand in a file under a name of their own."""
    return {
        target.id: node.value.value
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def strings_of(path: pathlib.Path) -> Iterator[str]:
    """Every string of a file, docstrings included."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.JoinedStr | ast.Constant) and (text := text_of(node, constants_of(path))) != "{}":
            yield text


def raised(path: pathlib.Path, name: str) -> Iterator[tuple[int, str]]:
    """Line and text of every error of a class that a file makes."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node.lineno, text_of(node.args[0], constants_of(path))


@functools.cache
def entry_points() -> dict[str, str]:
    """The module behind each console script; `data` and `export` by their names in a checkout."""
    for node in ast.walk(parsed(ROOT / "setup.py")):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PROGRAMS":
            programs: dict[str, str] = ast.literal_eval(node.value)
            return {name: re.sub("^retarget_tf_(data|export)", r"\1", module) for name, module in programs.items()}
    raise AssertionError("setup.py names no PROGRAMS")


@functools.cache
def flags_of(module: str) -> set[str]:
    answer = testing.run_program(module, "--help")
    assert answer.returncode == 0, answer.stderr
    return {"help", "verbosity", *re.findall(r"^  --(\w+)", answer.stdout, re.MULTILINE)}


def sources() -> list[Any]:
    """Name and text of each document and of the strings of each file of the library that name a command."""
    texts = {path: path.read_text(encoding="utf-8") for path in (*DOCUMENTS, ROOT / "Makefile")}
    texts.pop(ROOT / "CHANGELOG.md")  # it also names what is gone
    texts |= {path: "\n\n".join(strings_of(path)) for path in LIBRARY}
    named = {str(path.relative_to(ROOT)): text for path, text in texts.items()}
    return [pytest.param(text, id=name) for name, text in named.items() if COMMAND.search(text) or MAKE.search(text)]


@pytest.mark.parametrize("text", sources())
def test_every_command_that_is_named_exists(text: str) -> None:
    for command, rest in COMMAND.findall(text):
        module = entry_points().get(command, command.removeprefix("python -m "))
        assert module != command, f"{command} is no console script of setup.py"
        assert importlib.util.find_spec(module), f"{command}: no such module"
        if module in entry_points().values() and (given := set(FLAG.findall(rest))):
            assert given <= flags_of(module), f"{command} has no --{', --'.join(given - flags_of(module))}"
    targets = set(re.findall(r"^([a-z][\w. -]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(MAKE.findall(text)) <= {name for group in targets for name in group.split()}
    extras = {name for group in EXTRA.findall(text) for name in group.split(",")}
    assert extras <= set(re.findall(r'^    "(\w+)": \[', (ROOT / "setup.py").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_program_is_documented() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    named = {entry_points().get(command, command.removeprefix("python -m ")) for command, _ in COMMAND.findall(text)}
    assert set(entry_points().values()) <= named


def test_the_commands_are_found() -> None:
    text = "Build: retarget-build-records --clips=C \\\n  --out=R --overwrite\nand `retarget --fit=none`, /a/retarget-x"
    found = [(command, FLAG.findall(rest)) for command, rest in COMMAND.findall(text)]
    assert found == [("retarget-build-records", ["clips", "out", "overwrite"]), ("retarget", ["fit"])]


def test_every_program_is_a_command_of_its_name() -> None:
    files = [*ROOT.glob("data/*.py"), *ROOT.glob("export/*.py")]
    expected = {f"retarget-{path.stem.replace('_', '-')}": f"{path.parent.name}.{path.stem}" for path in files}
    expected |= {"retarget": "retarget_tf.retarget"}
    expected |= {f"retarget-{name}": f"retarget_tf.{name}" for name in ("train", "evaluate")}
    assert entry_points() == expected


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_library_names_commands_that_a_wheel_has(path: pathlib.Path) -> None:
    """`data` and `export` are folders of a checkout; `make` and `pip install -e .` work nowhere else either."""
    for text in strings_of(path):
        assert not re.search(r"python -m (data|export|retarget_tf)\.|\b(data|export)\.(\w+_\w+|train|serve)\b", text), (
            text
        )
        assert "pip install -e" not in text


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_refusal_of_input_says_what_to_do(path: pathlib.Path) -> None:
    for line, text in raised(path, "InputDataError"):
        _, *advice = re.split(r"(?<=\.) (?=[A-Z])", text)
        assert advice, f"line {line}: one sentence, without advice: {text}"
        assert IMPERATIVES.match(advice[-1]), f"line {line}: the last sentence is no instruction: {text}"
        assert re.search(r"\.$|: (retarget|ffmpeg|\{)|--\w+$", advice[-1]), (
            f"line {line}: neither sentence nor command: {text}"
        )


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_refusal_of_a_setting_says_what_it_received(path: pathlib.Path) -> None:
    for line, text in raised(path, "ConfigError"):
        assert text == "{}" or ". Received: " in text or "Check the model's name" in text, f"line {line}: {text}"
