"""Array types for annotations, named by dtype; shapes are given in docstrings.

`Tensor` is a TensorFlow or Keras tensor, for which neither library offers a type that a type checker could use.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Tensor = Any

AnyArray = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]
Int64Array = npt.NDArray[np.int64]
Uint8Array = npt.NDArray[np.uint8]
