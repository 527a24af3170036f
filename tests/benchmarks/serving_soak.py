"""Sends good and bad requests to a server for minutes: no wrong answer, no lost request, no growing memory.

    python -m tests.benchmarks.serving_soak --minutes=10

`export.serve` runs in a separate process with a small untrained generator. Each client requests maps of its own picture
and pose, and compares them with the SavedModel run here. In between it sends what a hostile or broken client sends;
some of that only the graph can refuse, in a batch merged with good requests. After a quarter of the time a second
version with other weights replaces the first. Prints counts, and the server's memory half way and at the end.
"""

import dataclasses
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

from absl import flags

from retarget_tf import program
from tests import testing

_MINUTES = flags.DEFINE_float("minutes", 10, "how long", lower_bound=0.1)
_CLIENTS = flags.DEFINE_integer("clients", 8, "clients at the same time", lower_bound=1)

_SIZE = 32
_SWAP_AT, _WARM_AT = 0.25, 0.5  # shares of the time
_PATIENCE = 120  # seconds for the second version to answer
_GROWTH_MB = 60  # allocators settle late; a leak of a request's size would be far more


@dataclasses.dataclass
class Tally:
    """What happened.

    Attributes:
        counts: of each kind of request.
        faults: of what must not happen, one line each.
        memory_mb: of the server's process, half way and at the end.
        versions: that answered.
    """

    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    faults: list[str] = dataclasses.field(default_factory=list)
    memory_mb: tuple[float, float] = (0.0, 0.0)
    versions: set[int] = dataclasses.field(default_factory=set)


def main() -> None:
    """Prints the tally; fails where there is a fault."""
    program.import_tensorflow()
    with tempfile.TemporaryDirectory() as folder:
        tally = soak(pathlib.Path(folder), _MINUTES.value * 60, _CLIENTS.value)
    for kind, count in sorted(tally.counts.items()):
        print(f"{kind:20s} {count}")
    print("memory of the server: {:.0f} MB half way, {:.0f} MB at the end".format(*tally.memory_mb))
    for fault in tally.faults[:20]:
        print("FAULT", fault)
    sys.exit(1 if tally.faults else 0)


def soak(folder: pathlib.Path, seconds: float, clients: int, preset: str = "stable") -> Tally:
    """Runs all of it in a folder, with a generator of the preset."""
    import tensorflow as tf

    from retarget_tf.networks import generator
    from retarget_tf.networks.config import GeneratorSpec, ModelConfig
    from retarget_tf.serving import exporting

    model = ModelConfig.of_preset(preset, image_size=_SIZE, filters=2)
    for number, place in ((1, folder / "export"), (2, folder / "later")):
        network = testing.lively(generator.build_generator(model), seed=number)
        generator.save_generator(network, GeneratorSpec(model, 0.7), folder / f"work{number}")
        exporting.export_saved_model(folder / f"work{number}", place, number)
    first, second = folder / "export" / "1", folder / "later" / "2"
    command = [sys.executable, "-m", "export.serve", f"--export_dir={folder / 'export'}", "--port=0"]
    with subprocess.Popen([*command, "--max_message_mb=2"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            versions = {number: tf.saved_model.load(str(folder)) for number, folder in ((1, first), (2, second))}
            requests = [Requests(model, versions, seed) for seed in range(clients)]
            _check_telling_apart(requests)
            tally = _ask(address, requests, process.pid, seconds, lambda: second.rename(first.with_name("2")))
        finally:
            process.terminate()
    if process.returncode:
        tally.faults.append(f"the server ended with {process.returncode}")
    if tally.versions != {1, 2}:
        tally.faults.append(f"versions that answered: {tally.versions}")
    if tally.memory_mb[1] > tally.memory_mb[0] + _GROWTH_MB:
        tally.faults.append("the server's memory grows")
    return tally


def _check_telling_apart(requests: "list[Requests]") -> None:
    """An answer of another client or another version must show."""
    for signature in ("serving_default", "retarget_clip_raw", "step"):
        maps = [of_one.good[version][signature]["parsing_map"].tobytes() for of_one in requests for version in (1, 2)]
        assert len(set(maps)) == len(maps), f"two clients or versions have the same {signature}"


def _ask(address: str, requests: "list[Requests]", pid: int, seconds: float, swap: Any) -> Tally:
    tally, lock = Tally(), threading.Lock()
    stop = threading.Event()
    threads = [
        threading.Thread(target=_client, args=(address, of_one, tally, lock, stop, seed))
        for seed, of_one in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds * _SWAP_AT)
    swap()
    time.sleep(seconds * (_WARM_AT - _SWAP_AT))
    patience = time.monotonic() + _PATIENCE  # a busy machine takes a while to load a version
    while len(tally.versions) < 2 and time.monotonic() < patience:
        time.sleep(0.5)
    warm = _memory_mb(pid)  # both versions were loaded by now: what grows from here on, requests leave behind
    time.sleep(seconds * (1 - _WARM_AT))
    stop.set()
    for thread in threads:
        thread.join()
    tally.memory_mb = warm, _memory_mb(pid)
    return tally


def _client(address: str, requests: "Requests", tally: Tally, lock: Any, stop: threading.Event, seed: int) -> None:
    import grpc

    dice = random.Random(seed)
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        while not stop.is_set():
            kind = dice.choice(requests.kinds)
            fault, version = requests.try_one(channel, kind, dice)
            with lock:
                tally.counts[kind] = tally.counts.get(kind, 0) + 1
                if fault:
                    tally.faults.append(f"{kind}: {fault}")
                if version:
                    tally.versions.add(version)


class Requests:
    """The good requests of one client with their answers, and what becomes of each when it is spoiled.

    Args:
        model: `ModelConfig` of the SavedModels.
        versions: the SavedModels that say what is right, by number.
        seed: of the client's picture and pose.

    Attributes:
        good: outputs by version, signature and name.
        kinds: of requests that `try_one` sends.
    """

    def __init__(self, model: Any, versions: dict[int, Any], seed: int) -> None:
        import tensorflow as tf

        from retarget_tf.serving import warmup

        self._tf = tf
        self._inputs = warmup.warmup_requests(model, seed)
        self.good: dict[int, dict[str, dict[str, Any]]] = {}
        for number, version in versions.items():
            signatures = version.signatures
            self.good[number] = {
                name: {
                    key: tensor.numpy()
                    for key, tensor in signatures[name](**{k: tf.constant(v) for k, v in inputs.items()}).items()
                }
                for name, inputs in self._inputs.items()
            }
        self._spoilers = {
            "garbage": (self._image(b"\x00garbage" * 20), "INVALID_ARGUMENT"),
            "truncated": (self._image(self._photo[: len(self._photo) // 2]), "INVALID_ARGUMENT"),
            "torn": (self._image(_torn_png(self._photo)), "INVALID_ARGUMENT"),  # only the graph sees it
            "wrong ids": (_with_wrong_ids, "INVALID_ARGUMENT"),  # likewise
            "bomb": (
                self._image(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0IEND"),
                "INVALID_ARGUMENT",
            ),
            "dtype": (lambda inputs: {**inputs, "keypoints": inputs["keypoints"].astype("f8")}, "INVALID_ARGUMENT"),
            "rank": (lambda inputs: {**inputs, "keypoints": inputs["keypoints"][0]}, "INVALID_ARGUMENT"),
            "channels": (lambda inputs: {**inputs, "keypoints": inputs["keypoints"][..., :2]}, "INVALID_ARGUMENT"),
            "empty": (lambda inputs: {name: value[:0] for name, value in inputs.items()}, "INVALID_ARGUMENT"),
            "nan": (lambda inputs: {**inputs, "keypoints": inputs["keypoints"] * float("nan")}, "INVALID_ARGUMENT"),
            "oversize": (self._image(b"\xff" * 3_000_000), "RESOURCE_EXHAUSTED"),
            "unknown model": (dict, "NOT_FOUND"),
            "unknown version": (dict, "NOT_FOUND"),
            "unknown signature": (dict, "INVALID_ARGUMENT"),
        }
        self.kinds = [*self._inputs, *self._inputs, *self._spoilers, "gone"]

    @property
    def _photo(self) -> bytes:
        return bytes(self._inputs["serving_default"]["image_bytes"][0])

    def _image(self, data: bytes) -> Any:
        import numpy as np

        return lambda inputs: {**inputs, "image_bytes": np.asarray([data], object)}

    def try_one(self, channel: Any, kind: str, dice: random.Random) -> tuple[str, int]:
        """What was wrong with the answer, or nothing; and the version that answered."""
        import grpc
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
        signatures = ["step", "retarget_clip"] if kind == "wrong ids" else ["serving_default", "step", "retarget_clip"]
        signature = kind if kind in self._inputs else dice.choice(signatures)
        spoil, expected = self._spoilers.get(kind, (dict, "OK"))
        request = self._request(kind, signature, spoil(self._inputs[signature]))
        if kind == "gone":
            call = predict.future(request, timeout=30)
            time.sleep(dice.uniform(0, 0.02))
            call.cancel()
            return "", 0
        try:
            response = predict(request, timeout=60)
        except grpc.RpcError as error:
            if error.code().name == expected:
                return "", 0
            return f"{error.code().name} {error.details()}, expected {expected}", 0
        if expected != "OK":
            return f"answered, expected {expected}", 0
        return self._difference(signature, response), response.model_spec.version.value

    def _request(self, kind: str, signature: str, inputs: dict[str, Any]) -> Any:
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        request.model_spec.name = "other" if kind == "unknown model" else "retarget"
        request.model_spec.signature_name = "other" if kind == "unknown signature" else signature
        if kind == "unknown version":
            request.model_spec.version.value = 99
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(self._tf.make_tensor_proto(value))
        return request

    def _difference(self, signature: str, response: Any) -> str:
        for name, wanted in self.good[response.model_spec.version.value][signature].items():
            given = self._tf.make_ndarray(response.outputs[name])
            if given.shape != wanted.shape or (given != wanted).any():
                return f"{name} is not what the SavedModel gives"
        return ""


def _torn_png(photo: bytes) -> bytes:
    """The photo as a PNG with a whole header and half of its pixels."""
    import tensorflow as tf

    png = bytes(tf.io.encode_png(tf.io.decode_image(photo)).numpy())
    return png[: len(png) // 2]


def _with_wrong_ids(inputs: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    return {**inputs, "reference_map": np.full_like(inputs["reference_map"], 77)}


def _memory_mb(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
