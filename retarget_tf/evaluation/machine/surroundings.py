"""Checks what surrounds the programs: processor, memory, disk, cameras, and variables of the environment."""

import locale
import os
import pathlib
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, Final

from retarget_tf import files
from retarget_tf.errors import InputDataError
from retarget_tf.evaluation.machine.findings import Finding, failed, ok, warning

_GIB: Final = 1 << 30
_MEMORY_WANTED: Final = 2 * _GIB  # `retarget` takes 1.1 to 1.6 GB
_DISK_WANTED, _DISK_NEEDED = 2 * _GIB, _GIB // 10
_MEMORY = pathlib.Path("/proc/meminfo")
_GROUP_MEMORY = pathlib.Path("/sys/fs/cgroup/memory.max")
_GROUP_CPUS = pathlib.Path("/sys/fs/cgroup/cpu.max")
_CAMERAS = pathlib.Path("/sys/class/video4linux")
_PROXIES: Final = ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy")
# Variables that slow TensorFlow or hide hardware, with the values that do so, and what they do.
_SLOWING: Final = {
    "CUDA_VISIBLE_DEVICES": (r"|-1", "hides the GPUs"),
    "TF_ENABLE_ONEDNN_OPTS": (r"0|false", "turns the fast kernels of the processor off"),
    "TF_DETERMINISTIC_OPS": (r"1|true", "makes TensorFlow slower, for equal results"),
    "TF_XLA_FLAGS": (r".*auto_jit=[12].*", "compiles every graph first"),
    "TF_USE_LEGACY_KERAS": (r"1|true", "asks for Keras 2"),
    "TF_CPP_MAX_VLOG_LEVEL": (r"[1-9]\d*", "makes TensorFlow write a log of everything"),
    "CUDA_LAUNCH_BLOCKING": (r"1", "makes the GPU wait for every call"),
}
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


def check_hardware() -> Iterator[Finding]:
    """Looks at the system, its cores and its memory."""
    yield ok("system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    cores, all_cores = usable_cores(), os.cpu_count() or 1
    yield ok("cores", f"{cores}" if cores >= all_cores else f"{cores} of {all_cores} may be used")
    free, total = memory()
    found = f"{free / _GIB:.1f} of {total / _GIB:.1f} GiB are free"
    if free >= _MEMORY_WANTED:
        yield ok("memory", found)
    else:
        yield warning("memory", found, "retarget takes up to 1.6 GB, a training 3 GB. End other programs first.")


def usable_cores() -> float:
    """Returns how many cores this process may use: its affinity, or the share of its container."""
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = re.match(r"(\d+) (\d+)", _text(_GROUP_CPUS))
    return min(known, round(int(quota[1]) / int(quota[2]), 1)) if quota else known


def memory() -> tuple[int, int]:
    """Returns bytes of memory: free, and in all; of a container its limit."""
    known = {key: int(value) * 1024 for key, value in re.findall(r"^(\w+): +(\d+) kB", _text(_MEMORY), re.MULTILINE)}
    total = known.get("MemTotal") or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _text(_GROUP_MEMORY).strip()
    total = min(total, int(limit)) if limit.isdecimal() else total
    return min(known.get("MemAvailable", total), total), total


def check_cameras() -> Iterator[Finding]:
    """Lists cameras by what Linux says of them, without opening one."""
    if platform.system() != "Linux":
        yield ok("cameras", "not looked for on this system; needed only for a live camera")
        return
    nodes = sorted(_CAMERAS.glob("video*"))
    if not nodes:
        yield warning(
            "cameras",
            "none; needed only for a live camera (/dev/video*)",
            "Nothing needs to be done for photos and videos.",
        )
    for node in nodes:
        device, name = pathlib.Path("/dev", node.name), _text(node / "name").strip() or "without a name"
        if os.access(device, os.R_OK | os.W_OK):
            yield ok("cameras", f"{device}: {name}")
        else:
            yield warning(
                "cameras",
                f"{device}: {name}; you may not open it",
                "Add yourself to its group: sudo usermod -aG video $USER",
            )


def check_folder(name: str, folder: files.PathLike, way_out: str, *, is_needed: bool = True) -> Iterator[Finding]:
    """Looks whether a folder, or the one in which it will be made, can be written and how much is free there.

    Args:
        name: What the folder is.
        folder: The folder.
        way_out: How another one is given.
        is_needed: Whether nothing works without it.
    """
    bad = failed if is_needed else warning
    path = pathlib.Path(folder).absolute()
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield bad(name, f"{path}: cannot be written ({error.strerror})", way_out)
        return
    free = shutil.disk_usage(there).free
    found = f"{path}: {free / _GIB:.1f} GiB are free"
    if free < _DISK_NEEDED:
        yield bad(name, found, f"Make room. {way_out}")
    elif free < _DISK_WANTED:
        yield warning(name, found, "Enough for short videos only: make room before you train or build records.")
    else:
        yield ok(name, found)


def check_terminal() -> Iterator[Finding]:
    """Looks at the letters that can be shown, and at those of file names."""
    shown, named = sys.stdout.encoding, sys.getfilesystemencoding()
    if all(_is_unicode(encoding) for encoding in (shown, named, locale.getpreferredencoding(False))):
        yield ok("letters", f"{shown}")
    else:
        yield warning(
            "letters",
            f"{shown} on the terminal, {named} in file names: others are shown as escapes",
            "export LC_ALL=C.UTF-8",
        )


def check_keras(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Looks at the account's settings of Keras, which programs leave aside and Python users meet."""
    other = [f"{key}={environ[key]}" for key in ("KERAS_BACKEND",) if environ.get(key, "tensorflow") != "tensorflow"]
    home = environ.get("KERAS_HOME") or pathlib.Path(environ.get("HOME", "~")).expanduser() / ".keras"
    path = pathlib.Path(home, "keras.json")
    wanted = {"backend": "tensorflow", "floatx": "float32", "image_data_format": "channels_last"}
    if path.is_file():
        known = _settings(path)
        other += [f"{key} {known[key]} in {path}" for key, value in wanted.items() if known.get(key, value) != value]
    if other:
        yield warning(
            "Keras",
            f"{', '.join(other)}: the programs leave it aside and compute with TensorFlow in float32",
            "In Python, import retarget_tf before keras, and set KERAS_BACKEND=tensorflow.",
        )
    else:
        yield ok("Keras", "no settings that differ from those it comes with")


def check_proxies(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Names proxies, without the user and the password in their addresses."""
    given = [key for key in environ if key.lower() in _PROXIES and environ[key]]
    if not given:
        yield ok("proxies", "none")
        return
    yield warning(
        "proxies",
        ", ".join(f"{key}={_without_secret(environ[key])}" for key in sorted(given)),
        "retarget-fetch-models and requests to servers on other machines go there; no_proxy=HOST leaves a host out.",
    )


def check_variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Names variables that make the programs slow, or hide hardware."""
    cores, found = usable_cores(), False
    for key, (values, effect) in _SLOWING.items():
        if key in environ and re.fullmatch(values, environ[key].strip(), re.IGNORECASE):
            found = True
            yield warning(f"{key}", f"{key}={environ[key]} {effect}", f"unset {key}")
    for key in _THREADS:
        if environ.get(key, "").strip().isdecimal() and 0 < int(environ[key]) < cores:
            found = True
            yield warning(key, f"{key}={environ[key]} leaves cores idle: {cores} may be used", f"unset {key}")
    if not found:
        yield ok("variables", "none that slows TensorFlow")


def _settings(path: pathlib.Path) -> dict[str, Any]:
    try:
        settings = files.read_json(path, "settings of Keras")
    except (InputDataError, OSError):  # Keras leaves it aside too
        return {}
    return settings if isinstance(settings, dict) else {}


def _without_secret(address: str) -> str:
    """Returns host and port of an address; a password may hold any letter, so all before the last @ is left out."""
    before, _, host = address.rpartition("@")
    host = re.sub(r"^\w+://", "", host)
    return ("...@" if before else "") + re.split(r"[/?#]", host)[0]


def _is_unicode(encoding: str) -> bool:
    return encoding.lower().replace("-", "").startswith("utf8")


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
