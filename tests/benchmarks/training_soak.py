"""Kills trainings for minutes: whatever happens to them, the same command ends with the same bits.

    python -m tests.benchmarks.training_soak --minutes=10

For each preset a small training runs undisturbed. Then the same training is started again and again in new folders,
and something happens to each start: it is killed at a random moment or in the middle of a write, is asked to stop,
finds the disk full, or its checkpoints are harmed after it was killed. The same command runs until it is done.
A fault is a traceback, a file that is left over, or a generator or a history that differs from the undisturbed one.
Prints how often each thing happened.
"""

import collections
import contextlib
import csv
import dataclasses
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from absl import flags

from retarget_tf import program
from retarget_tf.networks.config import MODEL_CONFIGS
from tests import testing

_MINUTES = flags.DEFINE_float("minutes", 10, "how long; a training that has begun is finished", lower_bound=0.01)
_PRESETS = flags.DEFINE_multi_enum("preset", list(MODEL_CONFIGS), list(MODEL_CONFIGS), "what to train")
_MOST = flags.DEFINE_integer("most_disturbed", 10, "disturbances of one training, which is then left alone")
_SEED = flags.DEFINE_integer("seed", 0, "seed of all that happens")

_STEPS = 12
_PATIENCE = 120  # seconds for a start to end or to be disturbed
Path = pathlib.Path


@dataclasses.dataclass
class Tally:
    """What happened.

    Attributes:
        counts: of each disturbance, and of the trainings that were finished.
        faults: of what must not happen, one line each.
    """

    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    faults: list[str] = dataclasses.field(default_factory=list)


def main() -> None:
    """Prints the tally; fails where there is a fault."""
    with tempfile.TemporaryDirectory() as folder:
        tally = soak(Path(folder), _PRESETS.value, _MINUTES.value * 60, _SEED.value, _MOST.value)
    for kind, count in sorted(tally.counts.items()):
        print(f"{kind:28s} {count}")
    for fault in tally.faults[:20]:
        print("FAULT", fault)
    sys.exit(1 if tally.faults else 0)


def soak(folder: Path, presets: list[str], seconds: float, seed: int, most_disturbed: int) -> Tally:
    """Disturbs trainings of the presets in turns, each at most so many times, in a folder."""
    from retarget_tf.dataset import records

    testing.make_five_people(folder / "clips")
    records.build_records([folder / "clips"], folder / "records", records.BuildConfig(segment_frames=4, test_share=0))
    dice, tally, number = random.Random(seed), Tally(), 0
    undisturbed = {preset: _undisturbed(folder, preset) for preset in presets}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        preset, number = presets[number % len(presets)], number + 1
        workdir = folder / f"work_{number}"
        code, starts, command = -1, 0, _command(folder, preset, workdir)
        while code != 0 and starts <= most_disturbed:
            happens = dice.choice([*_HAPPENINGS]) if starts < most_disturbed else "nothing"
            happened, code, errors = _disturb(happens, command, workdir, undisturbed[preset], dice)
            starts += 1
            tally.counts[f"{preset}: {happened}"] += 1
            if "Traceback" in errors or "Error:" in errors:
                tally.faults.append(f"{preset}, {happened}: {errors[-300:]}")
        tally.faults += [f"{preset}: {fault}" for fault in _differences(workdir, undisturbed[preset])]
    return tally


@dataclasses.dataclass(frozen=True)
class Undisturbed:
    """A training to which nothing happened: its folder, and the seconds that it took to its end and to a first step."""

    workdir: Path
    seconds: float
    first_step: float


def _command(folder: Path, preset: str, workdir: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "retarget_tf.train", f"--preset={preset}", f"--workdir={workdir}"),
        *(f"--records={folder / 'records'}", "--filters=4", "--batch_size=2", f"--steps={_STEPS}"),
        *("--checkpoint_every=1", "--log_every=1", "--sample_every=4"),
    ]


def _undisturbed(folder: Path, preset: str) -> Undisturbed:
    workdir, start, told = folder / preset, time.monotonic(), folder / f"{preset}.txt"
    with told.open("w") as stderr:
        process = subprocess.Popen(_command(folder, preset, workdir), stdout=subprocess.DEVNULL, stderr=stderr)
    while not any(workdir.glob("checkpoints/*.index")) and process.poll() is None:
        time.sleep(0.01)
    first_step = time.monotonic() - start
    assert process.wait() == 0, told.read_text()
    return Undisturbed(workdir, time.monotonic() - start, first_step)


def _disturb(
    happens: str, command: list[str], workdir: Path, like: Undisturbed, dice: random.Random
) -> tuple[str, int, str]:
    """Starts the training and lets something happen to it: returns what did, the exit code and what was printed."""
    full = happens == "disk full"
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: _limit_files(dice.randrange(1_000, 400_000))) if full else None,
    )
    if happens in _HAPPENINGS:
        _HAPPENINGS[happens](process, workdir, like, dice)
    _, errors = process.communicate(timeout=_PATIENCE)
    if process.returncode == 0:
        return "finished", 0, errors
    if process.returncode == -signal.SIGKILL and happens in _AFTERWARDS:
        _AFTERWARDS[happens](workdir / "checkpoints")
    return happens, process.returncode, errors


Happening = Callable[["subprocess.Popen[str]", Path, Undisturbed, random.Random], None]


def _kill_at_random(process: "subprocess.Popen[str]", workdir: Path, like: Undisturbed, dice: random.Random) -> None:
    # Most moments after the first step, where there is something to lose.
    earliest = dice.choice([0.0, like.first_step, like.first_step])
    _wait(process, dice.uniform(earliest, like.seconds))
    process.kill()


def _kill_in_a_write(process: "subprocess.Popen[str]", workdir: Path, like: Undisturbed, dice: random.Random) -> None:
    left, seen, end = dice.randrange(1, 30), _files(workdir), time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        now = _files(workdir)
        left -= len(now - seen)
        if left <= 0:
            process.kill()
            return
        seen = now


def _ask_to_stop(process: "subprocess.Popen[str]", workdir: Path, like: Undisturbed, dice: random.Random) -> None:
    _wait(process, dice.uniform(like.first_step, like.seconds))
    process.send_signal(dice.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))


_HAPPENINGS: dict[str, Happening] = {
    "killed": _kill_at_random,
    "killed in a write": _kill_in_a_write,
    "asked to stop": _ask_to_stop,
    "disk full": lambda *_: None,  # its limit was set before it started
    "killed, list lost": _kill_at_random,
    "killed, newest cut": _kill_in_a_write,
}


def _lose_list(checkpoints: Path) -> None:
    (checkpoints / "checkpoint").unlink(missing_ok=True)


def _cut_newest(checkpoints: Path) -> None:
    """Cuts the newest checkpoint short, where there is one before it to fall back on."""
    written = sorted(checkpoints.glob("ckpt-*.data-*"), key=lambda path: path.stat().st_mtime)
    if len(written) > 1:
        written[-1].write_bytes(written[-1].read_bytes()[: written[-1].stat().st_size // 2])


_AFTERWARDS: dict[str, Callable[[Path], None]] = {"killed, list lost": _lose_list, "killed, newest cut": _cut_newest}


def _wait(process: "subprocess.Popen[str]", seconds: float) -> None:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)


def _files(workdir: Path) -> set[str]:
    """Names of all files, those among them that are about to get other names too."""
    with contextlib.suppress(OSError):  # a folder is gone meanwhile
        return {str(path) for path in workdir.rglob("*") if "tensorboard" not in path.parts}
    return set()


def _limit_files(most_bytes: int) -> None:
    """What a full disk is to a program: no file may become larger."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


def _differences(workdir: Path, like: Undisturbed) -> list[str]:
    """What a training that was disturbed left otherwise than the one that was not."""
    from retarget_tf.networks import generator

    if not (workdir / "generator.keras").exists():
        return ["not finished when it was left alone"]
    weights, wanted = (generator.load_keras_generator(path)[0].get_weights() for path in (workdir, like.workdir))
    faults = [] if all((a == b).all() for a, b in zip(weights, wanted, strict=True)) else ["other weights"]
    if _losses(workdir) != _losses(like.workdir):
        faults.append("another history")
    names, wanted_names = ({path.name for path in at.rglob("*")} for at in (workdir, like.workdir))
    # A training that is asked to stop draws a sample at that step.
    other = {name for name in names ^ wanted_names if not name.startswith(("events.out", "step_"))}
    return [*faults, *(f"files differ: {sorted(other)}" for _ in [other] if other)]


def _losses(workdir: Path) -> list[dict[str, str]]:
    """The history without what time decides."""
    with (workdir / "history.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if name not in ("seconds", "images_per_second")} for row in rows]


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
