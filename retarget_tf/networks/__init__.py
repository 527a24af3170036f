"""The networks, the settings that describe them, and the encoding of their inputs and outputs."""

import os
import sys

from retarget_tf.errors import ConfigError

# Keras takes its backend when it is imported, so that this is the time to choose it, or to say that it is too late.
if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "tensorflow"
elif (_backend := sys.modules["keras"].config.backend()) != "tensorflow":
    raise ConfigError(
        "Keras must compute with TensorFlow: set KERAS_BACKEND=tensorflow, or import retarget_tf before Keras. "
        f"Received: backend={_backend}"
    )
