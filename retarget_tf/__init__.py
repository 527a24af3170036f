"""retarget_tf: single-frame motion retargeting as a sequence of human parsing maps.

    from retarget_tf import Retargeter
    retargeter = Retargeter.load("workdir")

Importing the package imports nothing heavy; `Retargeter` brings TensorFlow with it on first use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retarget_tf.retargeting.retargeter import Retargeter as Retargeter

__all__ = ["Retargeter", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Retargeter":
        from retarget_tf.retargeting.retargeter import Retargeter

        return Retargeter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
