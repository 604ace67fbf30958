"""What a framework finds in a small project, and what it would change there."""

from __future__ import annotations

from collections.abc import Mapping

from small_projects import build_project

from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, AddDecorator, InsertStatements, ReplaceExpression
from httpx_fixer.frameworks._base import Framework, OwnedPool, Ownership
from httpx_fixer.settings import Policy

POOLS = (OwnedPool("httpx", "AsyncClient", "", ()), OwnedPool("httpx", "Client", "", ()))


def find_names(framework: Framework, files: Mapping[str, str]) -> list[str]:
    """Return where the lifecycles of a project are, and how they are called."""
    lifecycles = framework.lifecycles(build_project(files))
    return [f"{one.path}:{one.call.line} {one.app.name}" for one in lifecycles]


def find_reached(framework: Framework, files: Mapping[str, str]) -> list[str]:
    """Return the files that the first lifecycle runs."""
    project = build_project(files)
    lifecycle = framework.lifecycles(project)[0]
    return [path for path in project.files if framework.reaches(project, lifecycle, path)]


def find_started(framework: Framework, files: Mapping[str, str]) -> list[str]:
    """Return the names of the lifecycles that start by themselves."""
    project = build_project(files)
    return [one.app.name for one in framework.lifecycles(project) if framework.starts(project, one)]


def wire(
    framework: Framework, files: Mapping[str, str], pools: tuple[OwnedPool, ...] = POOLS
) -> list[str] | RefusalReason:
    """Return what the first lifecycle is changed to, imports left out, or why it is not."""
    project = build_project(files)
    lifecycles = framework.lifecycles(project)
    ownership = Ownership("shop/http_client.py", False, False, (), pools, lifecycles[:1], Policy())
    edits = framework.wire(project, ownership, lifecycles[0])
    if isinstance(edits, Refusal):
        return edits.reason
    return [code for edit in edits if (code := _code_of(edit))]


def _code_of(edit: object) -> str:
    match edit:
        case InsertStatements(where=where, code=code):
            return f"{where}: {code}"
        case AddArgument(name=name, code=code):
            return f"{name}={code}"
        case AddDecorator(code=code):
            return f"@{code}"
        case ReplaceExpression(code=code):
            return code
    return ""
