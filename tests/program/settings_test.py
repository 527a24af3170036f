"""Tests of settings that describe themselves: their checks, and the flags made of them."""

import dataclasses
import pathlib
import subprocess
import sys
import textwrap
from typing import Any, Literal

import pytest

from retarget_tf.errors import ConfigError
from retarget_tf.program.settings import check, of_preset, setting
from tests import testing


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drink:
    """Has a field of every kind; `colour` and `size` have no default here."""

    litres: float = setting(0.5, "how much", above=0, maximum=2)
    cups: int = setting(1, "how many", minimum=1)
    kind: Literal["hot", "cold"] = setting("hot", "how")
    sugar: int | None = setting(None, "pieces", minimum=0, below=10)
    size: int = setting(help="in millimetres", minimum=1)
    secret: int = -1

    def __post_init__(self) -> None:
        check(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tea(Drink):
    """Has a field of its own."""

    size: int = 8
    leaves: str = setting("green", "which", choices=("green", "black"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Water(Drink):
    """Has another default."""

    size: int = 20


DRINKS: dict[str, type[Drink]] = {"tea": Tea, "water": Water}


def test_defaults_hold_and_none_passes() -> None:
    assert Tea() == Tea(litres=0.5, cups=1, kind="hot", sugar=None, size=8, leaves="green")
    assert Tea(litres=2, sugar=0).litres == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"litres": 0}, "litres must be above 0 and at most 2. Received: litres=0"),
        ({"litres": 2.5}, "litres must be above 0 and at most 2. Received: litres=2.5"),
        ({"litres": float("nan")}, "litres must be above 0 and at most 2. Received: litres=nan"),
        ({"cups": 0}, "cups must be at least 1. Received: cups=0"),
        ({"sugar": 10}, "sugar must be at least 0 and below 10. Received: sugar=10"),
        ({"kind": "warm"}, "kind must be one of hot, cold. Received: kind=warm"),
        ({"leaves": "blue"}, "leaves must be one of green, black. Received: leaves=blue"),
        ({"size": 0}, "size must be at least 1. Received: size=0"),  # described by the class above
    ],
)
def test_a_value_that_is_not_allowed_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Tea(**values)
    assert str(refusal.value) == sentence


def test_a_preset_is_built_with_changes() -> None:
    assert of_preset(DRINKS, "water", {}) == Water(size=20)
    assert of_preset(DRINKS, "tea", {"cups": 3, "secret": 5}) == Tea(cups=3, secret=5)


@pytest.mark.parametrize(
    ("preset", "values", "sentence"),
    [
        ("milk", {}, "preset must be one of tea, water. Received: preset=milk"),
        ("water", {"leaves": "green"}, "leaves is no setting of water, it is one of tea. Received: leaves=green"),
        ("water", {"lemon": 1}, "lemon is no setting of water. Received: lemon=1"),
    ],
)
def test_a_setting_of_another_preset_is_refused_by_name(preset: str, values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        of_preset(DRINKS, preset, values)
    assert str(refusal.value) == sentence


PROGRAM = '''
    """Pours."""

    import dataclasses

    from absl import flags

    from retarget_tf import program
    from retarget_tf.program.settings import check, define_flags, given, setting
    from tests.program.settings_test import DRINKS

    @dataclasses.dataclass(frozen=True)
    class Party:
        guests: int = setting(help="how many come", minimum=1)
        names: tuple[str, ...] = setting(("Ada", "Bob"), "who")
        loud: bool = setting(False, "music")
        secret: int = -1

        def __post_init__(self):
            check(self)

    _DRINK = flags.DEFINE_enum("drink", "tea", list(DRINKS), "what")
    _PARTY = define_flags(Party, "at home: ")
    _OF_DRINK = define_flags(DRINKS)

    def main():
        print(Party(**given(_PARTY)))
        print(given(_OF_DRINK))
        print(program.flagfile_text(main), end="")

    program.run(main)
'''


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("settings") / "pour.py"
    path.write_text(textwrap.dedent(PROGRAM))
    return path


def run(script: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *arguments]
    environment = {"PYTHONPATH": str(testing.ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)


@pytest.mark.slow
def test_flags_become_settings_again(script: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = run(script, "--guests=3", "--names=Cy,Di", "--loud", "--leaves=black", "--cups=2")
    party, drink, *flagfile = done.stdout.splitlines()
    assert party == "Party(guests=3, names=('Cy', 'Di'), loud=True, secret=-1)"
    assert drink == "{'litres': 0.5, 'cups': 2, 'kind': 'hot', 'leaves': 'black'}"
    (tmp_path / "flags.txt").write_text("\n".join(flagfile))
    again = run(script, f"--flagfile={tmp_path / 'flags.txt'}")
    assert again.stdout == done.stdout
    plain = run(script, "--guests=1").stdout.splitlines()
    assert plain[0] == "Party(guests=1, names=('Ada', 'Bob'), loud=False, secret=-1)"


def test_help_says_what_a_setting_is(script: pathlib.Path) -> None:
    text = run(script, "--help").stdout
    assert "  --guests: at home: how many come; at least 1 (required)\n" in text
    assert "  --loud: at home: music (default: False)\n" in text
    assert "  --litres: how much; above 0 and at most 2 (default: 0.5)\n" in text
    assert "  --kind: <hot|cold>: how (default: hot)\n" in text
    assert "  --sugar: pieces; at least 0 and below 10\n" in text
    assert "  --size: in millimetres; at least 1 (default: 8 for tea, 20 for water)\n" in text
    assert "  --leaves: <green|black>: tea only: which (default: green)\n" in text
    assert "--secret" not in text


@pytest.mark.slow
def test_mistakes_are_one_line_and_exit_with_2(script: pathlib.Path) -> None:
    for arguments, reason in {
        ("--cups=2",): "--guests must be given.",
        ("--guests=0",): "guests must be at least 1. Received: guests=0",
        ("--guests=1", "--kind=warm"): "kind must be one of hot, cold. Received: kind=warm.",
    }.items():
        done = run(script, *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert reason in done.stderr
