"""Flask: it tells nothing of its end, so that the process owns, and only what is synchronous."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.frameworks._base import Start
from httpx_fixer.frameworks._start_source import KEEP
from httpx_fixer.frameworks._web_application import WebFramework


class Flask(WebFramework):
    """Flask has no hook for the end of a process; `teardown_appcontext` runs after every request.

    Connections are kept from when the application is made until the process ends, in each process
    that is forked from it (gunicorn, with and without `--preload`) on their own. An `async def` view
    runs on an event loop of its own for each request, so that async clients have no owner. Read and
    run in 3.1.3.
    https://flask.palletsprojects.com/en/stable/async-await/
    """

    name: ClassVar[str] = "flask"
    package: ClassVar[str] = "flask"
    modules: ClassVar[frozenset[str]] = frozenset({"flask"})
    classes: ClassVar[frozenset[str]] = frozenset({"flask.Flask", "flask.app.Flask"})
    start: ClassVar[Start] = Start.EXIT
    statements: ClassVar[tuple[str, ...]] = (f"{KEEP}()",)
    opening: ClassVar[tuple[str, ...]] = (KEEP,)
