"""Owning modules that an earlier run wrote: found by their shape and read back."""

from __future__ import annotations

import re
from dataclasses import fields, replace

from httpx_fixer.analysis.definitions import read_definitions
from httpx_fixer.analysis.facts import Definition
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import SpecArgument
from httpx_fixer.frameworks._base import OwnedClient, OwnedPool, Ownership, Start
from httpx_fixer.frameworks._injected_source import names_of
from httpx_fixer.frameworks._owner_source import LIFESPAN, STATE
from httpx_fixer.frameworks._start_source import KEEP, OPEN, OPEN_SYNC, POOLS, SYNC_POOLS, TRIO_POOLS, WRAP
from httpx_fixer.patterns import compile_later
from httpx_fixer.settings import LimitsPolicy, Policy, TimeoutPolicy
from httpx_fixer.source import SourceFile

_BUILDER = compile_later(r"build_(\w+)_client")
_TABLES = {"_POOLS": "AsyncClient", "_SYNC_POOLS": "Client"}
_STARTS = {
    LIFESPAN: Start.LIFESPAN,
    WRAP: Start.WRAPPED,
    POOLS: Start.ENTRY,
    TRIO_POOLS: Start.TRIO_ENTRY,
    SYNC_POOLS: Start.SYNC_ENTRY,
    OPEN: Start.HOOKS,
    KEEP: Start.EXIT,
    OPEN_SYNC: Start.SYNC_HOOKS,
}
"""What each form of start defines; the last stands there for other forms, too."""
_LIBRARY = compile_later(r"\b(httpx2?)\.create_ssl_context\(")
_CHOSEN = compile_later(r"\boptions((?:, '\w+')+)\)")
_STATE = compile_later(re.escape(STATE).replace('"', "[\"']"))
_NUMBER = compile_later(r"\b(\w+)=(\d+(?:\.\d+)?|None)\b")


def find_owners(project: Project, policy: Policy) -> tuple[Ownership, ...]:
    """Return what the modules of the project own that have the shape of ours, in order of path."""
    paths = sorted({path for name in _STARTS for path in project.search.mentions(f"def {name}(".encode())})
    found = (_read_owner(path, definitions_of(project, path), policy) for path in paths)
    return tuple(
        replace(owner, python=project.oldest_python(owner.path)) for owner in found if owner is not None
    )


def definitions_of(project: Project, path: str) -> dict[str, Definition]:
    """Return what a file defines at its top level: {name: definition}."""
    data = project.bytes_of(path)
    found = () if data is None else read_definitions(SourceFile(path, data))
    return {definition.name: definition for definition in found}


def _read_owner(path: str, found: dict[str, Definition], policy: Policy) -> Ownership | None:
    """Read a module back; None where it owns nothing in the way that we write it.

    Arguments are as they stand there, numbers of the policy included.
    """
    pools = tuple(pool for name in _TABLES for pool in _read_pools(name, found))
    clients = tuple(client for one in found.values() if (client := _read_client(one, found)) is not None)
    starts = frozenset(start for name, start in _STARTS.items() if name in found)
    if starts & {Start.HOOKS, Start.EXIT}:
        starts -= {Start.SYNC_HOOKS}
    if not starts or not (pools or clients):
        return None
    return Ownership(
        path,
        is_inline=False,
        injects=any(names_of(client).provide in found for client in clients),
        clients=tuple(sorted(clients, key=lambda client: (client.class_name, client.key))),
        pools=tuple(sorted(pools, key=lambda pool: (pool.class_name, pool.key))),
        lifecycles=(),
        policy=_read_policy(found, clients, policy),
        earlier_starts=starts,
        takes_proxies="_POOL_OPTIONS" in found and "'proxies'" in found["_POOL_OPTIONS"].normal,
        earlier_lacks_state=LIFESPAN in found and _STATE.search(found[LIFESPAN].normal) is not None,
    )


def _read_pools(table: str, found: dict[str, Definition]) -> list[OwnedPool]:
    context = _LIBRARY.search(found["_ssl_context"].normal) if "_ssl_context" in found else None
    if table not in found or context is None:
        return []
    pools: list[OwnedPool] = []
    for name, arguments in found[table].rows:
        key = _key_of(name, _TABLES[table])
        if key is None:
            continue
        pool = OwnedPool(context[1], _TABLES[table], key, _unplace(arguments))
        if pool.maker in found:
            pool = replace(pool, arguments=_unplace(found[pool.maker].arguments))
        lenders = [found[one] for one in (pool.lender, pool.lasting_lender) if one in found]
        if lenders:
            pools.append(
                replace(
                    pool,
                    takes_class=any("build" in lender.parameters for lender in lenders),
                    lends=pool.lender in found,
                    lasts=pool.lasting_lender in found,
                    chosen=_read_chosen(found.get(pool.lender)),
                )
            )
    return pools


def _read_chosen(lender: Definition | None) -> tuple[str, ...]:
    """Return what else a lender names, behind the table of options that it hands on."""
    given = _CHOSEN.search(lender.normal) if lender is not None else None
    return () if given is None else tuple(re.findall(r"\w+", given[1]))


def _read_client(definition: Definition, found: dict[str, Definition]) -> OwnedClient | None:
    built = _BUILDER.fullmatch(definition.name)
    callee = definition.callee
    if built is None or not callee:
        return None
    library, _, class_name = callee.rpartition(".")
    if not library:  # borrowed from a pool
        table = next((name for name in _TABLES if callee in dict(found[name].rows)), "") if found else ""
        context = _LIBRARY.search(found["_ssl_context"].normal) if table else None
        if context is None:
            return None
        library, class_name = context[1], _TABLES[table]
    key = _key_of(f"{built[1]}_client", class_name)
    if library not in {"httpx", "httpx2"} or class_name not in _TABLES.values() or key is None:
        return None
    given = tuple(argument for argument in definition.arguments if "_NoStore" not in argument.code)
    client = OwnedClient(library, class_name, key, _unplace(given))
    names = names_of(client)
    return client if names.provide in found or names.borrow in found else None


def _key_of(name: str, class_name: str) -> str | None:
    """Return the key of `billing_client` or `sync_billing_client`, "" for `http_client`."""
    if class_name == "Client":
        if not name.startswith("sync_"):
            return None
        name = name.removeprefix("sync_")
    key = name.removesuffix("_client")
    return "" if key == "http" else key


def _unplace(arguments: tuple[SpecArgument, ...]) -> tuple[SpecArgument, ...]:
    return tuple(replace(argument, line=0) for argument in arguments)


def _read_policy(found: dict[str, Definition], clients: tuple[OwnedClient, ...], policy: Policy) -> Policy:
    """Return the numbers that are in force, as far as they are written out."""
    timeout = found["TIMEOUT"].normal if "TIMEOUT" in found else ""
    limits = found["LIMITS"].normal if "LIMITS" in found else ""
    given = {argument.name: argument.normal for client in clients for argument in client.arguments}
    seconds = _read_numbers(timeout or given.get("timeout", ""))
    sizes = _read_numbers(limits or given.get("limits", ""))
    if seconds.keys() == {field.name for field in fields(TimeoutPolicy)}:
        phases = {name: value for name, value in seconds.items() if value is not None}
        policy = replace(policy, timeout=replace(policy.timeout, **phases))
    if sizes.keys() == {field.name for field in fields(LimitsPolicy)}:
        policy = replace(policy, limits=_build_limits(sizes))
    return policy


def _build_limits(sizes: dict[str, float | None]) -> LimitsPolicy:
    most, idle = sizes["max_connections"], sizes["max_keepalive_connections"]
    return LimitsPolicy(
        None if most is None else int(most), None if idle is None else int(idle), sizes["keepalive_expiry"]
    )


def _read_numbers(code: str) -> dict[str, float | None]:
    return {name: None if text == "None" else float(text) for name, text in _NUMBER.findall(code)}
