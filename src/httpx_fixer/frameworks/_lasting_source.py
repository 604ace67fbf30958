"""The source of clients that last: kept for as long as the process runs, and closed by nobody."""

from __future__ import annotations

_TEMPLATE = '''\
class _@PreLasting(@lib.@Base):
    """A transport that has no end: its connections are those of the running pools."""

    def __init__(self, name: str, build: type[@lib.@Class]) -> None:
        self._name = name
        self._build = build
        self._own: dict[@key, _@PrePools] = {}

    @async def @handle(self, request: @lib.Request) -> @lib.Response:
        # Nothing public tells what a client uses for the proxies of the environment.
        transport = self._find_pool()._transport_for_url(request.url)
        return @await transport.@handle(request)

    @async def @close(self) -> None:
        for pool in self._own.pop(@here, _@PrePools()).values():
            @await pool.@close()

    def _find_pool(self) -> @lib.@Class:
        here, name = @here, self._name
        pools = _@pools.get(here)
        if pools is None:  # no application runs here@forget
            pools = self._own.setdefault(here, _@PrePools())
        pool = pools.get(name)
        if pool is None:
            base: dict[str, Any] = {"limits": LIMITS, **_with_tls(_@TABLE[name])}
            pool = pools.setdefault(name, self._build(**base))
        return pool


def _@keep(
    name: str, build: type[@lib.@Class], options: dict[str, Any]
) -> @lib.@Class:
    alone = {**_@TABLE[name], **options}
    if build.__module__ != @lib.__name__:  # replaced by a test
        return build(**alone)
    own: dict[str, Any] = {"timeout": TIMEOUT, **options}
    if _POOL_OPTIONS & options.keys():
        own = {"timeout": TIMEOUT, **_with_tls(alone)}
    else:
        own["transport"] = _@PreLasting(name, build)
    return build(**own)
'''
_GIVEN = """\
    alone = {**_@TABLE[name], **options}
    if build.__module__ != @lib.__name__:  # replaced by a test
        return build(**alone)
    own: dict[str, Any] = {"timeout": TIMEOUT, **options}
    if _POOL_OPTIONS & options.keys():
        own = {"timeout": TIMEOUT, **_with_tls(alone)}
"""
_MADE = """\
    if build.__module__ != @lib.__name__:  # replaced by a test
        return build(**{**_@TABLE[name](), **options})
    own: dict[str, Any] = {"timeout": TIMEOUT, **options}
    if _POOL_OPTIONS & options.keys():
        own = {"timeout": TIMEOUT, **_with_tls({**_@TABLE[name](), **options})}
"""
_GIVEN_BASE = """\
            base: dict[str, Any] = {"limits": LIMITS, **_with_tls(_@TABLE[name])}
"""
_MADE_BASE = """\
            made = _with_tls(_@TABLE[name](limits=LIMITS))
            base: dict[str, Any] = {"limits": LIMITS, **made}
"""
_SAME_TIMEOUT = '    own: dict[str, Any] = {"timeout": TIMEOUT, **options}\n'
_OWN_TIMEOUT = """\
    timeout = _@TABLE[name].get("timeout", TIMEOUT)
    own: dict[str, Any] = {"timeout": timeout, **options}
"""


def lasting_template(*, has_timeout: bool, is_made: bool = False) -> str:
    """Return the definitions behind the lenders of lasting clients.

    Some pool may say a timeout; `is_made` says that the table holds functions which make the arguments.
    """
    template = _TEMPLATE.replace(_GIVEN, _MADE) if is_made else _TEMPLATE
    template = template.replace(_SAME_TIMEOUT, _OWN_TIMEOUT) if has_timeout else template
    if not is_made:
        return template
    return template.replace("_@TABLE[name].", "_@TABLE[name]().").replace(
        "_@TABLE[name])", "_@TABLE[name]())"
    )
