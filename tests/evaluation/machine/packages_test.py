"""Checks of packages, on toy packages that are missing, too old, broken or at odds with each other."""

import ast
import importlib.metadata
import pathlib
import textwrap

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from retarget_tf.evaluation.machine import packages
from retarget_tf.evaluation.machine.findings import Finding
from retarget_tf.evaluation.machine.processes import Answer
from tests import testing

LIBGL = "raise ImportError('libGL.so.1: cannot open shared object file')"


class Site:
    """A folder of toy packages that Python looks in first."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def add(self, name: str, version: str, *needs: str, python: str = ">=3.11", code: str | None = "") -> None:
        """Adds a package; `code` is what its module runs when it is imported, None for no module."""
        about = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        about.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Requires-Python: {python}"]
        (about / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {need}" for need in needs)]))
        if code is not None:
            module = packages.module_of(name)
            (self.folder / f"{module.partition('.')[0]}.py").write_text(textwrap.dedent(code))

    def check(self) -> dict[str, Finding]:
        """The findings by their names."""
        return {finding.name: finding for finding in packages.check_packages(self.folder)}


@pytest.fixture
def site(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(packages, "OWN", "toy")
    made = Site(tmp_path)
    made.add("tensorboard", "2.21.0", code=None)
    made.add("setuptools", "80.0", code=None)
    return made


def test_each_package_has_a_line_that_says_what_is_wrong_and_what_to_do(site: Site) -> None:
    # What a module prints must not be taken for an answer.
    site.add("good", "1.5", code="import os; print('hello', flush=True); os.write(1, b'[1, 2]\\n')")
    site.add("old", "1.9")
    site.add("broken", "1.0", code="raise RuntimeError('built for\\n another NumPy')")
    abort = "import os, sys; print('no AVX', file=sys.stderr, flush=True); os.abort()"
    site.add("crashing", "1.0", code=abort)
    site.add("opencv-python-headless", "5.0", code=LIBGL)
    site.add("late", "1.0")
    needs = "good<2,>=1", "old>=2,<3", "broken", "absent>=4", "crashing", "opencv-python-headless", "late"
    site.add("toy", "0.1", *needs, code=None)

    found = site.check()

    assert {name: finding.state for name, finding in found.items() if name in (*needs, "good", "old", "absent")} == {
        "good": "ok",
        "old": "failed",
        "broken": "failed",
        "absent": "failed",
        "crashing": "failed",
        "opencv-python-headless": "failed",
        "late": "ok",  # in another process than the one that crashed
    }
    assert found["good"].found == "1.5"
    assert (found["old"].found, found["old"].advice) == ("1.9, needed is >=2,<3", "pip install 'old>=2,<3'")
    assert found["broken"].found == "1.0, but built for another NumPy"
    assert (found["absent"].found, found["absent"].advice) == ("not installed", "pip install 'absent>=4'")
    assert found["crashing"].found == "1.0, but crashed with SIGABRT: no AVX"
    assert "libGL.so.1" in found["opencv-python-headless"].found
    assert found["opencv-python-headless"].advice.endswith("--force-reinstall opencv-python-headless")


def test_an_extra_that_photos_and_videos_need_fails_and_others_are_said_to_be_missing(site: Site) -> None:
    extras = 'mediapipe; extra == "extract"', 'pillow-heif; extra == "heif"', 'lacking; extra == "onnx"'
    site.add("toy", "0.1", *extras, 'half[whole]; extra == "cuda"', 'there; extra == "dev"', code=None)
    site.add("mediapipe", "1.0", code=LIBGL)
    site.add("pillow-heif", "0.9", code="raise ImportError('no libheif')")
    site.add("half", "1.0", 'driver>=2; extra == "whole"')
    site.add("there", "1.0")

    found = site.check()

    assert found["extra [extract]"].state == "failed"
    assert found["extra [extract]"].advice.endswith("opencv-python-headless"), "MediaPipe imports cv2"
    assert (found["extra [heif]"].state, found["extra [heif]"].found) == (
        "warning",
        "pillow-heif: 0.9, but a package cannot be imported: no libheif",
    )
    assert found["extra [onnx]"].state == found["extra [cuda]"].state == found["extra [dev]"].state == "ok"
    assert found["extra [onnx]"].found == "not installed; only for retarget-export-onnx: pip install 'toy[onnx]'"
    assert found["extra [cuda]"].found.startswith("not installed; only for an NVIDIA GPU")
    assert found["extra [dev]"].found == "there 1.0"


def test_extras_that_are_missing_say_what_for(site: Site) -> None:
    site.add("toy", "0.1", 'no-mp; extra == "extract"', 'no-heif; extra == "heif"', code=None)
    found = site.check()
    extract, heif = found["extra [extract]"], found["extra [heif]"]
    assert (extract.state, extract.found) == ("failed", "no-mp: not installed")
    assert extract.advice == "Photos and videos need it: pip install 'toy[extract]'"
    assert (heif.state, heif.advice) == ("warning", "pip install 'toy[heif]'")
    assert heif.found == "no-heif: not installed, so photos of phones (HEIC) cannot be read"


def test_packages_behind_the_packages_must_fit(site: Site) -> None:
    site.add("toy", "0.1", "upper", code=None)
    site.add("upper", "1.0", "middle>=1", 'never; python_version < "3"', 'not-asked; extra == "more"')
    site.add("middle", "1.0", "lower>=2", "upper")  # a circle
    site.add("lower", "1.0")
    behind = site.check()["packages behind them"]
    assert (behind.state, behind.advice) == ("failed", "pip install 'lower>=2'")
    assert behind.found == "middle needs lower>=2, 1.0 is there"


def test_python_must_be_one_of_those_that_are_declared(site: Site) -> None:
    site.add("toy", "0.1", python="<3.2", code=None)
    python = site.check()["Python"]
    assert python.state == "failed"
    assert "needed is <3.2" in python.found


def test_what_is_not_installed_has_no_ranges(site: Site) -> None:
    [only] = site.check().values()
    assert (only.state, only.name) == ("failed", "toy")


@pytest.mark.parametrize(
    ("setuptools", "tensorboard", "found", "advice"),
    [
        ("80.0", "2.21.0", None, None),
        ("80.0", "2.20.0", None, None),
        ("84.0", "2.21.0", None, None),
        ("84.0", "2.20.0", "lacks pkg_resources", "pip install 'setuptools>=78.1.1,<82'"),
        ("65.5.0", "2.21.0", "CVE-2025-47273", "pip install --upgrade 'setuptools>=78.1.1'"),
        ("65.5.0", "2.20.0", "CVE-2025-47273", "pip install --upgrade 'setuptools>=78.1.1,<82'"),
    ],
)
def test_versions_of_setuptools_that_are_known_to_be_bad(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    setuptools: str,
    tensorboard: str,
    found: str | None,
    advice: str | None,
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    made = Site(tmp_path)
    made.add("setuptools", setuptools, code=None)
    made.add("tensorboard", tensorboard, code=None)
    monkeypatch.setattr(packages, "ask", lambda *_: iter([Answer("2.2.0")]))
    findings = list(packages._known_bad(tmp_path))
    assert [finding.advice for finding in findings] == ([advice] if advice else [])
    assert all(finding.state == "warning" and str(found) in finding.found for finding in findings)


@pytest.mark.parametrize(("version", "states"), [("1.14.6", ["warning"]), ("2.2.0", [])])
def test_hdf5_with_known_holes_is_warned_of(site: Site, version: str, states: list[str]) -> None:
    site.add("h5py", "3.14.0", code=f"class version: hdf5_version = '{version}'")
    site.add("toy", "0.1", code=None)
    assert [finding.state for name, finding in site.check().items() if name == "HDF5"] == states


@pytest.mark.parametrize(
    ("there", "advice"),
    [
        ({"opencv-python-headless": "5.0", "opencv-contrib-python": "5.0"}, []),
        (
            {"opencv-python-headless": "5.0", "opencv-contrib-python": "4.1"},
            [
                "pip install --upgrade opencv-python-headless opencv-contrib-python; "
                "pip install --no-deps --force-reinstall opencv-python-headless"
            ],
        ),
        (
            {"tensorflow": "2.21.0", "tensorflow-cpu": "2.21.0"},
            ["pip uninstall tensorflow-cpu; pip install --no-deps --force-reinstall tensorflow"],
        ),
    ],
)
def test_packages_that_share_a_folder(
    monkeypatch: pytest.MonkeyPatch, there: dict[str, str], advice: list[str]
) -> None:
    versions = {name: Version(version) for name, version in there.items()}
    monkeypatch.setattr(packages, "installed", versions.get)
    assert [finding.advice for finding in packages._same_folder()] == advice


def test_every_extra_of_the_package_is_known() -> None:
    for node in ast.walk(ast.parse((testing.ROOT / "setup.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXTRAS" and node.value:
            assert isinstance(node.value, ast.Dict)
            extras = {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
            assert extras == {packages.NEEDED_EXTRA, *packages.WANTED_EXTRAS, *packages.OTHER_EXTRAS}
            return
    raise AssertionError("setup.py names no EXTRAS")


def test_every_package_is_imported_by_a_name_that_it_installs() -> None:
    names = {Requirement(text).name for text in importlib.metadata.requires(packages.OWN) or ()}
    there = {name for name in names if packages.installed(name)}
    assert {"numpy", "mypy"} <= there
    for name in there:
        module = packages.module_of(name).split(".")[0]
        files = importlib.metadata.distribution(name).files or ()
        assert any(file.parts[0] in (module, f"{module}.py") for file in files), f"{name}: {module}"
