"""The source of the module that owns clients and pools, put together."""

from __future__ import annotations

import re
from dataclasses import replace

from httpx_fixer.analysis.site_facts import POOL_ARGUMENTS, SpecArgument
from httpx_fixer.frameworks import _injected_source, _pool_source
from httpx_fixer.frameworks._base import OwnedClient, OwnedPool, Ownership, Start
from httpx_fixer.frameworks._injected_source import names_of
from httpx_fixer.frameworks._layout import Import, import_lines, lay_out_with
from httpx_fixer.frameworks._older_python import suit_code, suit_imports
from httpx_fixer.frameworks._start_source import (
    WRAP_IMPORTS,
    WRAPPER,
    is_opener_needed,
    start_definitions,
    start_imports,
)
from httpx_fixer.patterns import compile_later

LIFESPAN = "http_lifespan"
STATE = 'getattr(app, "state", None)'
"""How a lifespan looks for the state that clients are put on, where an application may have none."""
_LIFESPAN_IMPORTS: tuple[Import, ...] = (
    ("collections.abc", "AsyncIterator", "AsyncIterator"),
    ("contextlib", "asynccontextmanager", "asynccontextmanager"),
)
_LIFESPANS = frozenset({Start.LIFESPAN, Start.WRAPPED})
_DEFINED = compile_later(r"^(?:async def |def |class |)(\w+)(?:\(|:| =)", re.MULTILINE)

_CLIENTS = '"""The HTTP clients that this service shares, opened and closed with the application."""'
_POOLS = '''\
"""HTTP clients over connections that this service shares.

While the application runs, clients made here send their requests over connections
that its lifespan opens and closes; headers, cookies, timeout and auth are each
client's own. Where no lifespan runs (tests, scripts, another event loop) a client
has connections of its own and closes them.
"""'''


_POOLS_OF_PROCESSES = '''\
"""HTTP clients over connections that this program shares.

While the program runs, clients made here send their requests over connections that
it opens at its start and closes at its end; headers, cookies, timeout and auth are
each client's own. Where it does not run (tests, scripts, another event loop) a client
has connections of its own and closes them.
"""'''


def imports_of(ownership: Ownership, application: Import) -> list[Import]:
    """Return everything that the definitions need."""
    found = _own_imports(ownership, application)
    for owned in _every(ownership):
        for argument in owned.arguments:
            found.update(argument.imports)
    return sorted(found)


def free_names(ownership: Ownership, application: Import) -> Ownership:
    """Import what the author's arguments read under other names where theirs are taken."""
    defined = names_defined(definitions(ownership, application))
    taken: dict[str, tuple[str, str]] = dict.fromkeys(defined, ("", ""))
    taken |= {bound: (module, name) for module, name, bound in _own_imports(ownership, application)}
    present = ownership.present
    if present is not None:
        known = (one for owned in _every(present) for a in owned.arguments for one in a.imports)
        taken |= {bound: (module, name) for module, name, bound in known}

    def free(argument: SpecArgument) -> SpecArgument:
        code, imports = argument.code, list[Import]()
        for module, name, bound in argument.imports:
            alias = (
                bound if taken.setdefault(bound, (module, name)) == (module, name) else _alias(module, bound)
            )
            code = code if alias == bound else re.sub(rf"(?<![\w.]){bound}\b", alias, code)
            imports.append((module, name, alias))
        return replace(argument, code=code, imports=tuple(imports))

    return replace(
        ownership,
        clients=tuple(replace(c, arguments=tuple(map(free, c.arguments))) for c in ownership.clients),
        pools=tuple(replace(p, arguments=tuple(map(free, p.arguments))) for p in ownership.pools),
    )


def _alias(module: str, bound: str) -> str:
    """Return `CLAY_CONFIG_TIMEOUT` for the `TIMEOUT` of `shop.clay.config`."""
    parts = [part for part in module.split(".") if part][-2:]
    alias = "_".join([*parts, bound])
    return alias.upper() if bound.isupper() else alias


def names_defined(code: str) -> list[str]:
    """Return the names that code defines at its top level."""
    return _DEFINED.findall(code)


def _every(ownership: Ownership) -> tuple[OwnedClient | OwnedPool, ...]:
    return (*ownership.clients, *ownership.pools)


def _own_imports(ownership: Ownership, application: Import) -> set[Import]:
    """Return what the definitions need whatever the arguments are."""
    found = start_imports(ownership)
    if _LIFESPANS & ownership.starts:
        found |= set(_LIFESPAN_IMPORTS)
    if Start.WRAPPED in ownership.starts:
        found |= set(WRAP_IMPORTS)
    if ownership.clients:
        found |= {*_injected_source.IMPORTS}
        if not ownership.may_lack_state:
            found.add(application)
        if ownership.injects:
            found |= set(_injected_source.FASTAPI_IMPORTS)
    if ownership.pools:
        found |= set(_pool_source.IMPORTS)
        for pool in ownership.pools:
            found |= set(_pool_source.imports_of_pool(pool))
        if Start.TRIO_ENTRY in ownership.starts and any(pool.is_async for pool in ownership.pools):
            found.add(("trio", "", "trio"))
        if is_opener_needed(ownership, is_async=True):
            found |= set(_pool_source.ASYNC_OPENER_IMPORTS)
        if is_opener_needed(ownership, is_async=False):
            found |= set(_pool_source.SYNC_OPENER_IMPORTS)
    found |= {(owned.library, "", owned.library) for owned in _every(ownership)}
    return suit_imports(ownership, found)


def definitions(ownership: Ownership, application: Import) -> str:
    """Return the definitions without imports."""
    parts: list[str] = []
    if ownership.pools:
        parts += _pool_source.pool_definitions(ownership)
    if ownership.clients:
        parts.append(_injected_source.NO_STORE)
        parts += [_build(ownership, client) for client in ownership.clients]
    if _LIFESPANS & ownership.starts:
        is_known = ownership.clients and not ownership.may_lack_state
        parts.append(_lifespan(ownership, application[2] if is_known else "object"))
    if Start.WRAPPED in ownership.starts:
        parts.append(WRAPPER)
    parts += start_definitions(ownership)
    parts += [_injected_source.provider(client, injects=ownership.injects) for client in ownership.clients]
    if ownership.injects and ownership.clients:
        parts.append("\n".join(_injected_source.alias_line(client) for client in ownership.clients) + "\n")
    return suit_code(ownership, "\n\n".join(parts))


def _pool_for(ownership: Ownership, client: OwnedClient) -> OwnedPool | None:
    """Return the pool that serves a client as well: that of its upstream, or the plain one."""
    pools = {one.key: one for one in ownership.pools if one.lends and one.is_async is client.is_async}
    needed = {(one.name, one.code) for one in client.arguments if one.name in POOL_ARGUMENTS}
    upstream = pools.get(client.key)
    given = {one.name: one.code for one in upstream.arguments} if upstream is not None else {}
    if client.key and given.keys() >= {"limits", "timeout"} and needed <= given.items():
        return upstream
    plain = pools.get("")
    return plain if plain is not None and not plain.arguments and not needed else None


def _build(ownership: Ownership, client: OwnedClient) -> str:
    """Return the function that builds a client, over a pool where one serves it."""
    pool = _pool_for(ownership, client)
    if pool is None:
        return _injected_source.builder(client, ownership.policy, "")
    given = {(one.name, one.code) for one in pool.arguments}
    own = tuple(one for one in client.arguments if (one.name, one.code) not in given)
    bare = replace(client, arguments=own)
    return _injected_source.builder(bare, ownership.policy, pool.lender)


def module_source(ownership: Ownership, application: Import, own: frozenset[str]) -> str:
    """Return the text of the whole module; `own` are the modules of the project that it imports."""
    header = header_of(ownership)
    gap = "\n\n" if ownership.pools else "\n\n\n"
    imports = import_lines(imports_of(ownership, application), own)
    return f"{header}\n\n{imports}{gap}{definitions(ownership, application)}"


def header_of(ownership: Ownership) -> str:
    """Return the docstring of a module, quotes included."""
    if not ownership.pools:
        return _CLIENTS
    return _POOLS if ownership.starts <= _LIFESPANS else _POOLS_OF_PROCESSES


def _lifespan(ownership: Ownership, application: str) -> str:
    lines = ["@asynccontextmanager", f"async def {LIFESPAN}(app: {application}) -> AsyncIterator[None]:"]
    indent = "    "
    for keyword, is_async in (("async with", True), ("with", False)):
        entered = [
            _pool_source.opening(is_async=is_async) for pool in ownership.pools if pool.is_async is is_async
        ][:1]
        entered += [_opening(client) for client in ownership.clients if client.is_async is is_async]
        if entered:
            lines += lay_out_with(keyword, entered, indent)
            indent += "    "
    states = [names_of(client).state for client in ownership.clients]
    if not states:
        return "\n".join([*lines, f"{indent}yield"]) + "\n"
    holder = "app.state"
    if ownership.may_lack_state:
        holder = "state"
        lines += [
            f"{indent}state = {STATE}",
            f"{indent}if state is None:  # an MCP server: its tools borrow",
            f"{indent}    yield",
            f"{indent}    return",
        ]
    lines += [f"{indent}{holder}.{state} = {state}" for state in states]
    lines += [f"{indent}try:", f"{indent}    yield", f"{indent}finally:"]
    lines += [f"{indent}    {holder}.{state} = None" for state in states]
    return "\n".join(lines) + "\n"


def _opening(client: OwnedClient) -> str:
    names = names_of(client)
    return f"{names.build}() as {names.state}"
