"""The source of borrowed clients (form 3): what is written into the user's package."""

from __future__ import annotations

from httpx_fixer.frameworks._base import OwnedPool, Ownership, Start
from httpx_fixer.frameworks._choice_source import FREEZE, key_by_value, let_choose
from httpx_fixer.frameworks._lasting_source import lasting_template
from httpx_fixer.frameworks._layout import Import, lay_out_call
from httpx_fixer.frameworks._loop_source import LOOP, LOOP_OR_TRIO
from httpx_fixer.frameworks._pool_rows import is_made_late, lender, maker, table
from httpx_fixer.frameworks._start_source import is_opener_needed

IMPORTS: tuple[Import, ...] = (
    ("functools", "cache", "cache"),
    ("ssl", "SSLContext", "SSLContext"),
    ("typing", "Any", "Any"),
)
_ASYNC_ITERATOR = ("collections.abc", "AsyncIterator", "AsyncIterator")
_ITERATOR = ("collections.abc", "Iterator", "Iterator")
ASYNC_OPENER_IMPORTS: tuple[Import, ...] = (
    _ASYNC_ITERATOR,
    ("contextlib", "asynccontextmanager", "asynccontextmanager"),
)
SYNC_OPENER_IMPORTS: tuple[Import, ...] = (_ITERATOR, ("contextlib", "contextmanager", "contextmanager"))

_SHARED = '''\
_TLS_OPTIONS = {"cert", "http2", "trust_env", "verify"}
_POOL_OPTIONS = _TLS_OPTIONS | {"http1", "limits", "mounts", "proxy", "transport"}


@cache
def _ssl_context() -> SSLContext:
    """Load the trusted certificates once: building a client takes 20 ms otherwise."""
    return @lib.create_ssl_context()


def _with_tls(options: dict[str, Any]) -> dict[str, Any]:
    if _TLS_OPTIONS & options.keys():
        return options
    return {"verify": _ssl_context(), **options}
'''

_WITH_PROXIES = (
    '{"http1", "limits", "mounts", "proxy", "transport"}\n',
    '{\n    "http1",\n    "limits",\n    "mounts",\n    "proxies",\n    "proxy",\n    "transport",\n}\n',
)
"""What httpx had before 0.28 as well."""
_KIND = '''\
class _@PrePools(dict[str, @lib.@Class]):
    """Clients that own connections, and how many applications run on them."""

    users = 0


_@pools: dict[@key, _@PrePools] = {}
'''

_LENDING = '''\
class _@PreBody(@lib.@Stream):
    """A response body that the borrowed client closes, where nobody else did."""

    def __init__(self, body: @lib.@Stream, unread: set["_@PreBody"]) -> None:
        self._body = body
        self._unread = unread
        unread.add(self)

    @async def @iter(self) -> @Iterator[bytes]:
        try:
            @each
        finally:
            @await self.@close()

    @async def @close(self) -> None:
        self._unread.discard(self)
        @await self._body.@close()


class _@PreBorrowed(@lib.@Base):
    """A transport of a pool, left open when the client that uses it is closed."""

    @init
        self._pool = pool
        self._transport = transport
        self._unread: set[_@PreBody] = set()

    @async def @handle(self, request: @lib.Request) -> @lib.Response:
        response = @await self._transport.@handle(request)
        assert isinstance(response.stream, @lib.@Stream)
        response.stream = _@PreBody(response.stream, self._unread)
        return response

    @async def @close(self) -> None:
        for body in list(self._unread):
            @await body.@close()
        if self._pool.is_closed:  # the application has stopped before
            @await self._transport.@close()


def _@borrow(
    name: str, build: type[@lib.@Class], options: dict[str, Any]
) -> @lib.@Class:
    alone = {**_@TABLE[name], **options}
    if build.__module__ != @lib.__name__:  # replaced by a test
        return build(**alone)
    pools = _@pools.get(@here)
    if pools is None or _POOL_OPTIONS & options.keys():
        own: dict[str, Any] = {"timeout": TIMEOUT, **_with_tls(alone)}
        return build(**own)
    pool = pools.get(name)
    if pool is None:
        base: dict[str, Any] = {"limits": LIMITS, **_with_tls(_@TABLE[name])}
        pool = pools.setdefault(name, build(**base))
    # Nothing public tells what a client uses for the proxies of the environment.
    mounts = {
        pattern.pattern: None if proxy is None else _@PreBorrowed(pool, proxy)
        for pattern, proxy in pool._mounts.items()
    }
    transport = _@PreBorrowed(pool, pool._transport)
    shared: dict[str, Any] = {"timeout": TIMEOUT, "transport": transport, **options}
    return build(mounts=mounts, **shared)
'''

_SAME_TIMEOUT = """\
    shared: dict[str, Any] = {"timeout": TIMEOUT, "transport": transport, **options}
    return build(mounts=mounts, **shared)
"""
_OWN_TIMEOUT = """\
    timeout = _@TABLE[name].get("timeout", TIMEOUT)
    shared: dict[str, Any] = {"timeout": timeout, "transport": transport, **options}
    return build(mounts=mounts, **shared)
"""
_GIVEN_ALONE = """\
    alone = {**_@TABLE[name], **options}
    if build.__module__ != @lib.__name__:  # replaced by a test
        return build(**alone)
    pools = _@pools.get(@here)
    if pools is None or _POOL_OPTIONS & options.keys():
        own: dict[str, Any] = {"timeout": TIMEOUT, **_with_tls(alone)}
        return build(**own)
"""
_MADE_ALONE = """\
    pools = _@pools.get(@here)
    is_fake = build.__module__ != @lib.__name__  # replaced by a test
    if pools is None or is_fake or _POOL_OPTIONS & options.keys():
        own = {**_@TABLE[name](), **options}
        if not is_fake:
            own = {"timeout": TIMEOUT, **_with_tls(own)}
        return build(**own)
"""
_GIVEN_BASE = """\
        base: dict[str, Any] = {"limits": LIMITS, **_with_tls(_@TABLE[name])}
"""
_MADE_BASE = """\
        made = _with_tls(_@TABLE[name](limits=LIMITS))
        base: dict[str, Any] = {"limits": LIMITS, **made}
"""
_OPENER = '''\
@@manager
@async def _share_@pools() -> @Iterator[None]:
    """Let clients share connections, and close these when no application is left."""
    here = @here@leave
    pools = _@pools.setdefault(here, _@PrePools())
    pools.users += 1
    try:
        yield
    finally:
        pools.users -= 1
        if not pools.users:
            del _@pools[here]
            for pool in pools.values():
                @await pool.@close()
'''

_ASYNC = {
    "Class": "AsyncClient",
    "TABLE": "POOLS",
    "pools": "pools",
    "key": "asyncio.AbstractEventLoop | None",
    "here": "_running_loop()",
    "leave": "\n    if here is None:\n        yield\n        return",
    "Pre": "",
    "Stream": "AsyncByteStream",
    "Base": "AsyncBaseTransport",
    "Iterator": "AsyncIterator",
    "iter": "__aiter__",
    "each": "async for chunk in self._body:\n                yield chunk",
    "init": "def __init__(\n        self, pool: @lib.AsyncClient, transport: @lib.AsyncBaseTransport\n"
    "    ) -> None:",
    "close": "aclose",
    "handle": "handle_async_request",
    "borrow": "borrow",
    "keep": "keep",
    "forget": "\n            for gone in [loop for loop in list(self._own) if loop and loop.is_closed()]:"
    "\n                self._own.pop(gone, None)",
    "manager": "asynccontextmanager",
    "async ": "async ",
    "await ": "await ",
}
_ASYNC_OR_TRIO = _ASYNC | {
    "key": "object | None",
    "forget": "\n            for one in list(self._own):"
    "\n                if isinstance(one, asyncio.AbstractEventLoop) and one.is_closed():"
    "\n                    self._own.pop(one, None)",
}
_SYNC = {
    "Class": "Client",
    "TABLE": "SYNC_POOLS",
    "pools": "sync_pools",
    "key": "int",
    "here": "os.getpid()",
    "leave": "",
    "Pre": "Sync",
    "Stream": "SyncByteStream",
    "Base": "BaseTransport",
    "Iterator": "Iterator",
    "iter": "__iter__",
    "each": "yield from self._body",
    "init": "def __init__(self, pool: @lib.Client, transport: @lib.BaseTransport) -> None:",
    "close": "close",
    "handle": "handle_request",
    "borrow": "borrow_sync",
    "keep": "keep_sync",
    "forget": "",
    "manager": "contextmanager",
    "async ": "",
    "await ": "",
}


def imports_of_pool(pool: OwnedPool) -> tuple[Import, ...]:
    """Return what the definitions of a pool import beside `IMPORTS`."""
    made: list[Import] = [("collections.abc", "Callable", "Callable")] if is_made_late(pool) else []
    if pool.is_async:
        return (("asyncio", "", "asyncio"), *made, *([_ASYNC_ITERATOR] if pool.lends else []))
    return (("os", "", "os"), *made, *([_ITERATOR] if pool.lends else []))


def opening(*, is_async: bool) -> str:
    """Return the call that makes the context manager which opens the pools of one kind."""
    return "_share_pools()" if is_async else "_share_sync_pools()"


def pool_definitions(ownership: Ownership) -> list[str]:
    """Return the definitions that borrowed clients need, without imports and lifespan."""
    library = ownership.pools[0].library
    has_trio = Start.TRIO_ENTRY in ownership.starts
    shared = _SHARED.replace(*_WITH_PROXIES) if ownership.takes_proxies else _SHARED
    parts = [_constants(ownership, library) + shared.replace("@lib", library)]
    is_frozen = any("proxies" in pool.chosen for pool in ownership.pools)
    parts += [FREEZE] * is_frozen
    for is_async in (True, False):
        pools = [pool for pool in ownership.pools if pool.is_async is is_async]
        if not pools:
            continue
        words = {"lib": library, **((_ASYNC_OR_TRIO if has_trio else _ASYNC) if is_async else _SYNC)}
        if is_async:
            parts.append(LOOP_OR_TRIO if has_trio else LOOP)
        is_made = any(map(is_made_late, pools))
        parts += [maker(pool) for pool in pools if is_made_late(pool)]
        has_choice = any(pool.chosen for pool in pools)
        kind = key_by_value(_KIND) if has_choice else _KIND
        parts.append(table(words["TABLE"], pools) + _fill(kind, words))
        has_timeout = any(argument.name == "timeout" for pool in pools for argument in pool.arguments)
        if any(pool.lends for pool in pools):
            lending = _lending_template(has_timeout=has_timeout, is_made=is_made)
            lending = let_choose(lending, is_frozen=is_frozen) if has_choice else lending
            parts.append(_fill(lending, words))
        if any(pool.lasts for pool in pools):
            parts.append(_fill(lasting_template(has_timeout=has_timeout, is_made=is_made), words))
        for pool in pools:
            parts += [lender(pool, lasts=False)] * pool.lends + [lender(pool, lasts=True)] * pool.lasts
        if is_opener_needed(ownership, is_async=is_async):
            parts.append(_fill(_OPENER, words))
    return parts


def _lending_template(*, has_timeout: bool, is_made: bool) -> str:
    if not is_made:
        return _LENDING.replace(_SAME_TIMEOUT, _OWN_TIMEOUT) if has_timeout else _LENDING
    made = _LENDING.replace(_GIVEN_ALONE, _MADE_ALONE)
    if not has_timeout:
        return made.replace(_GIVEN_BASE, _MADE_BASE)
    base = _MADE_BASE.replace("LIMITS, **", 'LIMITS, "timeout": TIMEOUT, **')
    made = made.replace(_GIVEN_BASE, base)
    own = _OWN_TIMEOUT.replace('_@TABLE[name].get("timeout", TIMEOUT)', "pool.timeout")
    return made.replace(_SAME_TIMEOUT, own)


def _fill(template: str, words: dict[str, str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        template = template.replace(f"@{word}", words[word])
    return template


def _constants(ownership: Ownership, library: str) -> str:
    policy = ownership.policy
    timeout = lay_out_call("TIMEOUT = ", policy.timeout.code(f"{library}.Timeout"), "")
    limits = lay_out_call("LIMITS = ", policy.limits.code(f"{library}.Limits"), "")
    return f"{timeout}\n{limits}\n"
