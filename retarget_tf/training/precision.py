"""Chooses the precision in which this machine trains fastest without losing quality."""

import pathlib
from typing import Final, Literal

import tensorflow as tf

Policy = Literal["float32", "mixed_float16", "mixed_bfloat16"]
AUTO: Final = "auto"
POLICIES: Final[tuple[Policy, ...]] = ("float32", "mixed_float16", "mixed_bfloat16")

_CPU_FLAGS: Final = pathlib.Path("/proc/cpuinfo")  # Linux; elsewhere the processor counts as one without bfloat16
_BFLOAT16_FLAGS: Final = {"avx512_bf16", "amx_bf16"}
_BFLOAT16_CAPABILITY: Final = (8, 0)  # CUDA compute capability of the first GPUs with bfloat16 (Ampere)


def choose(setting: Literal["auto"] | Policy, began: Literal["auto"] | Policy = AUTO) -> Policy:
    """Returns the Keras precision policy that a value of `mixed_precision` stands for on this machine.

    Args:
        setting: A policy, which is returned as it is, or "auto": the policy that the training began with or, for a new
            one, `mixed_bfloat16` if the first GPU or, without one, the processor computes in bfloat16, else `float32`.
            bfloat16 has the range of float32, so it needs no loss scaling, but without support of the hardware it is
            slower.
        began: Policy that the training began with; "auto" for a new one.
    """
    chosen = began if setting == AUTO else setting
    if chosen != AUTO:
        return chosen
    gpus = tf.config.list_physical_devices("GPU")
    has_bfloat16 = _gpu_has_bfloat16(gpus[0]) if gpus else bool(_BFLOAT16_FLAGS & _cpu_flags())
    return "mixed_bfloat16" if has_bfloat16 else "float32"


def _gpu_has_bfloat16(gpu: tf.config.PhysicalDevice) -> bool:
    capability = tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
    return bool(tuple(capability) >= _BFLOAT16_CAPABILITY)


def _cpu_flags() -> set[str]:
    try:
        lines = _CPU_FLAGS.read_text().splitlines()
    except OSError:
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())
