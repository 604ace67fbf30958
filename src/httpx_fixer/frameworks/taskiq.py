"""taskiq: the broker's worker events own, tasks borrow."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.frameworks._base import Start
from httpx_fixer.frameworks._objects import ObjectFramework
from httpx_fixer.patterns import compile_later


class Taskiq(ObjectFramework):
    """A taskiq worker runs all tasks of a process on one loop, sync ones in threads.

    The broker calls what is registered for `WORKER_STARTUP` before the first task and for
    `WORKER_SHUTDOWN` after the last; the broker in memory does so where it is started. Read and run
    in 0.13.0. https://taskiq-python.github.io/guide/state-and-deps.html#startup-and-shutdown
    """

    name: ClassVar[str] = "taskiq"
    modules: ClassVar[frozenset[str]] = frozenset({"taskiq"})
    words: ClassVar[tuple[str, ...]] = (
        "InMemoryBroker",
        "ZeroMQBroker",
        "ListQueueBroker",
        "ListQueueSentinelBroker",
        "ListQueueClusterBroker",
        "PubSubBroker",
        "PubSubSentinelBroker",
        "RedisStreamBroker",
        "RedisStreamSentinelBroker",
        "RedisStreamClusterBroker",
        "NatsBroker",
        "PushBasedJetStreamBroker",
        "PullBasedJetStreamBroker",
        "AioPikaBroker",
        "AioKafkaBroker",
        "SQSBroker",
        "AsyncpgBroker",
    )
    made: ClassVar[re.Pattern[str]] = compile_later(r"taskiq(?:_\w+)?\.(?:[\w.]+\.)?\w*Broker$")
    start: ClassVar[Start] = Start.HOOKS
    code: ClassVar[str] = (
        "{target}.add_event_handler({TaskiqEvents}.WORKER_STARTUP, {open})\n"
        "{target}.add_event_handler({TaskiqEvents}.WORKER_SHUTDOWN, {close})\n"
    )
    needs: ClassVar[tuple[tuple[str, str], ...]] = (("taskiq", "TaskiqEvents"),)
    registers: ClassVar[re.Pattern[str] | None] = compile_later(r"(?m)^\s*@[\w.]+\.task\b|\.register_task\(")
