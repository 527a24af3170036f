"""Reads from TF_CONFIG which machines train together, and which of them this one is.

    TF_CONFIG='{"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}'

Every machine has the same `cluster` and a `task` of its own. The chief is the task of type `chief` if there is one, as
Kubeflow has it, or else the first worker.
"""

import dataclasses
import json
import os
import re
from typing import Any

from retarget_tf.errors import ConfigError

_EXAMPLE = '{"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}'
_ADDRESS = re.compile(r"\S+:\d{1,5}")


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The machines that train together; one by default.

    Attributes:
        workers: Number of machines.
        index: Position of this machine, from 0. Machine 0 is the chief, which alone writes the workdir.
    """

    workers: int = 1
    index: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this machine writes the workdir."""
        return self.index == 0


def read(strategy: str) -> Cluster:
    """Returns the cluster of TF_CONFIG for the strategy `multi_worker`, and this machine alone for the others.

    Raises:
        ConfigError: TF_CONFIG is missing, is no JSON, or does not name the workers and this machine's task.
    """
    if strategy != "multi_worker":
        return Cluster()
    text = os.environ.get("TF_CONFIG", "")
    try:
        value = json.loads(text)
    except ValueError:
        raise _refusal(f"be JSON such as {_EXAMPLE} for strategy=multi_worker", text) from None
    cluster, task = (value.get(name) if isinstance(value, dict) else None for name in ("cluster", "task"))
    if not isinstance(cluster, dict) or not cluster or not all(_are_addresses(jobs) for jobs in cluster.values()):
        raise _refusal(f"name the workers as in {_EXAMPLE}", text)
    if strange := cluster.keys() - {"chief", "worker"}:
        raise _refusal(f"name tasks of the types chief and worker, not {min(strange)}", text)
    places = [(job, index) for job in ("chief", "worker") for index in range(len(cluster.get(job, ())))]
    place = (task.get("type"), task.get("index")) if isinstance(task, dict) else None
    if place not in places or isinstance(place[1], bool):
        raise _refusal('name a task of its cluster as {"type": "worker", "index": 0}', text)
    return Cluster(len(places), places.index(place))


def _are_addresses(jobs: Any) -> bool:
    return isinstance(jobs, list) and all(isinstance(job, str) and _ADDRESS.fullmatch(job) for job in jobs)


def _refusal(rule: str, text: str) -> ConfigError:
    return ConfigError(f"TF_CONFIG must {rule}. Received: TF_CONFIG={text}")
