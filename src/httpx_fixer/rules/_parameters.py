"""Under which names functions on the way to several sites get their clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.site_facts import ClientSite, WithBlock
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import OwnedClient
from httpx_fixer.rules._clients import Served
from httpx_fixer.rules._passages import Passage, Relay

_Blocks = Mapping[tuple[Symbol, OwnedClient], Sequence[WithBlock]]


def settle_parameters(served: Sequence[Served]) -> tuple[tuple[Served, ...], dict[ClientSite, Refusal]]:
    """Let sites share the parameters of the functions that their clients pass through.

    Refused are those that would give a function another client under a name that it has one under.
    """
    blocks: dict[tuple[Symbol, OwnedClient], list[WithBlock]] = {}
    for one in served:
        if one.candidate.site.block is not None:
            mine = (one.candidate.function.symbol, one.client)
            blocks.setdefault(mine, []).append(one.candidate.site.block)
    kept: list[Served] = []
    refused: dict[ClientSite, Refusal] = {}
    claims: dict[tuple[Symbol, str], OwnedClient] = {}
    for one in (_join(one, blocks) for one in served):
        clash = next((mine for mine in _iter_claims(one) if claims.get(mine, one.client) != one.client), None)
        if clash is None:
            claims.update((mine, one.client) for mine in _iter_claims(one))
            kept.append(one)
        else:
            detail = f"`{clash[1]}` is another client in `{clash[0].name}`"
            site = one.candidate.site
            refused[site] = Refusal(RefusalReason.NAME_CLASH, detail, site.path, site.line)
    return tuple(kept), refused


def _iter_claims(one: Served) -> Iterator[tuple[Symbol, str]]:
    """Yield the parameters that serve a site: (function, name)."""
    givers: list[Passage | Relay] = [*one.candidate.passages, *one.candidate.relays]
    for giver in givers:
        yield giver.function.symbol, giver.parameter
    if one.candidate.is_threaded:
        yield one.candidate.function.symbol, one.candidate.site.name


def _join(one: Served, blocks: _Blocks) -> Served:
    """Let a function pass on the client that it gets for a block of its own to what it calls in there."""
    candidate = one.candidate
    passages = [replace(p, parameter=_name_of(p, p.calls, one.client, blocks)) for p in candidate.passages]
    # One that calls several of the others takes the client once, and passes it on to all of them.
    relays = [
        replace(r, parameter=_name_of(r, candidate.calls_in(r.function.symbol), one.client, blocks))
        for r in candidate.relays
    ]
    return replace(one, candidate=replace(candidate, passages=tuple(passages), relays=tuple(relays)))


def _name_of(giver: Passage | Relay, calls: Sequence[Call], client: OwnedClient, blocks: _Blocks) -> str:
    for block in blocks.get((giver.function.symbol, client), ()):
        inside = [block.anchor.start <= call.anchor.start <= block.anchor.end for call in calls]
        if inside and all(inside):
            return block.target
    return giver.parameter
