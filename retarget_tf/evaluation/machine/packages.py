"""Checks Python, and the packages that retarget_tf needs: which are there, of which version, and whether they load."""

import importlib.metadata
import pathlib
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from retarget_tf.evaluation.machine.findings import Finding, failed, ok, warning
from retarget_tf.evaluation.machine.processes import Answer, Question, ask

OWN = "retarget_tf"
NEEDED_EXTRA: Final = "extract"
# Extras without which something of the main work is missing, then those that only some need.
WANTED_EXTRAS: Final = {
    "heif": "photos of phones (HEIC) cannot be read",
    "inpaint": "backgrounds behind the person are filled in less well",
}
OTHER_EXTRAS: Final = {
    "page": "retarget-page",
    "live": "retarget-live",
    "onnx": "retarget-export-onnx",
    "beam": "retarget-build-records with --runner",
    "s3": "records in S3",
    "gcs": "records in Google Cloud Storage",
    "cuda": "an NVIDIA GPU",
    "dev": "the tests",
}
_MODULES: Final = {
    "absl-py": "absl",
    "google-crc32c": "google_crc32c",
    "flask-cors": "flask_cors",
    "grpcio": "grpc",
    "grpcio-health-checking": "grpc_health.v1.health",
    "mkdocs-material": "material",
    "mkdocstrings-python": "mkdocstrings_handlers",
    "opencv-python-headless": "cv2",
    "opencv-contrib-python": "cv2",
    "pillow": "PIL.Image",
    "pygame-ce": "pygame",
    "pypatchmatch": "patchmatch",
    "pytest-xdist": "xdist",
    "tensorflow-serving-api": "tensorflow_serving.apis.predict_pb2",
}
# Packages of which only one may be there, or all must be of one version: they own the same folder.
_SAME_FOLDER: Final = {
    "cv2": ("opencv-python-headless", "opencv-contrib-python", "opencv-python", "opencv-contrib-python-headless"),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly"),
}
_SETUPTOOLS: Final = Version("78.1.1")  # the first without CVE-2025-47273
_NO_PKG_RESOURCES: Final = Version("82")  # of setuptools: the first without the module
_WITHOUT_PKG_RESOURCES: Final = Version("2.21")  # of TensorBoard: the first that does not need it
_HDF5: Final = Version("2.2")  # the first without CVE-2026-17572, and without those that 2.1 mended


def check_packages(folder: pathlib.Path) -> Iterator[Finding]:
    """Looks at Python, at each package and extra, and at versions that are known to be bad."""
    try:
        own = importlib.metadata.distribution(OWN)
    except importlib.metadata.PackageNotFoundError:
        yield failed(
            OWN, "not installed, so nobody knows which versions it needs", "Run make install, or install its wheel."
        )
        return
    yield _python(own)
    requirements = [Requirement(text) for text in own.requires or ()]
    base = [needed for needed in requirements if needed.marker is None or needed.marker.evaluate({"extra": ""})]
    extras = {extra: _of_extra(requirements, extra) for extra in (NEEDED_EXTRA, *WANTED_EXTRAS, *OTHER_EXTRAS)}
    loaded = _load([*base, *(needed for of_extra in extras.values() for needed in of_extra)], folder)
    for needed in base:
        yield _package(needed, loaded)
    for extra, of_extra in extras.items():
        yield _extra(extra, of_extra, loaded)
    yield _behind(base)
    yield from _same_folder()
    yield from _known_bad(folder)


def installed(name: str) -> Version | None:
    """Returns the version of a package, or None."""
    try:
        return Version(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return None


def module_of(name: str) -> str:
    """Returns what a package is imported as."""
    return _MODULES.get(name, name.replace("-", "_"))


def _range(specifiers: SpecifierSet) -> str:
    return ",".join(sorted(map(str, specifiers), reverse=True))


def _python(own: importlib.metadata.Distribution) -> Finding:
    wanted, version = SpecifierSet(own.metadata["Requires-Python"] or ""), platform.python_version()
    if not wanted.contains(version, prereleases=True):
        return failed(
            "Python",
            f"{version}, needed is {_range(wanted)}",
            "Make an environment with another: make install PYTHON=python3.12",
        )
    return ok("Python", f"{version} in {sys.prefix}")


def _of_extra(requirements: Iterable[Requirement], extra: str) -> list[Requirement]:
    return [
        needed
        for needed in requirements
        if needed.marker and needed.marker.evaluate({"extra": extra}) and not needed.marker.evaluate({"extra": ""})
    ]


def _load(requirements: Iterable[Requirement], folder: pathlib.Path) -> Mapping[str, Answer]:
    """Imports the packages that are there, in one process, and returns how it went by the package's name."""
    there = [needed.name for needed in requirements if installed(needed.name)]
    questions = [Question("imported", (module_of(name),)) for name in there]
    no_cache = {"XDG_CACHE_HOME": str(folder)}  # where onnxruntime keeps an id of the machine
    return dict(zip(there, ask(questions, folder, no_cache), strict=True))


def _package(needed: Requirement, loaded: Mapping[str, Answer]) -> Finding:
    if problem := _problem(needed, loaded):
        return failed(needed.name, *problem)
    return ok(needed.name, str(installed(needed.name)))


def _problem(needed: Requirement, loaded: Mapping[str, Answer]) -> tuple[str, str] | None:
    """Returns what is wrong with a package and what to do, or None."""
    version = installed(needed.name)
    wanted = f"{needed.name}{_range(needed.specifier)}"
    if version is None:
        return "not installed", f"pip install '{wanted}'"
    if not needed.specifier.contains(version, prereleases=True):
        return f"{version}, needed is {_range(needed.specifier)}", f"pip install '{wanted}'"
    problem = loaded[needed.name].problem
    if not problem:
        return None
    return f"{version}, but {problem}", _way_out(needed.name, problem)


def _way_out(name: str, problem: str) -> str:
    if module_of(name) == "cv2" or "libGL" in problem:
        return "pip install --no-deps --force-reinstall opencv-python-headless"
    if "SIGILL" in problem:
        return "The processor lacks instructions (AVX) for which the package was built. Use another machine."
    return f"pip install --force-reinstall --no-deps {name}"


def _extra(extra: str, needed: list[Requirement], loaded: Mapping[str, Answer]) -> Finding:
    name, install = f"extra [{extra}]", f"pip install '{OWN}[{extra}]'"
    missing = [one.name for one in needed if not installed(one.name)] + [
        f"{behind.name} of {one.name}"
        for one in needed
        if one.extras
        for _, behind, version in _unmet(one)
        if version is None
    ]
    problems = {one.name: problem for one in needed if installed(one.name) and (problem := _problem(one, loaded))}
    if missing:
        found = f"{', '.join(missing[:3])}{' and more' if len(missing) > 3 else ''}: not installed"
        if extra == NEEDED_EXTRA:
            return failed(name, found, f"Photos and videos need it: {install}")
        if extra in WANTED_EXTRAS:
            return warning(name, f"{found}, so {WANTED_EXTRAS[extra]}", install)
        return ok(name, f"not installed; only for {OTHER_EXTRAS[extra]}: {install}")
    if problems:
        found = "; ".join(f"{one}: {found}" for one, (found, _) in problems.items())
        state = failed if extra == NEEDED_EXTRA else warning
        return state(name, found, next(iter(problems.values()))[1])
    return ok(name, ", ".join(f"{one.name} {installed(one.name)}" for one in needed))


def _behind(base: Iterable[Requirement]) -> Finding:
    """Checks the packages that the packages need, as `pip check` does."""
    name, seen = "packages behind them", dict[str, None]()
    unmet = [unmet for needed in base for unmet in _unmet(needed, seen)]
    if not unmet:
        return ok(name, f"{len(seen)}, which fit together")
    found = [
        f"{who} needs {needed.name}{_range(needed.specifier)}, {version or 'none'} is there"
        for who, needed, version in unmet
    ]
    return failed(
        name, "; ".join(dict.fromkeys(found)), f"pip install '{unmet[0][1].name}{_range(unmet[0][1].specifier)}'"
    )


def _unmet(
    needed: Requirement, seen: dict[str, None] | None = None
) -> Iterator[tuple[str, Requirement, Version | None]]:
    """Yields what the packages behind a package need and do not find: who, what, and what is there in its place."""
    seen = {} if seen is None else seen
    try:
        distribution = importlib.metadata.distribution(needed.name)
    except importlib.metadata.PackageNotFoundError:
        return
    for text in distribution.requires or ():
        behind = Requirement(text)
        if behind.marker and not any(behind.marker.evaluate({"extra": extra}) for extra in ("", *needed.extras)):
            continue
        version = installed(behind.name)
        if version is None or not behind.specifier.contains(version, prereleases=True):
            yield needed.name, behind, version
        elif (known := str(behind)) not in seen:
            seen[known] = None
            yield from _unmet(behind, seen)


def _same_folder() -> Iterator[Finding]:
    for module, names in _SAME_FOLDER.items():
        versions = {name: str(version) for name in names if (version := installed(name))}
        if len(versions) < 2 or (module == "cv2" and len(set(versions.values())) == 1):
            continue
        there = ", ".join(f"{name} {version}" for name, version in versions.items())
        alike = f"install --upgrade {' '.join(versions)}"
        alone = f"uninstall {' '.join(name for name in versions if name != names[0])}"
        yield warning(
            f"folder {module}",
            f"{there} lie in the same folder, where the last one has overwritten files of the others",
            f"pip {alike if module == 'cv2' else alone}; pip install --no-deps --force-reinstall {names[0]}",
        )


def _known_bad(folder: pathlib.Path) -> Iterator[Finding]:
    setuptools, tensorboard = installed("setuptools"), installed("tensorboard")
    needs_old = tensorboard is not None and tensorboard < _WITHOUT_PKG_RESOURCES
    if setuptools and needs_old and setuptools >= _NO_PKG_RESOURCES:
        found = f"{setuptools} lacks pkg_resources, without which TensorBoard {tensorboard} does not start"
        yield warning("setuptools", found, f"pip install 'setuptools>={_SETUPTOOLS},<{_NO_PKG_RESOURCES}'")
    elif setuptools and setuptools < _SETUPTOOLS:
        below = f",<{_NO_PKG_RESOURCES}" if needs_old else ""
        found = f"{setuptools}, in which holes are known (CVE-2025-47273)"
        yield warning("setuptools", found, f"pip install --upgrade 'setuptools>={_SETUPTOOLS}{below}'")
    hdf5 = next(iter(ask([Question("hdf5_version")], folder))).value if installed("h5py") else None
    if hdf5 and Version(hdf5) < _HDF5:
        found = (
            f"h5py {installed('h5py')} has HDF5 {hdf5}, which a crafted model file can crash (CVE-2025-2309 and others)"
        )
        yield warning("HDF5", found, "Load models only from people whom you trust.")
