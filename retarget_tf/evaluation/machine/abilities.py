"""Checks what the machine is able to do: devices, formats, models, a dance, and the chain from records to a server."""

import dataclasses
import importlib.util
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from retarget_tf.evaluation.machine import surroundings
from retarget_tf.evaluation.machine.findings import Finding, failed, ok, told, warning
from retarget_tf.evaluation.machine.probes import UNIMPORTABLE
from retarget_tf.evaluation.machine.processes import Answer, Question, ask, run_program, running

_NETWORK: Final = "stable_128"
# Codec, suffix, and what it is for.
_VIDEOS: Final = (
    ("h264", ".mp4", "dances"),
    ("vp9", ".webm", "with alpha"),
    ("mjpeg", ".mkv", "clips"),
    ("ffv1", ".mkv", "maps"),
)
_PICTURES: Final = (("JPEG", ".jpg"), ("PNG", ".png"), ("WebP", ".webp"), ("AVIF", ".avif"), ("HEIC", ".heic"))
_NEEDED: Final = {"h264", "mjpeg", "ffv1", "JPEG", "PNG"}
_NVIDIA: Final = pathlib.Path("/proc/driver/nvidia/version")
_FRAMES: Final = 6
_REINSTALL: Final = "pip install --force-reinstall --no-deps"


def check_devices(folder: pathlib.Path) -> Iterator[Finding]:
    """Asks TensorFlow for GPUs, and which precision a training will take."""
    [answer] = ask([Question("devices")], folder)
    if answer.problem:
        yield failed("TensorFlow", answer.problem, _advice(answer.problem, f"{_REINSTALL} tensorflow"))
        return
    gpus, chosen = answer.value["gpus"], answer.value["precision"]
    if not gpus and _NVIDIA.exists():
        found = "TensorFlow sees none, though there is a driver of NVIDIA"
        yield warning("GPU", found, "pip install 'retarget_tf[cuda]'")
    else:
        yield ok("GPU", ", ".join(gpus) or "none; all of it runs on the processor, a training slowly")
    yield ok("precision of training", chosen)


def check_formats(folder: pathlib.Path) -> Iterator[Finding]:
    """Writes and reads a second of video and a picture in each format."""
    videos = [Question("video", (codec, suffix, str(folder))) for codec, suffix, _ in _VIDEOS]
    pictures = [
        Question("picture", (kind, suffix, str(folder)))
        for kind, suffix in _PICTURES
        if kind != "HEIC" or importlib.util.find_spec("pillow_heif")
    ]
    answers = list(ask([*videos, *pictures], folder))
    named = [(f"{codec} ({purpose})", codec) for codec, _, purpose in _VIDEOS]
    yield from _formats("videos", named, answers[: len(videos)], f"{_REINSTALL} av")
    kinds = [(kind, kind) for kind, _ in _PICTURES]
    yield from _formats("pictures", kinds, answers[len(videos) :], f"{_REINSTALL} pillow")


def _formats(
    name: str, formats: Sequence[tuple[str, str]], answers: Sequence[Answer], way_out: str
) -> Iterator[Finding]:
    """Yields a line of all formats that are as they should be, and one for all that have the same problem."""
    by_problem: dict[str, list[tuple[str, str]]] = {}
    for one, answer in zip(formats, answers, strict=False):  # there is none for HEIC if its extra is missing
        by_problem.setdefault(answer.problem, []).append(one)
    for problem, those in by_problem.items():
        said = ", ".join(words for words, _ in those)
        if not problem:
            yield ok(name, f"written and read: {said}")
        else:
            bad = failed if any(key in _NEEDED for _, key in those) else warning
            yield bad(name, f"{said}: {problem}", _advice(problem, way_out))


def _advice(problem: str, way_out: str) -> str:
    return "Mend the packages that are named above." if UNIMPORTABLE in problem else way_out


def check_models(folder: pathlib.Path) -> Iterator[Finding]:
    """Looks for MediaPipe's files, whether they are whole, and loads the network that comes with the package."""
    files, network = ask([Question("mediapipe_models"), Question("network", (_NETWORK,))], folder)
    if files.problem:
        yield failed("MediaPipe's models", files.problem, _advice(files.problem, "Fetch them: retarget-fetch-models"))
    else:
        kept, wrong = files.value["folder"], dict[str, list[str]]()
        for found, advice in map(told, files.value["problems"]):
            wrong.setdefault(advice, []).append(found)
        for advice, those in wrong.items():
            yield failed("MediaPipe's models", " ".join(those), advice)
        if wrong:
            yield from surroundings.check_folder(
                "cache folder", kept, "Set XDG_CACHE_HOME to another.", is_needed=False
            )
        else:
            count, size = files.value["count"], files.value["size"]
            yield ok("MediaPipe's models", f"{count} files, {size / 1e6:.0f} MB, whole, in {kept}")
    if network.problem:
        yield failed("network", network.problem, _advice(network.problem, f"{_REINSTALL} retarget_tf"))
    else:
        yield ok("network", network.value)


def try_dance(folder: pathlib.Path) -> Iterator[Finding]:
    """Retargets a drawn dancer's photo and another's video, as `retarget` does with real ones."""
    [staged] = ask([Question("stage", (str(folder), _FRAMES))], folder)
    if staged.problem:
        yield failed("drawing two dancers", staged.problem, _advice(staged.problem, "Mend what failed above."))
        return
    given = ("--target_photo=photo.png", "--source_video=dance.mp4", "--out=dance_of_photo.mp4", "--show=panel")
    yield _tried(
        f"a dance of {_FRAMES} frames",
        "photo and video to maps and photographs",
        lambda: run_program("retarget_tf.retarget", *given, folder=folder),
    )


def try_chain(folder: pathlib.Path) -> Iterator[Finding]:
    """Trains on the dancers, exports, and asks a server, each of the smallest size; stops where one fails."""
    records = ("--clips=clips", "--out=records", "--size=32", "--validation_share=0", "--test_share=0", "--workers=1")
    training = ("--records=records", "--workdir=work", "--steps=1", "--filters=2", "--batch_size=2")
    steps: Sequence[tuple[str, str, Callable[[], str]]] = (
        ("records", "of two clips", lambda: run_program(_program("data", "build_records"), *records, folder=folder)),
        ("training", "one step", lambda: run_program("retarget_tf.train", *training, folder=folder)),
        (
            "export",
            "a SavedModel",
            lambda: run_program(
                _program("export", "export_saved_model"), "--model=work", "--out=served", folder=folder
            ),
        ),
        ("serving", "a server on this machine, and a dance through it", lambda: _serve(folder)),
    )
    for name, what, step in steps:
        finding = _tried(name, what, step)
        yield finding
        if finding.state == "failed":
            return


def _serve(folder: pathlib.Path) -> str:
    """Starts a server, asks it for a dance, and returns what went wrong, or nothing."""
    serve, options = _program("export", "serve"), ("--export_dir=served", "--port=0")
    with running(serve, *options, folder=folder) as (said, problem):
        if problem:
            return problem
        target, source = sorted(folder.glob("clips/*"))
        given = (f"--target_clip={target}", f"--source_clip={source}", "--out=served.mp4", "--show=maps")
        address = said.rpartition(" ")[2]
        return run_program("retarget_tf.retarget", f"--server={address}", "--wait_seconds=60", *given, folder=folder)


def _program(folder: str, name: str) -> str:
    """Returns the module of a program of a folder of a checkout, whose name in a wheel is another."""
    installed = f"retarget_tf_{folder}"
    return f"{installed if importlib.util.find_spec(installed) else folder}.{name}"


def _tried(name: str, what: str, step: Callable[[], str]) -> Finding:
    start = time.monotonic()
    problem = step()
    finding = failed(name, *told(problem)) if problem else ok(name, what)
    return dataclasses.replace(finding, seconds=round(time.monotonic() - start, 1))
