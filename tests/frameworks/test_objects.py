"""Which brokers, schedulers and dispatchers own, what their processes load, and what is added behind them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from small_projects import build_project

from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import InsertStatements
from httpx_fixer.frameworks._base import Ownership, Start
from httpx_fixer.frameworks._objects import ObjectFramework, find_target
from httpx_fixer.frameworks.aiogram import Aiogram
from httpx_fixer.frameworks.apscheduler import APScheduler
from httpx_fixer.frameworks.dramatiq import Dramatiq
from httpx_fixer.frameworks.faststream import FastStream
from httpx_fixer.frameworks.taskiq import Taskiq
from httpx_fixer.settings import Policy

SCHEDULER = "from apscheduler.schedulers.background import BackgroundScheduler\n"


@pytest.mark.parametrize(
    ("framework", "text", "start"),
    [
        (APScheduler(), f"{SCHEDULER}made = BackgroundScheduler()\n", Start.SYNC_HOOKS),
        (
            APScheduler(),
            "import apscheduler.schedulers.blocking as b\nmade = b.BlockingScheduler()\n",
            Start.SYNC_HOOKS,
        ),
        (Taskiq(), "from taskiq_redis import ListQueueBroker\nmade = ListQueueBroker('')\n", Start.HOOKS),
        (Taskiq(), "import taskiq\nmade = taskiq.InMemoryBroker()\n", Start.HOOKS),
        (FastStream(), "from faststream.asgi import AsgiFastStream\nmade = AsgiFastStream()\n", Start.HOOKS),
        (
            Dramatiq(),
            "from dramatiq.brokers.redis import RedisBroker\nmade = RedisBroker()\n",
            Start.SYNC_HOOKS,
        ),
        (Aiogram(), "from aiogram import Dispatcher\nmade = Dispatcher()\nmade.run_polling()\n", Start.HOOKS),
    ],
)
def test_object_that_is_told_of_the_start(framework: ObjectFramework, text: str, start: Start) -> None:
    (lifecycle,) = framework.lifecycles(build_project({"main.py": text}))
    assert lifecycle.app.name == "made"
    assert lifecycle.start is start


@pytest.mark.parametrize(
    ("framework", "text"),
    [
        (
            APScheduler(),
            "from apscheduler.schedulers.asyncio import AsyncIOScheduler\na = AsyncIOScheduler()\n",
        ),
        (Taskiq(), "from faststream.redis import RedisBroker\nbroker = RedisBroker()\n"),
        (Dramatiq(), "from faststream.redis import RedisBroker\nbroker = RedisBroker()\n"),
        (FastStream(), "class FastStream: pass\napp = FastStream()\n"),
        (Aiogram(), "from aiogram import Dispatcher\ndp = Dispatcher()\ndp.start_polling()\n"),
    ],
)
def test_object_of_something_else_is_none(framework: ObjectFramework, text: str) -> None:
    assert framework.lifecycles(build_project({"main.py": text})) == ()


def test_scheduler_of_a_web_application_is_left_to_it() -> None:
    files = {
        "jobs.py": f"{SCHEDULER}scheduler = BackgroundScheduler()\n",
        "main.py": "import jobs\nfrom fastapi import FastAPI\napp = FastAPI()\n",
    }
    assert APScheduler().lifecycles(build_project(files)) == ()
    assert len(APScheduler().lifecycles(build_project({**files, "main.py": "import jobs\n"}))) == 1


@pytest.mark.parametrize(
    ("framework", "files", "reached"),
    [
        (
            Taskiq(),
            {
                "broker.py": "import taskiq\nb = taskiq.InMemoryBroker()\n",
                "t.py": "import broker\n@broker.b.task\n",
            },
            True,
        ),
        (
            Taskiq(),
            {"broker.py": "import taskiq\nb = taskiq.InMemoryBroker()\n", "t.py": "import broker\n"},
            False,
        ),
        (
            Dramatiq(),
            {
                "broker.py": "from dramatiq.brokers.stub import StubBroker\nb = StubBroker()\n",
                "t.py": "from dramatiq import actor\n@actor\ndef f(): pass\n",
            },
            True,
        ),
        (
            Dramatiq(),
            {
                "broker.py": "from dramatiq.brokers.stub import StubBroker\nb = StubBroker()\n",
                "t.py": "from stage import actor\n@actor\ndef f(): pass\n",
            },
            False,
        ),
    ],
)
def test_process_runs_modules_that_register_with_the_object(
    framework: ObjectFramework, files: Mapping[str, str], *, reached: bool
) -> None:
    project = build_project(files)
    (lifecycle,) = framework.lifecycles(project)
    assert framework.reaches(project, lifecycle, "t.py") is reached


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("b = InMemoryBroker()\n", "b"),
        ("b: object = InMemoryBroker().with_middlewares(m)\n", "b"),
        ("b = (\n    InMemoryBroker()\n    .with_middlewares(m)\n)\n", "b"),
        ("self.brokers.main = InMemoryBroker()\n", "self.brokers.main"),
        ("ключ = InMemoryBroker()\n", "ключ"),
        ("b = wrap(InMemoryBroker())\n", ""),
        ("b = (\n    wrap(InMemoryBroker())\n)\n", ""),
        ("b == InMemoryBroker()\n", ""),
        ("run(InMemoryBroker())\n", ""),
    ],
)
def test_name_of_what_is_made(text: str, target: str) -> None:
    project = build_project({"main.py": f"from taskiq import InMemoryBroker\n{text}"})
    (lifecycle,) = Taskiq().lifecycles(project)
    assert find_target(project, lifecycle.call) == target


def _wire(framework: ObjectFramework, text: str) -> str | RefusalReason:
    project = build_project(
        {"shop/__init__.py": "", "shop/x.py": "", "shop/m.py": f"from shop import x\n{text}"}
    )
    lifecycles = framework.lifecycles(project)
    ownership = Ownership("shop/http_client.py", False, False, (), (), lifecycles, Policy())
    edits = framework.wire(project, ownership, lifecycles[0])
    if isinstance(edits, Refusal):
        return edits.reason
    return "".join(edit.code for edit in edits if isinstance(edit, InsertStatements))


def test_names_that_are_taken_get_others() -> None:
    text = f"{SCHEDULER}def atexit(): pass\ns = BackgroundScheduler()\n"
    assert _wire(APScheduler(), text) == (
        "s.add_listener(open_sync_http_pools, EVENT_SCHEDULER_STARTED)\n"
        "apscheduler_atexit.register(close_sync_http_pools)\n"
    )


@pytest.mark.parametrize(
    ("framework", "text", "reason"),
    [
        (
            FastStream(),
            "from faststream import FastStream\ndef f():\n    return FastStream()\n",
            RefusalReason.LIFESPAN_UNKNOWN,
        ),
        (
            Dramatiq(),
            "from dramatiq.brokers.redis import RedisBroker\nclass HttpPools: pass\nb = RedisBroker()\n",
            RefusalReason.NAME_CLASH,
        ),
    ],
)
def test_object_that_cannot_be_told(framework: ObjectFramework, text: str, reason: RefusalReason) -> None:
    assert _wire(framework, text) is reason
