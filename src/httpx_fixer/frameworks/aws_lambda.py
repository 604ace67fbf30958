"""AWS Lambda: an environment serves one call after another and keeps what its module holds."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit, InsertStatements
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework, is_demonstration, is_imported, place_of
from httpx_fixer.frameworks._start_source import KEEP
from httpx_fixer.patterns import compile_later

_HANDLER = compile_later(r"(?m)^\ufeff?def (\w+)\(\s*\w*event\b")
_CONTEXTS = frozenset({"context", "_context", "ctx", "_ctx", "lambda_context", "_lambda_context"})
_TEMPLATES = ("template.yaml", "template.yml", "serverless.yml", "serverless.yaml")
"""What tells AWS which function to call."""
_POSITIONAL = frozenset({"plain", "positional-only"})


class AwsLambda(ProcessFramework):
    """Lambda imports a handler's module once and calls `handler(event, context)` for each request in turn.

    Connections are kept from the import on, as a client at module level is, which is right as it is
    and not reported. They are never closed by a call: the next one uses them. An `asyncio.run` in the
    handler makes an event loop a call, so that async clients have no owner. Nothing of AWS is
    needed to run a handler, and none was used to try this.
    https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    """

    name: ClassVar[str] = "aws-lambda"
    modules: ClassVar[frozenset[str]] = frozenset()

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the functions of modules that take an event and a context and are called so."""
        handlers = project.remember("handlers of lambda", lambda: _find_handlers(project))
        return tuple(Lifecycle(self.name, one.symbol, place_of(one), Start.EXIT) for one in handlers)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that keep connections from the import of the handler's module on."""
        if is_imported(project, ownership, lifecycle.path, KEEP):
            return ()
        edits = _asgi.import_edits(project, ownership, lifecycle.path, KEEP)
        if isinstance(edits, Refusal):
            return edits
        imports = project.last_import(lifecycle.path)
        if imports is None:
            return (*edits, InsertStatements(lifecycle.call.anchor, "before", f"{KEEP}()\n"))
        return (*edits, InsertStatements(imports, "after", f"\n{KEEP}()\n"))


def _find_handlers(project: Project) -> tuple[Function, ...]:
    """Return the first handler of each module."""
    found: list[Function] = []
    for path in project.search.mentions(b"event"):
        text = project.search.text(path)
        names = _HANDLER.findall(text) if "context" in text.lower() or "ctx" in text else []
        candidates = (project.function(Symbol(path, name)) for name in names)
        handler = next((one for one in candidates if one is not None and _is_handler(project, one)), None)
        if handler is not None and not is_demonstration(path):
            found.append(handler)
    return tuple(found)


def _is_handler(project: Project, function: Function) -> bool:
    needed = [one for one in function.parameters if not one.has_default and one.kind in _POSITIONAL]
    if function.is_async or function.is_generator or len(needed) != 2:
        return False
    context = needed[1]
    if context.annotation.rpartition(".")[2] == "LambdaContext":
        return True
    if context.name not in _CONTEXTS:
        return False
    return function.name.endswith("handler") or _is_told(project, function)


def _is_told(project: Project, function: Function) -> bool:
    """Answer whether a template names a function: `Handler: orders/queue.handle`, from its directory on."""
    module = function.path.removesuffix(".py").replace("/", ".").rpartition(".")[2]
    named = re.compile(rf"(?im)^\s*-?\s*handler\s*:.*\b{module}\.{function.name}\b")
    directories = function.path.split("/")[:-1]
    places = ["/".join(directories[:count]) for count in range(len(directories) + 1)]
    files = (f"{place}/{name}".lstrip("/") for place in places for name in _TEMPLATES)
    found = (project.bytes_of(file) for file in files)
    return any(named.search(data.decode(errors="replace")) for data in found if data is not None)
