"""Measures images/s of `paper` at 256 px and 64 filters and of two public pix2pix implementations, in turns.

    python -m venv torch_env && torch_env/bin/pip install torch numpy
    python -m tests.benchmarks.peers --torch_python=torch_env/bin/python

Every turn takes each kind of call of each contender once: training steps and forward passes of the generator in
inference mode, batches of one and four, float32 and bfloat16. Medians of the turns are compared with the faster peer at
the same precision. `default` is our training step as it runs here without flags, compared with the peers in float32,
their default. Then the roofline: products of matrices, copies, and which share of the former our calls achieve.
"""

import subprocess
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from absl import flags

from retarget_tf import program

_TORCH_PYTHON = flags.DEFINE_string("torch_python", None, "Python that has torch; by default that peer is left out.")
_TURNS = flags.DEFINE_integer("turns", 5, "Turns.", lower_bound=1)
_PROCESSOR = flags.DEFINE_boolean(
    "processor_time",
    False,
    "Count a core's seconds instead of the clock's: steadier beside other work.",
)
_BATCHES = flags.DEFINE_multi_integer("batch", [1, 4], "Sizes of batches.")

_PRECISIONS = ("float32", "bfloat16")
_CALLS = ("step", "forward")
_SECONDS = 1.0  # of a call of each kind, at least
Seconds = Callable[[], tuple[float, float]]  # measures one call: by the clock, and of the processor
Kind = tuple[str, int, str]  # call, batch, precision


def main() -> None:
    """Prints the tables."""
    kinds = [(call, batch, precision) for call in _CALLS for batch in _BATCHES.value for precision in _PRECISIONS]
    with program.native_log_aside():
        contenders = {"ours": _ours(kinds), "tutorial": _tutorial(kinds)}
        if _TORCH_PYTHON.value:
            contenders["PyTorch"] = _pytorch(kinds, _TORCH_PYTHON.value)
        else:
            print("PyTorch: left out; give --torch_python.")
        taken: dict[tuple[str, Kind], list[float]] = {}
        for turn in range(-1, _TURNS.value):
            for kind in kinds:
                for name, calls in contenders.items():
                    seconds = calls[kind]()
                    if turn >= 0:  # the turn before the first warms up
                        taken.setdefault((name, kind), []).append(seconds[_PROCESSOR.value])
    rates = {(name, kind): kind[1] / float(np.median(seconds)) for (name, kind), seconds in taken.items()}
    _print_rates(rates, kinds, list(contenders))
    _print_roofline(rates, kinds)


def _print_rates(rates: dict[tuple[str, Kind], float], kinds: list[Kind], names: list[str]) -> None:
    from retarget_tf.training import precision

    print(
        "call     batch  precision  "
        + "".join(f"{name:>10s}" for name in names)
        + "  images/s; ours to the faster peer"
    )
    for kind in kinds:
        fastest = max(rates[name, kind] for name in names if name != "ours")
        cells = "".join(f"{rates[name, kind]:10.2f}" for name in names)
        print(f"{kind[0]:7s}  {kind[1]:5d}  {kind[2]:9s}  {cells}  {rates['ours', kind] / fastest:.2f}")
    policy = precision.choose(precision.AUTO).removeprefix("mixed_")
    for batch in _BATCHES.value:
        ours = rates["ours", ("step", batch, policy)]
        fastest = max(rates[name, ("step", batch, "float32")] for name in names if name != "ours")
        print(f"step     {batch:5d}  default: ours in {policy}, {ours:.2f}, peers in float32: {ours / fastest:.2f}")


def _print_roofline(rates: dict[tuple[str, Kind], float], kinds: list[Kind]) -> None:
    import tensorflow as tf

    from retarget_tf.networks.config import PaperModelConfig
    from retarget_tf.networks.discriminator import build_discriminator
    from retarget_tf.networks.presets import build_generator
    from tests.benchmarks.peers import roofline

    clock = time.process_time if _PROCESSOR.value else time.perf_counter
    config = PaperModelConfig()
    generator = build_generator(config)
    operations = {
        "step": roofline.step_operations(generator, build_discriminator(config)),
        "forward": roofline.forward_operations(generator)[0],
    }
    peaks = {name: roofline.matrix_rate(tf.as_dtype(name), _TURNS.value, clock) for name in _PRECISIONS}
    gigabytes = roofline.bandwidth(_TURNS.value, clock) / 1e9
    shown = ", ".join(f"{rate / 1e9:.0f} in {name}" for name, rate in peaks.items())
    print(f"products of matrices: {shown} Gop/s; copies: {gigabytes:.1f} GB/s read and written")
    print("operations a picture: " + ", ".join(f"{name} {count / 1e9:.1f} G" for name, count in operations.items()))
    for kind in kinds:
        achieved = rates["ours", kind] * operations[kind[0]]
        print(f"{kind[0]:7s}  {kind[1]:5d}  {kind[2]:9s}  {achieved / 1e9:6.0f} Gop/s  {achieved / peaks[kind[2]]:.0%}")


def _ours(kinds: list[Kind]) -> dict[Kind, Seconds]:
    from tests.benchmarks.peers.ours import Ours, inputs, window

    return _in_each_precision(kinds, Ours, lambda name, batch: ((window if name == "step" else inputs)(batch),))


def _tutorial(kinds: list[Kind]) -> dict[Kind, Seconds]:
    import tensorflow as tf

    from tests.benchmarks.peers.tensorflow_tutorial import Tutorial

    def pictures(name: str, batch: int) -> tuple[Any, ...]:
        return tuple(tf.random.uniform([batch, 256, 256, 3], -1, 1) for _ in range(2 if name == "step" else 1))

    return _in_each_precision(kinds, Tutorial, pictures)


def _in_each_precision(
    kinds: list[Kind], build: Callable[[], Any], arguments: Callable[[str, int], tuple[Any, ...]]
) -> dict[Kind, Seconds]:
    """Builds networks of Keras in each precision, and returns the timed calls of all kinds."""
    import keras

    calls = {}
    for precision in _PRECISIONS:
        keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
        networks = build()
        for kind in kinds:
            name, batch, wanted = kind
            if wanted == precision:
                calls[kind] = _timed(networks.call(name), *arguments(name, batch))
    keras.config.set_dtype_policy("float32")
    return calls


def _timed(call: Callable[..., Any], *arguments: Any) -> Seconds:
    import tensorflow as tf

    call(*arguments)  # traces and compiles

    def seconds() -> tuple[float, float]:
        before, on_processor, calls = time.perf_counter(), time.process_time(), 0
        while (passed := time.perf_counter() - before) < _SECONDS or not calls:
            tf.nest.map_structure(lambda result: result.numpy(), call(*arguments))  # waits for it
            calls += 1
        return passed / calls, (time.process_time() - on_processor) / calls

    return seconds


def _pytorch(kinds: list[Kind], python: str) -> dict[Kind, Seconds]:
    import os
    import pathlib

    script = str(pathlib.Path(__file__).with_name("pytorch_pix2pix.py"))
    process = subprocess.Popen(
        [python, script, f"--threads={len(os.sched_getaffinity(0))}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        env=os.environ | ({"OMP_WAIT_POLICY": "passive"} if _PROCESSOR.value else {}),  # else it spins while it waits
    )
    assert process.stdin
    assert process.stdout
    asked, answered = process.stdin, process.stdout
    print(f"PyTorch {answered.readline().strip()}")

    def ask(kind: Kind, repetitions: int) -> tuple[float, float]:
        asked.write(f"{' '.join(map(str, kind))} {repetitions}\n")
        passed, on_processor = map(float, answered.readline().split())
        return passed, on_processor

    def timed(kind: Kind) -> Seconds:
        ask(kind, 1)  # warms up
        repetitions = max(1, round(_SECONDS / ask(kind, 1)[0]))
        return lambda: ask(kind, repetitions)

    return {kind: timed(kind) for kind in kinds}


if __name__ == "__main__":
    program.run(main)
