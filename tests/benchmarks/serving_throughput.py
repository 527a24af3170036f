"""Measures the development server at 1, 4 and 16 clients: requests a second and latency, against the bare SavedModel.

    python -m tests.benchmarks.serving_throughput --model=stable_128 --seconds=20

Each client sends one picture after another; the server merges waiting requests. For comparison the same SavedModel is
called here without a server, in batches of as many pictures as there are clients. The server runs in a separate
process. Both are measured several times in turn, because the load of the machine changes. Then the first request of a
fresh server is timed, and a clip in one call against the same clip in single calls: of maps, and of photographs.
"""

import contextlib
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from absl import flags

from retarget_tf import program

_MODEL = flags.DEFINE_string("model", "stable_128", "what is exported and served")
_SECONDS = flags.DEFINE_float("seconds", 20, "length of each measurement", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 2, "measurements of each kind", lower_bound=1)
_FRAMES = flags.DEFINE_integer("frames", 50, "frames of the clip", lower_bound=2)

_CLIENTS = (1, 4, 16)


def main() -> None:
    """Prints the tables."""
    program.import_tensorflow()
    import tensorflow as tf

    from retarget_tf.networks.generator import load_keras_generator
    from retarget_tf.serving import exporting, warmup

    with tempfile.TemporaryDirectory() as folder:
        version = exporting.export_saved_model(_MODEL.value, folder)
        loaded = tf.saved_model.load(str(version))
        inputs = warmup.warmup_requests(load_keras_generator(_MODEL.value)[1].model)
        with _server(version.parent) as address:
            first, second = (_timed(address, "serving_default", inputs["serving_default"], 1)[0] for _ in range(2))
            print(f"first request after the warm-up {first * 1000:.0f} ms, the second {second * 1000:.0f} ms")
            _throughput(address, loaded.signatures["serving_default"], inputs["serving_default"])
            _clip(address, inputs, "retarget_clip", "step")
            _clip(address, inputs, "retarget_clip_frames", "step_frame")
        (version / warmup.WARMUP_PATH).unlink()
        with _server(version.parent) as address:
            cold = _timed(address, "serving_default", inputs["serving_default"], 1)[0]
            print(f"first request without a warm-up {cold * 1000:.0f} ms")


@contextlib.contextmanager
def _server(folder: pathlib.Path) -> Iterator[str]:
    command = [sys.executable, "-m", "export.serve", f"--export_dir={folder}", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def _timed(address: str, signature: str, inputs: dict[str, Any], calls: int) -> list[float]:
    from retarget_tf.serving.client import ServingClient

    with ServingClient(address) as client:
        client.wait_until_available(60)
        return [_seconds(lambda: client.predict(signature, inputs)) for _ in range(calls)]


def _seconds(call: Any) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _throughput(address: str, signature: Any, inputs: dict[str, Any]) -> None:
    print("clients  server/s  in process/s  ratio   p50 ms   p99 ms")
    for clients in _CLIENTS:
        rows = [(_ask(address, inputs, clients), _here(signature, inputs, clients)) for _ in range(_ROUNDS.value)]
        served = statistics.mean(len(latencies) / seconds for (latencies, seconds), _ in rows)
        here = statistics.mean(rate for _, rate in rows)
        latencies = sorted(latency for (some, _), _ in rows for latency in some)
        p50, p99 = (latencies[int(share * (len(latencies) - 1))] * 1000 for share in (0.5, 0.99))
        print(
            f"{clients:7d}  {served:8.1f}  {here:12.1f}  {served / here:5.2f}  {p50:7.1f}  {p99:7.1f}",
            flush=True,
        )


def _ask(address: str, inputs: dict[str, Any], clients: int) -> tuple[list[float], float]:
    """Latencies of all requests, and how long it took."""
    latencies: list[float] = []
    begin = time.perf_counter()
    end = begin + _SECONDS.value

    def ask() -> None:
        while time.perf_counter() < end:
            latencies.append(_seconds(lambda: client.predict("serving_default", inputs)))

    from retarget_tf.serving.client import ServingClient

    with ServingClient(address) as client:
        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return latencies, time.perf_counter() - begin


def _here(signature: Any, inputs: dict[str, Any], batch: int) -> float:
    """Pictures a second of the SavedModel in this process."""
    import numpy as np
    import tensorflow as tf

    merged = {name: tf.constant(np.concatenate([value] * batch)) for name, value in inputs.items()}
    begin, done = time.perf_counter(), 0
    while (now := time.perf_counter()) - begin < _SECONDS.value:
        signature(**merged)["parsing_map"].numpy()
        done += batch
    return done / (now - begin)


def _clip(address: str, inputs: dict[str, dict[str, Any]], of_clip: str, of_step: str) -> None:
    import numpy as np

    frames = _FRAMES.value
    keypoints = np.repeat(inputs[of_clip]["keypoints"][:, :1], frames, axis=1)
    clip = _timed(address, of_clip, {**inputs[of_clip], "keypoints": keypoints}, 2)[1]
    steps = sum(_timed(address, of_step, inputs[of_step], frames))
    print(f"{frames} frames: {frames / clip:.1f} a second in one {of_clip}, {frames / steps:.1f} in {of_step} calls")


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
