"""What Celery applications are made of, what their workers load, and how they are told to own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from small_projects import build_project

from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import EnsureImport, InsertStatements
from httpx_fixer.frameworks._base import Ownership, Start
from httpx_fixer.frameworks.celery import Celery
from httpx_fixer.settings import Policy

APP = "from celery import Celery\napp = Celery('shop')\n"


def _reaches(files: Mapping[str, str], path: str = "shop/tasks.py") -> bool:
    project = build_project({"shop/__init__.py": "", **files})
    (lifecycle,) = Celery().lifecycles(project)
    return Celery().reaches(project, lifecycle, path)


@pytest.mark.parametrize(
    "text",
    [
        APP,
        "import celery\napp = celery.Celery('shop')\n",
        "from celery.app import Celery as Queue\nQueue()\napp: object = Queue('shop')\n",
        f"{APP}class Own(Celery): pass\n",
    ],
)
def test_application_has_hooks_and_owns_sync_clients_only(text: str) -> None:
    (lifecycle,) = Celery().lifecycles(build_project({"shop/celery.py": text, "shop/__init__.py": ""}))
    assert lifecycle.app.name == "app"
    assert lifecycle.start is Start.SYNC_HOOKS
    assert not lifecycle.owns(is_async=True)
    assert lifecycle.owns(is_async=False)


@pytest.mark.parametrize(
    "files",
    [
        {"shop/app.py": APP, "shop/tasks.py": "from shop.app import app\n@app.task\ndef f(): pass\n"},
        {
            "shop/app.py": APP,
            "shop/tasks.py": "from .app import app as a\n@a.task(bind=True)\ndef f(s): pass\n",
        },
        {
            "shop/app.py": APP,
            "shop/tasks.py": "from celery import shared_task\n@shared_task\ndef f(): pass\n",
        },
        {"shop/app.py": APP, "shop/tasks.py": "import celery\n@celery.shared_task()\ndef f(): pass\n"},
        {"shop/app.py": APP, "shop/tasks.py": "from shop import app\napp.app.register_task(T())\n"},
        {"shop/app.py": APP.replace(")", ", include=['shop.tasks'])"), "shop/tasks.py": ""},
        {"shop/app.py": f"import shop.tasks\n{APP}", "shop/tasks.py": ""},
        {"shop/app.py": f"{APP}app.autodiscover_tasks(['shop'])\n", "shop/tasks.py": ""},
        {"shop/app.py": f"{APP}app.autodiscover_tasks(lambda: ['shop'])\n", "shop/tasks.py": ""},
        {"shop/app.py": f"{APP}app.autodiscover_tasks()\n", "shop/tasks.py": ""},
        {
            "shop/app.py": f"{APP}app.autodiscover_tasks(['shop.tasks'], related_name=None)\n",
            "shop/tasks.py": "",
        },
        {"shop/app.py": f"{APP}app.conf.update(include=['shop.tasks'])\n", "shop/tasks.py": ""},
        {"shop/app.py": f"{APP}app.conf.imports = ('shop.tasks',)\n", "shop/tasks.py": ""},
        {
            "shop/app.py": f"{APP}app.config_from_object('shop.conf')\n",
            "shop/conf.py": "imports = ('shop.tasks',)\n",
            "shop/tasks.py": "",
        },
        {
            "shop/app.py": f"{APP}app.config_from_object('shop.conf:Conf', namespace='CELERY')\n",
            "shop/conf.py": "class Conf:\n    CELERY_IMPORTS = [\n        'shop.tasks',\n    ]\n",
            "shop/tasks.py": "",
        },
    ],
)
def test_worker_loads_the_modules_of_its_tasks(files: Mapping[str, str]) -> None:
    assert _reaches(files)


@pytest.mark.parametrize(
    "tasks",
    [
        "def f(): pass\n",
        "from other import app\n@app.task\ndef f(): pass\n",
        "from prefect import shared_task\n@shared_task\ndef f(): pass\n",
    ],
)
def test_worker_does_not_load_other_modules(tasks: str) -> None:
    assert not _reaches({"shop/app.py": APP, "shop/tasks.py": tasks})


@pytest.mark.parametrize(
    "discovered", ["['shop.mail']", "['shop'], related_name='jobs'", "related_name='jobs'", "settings.APPS"]
)
def test_worker_does_not_load_what_is_not_discovered(discovered: str) -> None:
    app = f"{APP}app.autodiscover_tasks({discovered})\n"
    assert not _reaches({"shop/app.py": app, "shop/tasks.py": "def f(): pass\n"})


def test_worker_runs_what_its_tasks_import() -> None:
    files = {
        "shop/app.py": APP,
        "shop/tasks.py": "from shop import prices\nfrom shop.app import app\n@app.task\ndef f(): pass\n",
        "shop/prices.py": "",
    }
    assert _reaches(files, "shop/prices.py")


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (APP, set()),
        (f"from celery.signals import worker_init\n{APP}", set()),
        (f"{APP}def worker_init(): pass\n", {"worker_init"}),
        ("from celery import Celery\ndef f(worker_shutdown):\n    app = Celery()\n", {"worker_shutdown"}),
    ],
)
def test_four_signals_are_connected(text: str, taken: set[str]) -> None:
    project = build_project(
        {"shop/app.py": f"from shop import x\n{text}", "shop/__init__.py": "", "shop/x.py": ""}
    )
    framework = Celery()
    lifecycles = framework.lifecycles(project)
    ownership = Ownership("shop/http_client.py", False, False, (), (), lifecycles, Policy())
    edits = framework.wire(project, ownership, lifecycles[0])
    assert not isinstance(edits, Refusal)
    (inserted,) = (edit for edit in edits if isinstance(edit, InsertStatements))
    aliases = {e.name: e.alias for e in edits if isinstance(e, EnsureImport) and e.module == "celery.signals"}
    assert {name for name, alias in aliases.items() if alias is not None} == taken
    assert all(f"{alias or name}.connect(" in inserted.code for name, alias in aliases.items())
    assert len(aliases) == 4
