"""Looks whether this machine can do the work of the programs, and what to do where it cannot.

`examine` yields a finding for each check. What can crash, hang or write on the terminal runs in processes of their own;
no check ends the others. Nothing is changed, and nothing stays: all files lie in a temporary folder. No network is
needed.
"""

import contextlib
import functools
import os
import pathlib
import tempfile
from collections.abc import Generator, Iterator, Mapping

from retarget_tf.evaluation.machine import abilities, surroundings
from retarget_tf.evaluation.machine.findings import Check, Finding, as_json, isolated, summary

__all__ = ["Finding", "as_json", "examine", "summary"]


def examine(environ: Mapping[str, str], *, full: bool = False) -> Generator[Finding, None, None]:
    """Yields a finding for each check, as soon as it is known.

    Args:
        environ: The environment that the user gave, before anything changed it.
        full: Whether a training, an export and a server are tried too.
    """
    with _temporary_folder() as folder:
        for group, checks in _groups(environ, folder, full=full).items():
            for name, check in checks.items():
                yield from isolated(group, name, check)


def _groups(environ: Mapping[str, str], folder: pathlib.Path, *, full: bool) -> dict[str, dict[str, Check]]:
    """The checks by heading and name."""
    here = functools.partial(
        surroundings.check_folder, "current folder", os.curdir, "Go to another, or give --out=DIR/..."
    )
    temporary = functools.partial(
        surroundings.check_folder, "temporary folder", tempfile.gettempdir(), "Set TMPDIR to another."
    )
    groups: dict[str, dict[str, Check]] = {
        "Packages": {"packages": functools.partial(_packages, folder)},
        "Machine": {
            "hardware": surroundings.check_hardware,
            "TensorFlow": functools.partial(abilities.check_devices, folder),
            "cameras": surroundings.check_cameras,
            "current folder": here,
            "temporary folder": temporary,
        },
        "Settings": {
            "Keras": functools.partial(surroundings.check_keras, environ),
            "proxies": functools.partial(surroundings.check_proxies, environ),
            "letters": surroundings.check_terminal,
            "variables": functools.partial(surroundings.check_variables, environ),
        },
        "Formats and models": {
            "formats": functools.partial(abilities.check_formats, folder),
            "models": functools.partial(abilities.check_models, folder),
        },
        "Trial": {"a dance": functools.partial(abilities.try_dance, folder)},
    }
    if full:
        groups["Trial"]["training, export, serving"] = functools.partial(abilities.try_chain, folder)
    return groups


def _packages(folder: pathlib.Path) -> Iterator[Finding]:
    from retarget_tf.evaluation.machine import packages  # needs a package itself

    return packages.check_packages(folder)


@contextlib.contextmanager
def _temporary_folder() -> Iterator[pathlib.Path]:
    """Yields a folder that is removed; where none can be made, one in which checks that write will say so."""
    with contextlib.ExitStack() as entered:
        try:
            made = entered.enter_context(
                tempfile.TemporaryDirectory(prefix="retarget_doctor_", ignore_cleanup_errors=True)
            )
        except OSError:
            made = os.sep
        yield pathlib.Path(made)
