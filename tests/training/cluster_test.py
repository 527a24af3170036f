"""Tests of TF_CONFIG: who is the chief, and what is refused."""

import json
import os
import pathlib
import subprocess

import pytest

from retarget_tf.errors import ConfigError
from retarget_tf.training import cluster
from retarget_tf.training.cluster import Cluster
from tests import testing

TWO = {"worker": ["one:2222", "two:2222"]}


def test_other_strategies_are_alone_whatever_tf_config_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "nonsense")
    for strategy in ("none", "mirrored"):
        assert cluster.read(strategy) == Cluster(workers=1, index=0)


@pytest.mark.parametrize(
    ("machines", "task", "expected"),
    [
        (TWO, ("worker", 0), Cluster(2, 0)),
        (TWO, ("worker", 1), Cluster(2, 1)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, ("chief", 0), Cluster(3, 0)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, ("worker", 0), Cluster(3, 1)),
    ],
)
def test_the_chief_is_the_task_of_that_type_or_the_first_worker(
    monkeypatch: pytest.MonkeyPatch, machines: dict[str, list[str]], task: tuple[str, int], expected: Cluster
) -> None:
    config = {"cluster": machines, "task": {"type": task[0], "index": task[1]}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    found = cluster.read("multi_worker")
    assert found == expected
    assert found.is_chief == (expected.index == 0)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "be JSON such as"),
        ("", "be JSON such as"),
        ("{'cluster': 1}", "be JSON such as"),
        ("[]", "name the workers as in"),
        ('{"cluster": {"worker": "one:2222"}, "task": {"type": "worker", "index": 0}}', "name the workers as in"),
        ('{"cluster": {"worker": ["one"]}, "task": {"type": "worker", "index": 0}}', "name the workers as in"),
        (
            '{"cluster": {"ps": ["one:1"]}, "task": {"type": "ps", "index": 0}}',
            "name tasks of the types chief and",
        ),
        (json.dumps({"cluster": TWO}), "name a task of its cluster"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker"}}), "name a task of its cluster"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker", "index": 2}}), "name a task of its cluster"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker", "index": True}}), "name a task of its cluster"),
        (json.dumps({"cluster": TWO, "task": {"type": ["worker"], "index": 0}}), "name a task of its cluster"),
    ],
)
def test_a_wrong_tf_config_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch, text: str | None, rule: str) -> None:
    if text is None:
        monkeypatch.delenv("TF_CONFIG", raising=False)
    else:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ConfigError) as refusal:
        cluster.read("multi_worker")
    assert str(refusal.value).startswith(f"TF_CONFIG must {rule}")
    assert str(refusal.value).endswith(f". Received: TF_CONFIG={text or ''}")


def make_program(folder: pathlib.Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / name).chmod(0o755)


def told(folder: pathlib.Path, command: list[str], **environment: str) -> list[str]:
    """The TF_CONFIGs with which a command starts the training, for which a program that prints it stands in."""
    make_program(folder, "retarget-train", 'echo "$TF_CONFIG"')
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(
        command, env={**environment, "PATH": path}, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


def check_two(monkeypatch: pytest.MonkeyPatch, configs: list[str], addresses: list[str]) -> None:
    assert [json.loads(config)["cluster"]["worker"] for config in configs] == [addresses] * 2
    for index, config in enumerate(configs):
        monkeypatch.setenv("TF_CONFIG", config)
        assert cluster.read("multi_worker") == Cluster(2, index)


def test_the_manifest_of_kubernetes_gives_each_pod_its_task(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    yaml = pytest.importorskip("yaml")
    service, job = yaml.safe_load_all((testing.ROOT / "docs" / "training_kubernetes.yaml").read_text(encoding="utf-8"))
    assert (service["kind"], service["spec"]["clusterIP"]) == ("Service", "None")
    [container] = job["spec"]["template"]["spec"]["containers"]
    given = {variable["name"]: variable["value"] for variable in container["env"]}
    assert int(given["WORKERS"]) == job["spec"]["completions"] == job["spec"]["parallelism"] == 2
    configs = [
        config for index in "01" for config in told(tmp_path, container["command"], JOB_COMPLETION_INDEX=index, **given)
    ]
    name = f"{job['metadata']['name']}-%d.{job['spec']['template']['spec']['subdomain']}:2222"
    check_two(monkeypatch, configs, [name % index for index in range(2)])


def test_the_script_of_slurm_gives_each_node_its_task(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    make_program(tmp_path, "scontrol", '[ "$1 $2 $3" = "show hostnames n[1-2]" ] && printf "n1\\nn2\\n"')
    make_program(tmp_path, "srun", 'shift; for SLURM_PROCID in 0 1; do export SLURM_PROCID; "$@"; done')
    script = str(testing.ROOT / "docs" / "training_slurm.sh")
    configs = told(tmp_path, ["bash", script], SLURM_JOB_NODELIST="n[1-2]", SLURM_JOB_ID="7")
    check_two(monkeypatch, configs, ["n1:2222", "n2:2222"])
