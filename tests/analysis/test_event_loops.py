"""For how long a loop lives that sync code runs a coroutine on."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.project import Project


def _run_of(body: str) -> tuple[Project, Call]:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    project = build_project({"bridge.py": f"import asyncio\nloops = {{}}\ndef wait(self, c):\n{lines}"})
    (run,) = project.calls_in("bridge.py", "run_until_complete", "run_coroutine_threadsafe")
    return project, run


@pytest.mark.parametrize(
    "body",
    [
        "asyncio.new_event_loop().run_until_complete(c)",
        "loop = asyncio.new_event_loop()\nloop.run_until_complete(c)",
        "loop = asyncio.new_event_loop()\nasyncio.set_event_loop(loop)\nloop.run_until_complete(c)\n"
        "loop.close()",
        "from asyncio import new_event_loop\nloop = new_event_loop()\nreturn loop.run_until_complete(c)",
    ],
)
def test_loop_of_one_call(body: str) -> None:
    project, run = _run_of(body)
    assert project.event_loops.is_made_per_call(run)
    assert project.event_loops.kept == ()


@pytest.mark.parametrize(
    "body",
    [
        "self._loop.run_until_complete(c)",
        "loops[1].run_until_complete(c)",
        "self.find_loop().run_until_complete(c)",
        "loop = self._loop\nloop.run_until_complete(c)",
        "global loop\nloop = asyncio.new_event_loop()\nloop.run_until_complete(c)",
        "loop = loops.setdefault(1, asyncio.new_event_loop())\nloop.run_until_complete(c)",
        "loop = loops.get(1)\nif loop is None:\n    loop = loops[1] = asyncio.new_event_loop()\n"
        "loop.run_until_complete(c)",
        "loop = asyncio.new_event_loop()\nself.loop = loop\nloop.run_until_complete(c)",
        "try:\n    loop = asyncio.get_event_loop()\nexcept RuntimeError:\n"
        "    loop = asyncio.new_event_loop()\n    asyncio.set_event_loop(loop)\nloop.run_until_complete(c)",
        "asyncio.run_coroutine_threadsafe(c, self._loop).result()",
    ],
)
def test_loop_that_is_kept(body: str) -> None:
    project, run = _run_of(body)
    assert not project.event_loops.is_made_per_call(run)
    assert project.event_loops.kept == (run,)


def test_loop_of_a_caller_is_neither() -> None:
    project = build_project({"bridge.py": "def wait(loop, c):\n    loop.run_until_complete(c)\n"})
    (run,) = project.calls_in("bridge.py", "run_until_complete")
    assert not project.event_loops.is_made_per_call(run)
    assert project.event_loops.kept == ()
