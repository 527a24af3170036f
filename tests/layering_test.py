"""Who may import whom: a module imports only from lower levels, and data and networks meet in `training` alone."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parent.parent / "retarget_tf"

# The one written list, lowest first. A folder (dancers/, records/ ...) counts as one module.
PROGRAMS = {"train", "evaluate", "retarget"}
LEVELS: tuple[set[str], ...] = (
    {"errors", "skeleton"},
    {"files", "parsing_labels", "program"},
    {"config"},
    # From here on with TensorFlow, Keras, OpenCV or PyAV.
    {"serving_stranger"},
    {"pose_map", "limb_warp", "pose_transform", "keypoint_filters", "layers", "losses", "metrics", "video", "photos"},
    {"images", "images_tf", "clips", "workdir", "parallel"},
    {
        "records",
        "augmentation",
        "conditioning",
        "generator",
        "discriminator",
        "extraction",
        "dancers",
        "baselines",
    },
    {"feedback", "importers"},
    {"input_pipeline", "rollout", "retarget_inputs", "figures", "screening"},
    {"retarget_gan", "stream_trainer", "callbacks", "panel", "live"},
    {"training", "evaluation", "serving", "retargeter", "beam_build"},
    {"serving_check", "serving_server", "serving_client"},
    {"onnx_export"},
    PROGRAMS,
)
LIGHT = set().union(*LEVELS[:3])
HEAVY = {"tensorflow", "keras", "cv2", "av", "mediapipe"}
DATA_SIDE = {"records", "augmentation", "input_pipeline"}
NETWORK_SIDE = {
    "layers",
    "generator",
    "discriminator",
    "losses",
    "feedback",
    "rollout",
    "retarget_gan",
    "stream_trainer",
}


def module_of(path: pathlib.Path) -> str:
    """The module, or the folder that counts as one: `records/reading.py` is `records`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted_imports(path: pathlib.Path) -> set[str]:
    """Every dotted name that a file imports, at its top or within a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def level_of(module: str) -> int:
    """The row of LEVELS that a module stands in."""
    rows = [row for row, modules in enumerate(LEVELS) if module in modules]
    assert len(rows) == 1, f"module {module} must stand once in LEVELS of layering_test.py: add it to its level"
    return rows[0]


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
each_file = pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])


@each_file
def test_imports_lead_downwards(path: pathlib.Path) -> None:
    module, names = module_of(path), dotted_imports(path)
    own = {name.split(".")[1] for name in names if name.startswith("retarget_tf.")} - {module}
    for name in own:
        assert level_of(name) < level_of(module), f"{module} imports {name}, which is not of a lower level"
    assert not own & PROGRAMS
    assert not {name.split(".")[0] for name in names} & {"data", "export"}, "nobody imports programs"
    if module in DATA_SIDE:
        assert not own & NETWORK_SIDE
    if module in NETWORK_SIDE:
        assert not own & DATA_SIDE
    if module == "serving":
        assert not own & {"records", "training"}
    if module in LIGHT:
        heavy = {name.split(".")[0] for name in names} & HEAVY
        assert heavy <= ({"tensorflow"} if module == "program" else set())  # in `program.import_tensorflow` alone


@each_file
def test_only_programs_have_flags_and_print(path: pathlib.Path) -> None:
    if module_of(path) in {*PROGRAMS, "program"}:
        return
    assert not {name for name in dotted_imports(path) if name.startswith(("absl.flags", "absl.app"))}
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    assert not [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES} - {PACKAGE}), ids=lambda path: path.name)
def test_files_of_a_folder_import_each_other_in_no_circle(folder: pathlib.Path) -> None:
    prefix = f"retarget_tf.{folder.name}."
    waiting = {
        path.stem: {name.removeprefix(prefix).split(".")[0] for name in dotted_imports(path) if name.startswith(prefix)}
        for path in folder.glob("*.py")
    }
    while waiting:  # take away what waits for nobody who is left
        free = {stem for stem, imports in waiting.items() if not imports & waiting.keys()}
        assert free, f"{folder.name}: these import each other in a circle: {sorted(waiting)}"
        waiting = {stem: imports for stem, imports in waiting.items() if stem not in free}
