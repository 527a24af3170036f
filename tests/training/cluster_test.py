"""Tests of TF_CONFIG: who is the chief, and what is refused."""

import json

import pytest

from retarget_tf.errors import ConfigError
from retarget_tf.training import cluster
from retarget_tf.training.cluster import Cluster

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
