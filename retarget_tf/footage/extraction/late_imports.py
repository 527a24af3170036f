"""Keeps what MediaPipe and Keras import without need from being imported: it would take longer than they do."""

import contextlib
import importlib
import sys
import types
from collections.abc import Iterator


def keep_tensorflow_out() -> None:
    """Prevents MediaPipe from importing TensorFlow, which takes seconds and which it needs only for its documentation.

    It asks for one decorator of TensorFlow's, in a module of its own, in whose place this puts another one.
    """
    name = "mediapipe.tasks.python.core.optional_dependencies"
    decorators = types.SimpleNamespace(do_not_generate_docs=lambda documented: documented)
    sys.modules.setdefault(name, types.SimpleNamespace(doc_controls=decorators))  # type: ignore[arg-type]


@contextlib.contextmanager
def pyplot_when_used() -> Iterator[None]:
    """Gives what is imported in the block a stand-in for Matplotlib's pyplot, which imports it when it is used.

    MediaPipe and Keras import it for drawings that nobody asks of them.
    """
    name = "matplotlib.pyplot"
    if name in sys.modules:
        yield
        return
    stand_in = types.ModuleType(name)
    stand_in.__getattr__ = lambda attribute: getattr(_pyplot(stand_in), attribute)  # type: ignore[method-assign]
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        _remove(stand_in)


def _pyplot(stand_in: types.ModuleType) -> types.ModuleType:
    _remove(stand_in)  # if it is used within the block
    return importlib.import_module(stand_in.__name__)


def _remove(stand_in: types.ModuleType) -> None:
    if sys.modules.get(stand_in.__name__) is stand_in:
        del sys.modules[stand_in.__name__]
