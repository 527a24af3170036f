"""Tests of the choice of a precision."""

import pathlib
from typing import Any

import pytest
import tensorflow as tf

from retarget_tf.training import precision


@pytest.mark.parametrize(
    ("flags", "policy"),
    [
        ("fpu avx2 avx512f avx512_bf16", "mixed_bfloat16"),
        ("fpu amx_bf16 amx_tile", "mixed_bfloat16"),
        ("fpu avx2 avx512f", "float32"),
    ],
)
def test_auto_asks_the_processor(
    flags: str, policy: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_gpu(monkeypatch)
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: any\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    monkeypatch.setattr(precision, "_CPU_FLAGS", cpuinfo)
    assert precision.choose("auto") == policy


def test_auto_where_no_file_tells_the_processors_flags(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_gpu(monkeypatch)
    monkeypatch.setattr(precision, "_CPU_FLAGS", tmp_path / "missing")
    assert precision.choose("auto") == "float32"


@pytest.mark.parametrize(
    ("details", "policy"),
    [
        ({"compute_capability": (9, 0)}, "mixed_bfloat16"),
        ({"compute_capability": (7, 5)}, "float32"),
        ({}, "float32"),
    ],
)
def test_auto_asks_the_gpu_first(details: dict[str, Any], policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
    monkeypatch.setattr(precision, "_cpu_flags", lambda: pytest.fail("the processor does not matter beside a GPU"))
    assert precision.choose("auto") == policy


def test_a_policy_is_taken_as_it_is() -> None:
    assert precision.choose("mixed_float16") == "mixed_float16"
    assert precision.choose("float32", "mixed_bfloat16") == "float32"


@pytest.mark.parametrize("began", ["float32", "mixed_bfloat16"])
def test_auto_keeps_what_the_training_began_with(began: precision.Policy) -> None:
    assert precision.choose("auto", began) == began


def _without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
