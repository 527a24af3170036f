"""Tests that what nobody asks for is not imported, in a process of its own."""

import subprocess
import sys

import pytest

from tests import testing

_SCRIPT = """
import sys
from retarget_tf.footage.extraction import late_imports
with late_imports.pyplot_when_used():
    import matplotlib.pyplot as early
    with late_imports.pyplot_when_used():
        pass
    from matplotlib import pyplot as other
assert early is other and "matplotlib.figure" not in sys.modules
if {used_first}:
    early.figure
    assert "matplotlib.figure" in sys.modules
import matplotlib.pyplot as real
assert real is not early and early.figure is real.figure
"""


@pytest.mark.parametrize("used_first", [True, False])
def test_pyplot_is_imported_when_it_is_used(used_first: bool) -> None:
    pytest.importorskip("matplotlib")
    script = _SCRIPT.format(used_first=used_first)
    done = subprocess.run([sys.executable, "-c", script], cwd=testing.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@testing.needs_mediapipe
def test_mediapipe_imports_neither_tensorflow_nor_pyplot() -> None:
    script = (
        "import sys; from retarget_tf.footage.extraction import detectors; detectors.Segmenter().__exit__()\n"
        "sys.exit(str({'tensorflow', 'matplotlib.pyplot', 'matplotlib.figure'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=testing.ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "set()"
