"""What RQ runs in processes of their own."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.frameworks.rq import Rq

QUEUE = "from rq import Queue\nqueue = Queue()\n"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (QUEUE, 1),
        ("import rq\nqueue = rq.Queue()\n", 1),
        ("import django_rq\nqueue = django_rq.get_queue('low')\n", 1),
        ("from queue import Queue  # not rq\nqueue = Queue()\n", 0),
    ],
)
def test_queue_owns_nothing(text: str, count: int) -> None:
    found = Rq().lifecycles(build_project({"main.py": text}))
    assert len(found) == count
    assert not any(one.owns(is_async=kind) for one in found for kind in (True, False))


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("from jobs import f\nqueue.enqueue(f, 1)\n", True),
        ("import jobs\nqueue.enqueue_in(hour, jobs.f)\n", True),
        ("import jobs\nqueue.enqueue_call(func=jobs.f)\n", True),
        ("queue.enqueue('jobs.f', 1)\n", True),
        ("import jobs\njobs.f()\n", False),
        ("from jobs import f\nqueue.enqueue(print, f)\n", False),
    ],
)
def test_job_is_what_is_put_into_a_queue(text: str, *, reached: bool) -> None:
    project = build_project({"main.py": QUEUE + text, "jobs.py": "def f(): pass\n"})
    (lifecycle,) = Rq().lifecycles(project)
    assert Rq().reaches(project, lifecycle, "jobs.py") is reached


def test_decorated_function_is_a_job() -> None:
    files = {"main.py": QUEUE, "jobs.py": "from rq.decorators import job\n@job('low')\ndef f(): pass\n"}
    project = build_project(files)
    (lifecycle,) = Rq().lifecycles(project)
    assert Rq().reaches(project, lifecycle, "jobs.py")
