"""Which upstream of the settings a client talks to."""

from __future__ import annotations

import re

from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.patterns import compile_later
from httpx_fixer.settings import Policy, Upstream

_LITERAL = compile_later(r"^[fF]?[\"'](https?://[^\"'{]*)")


def find_upstream(site: ClientSite, policy: Policy) -> Upstream | None:
    """Return the upstream that all URLs of a client belong to, None where they may go elsewhere."""
    if not policy.upstreams:
        return None
    base = site.spec.argument("base_url")
    urls = site.urls if base is None else ((base.code,),)
    found = {_match_any(spellings, policy.upstreams) for spellings in urls}
    return found.pop() if len(found) == 1 else None


def _match_any(spellings: tuple[str, ...], upstreams: tuple[Upstream, ...]) -> Upstream | None:
    matches = (_match(code, upstreams) for code in spellings)
    return next((upstream for upstream in matches if upstream is not None), None)


def _match(code: str, upstreams: tuple[Upstream, ...]) -> Upstream | None:
    literal = _LITERAL.match(code)
    for upstream in upstreams:
        for url in upstream.urls:
            if "://" in url:
                if literal is not None and _is_below(literal[1], url):
                    return upstream
            elif re.match(rf"(?:[fF][\"']\{{)?(?:str\()?(?:\w+\.)*{re.escape(url)}(?![\w.(])", code):
                return upstream
    return None


def _is_below(url: str, prefix: str) -> bool:
    """Answer whether a URL begins with a prefix, and not only its host or a part of its path does."""
    rest = url.removeprefix(prefix)
    return url.startswith(prefix) and (prefix.endswith("/") or rest[:1] in {"", "/", "?", "#", ":"})
