"""Which injected clients and pools there will be, and which site gets which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from httpx_fixer.analysis.site_facts import Origin, SpecArgument
from httpx_fixer.frameworks._base import OwnedClient, OwnedPool
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._borrowers import Borrower
from httpx_fixer.rules._candidates import Candidate
from httpx_fixer.rules._sharing import MOVABLE, Split
from httpx_fixer.rules._upstreams import find_upstream
from httpx_fixer.settings import Policy, Upstream
from httpx_fixer.values import dataclass

_SPECIAL = frozenset({"verify", "cert", "proxy", "proxies", "mounts", "transport"})
_DISABLED = {"verify": "unverified", "trust_env": "direct"}
"""What a client is without an argument; one that trusts no environment heeds no proxy of it."""
_TRANSPORTS = {
    "proxy": "proxy",
    "uds": "socket",
    "retries": "retrying",
    "local_address": "local",
    "http2": "http2",
}
"""What an argument of a transport makes of the clients that use it."""
_Key = tuple[str, str, tuple[tuple[str, str], ...], str]
"""(library, class, arguments as (name, value), name of the upstream or "")."""


@dataclass(frozen=True, slots=True)
class Served:
    """A candidate with the client that serves it and the arguments that move to its calls."""

    candidate: Candidate
    client: OwnedClient
    moves: tuple[SpecArgument, ...]


def serve_candidates(
    splits: Mapping[Candidate, Split], policy: Policy, present: Sequence[OwnedClient] = ()
) -> Iterator[Served]:
    """Yield for every candidate its client: one client per upstream and set of arguments that cannot move.

    A `present` client that fits is taken as it is.
    """
    groups: dict[_Key, list[Candidate]] = {}
    for candidate, split in splits.items():
        spec = candidate.site.spec
        upstream = find_upstream(candidate.site, policy)
        known = find_fitting(clients_of(present, upstream, policy), candidate, split)
        if known is not None:
            needed = {a.name for a in known.arguments if not is_by_policy(a)}
            moves = (*split.moves, *(a for a in split.stays if a.name in MOVABLE - needed))
            yield Served(candidate, known, moves)
            continue
        fixed = tuple(sorted((a.name, _value_of(a)) for a in split.stays if a.name not in MOVABLE))
        name = "" if upstream is None else upstream.name
        groups.setdefault((spec.library, spec.class_name, fixed, name), []).append(candidate)
    names = name_groups({key: _fixed(splits[members[0]].stays) for key, members in groups.items()}, present)
    for key, members in groups.items():
        common = _common_arguments(members, splits)
        first = {a.name: a for a in splits[members[0]].stays if a.name not in MOVABLE or a.name in common}
        first = {**_numbers_of(find_upstream(members[0].site, policy), key[0], policy), **first}
        shared = tuple(replace(first[name], line=0) for name in sorted(first))
        client = OwnedClient(key[0], key[1], names[key], shared)
        for candidate in members:
            split = splits[candidate]
            extra = tuple(a for a in split.stays if a.name in MOVABLE and a.name not in common)
            yield Served(candidate, client, (*split.moves, *extra))


_BY_POLICY = compile_later(
    r"\w+\.(?:Timeout\(connect=[^,]+, read=[^,]+, write=[^,]+, pool=[^,]+\)"
    r"|Limits\(max_connections=[^,]+, max_keepalive_connections=[^,]+, keepalive_expiry=[^,]+\))"
)


def is_by_policy(argument: SpecArgument) -> bool:
    """Answer whether an argument of a client that an earlier run made was added by it.

    All phases or sizes are written out then; the user may have changed the numbers since.
    """
    return argument.name in {"timeout", "limits"} and _BY_POLICY.fullmatch(argument.normal) is not None


def find_fitting(present: Sequence[OwnedClient], candidate: Candidate, split: Split) -> OwnedClient | None:
    """Return the client of an earlier run that was made for just such a site."""
    given = {a.name: _value_of(a) for a in split.stays}
    for client in present:
        own = {a.name: _value_of(a) for a in client.arguments}
        needed = {a.name for a in client.arguments if not is_by_policy(a)}
        fixed = {name for name in given if name not in MOVABLE}
        if is_like(client, candidate) and all(given.get(name) == own.get(name) for name in needed | fixed):
            return client
    return None


def is_like(client: OwnedClient, candidate: Candidate) -> bool:
    """Answer whether a client and a site are of the same class."""
    spec = candidate.site.spec
    return (client.library, client.class_name) == (spec.library, spec.class_name)


def serve_borrowers(
    borrowers: Sequence[Borrower], policy: Policy, present: Sequence[OwnedPool] = ()
) -> dict[Borrower, OwnedPool]:
    """Return for every borrower its pool: one pool per upstream and set of arguments that make one.

    Pools that are `present` are reused under their names.
    """
    groups: dict[_Key, list[Borrower]] = {}
    for borrower in borrowers:
        fixed = tuple(sorted((a.name, _value_of(a)) for a in borrower.pool_arguments))
        spec, upstream = borrower.site.spec, find_upstream(borrower.site, policy)
        name = "" if upstream is None else upstream.name
        # A top-level request names no class: it is sent by a sync client.
        groups.setdefault((spec.library, spec.class_name or "Client", fixed, name), []).append(borrower)
    known = {_key_of(pool, policy): pool for pool in present}
    fresh = {key: members[0].pool_arguments for key, members in groups.items() if key not in known}
    names = name_groups(fresh, present)
    served: dict[Borrower, OwnedPool] = {}
    for key, members in groups.items():
        given = {a.name: replace(a, line=0) for a in members[0].pool_arguments}
        numbers = _numbers_of(find_upstream(members[0].site, policy), key[0], policy)
        arguments = tuple(one for _, one in sorted({**numbers, **given}.items()))
        fresh_pool = OwnedPool(key[0], key[1], names.get(key, ""), arguments, lends=False)
        pool = known.get(key, fresh_pool)
        pool = replace(
            pool,
            takes_class=pool.takes_class or any(member.names_class for member in members),
            lends=pool.lends or not all(member.lasts for member in members),
            lasts=pool.lasts or any(member.lasts for member in members),
            chosen=tuple(sorted({*pool.chosen, *(one for member in members for one in member.chosen)})),
        )
        served.update((member, pool) for member in members)
    return served


def _key_of(pool: OwnedPool, policy: Policy) -> _Key:
    upstream = next((one for one in policy.upstreams if one.name == pool.key), None)
    own = pool.arguments if upstream is None else [a for a in pool.arguments if not is_by_policy(a)]
    fixed = tuple(sorted((a.name, _value_of(a)) for a in own))
    return pool.library, pool.class_name, fixed, "" if upstream is None else upstream.name


def clients_of(
    present: Sequence[OwnedClient], upstream: Upstream | None, policy: Policy
) -> list[OwnedClient]:
    """Return the clients of an earlier run that serve an upstream; those that serve none where it is None."""
    names = {one.name for one in policy.upstreams}
    wanted = "" if upstream is None else upstream.name
    return [client for client in present if (client.key if client.key in names else "") == wanted]


def _numbers_of(upstream: Upstream | None, library: str, policy: Policy) -> dict[str, SpecArgument]:
    """Return the timeout and the limits of an upstream as arguments."""
    if upstream is None:
        return {}
    numbers = policy.of(upstream)
    codes = {
        "timeout": numbers.timeout.code(f"{library}.Timeout"),
        "limits": numbers.limits.code(f"{library}.Limits"),
    }
    return {
        name: SpecArgument(name, code, code, Origin.LITERAL, (), 0, frozenset(), frozenset(), has_call=False)
        for name, code in codes.items()
    }


def name_groups(
    groups: Mapping[_Key, Sequence[SpecArgument]], present: Sequence[OwnedClient | OwnedPool] = ()
) -> dict[_Key, str]:
    """Name each set of arguments after its upstream or what differs; the plainest has no name."""
    names: dict[_Key, str] = {}
    for key in sorted(groups, key=lambda key: (len(key[2]), key)):
        taken = {one.key for one in present if (one.library, one.class_name) == key[:2]}
        used = taken | {names[other] for other in names if other[:2] == key[:2]}
        is_lone = not taken and not any(other[:2] == key[:2] for other in groups if other != key)
        names[key] = _free(key[3], used) if key[3] else _name_group(groups[key], used, is_lone=is_lone)
    return names


def _name_group(arguments: Sequence[SpecArgument], used: set[str], *, is_lone: bool) -> str:
    fixed = {a.name: a for a in sorted(arguments, key=lambda a: a.name)}
    is_special = fixed.keys() & _SPECIAL or ("base_url" in fixed and not is_lone)
    if "" not in used and not is_special:
        return ""
    name = _name_upstream(fixed["base_url"]) if "base_url" in fixed else ""
    if not name:
        first = next(iter(fixed), "plain")
        name = _DISABLED.get(first, first) if first in fixed and fixed[first].normal == "False" else first
        name = "proxy" if name == "proxies" else name
        name = _name_transport(fixed[first]) if first in {"mounts", "transport"} else name
        name = _name_value(fixed.get(first)) or name if name in used else name
    return _free(name, used)


def _name_transport(argument: SpecArgument) -> str:
    """Return `retrying` for `AsyncHTTPTransport(retries=3)`, `proxy` for one that says `proxy=`."""
    said = (
        name for word, name in _TRANSPORTS.items() if re.search(rf"\b{word}=(?!None\b|0\b)", argument.normal)
    )
    return next(said, "") or _name_maker(argument) or argument.name


def _name_maker(argument: SpecArgument) -> str:
    """Return `pinned` for `build_pinned_transport()` or `PinnedTransport()`, "" for what has no name."""
    called = re.match(r"(?:\w+\.)*(\w+)\(", argument.normal)
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", called[1]) if called is not None else []
    unspoken = {"async", "build", "create", "get", "http", "httpx", "make", "new", "sync", "transport"}
    return "_".join(word.lower() for word in words if word.lower() not in unspoken)


def _name_value(argument: SpecArgument | None) -> str:
    """Return `ssl_context` for `get_ssl_context()`, "" for what has no name."""
    code = argument.normal if argument is not None and argument.name in {"cert", "verify"} else ""
    named = re.fullmatch(r"[\w.]*?(?:(?:get|make|build|create|load)_)?_?([a-z]\w*)(?:\(\))?", code.lower())
    return "" if named is None or code in {"True", "False"} else named[1].strip("_")


def _free(name: str, used: set[str]) -> str:
    number, base = 2, name
    while name in used | {"http", "sync_http"}:  # the names of the plainest
        name = f"{base}{number}"
        number += 1
    return name


def _name_upstream(argument: SpecArgument) -> str:
    """Return `billing` for `settings.billing_url`, `github` for `"https://api.github.com"`."""
    host = re.search(r"://([\w.-]+)", argument.code)
    if host is not None:
        parts = [p for p in host[1].lower().split(".") if p not in {"api", "www", "com", "org", "net", "io"}]
        return re.sub(r"\W", "_", parts[0]) if parts and parts[0][0].isalpha() else ""
    last = argument.code.rpartition(".")[2].lower()
    last = re.sub(r"_?(?:base|api|service|server|url|uri|host|endpoint|address)(?=_|$)", "", last).strip("_")
    return last if last.isidentifier() else _name_module(argument)


def _name_module(argument: SpecArgument) -> str:
    """Return `billing` where the value comes from `shop.billing.config`."""
    module = argument.imports[-1][0] if argument.imports else ""
    parts = [
        p for p in module.lower().split(".") if p and not re.match(r"(?:app|config|const|core|setting)", p)
    ]
    return parts[-1] if len(parts) > 1 else ""


def _value_of(argument: SpecArgument) -> str:
    """Return what two arguments share only if they mean the same: `TIMEOUT` of two modules is two values."""
    code = argument.normal
    for module, name, bound in (*argument.imports, *argument.late_imports):
        meaning = f"{module}.{name}" if name else module
        code = re.sub(rf"(?<![\w.]){re.escape(bound)}\b", meaning, code)
    return code


def _fixed(arguments: Sequence[SpecArgument]) -> tuple[SpecArgument, ...]:
    return tuple(a for a in arguments if a.name not in MOVABLE)


def _common_arguments(members: Sequence[Candidate], splits: Mapping[Candidate, Split]) -> frozenset[str]:
    """Return the movable arguments that every member gives alike."""
    given = [{a.name: _value_of(a) for a in splits[member].stays if a.name in MOVABLE} for member in members]
    return frozenset(name for name in given[0] if all(other.get(name) == given[0][name] for other in given))
