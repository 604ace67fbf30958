"""The module that the tool writes into a user's package, rendered and imported."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.site_facts import Origin, SpecArgument
from httpx_fixer.frameworks._base import Lifecycle, OwnedClient, OwnedPool, Ownership, Start
from httpx_fixer.frameworks._owner_source import module_source
from httpx_fixer.settings import LimitsPolicy, Policy, TimeoutPolicy
from httpx_fixer.source import Anchor, Position

FASTAPI = ("fastapi", "FastAPI", "FastAPI")
STARLETTE = ("starlette.applications", "Starlette", "Starlette")
_PLACE = Anchor("main.py", "Call", Position(1, 0), Position(1, 9))
CALL = Call("main.py", "", None, None, "", (), _PLACE, _PLACE, None)
SMALL = Policy("small", TimeoutPolicy(5.0, 5.0, 5.0, 0.5), LimitsPolicy(2, 2, 30.0))
"""A pool of two connections, for which nobody waits longer than half a second."""


def literal(name: str, code: str, *imports: tuple[str, str, str]) -> SpecArgument:
    """Return a constructor argument that the author wrote out."""
    return SpecArgument(name, code, code, Origin.LITERAL, imports, 1, frozenset(), frozenset(), False)


def pool(
    library: str, class_name: str, key: str = "", *arguments: SpecArgument, takes_class: bool = False
) -> OwnedPool:
    """Return a pool that the module is to own."""
    return OwnedPool(library, class_name, key, arguments, takes_class)


def plain_pools(library: str) -> tuple[OwnedPool, ...]:
    """Return the pools behind `http_client()` and `sync_http_client()`."""
    return pool(library, "AsyncClient"), pool(library, "Client")


def plain_clients(library: str) -> tuple[OwnedClient, ...]:
    """Return the clients behind `HttpClient` and `SyncHttpClient`."""
    return OwnedClient(library, "AsyncClient", "", ()), OwnedClient(library, "Client", "", ())


def render(  # noqa: PLR0913 - what a module may differ in, each with a default
    *,
    pools: Sequence[OwnedPool] = (),
    clients: Sequence[OwnedClient] = (),
    policy: Policy | None = None,
    starlette: bool = False,
    starts: Sequence[Start] = (),
    python: tuple[int, ...] | None = None,
) -> str:
    """Return the text of the module for lifecycles that start in some forms, else for a lifespan."""
    lifecycles = tuple(Lifecycle("any", Symbol("main.py", "app"), CALL, start) for start in starts)
    ownership = Ownership(
        "owner.py",
        False,
        not starlette,
        tuple(clients),
        tuple(pools),
        lifecycles,
        policy or Policy(),
        python=python,
    )
    return module_source(ownership, STARLETTE if starlette else FASTAPI, frozenset())


def load(text: str, directory: Path, name: str = "generated_owner") -> ModuleType:
    """Write the module into a directory and import it anew."""
    path = directory / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
