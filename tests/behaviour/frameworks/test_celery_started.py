"""A Celery worker on a broker in the file system, under each pool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import celery  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest

from ..service import serve
from ..upstream import Received, Reply, Upstream, as_json
from .programs import Program, build_halves, work

TIMES = 3
TASKS = ("shop.tasks.refresh_price", "shop.tasks.forget_price")


def _answer(_: Received) -> Reply:
    return as_json({"cents": 899, "title": "Emma"})


def _queue(directory: Path, tasks: Sequence[str]) -> None:
    """Send tasks to a worker that starts later."""
    directory.mkdir()
    folders = {"data_folder_in": str(directory), "data_folder_out": str(directory)}
    folders["control_folder"] = str(directory.with_name("control"))
    app = celery.Celery("sender", broker="filesystem://")
    app.conf.broker_transport_options = folders
    with app.connection_for_write() as connection:
        for number in range(TIMES):
            for task in tasks:
                app.send_task(task, [str(number)], connection=connection)


def _run_worker(
    program: Program, pool: str, upstream: Upstream, app: str = "shop.celery", tasks: Sequence[str] = TASKS
) -> str:
    queue = program.directory / "queue"
    _queue(queue, tasks)
    options = [f"--pool={pool}", "--concurrency=1", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
    ended = work(
        program,
        ["-m", "celery", "-A", app, "worker", *options],
        lambda: upstream.wait_until(lambda: len(upstream.requests) == 2 * TIMES, seconds=15),
        QUEUE=str(queue),
        CATALOGUE_URL=upstream.url,
    )
    assert ended.code == 0, ended.said
    return ended.said


def test_each_task_has_a_connection_before(tmp_path: Path) -> None:
    before, _ = build_halves("client-per-request/celery-worker", tmp_path)
    with Upstream(_answer) as upstream:
        _run_worker(before, "solo", upstream)
        assert upstream.connections == 2 * TIMES
    assert before.pools() == (2 * TIMES, 2 * TIMES)


@pytest.mark.parametrize("pool", ["solo", "prefork", "threads", "gevent"])
def test_tasks_of_a_process_share_connections_that_it_closes(pool: str, tmp_path: Path) -> None:
    _, after = build_halves("client-per-request/celery-worker", tmp_path)
    with Upstream(_answer) as upstream:
        said = _run_worker(after, pool, upstream)
        assert f"concurrency: 1 ({pool.removesuffix('s')})" in said
        assert said.count("succeeded in") == 2 * TIMES
        assert "unclosed" not in said
        assert "MonkeyPatchWarning" not in said
        assert upstream.connections == 1
        assert upstream.wait_until_idle()
    assert after.pools() == (1, 1)


def test_helper_of_a_worker_and_a_service_borrows_in_both(tmp_path: Path) -> None:
    _, after = build_halves("client-per-request/celery-beside-fastapi", tmp_path)
    with Upstream(_answer) as upstream:
        tasks = ("shop.worker.refresh_price", "shop.worker.refresh_title")
        said = _run_worker(after, "solo", upstream, "shop.worker", tasks)
        assert said.count("succeeded in") == 2 * TIMES
        # The sync tasks share one; a coroutine on a loop of its own has its own each time.
        assert upstream.connections == 1 + TIMES
        assert upstream.wait_until_idle()
        assert after.pools() == (1 + TIMES, 1 + TIMES)
        upstream.forget()
        with serve(after.directory, "shop.main:app", {"CATALOGUE_URL": upstream.url}) as service:
            for path in ("title/1", "price/1") * TIMES:
                assert httpx.get(f"{service.url}/{path}", trust_env=False).status_code == 200
            assert upstream.connections == 2
            assert service.stop() == 0
            assert "Warning" not in service.said.read_text()
        assert upstream.wait_until_idle()


def test_tasks_that_a_worker_discovers_borrow_as_the_service_does(tmp_path: Path) -> None:
    _, after = build_halves("client-per-request/celery-discovers-tasks-beside-fastapi", tmp_path)
    with Upstream(_answer) as upstream:
        said = _run_worker(after, "solo", upstream, "library.worker", ("loans.remind",))
        assert said.count("succeeded in") == TIMES
        assert upstream.wait_until_idle()
        assert (upstream.connections, *after.pools()) == (1, 1, 1)
        upstream.forget()
        with serve(after.directory, "library.web.main:app", {"CATALOGUE_URL": upstream.url}) as service:
            for _ in range(TIMES):
                assert httpx.get(f"{service.url}/address/1", trust_env=False).json() == "Emma"
            assert upstream.connections == 1
            assert service.stop() == 0
        assert upstream.wait_until_idle()
