"""The source of borrowed clients (form 3): what is written into the user's package."""

from __future__ import annotations

from httpx_fixer.frameworks._base import OwnedPool, Ownership
from httpx_fixer.frameworks._layout import Import, lay_out_call, limits_code, timeout_code

IMPORTS: tuple[Import, ...] = (
    ("collections.abc", "AsyncIterator", "AsyncIterator"),
    ("contextlib", "asynccontextmanager", "asynccontextmanager"),
    ("functools", "cache", "cache"),
    ("ipaddress", "ip_address", "ip_address"),
    ("ssl", "SSLContext", "SSLContext"),
    ("typing", "Any", "Any"),
    ("urllib.request", "getproxies", "getproxies"),
)
ASYNC_IMPORTS: tuple[Import, ...] = (("asyncio", "", "asyncio"),)
SYNC_IMPORTS: tuple[Import, ...] = (("os", "", "os"), ("collections.abc", "Iterator", "Iterator"))

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


def _environment_proxies() -> dict[str, str | None]:
    """Read the proxy variables as @lib does: {URL pattern: proxy or none}."""
    found = getproxies()
    proxies: dict[str, str | None] = {}
    for scheme in ("http", "https", "all"):
        if url := found.get(scheme):
            proxies[f"{scheme}://"] = url if "://" in url else f"http://{url}"
    for host in filter(None, map(str.strip, found.get("no", "").split(","))):
        if host == "*":
            return {}
        proxies[_pattern_of(host)] = None
    return proxies


def _pattern_of(host: str) -> str:
    if "://" in host:
        return host
    try:
        version = ip_address(host.split("/")[0]).version
    except ValueError:
        return f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"
    return f"all://[{host}]" if version == 6 else f"all://{host}"
'''

_KIND = '''\
_@Class = @lib.@Class
_@pools: dict[@key, dict[str, "_@PrePool"]] = {}


class _@PrePool:
    """Connections that clients share: a transport of its own for each proxy."""

    def __init__(self, **options: Any) -> None:
        options = {"limits": LIMITS, **_with_tls(options)}
        self.main = @lib.@Transport(**options)
        self.by_pattern: dict[str, @lib.@Transport | None] = {}
        if not {"proxy", "trust_env"} & options.keys():
            for pattern, proxy in _environment_proxies().items():
                transport = proxy and @lib.@Transport(proxy=proxy, **options)
                self.by_pattern[pattern] = transport or None

    @async def @close(self) -> None:
        for transport in (self.main, *self.by_pattern.values()):
            if transport is not None:
                @await transport.@close()


class _@PreBody(@lib.@Stream):
    """A response body that the borrowed client closes, where nobody else did."""

    def __init__(self, body: @lib.@Stream, unread: set["_@PreBody"]) -> None:
        self._body = body
        self._unread = unread
        unread.add(self)

    @async def @iter(self) -> @Iterator[bytes]:
        @each

    @async def @close(self) -> None:
        self._unread.discard(self)
        @await self._body.@close()


class _@PreBorrowed(@lib.@Base):
    """A transport over a pool that stays open when the client is closed."""

    def __init__(self, transport: @lib.@Base) -> None:
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


def _@borrow(
    name: str, build: type[@lib.@Class], options: dict[str, Any]
) -> @lib.@Class:
    if build is not _@Class:  # replaced by a test
        return build(**options)
    options = {"timeout": TIMEOUT, **options}
    pool = _@pools.get(@here, {}).get(name)
    if pool is None or _POOL_OPTIONS & options.keys():
        return build(**_with_tls(options))
    mounts = {
        pattern: None if transport is None else _@PreBorrowed(transport)
        for pattern, transport in pool.by_pattern.items()
    }
    return build(transport=_@PreBorrowed(pool.main), mounts=mounts, **options)
'''

_LOOP = """\
def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
"""

_ASYNC = {
    "Class": "AsyncClient",
    "pools": "pools",
    "key": "asyncio.AbstractEventLoop | None",
    "here": "_running_loop()",
    "Pre": "",
    "Transport": "AsyncHTTPTransport",
    "Stream": "AsyncByteStream",
    "Base": "AsyncBaseTransport",
    "Iterator": "AsyncIterator",
    "iter": "__aiter__",
    "each": "async for chunk in self._body:\n            yield chunk",
    "close": "aclose",
    "handle": "handle_async_request",
    "borrow": "borrow",
    "async ": "async ",
    "await ": "await ",
}
_SYNC = {
    "Class": "Client",
    "pools": "sync_pools",
    "key": "int",
    "here": "os.getpid()",
    "Pre": "Sync",
    "Transport": "HTTPTransport",
    "Stream": "SyncByteStream",
    "Base": "BaseTransport",
    "Iterator": "Iterator",
    "iter": "__iter__",
    "each": "yield from self._body",
    "close": "close",
    "handle": "handle_request",
    "borrow": "borrow_sync",
    "async ": "",
    "await ": "",
}


def name_of_pool(pool: OwnedPool) -> str:
    """Return what the function that borrows from a pool is called."""
    base = f"{pool.key}_client" if pool.key else "http_client"
    return base if pool.is_async else f"sync_{base}"


def pool_definitions(ownership: Ownership) -> list[str]:
    """Return the definitions that borrowed clients need, without imports and lifespan."""
    library = ownership.pools[0].library
    parts = [_constants(ownership, library) + _SHARED.replace("@lib", library)]
    kinds = sorted({pool.is_async for pool in ownership.pools}, reverse=True)
    for is_async in kinds:
        words = _ASYNC if is_async else _SYNC
        if is_async:
            parts.append(_LOOP)
        parts.append(_fill(_KIND, {"lib": library, **words}))
        parts += [_borrower(pool) for pool in ownership.pools if pool.is_async is is_async]
    parts.append(_opener(ownership))
    return parts


def _fill(template: str, words: dict[str, str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        template = template.replace(f"@{word}", words[word])
    return template


def _constants(ownership: Ownership, library: str) -> str:
    policy = ownership.policy
    timeout = lay_out_call("TIMEOUT = ", timeout_code(f"{library}.Timeout", policy.timeout), "")
    limits = lay_out_call("LIMITS = ", limits_code(f"{library}.Limits", policy.limits), "")
    return f"{timeout}\n{limits}\n"


def _borrower(pool: OwnedPool) -> str:
    name = name_of_pool(pool)
    kind = f"{pool.library}.{pool.class_name}"
    borrow = "_borrow" if pool.is_async else "_borrow_sync"
    header, build = f"def {name}(**options: Any) -> {kind}:", kind
    if pool.takes_class:
        header = f"def {name}(\n    build: type[{kind}] | None = None, /, **options: Any\n) -> {kind}:"
        build = f"build or {kind}"
    given = ", ".join(f"`{argument.name}={argument.code}`" for argument in pool.arguments)
    what = f" with {given}" if given else ""
    return (
        f"{header}\n"
        f'    """Build a `{kind}` over shared connections{what}."""\n'
        f'    return {borrow}("{name}", {build}, options)\n'
    )


def _opener(ownership: Ownership) -> str:
    """Return the context manager that opens the pools on the loop of the application."""
    lines = ["@asynccontextmanager", "async def _open_pools() -> AsyncIterator[None]:"]
    kinds = [kind for kind in (True, False) if any(pool.is_async is kind for pool in ownership.pools)]
    names = {
        True: ("_pools", "loop", "asyncio.get_running_loop()"),
        False: ("_sync_pools", "pid", "os.getpid()"),
    }
    first = names[kinds[0]]
    lines += [f"    {names[kind][1]} = {names[kind][2]}" for kind in kinds]
    lines.append(f"    if {first[1]} in {first[0]}:  # another application has opened them")
    lines += ["        yield", "        return"]
    for kind in kinds:
        members = [pool for pool in ownership.pools if pool.is_async is kind]
        lines.append(f"    {names[kind][0]}[{names[kind][1]}] = {{")
        lines += [f'        "{name_of_pool(pool)}": {_pool_call(pool)},' for pool in members]
        lines.append("    }")
    lines += ["    try:", "        yield", "    finally:"]
    for kind in kinds:
        lines.append(
            f"        for {'' if kind else 'sync_'}pool in {names[kind][0]}.pop({names[kind][1]}).values():"
        )
        lines.append(f"            {'await pool.aclose()' if kind else 'sync_pool.close()'}")
    return "\n".join(lines) + "\n"


def _pool_call(pool: OwnedPool) -> str:
    arguments = ", ".join(f"{argument.name}={argument.code}" for argument in pool.arguments)
    return f"_{'' if pool.is_async else 'Sync'}Pool({arguments})"
