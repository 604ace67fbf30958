"""Huey: each process of a consumer owns connections for the sync clients of its tasks."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.frameworks._base import Start
from httpx_fixer.frameworks._objects import ObjectFramework
from httpx_fixer.frameworks._start_source import KEEP
from httpx_fixer.patterns import compile_later


class Huey(ObjectFramework):
    """A Huey consumer runs tasks in threads, greenlets, or processes that it forks.

    It calls its start and shutdown hooks once for every worker: in threads the first one that ends
    would close what the tasks of the others still use. So connections are kept from when the object
    is made until the process ends, and in each fork on their own. Tasks are sync functions: a
    coroutine in one runs on a loop of its own. Read and run in 3.5.4, with threads and processes.
    https://huey.readthedocs.io/en/latest/consumer.html#worker-types
    """

    name: ClassVar[str] = "huey"
    modules: ClassVar[frozenset[str]] = frozenset({"huey"})
    words: ClassVar[tuple[str, ...]] = (
        "Huey",
        "MemoryHuey",
        "SqliteHuey",
        "CySqliteHuey",
        "PostgresHuey",
        "RedisHuey",
        "RedisExpireHuey",
        "PriorityRedisHuey",
        "PriorityRedisExpireHuey",
        "FileHuey",
        "SqlHuey",
    )
    made: ClassVar[re.Pattern[str]] = compile_later(r"huey\.(?:[\w.]+\.)?\w*Huey$")
    start: ClassVar[Start] = Start.EXIT
    code: ClassVar[str] = f"{KEEP}()\n"
    registers: ClassVar[re.Pattern[str] | None] = compile_later(r"(?m)^\s*@[\w.]+\.(?:periodic_)?task\b")
