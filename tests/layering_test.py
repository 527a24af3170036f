"""Checks the imports: rooms of the library import downwards only, and the files of a room have no circular imports."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parent.parent / "retarget_tf"

# Rooms and single files directly under retarget_tf/, lowest row first.
ROOMS: tuple[set[str], ...] = (
    {"errors", "arrays"},
    {"files", "parallel", "program", "body"},
    {"networks"},
    {"pictures"},
    {"dataset"},
    {"dancers", "footage", "training"},
    {"retargeting"},
    {"evaluation", "serving"},
    {"train", "evaluate", "retarget"},
)
PROGRAMS = ROOMS[-1]
# What `--help` imports: without TensorFlow and its like, so that it answers in a second.
LIGHT = (
    "errors",
    "files",
    "program",
    "program.running",
    "program.settings",
    "arrays",
    "body.skeleton",
    "body.parsing_labels",
    "networks.config",
    "dataset.build_config",
    "pictures",
    "pictures.video_options",
    "training.cluster",
    "training.config",
    "evaluation",
    "evaluation.frames",
    "evaluation.frames.config",
    "footage",
    "footage.people",
    "footage.people.choosing",
    "footage.settings",
    "retargeting",
    "retargeting.dance",
    "retargeting.live_options",
    "serving",
    "serving.options",
    "serving.page",
    "serving.page.options",
)
HEAVY = {"tensorflow", "keras", "cv2", "av", "mediapipe", "PIL", "matplotlib"}

FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
NAMES = [".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__") for path in FILES]
each_file = pytest.mark.parametrize(("path", "name"), list(zip(FILES, NAMES, strict=True)), ids=NAMES)


def imports(path: pathlib.Path) -> set[str]:
    """Every dotted name that a file imports, at its top or within a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own(path: pathlib.Path) -> set[str]:
    """The files of the library among them, dotted, without `retarget_tf.`."""
    dotted = {name.removeprefix("retarget_tf.") for name in imports(path) if name.startswith("retarget_tf.")}
    return {name if name in NAMES else name.rpartition(".")[0] for name in dotted}


def row(name: str) -> int:
    """The row of ROOMS that a file stands in."""
    return next(index for index, rooms in enumerate(ROOMS) if name.split(".")[0] in rooms)


@each_file
def test_rooms_import_downwards(path: pathlib.Path, name: str) -> None:
    room = name.split(".")[0]
    for other in own(path):
        assert other.split(".")[0] == room or row(other) < row(name), f"{name} imports {other}, which is not below it"
    if room == "dataset":
        assert not {other for other in own(path) if other.startswith("networks")}, "data and networks meet in training"
    if name in LIGHT:
        at_top = {n.split(".")[0] for n in imports(path)} & HEAVY
        assert at_top <= (
            {"tensorflow"} if name == "program.running" else set()
        )  # in `program.import_tensorflow` alone


@pytest.mark.parametrize("room", sorted({name.split(".")[0] for name in NAMES if "." in name}))
def test_no_file_of_a_room_is_in_a_circle(room: str) -> None:
    of_room = {n: own(p) - {n} for n, p in zip(NAMES, FILES, strict=True) if n.split(".")[0] == room}
    while of_room:  # take away what waits for nobody who is left
        free = {name for name, waits_for in of_room.items() if not waits_for & of_room.keys()}
        assert free, f"these import each other in a circle: {sorted(of_room)}"
        of_room = {name: waits_for for name, waits_for in of_room.items() if name not in free}


@each_file
def test_only_programs_have_flags_and_print(path: pathlib.Path, name: str) -> None:
    if name in PROGRAMS or name.startswith("program"):
        return
    assert not {n for n in imports(path) if n.startswith(("absl.flags", "absl.app"))}
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    assert not [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


def test_library_has_few_doors() -> None:
    entries = [path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 20, sorted(entries)
