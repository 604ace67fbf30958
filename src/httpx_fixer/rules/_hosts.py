"""What takes in routes, handlers or tasks of the project and goes on, and that no framework here knows."""

from __future__ import annotations

import re

from httpx_fixer.analysis.project import Project
from httpx_fixer.patterns import compile_later

_ROUTERS = ("fastapi.APIRouter", "flask.Blueprint", "quart.Blueprint", "sanic.Blueprint")
"""Routes that an application takes in."""
_HANDLERS = (
    *(b"telegram.ext", b"discord.ext", b"from aiogram", b"telebot", b"slack_bolt", b"slack_sdk.socket_mode"),
    *(b"import pyrogram", b"from pyrogram", b"from telethon", b"disnake", b"nextcord", b"vkbottle"),
)
"""What is imported by handlers that a bot takes in."""
_PACKAGES = (
    *("blacksheep", "bottle", "botpy", "chainlit", "chalice", "cherrypy", "connexion", "dash", "emmett"),
    *("errbot", "esmerald", "falcon", "faust", "flet", "functions_framework", "gradio", "hikari", "hug"),
    *("interactions", "khl", "kopf", "litserve", "maubot", "mesop", "nicegui", "opsdroid", "panel"),
    *("pipecat", "procrastinate", "pyramid", "rasa_sdk", "reflex", "robyn", "saq", "solara", "sopel"),
    *("starlite", "streamlit", "twitchio", "werobot"),
)
_PARTS = (
    *("ariadne.asgi", "azure.functions", "livekit.agents", "ray.serve", "strawberry.asgi"),
    *("temporalio.activity", "temporalio.worker", "tornado.web"),
)
"""What pages, services, bots and workers import, and little else; of the latter the module itself, too."""
_SERVED = compile_later(
    r"\bdef[ \t]+\w+\((?:self,\s*)?env(?:iron)?\b[^,)]*,\s*start_response\b"
    r"|\basync[ \t]+def[ \t]+\w+\(\s*(?:self,\s*)?scope\b[^,)]*,\s*receive\b[^,)]*,\s*send\b"
    r"|\bsocketio\.(?:Async)?Server\(|\bweb\.application\(|\badd_event_callback\("
    r"|\b(?:uvicorn|hypercorn)\.(?:run|serve|Config|Server)\(|\bweb\.run_app\("
    r"|\bclass[ \t]+\w+\([\w.]*_grpc\.\w+Servicer\)"
)
"""What a server calls that asks for no framework, or whose framework is known by what it does."""
_MARKS = (
    *(b"start_response", b"receive", b"socketio", b"web.application", b"add_event_callback", b"Servicer"),
    *(b"uvicorn", b"hypercorn", b"web.run_app"),
)
"""Words of which one is in each of them."""
ASIDE = compile_later(
    r"^(?:examples?|docs?|docs_src|benchmarks?|tools|notebooks?|samples?|demos?|tutorials?|cookbooks?)/"
    r"|^(?:\.github|load_?test\w*)/"
    r"|(?:^|/)(?:scripts?|migrations|alembic)/"
)
"""Directories of programs that run once, or are there to be read, seen from where a project begins."""
DEMONSTRATION = compile_later(
    r"(?:^|/)(?:demo|docs|example|sample|scaffold|skeleton|template|tutorial)[\w-]*/"
)


def serves_others(project: Project, path: str) -> bool:
    """Answer whether a module is loaded with routes, pages, handlers or tasks of the project."""
    servers = project.remember("modules that serve others", lambda: _find_servers(project))
    return any(path in project.imports.import_closure(one) for one in servers)


def is_aside(project: Project, path: str) -> bool:
    """Answer whether a path leads through such a directory: `examples/`, `sdks/python/examples/`."""
    if ASIDE.search(path) is not None:
        return True
    root = project.packaging.root_of(path)
    return root is not None and ASIDE.search(path[len(root) :].lstrip("/")) is not None


def _find_servers(project: Project) -> tuple[str, ...]:
    search = project.search
    found = {
        call.path
        for name in _ROUTERS
        for call in project.calls_named(name.rpartition(".")[2])
        if call.symbol is not None and call.symbol.name == name
    }
    found = found.union(*(search.mentions(word) for word in _HANDLERS))
    for name in (*_PACKAGES, *_PARTS):
        pattern = _build_import(name)
        mentioning = search.mentions(name.partition(".")[0].encode())
        found.update(
            path
            for path in mentioning
            if pattern.search(search.text(path)) and not _is_own(project, path, name)
        )
    marked = {path for mark in _MARKS for path in search.mentions(mark)}
    found.update(path for path in marked if _SERVED.search(search.text(path)))
    kept = (path for path in found if not (is_aside(project, path) or DEMONSTRATION.search(path)))
    return tuple(sorted(kept))


def _is_own(project: Project, path: str, name: str) -> bool:
    """Answer whether a module of that name is one of the project's."""
    return project.imports.module_of_import(path, name.partition(".")[0], "") is not None


def _build_import(name: str) -> re.Pattern[str]:
    """Return how a module of that name is imported at the level of a module: `from ray import serve`."""
    package, _, part = name.rpartition(".")
    given = rf"|from[ \t]+{re.escape(package)}[ \t]+import[ \t]+[^#\n]*\b{part}\b" if package else ""
    return re.compile(rf"(?m)^\ufeff?(?:(?:from|import)[ \t]+{re.escape(name)}\b{given})")
