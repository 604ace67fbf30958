"""The source of what opens and closes pools where there is no lifespan, written into the user's package."""

from __future__ import annotations

from httpx_fixer.frameworks._base import Ownership, Start
from httpx_fixer.frameworks._layout import Import

POOLS = "http_pools"
TRIO_POOLS = "trio_http_pools"
SYNC_POOLS = "sync_http_pools"
OPEN, CLOSE = "open_http_pools", "close_http_pools"
OPEN_SYNC, CLOSE_SYNC = "open_sync_http_pools", "close_sync_http_pools"
KEEP = "keep_sync_http_pools"
WRAP = "with_http_lifespan"

WRAP_IMPORTS: tuple[Import, ...] = (
    ("collections.abc", "Callable", "Callable"),
    ("contextlib", "AbstractAsyncContextManager", "AbstractAsyncContextManager"),
    ("typing", "Any", "Any"),
)
WRAPPER = '''\
def with_http_lifespan(
    lifespan: Callable[[Any], AbstractAsyncContextManager[Any]],
) -> Callable[[Any], AbstractAsyncContextManager[Any]]:
    """Put a lifespan into ours, which begins before it and ends after it."""

    @asynccontextmanager
    async def both(app: Any) -> AsyncIterator[Any]:
        async with http_lifespan(app), lifespan(app) as state:
            yield state

    return both
'''

_NEEDS_SYNC_HOOKS = frozenset({Start.HOOKS, Start.SYNC_HOOKS, Start.EXIT})

_DECORATING_SINCE = (3, 10)
"""Which Python lets an async context manager decorate a coroutine function."""
_ENTRY = '''\
@asynccontextmanager
async def @name() -> AsyncIterator[None]:
    """Let clients share connections while a program runs."""
'''
_OLD_ENTRY = '''\
def @name() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let clients share connections while the coroutine function below runs."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        async def run(*args: Any, **kwargs: Any) -> Any:
'''
_SYNC_ENTRY = '''\
@contextmanager
def sync_http_pools() -> Iterator[None]:
    """Let clients share connections while a program runs."""
    with _share_sync_pools():
        yield
'''

_SYNC_HOOKS = '''\
def open_sync_http_pools(*_: object, **__: object) -> None:
    """Let clients of this process share connections from now on."""
    _sync_pools.setdefault(os.getpid(), _SyncPools())


def close_sync_http_pools(*_: object, **__: object) -> None:
    """Close the connections that clients of this process share."""
    for pool in _sync_pools.pop(os.getpid(), _SyncPools()).values():
        pool.close()
'''

_HOOKS = '''\
async def open_http_pools(*_: object, **__: object) -> None:
    """Let clients of this event loop share connections from now on."""
    _pools.setdefault(_running_loop(), _Pools()).users += 1


async def close_http_pools(*_: object, **__: object) -> None:
    """Close the connections that clients of this event loop share, when nobody is left."""
    here = _running_loop()
    pools = _pools.get(here, _Pools())
    pools.users -= 1
    if pools.users < 1:
        _pools.pop(here, None)
        for pool in pools.values():
            await pool.aclose()
'''

_HOOKS_OVER_SYNC = '''\
async def open_http_pools(*_: object, **__: object) -> None:
    """Let clients share connections from now on."""
    open_sync_http_pools()


async def close_http_pools(*_: object, **__: object) -> None:
    """Close the connections that clients share."""
    close_sync_http_pools()
'''

_KEEP = '''\
@cache
def keep_sync_http_pools() -> None:
    """Let clients share connections until the process ends, and in its forks until they do."""
    open_sync_http_pools()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=open_sync_http_pools)
    atexit.register(close_sync_http_pools)
'''


def start_imports(ownership: Ownership) -> set[Import]:
    """Return what the definitions of `start_definitions` need beside the pools' own imports."""
    found: set[Import] = set()
    is_entered = _has(ownership, Start.ENTRY) or _has(ownership, Start.TRIO_ENTRY)
    if is_entered and _is_before(ownership, _DECORATING_SINCE):
        found |= {("collections.abc", "Callable", "Callable"), ("functools", "wraps", "wraps")}
    elif is_entered:
        found |= {
            ("collections.abc", "AsyncIterator", "AsyncIterator"),
            ("contextlib", "asynccontextmanager", "asynccontextmanager"),
        }
    if _has_kind(ownership, is_async=False) and _has(ownership, Start.EXIT):
        found.add(("atexit", "", "atexit"))
    return found


def is_opener_needed(ownership: Ownership, *, is_async: bool) -> bool:
    """Answer whether something enters the context manager that opens the pools of one kind."""
    entered = {Start.LIFESPAN, Start.WRAPPED, Start.ENTRY, Start.TRIO_ENTRY} | (
        set() if is_async else {Start.SYNC_ENTRY}
    )
    return _has_kind(ownership, is_async=is_async) and bool(entered & ownership.starts)


def start_definitions(ownership: Ownership) -> list[str]:
    """Return the definitions that lifecycles without a lifespan use, each once."""
    has_async, has_sync = (_has_kind(ownership, is_async=kind) for kind in (True, False))
    parts: list[str] = []
    if not (has_async or has_sync):
        return parts
    if _has(ownership, Start.ENTRY):
        parts.append(_entry(ownership, POOLS, has_async=has_async, has_sync=has_sync))
    if _has(ownership, Start.TRIO_ENTRY):
        parts.append(_entry(ownership, TRIO_POOLS, has_async=has_async, has_sync=has_sync))
    if has_sync and _has(ownership, Start.SYNC_ENTRY):
        parts.append(_SYNC_ENTRY)
    if has_sync and _NEEDS_SYNC_HOOKS & ownership.starts:
        parts.append(_spare_used(ownership, _SYNC_HOOKS))
    if _has(ownership, Start.HOOKS):
        parts.append(_hooks(has_async=has_async, has_sync=has_sync))
    if has_sync and _has(ownership, Start.EXIT):
        parts.append(_KEEP)
    return parts


def _entry(ownership: Ownership, name: str, *, has_async: bool, has_sync: bool) -> str:
    is_old = _is_before(ownership, _DECORATING_SINCE)
    header, body = (_OLD_ENTRY, "return await function(*args, **kwargs)") if is_old else (_ENTRY, "yield")
    lines, indent = header.replace("@name", name).splitlines(), "            " if is_old else "    "
    if has_async:
        lines.append(f"{indent}async with _share_pools():")
        indent += "    "
    if has_sync:
        lines.append(f"{indent}with _share_sync_pools():")
        indent += "    "
    footer = ["", "        return run", "", "    return decorate"] if is_old else []
    return "\n".join([*lines, f"{indent}{body}", *footer]) + "\n"


def _is_before(ownership: Ownership, version: tuple[int, ...]) -> bool:
    return ownership.python is not None and ownership.python < version


def _hooks(*, has_async: bool, has_sync: bool) -> str:
    if not has_async:
        return _HOOKS_OVER_SYNC
    if not has_sync:
        return _HOOKS
    opened, closed = _HOOKS.split("\n\n\n")
    closed = closed.replace("        for pool in", f"        {CLOSE_SYNC}()\n        for pool in")
    return f"{opened}\n    {OPEN_SYNC}()\n\n\n{closed}"


def _spare_used(ownership: Ownership, hooks: str) -> str:
    """Let the hook of the end leave alone what a lifespan in the same process uses."""
    if not is_opener_needed(ownership, is_async=False):
        return hooks
    used = "_sync_pools.get(os.getpid(), _SyncPools()).users"
    guard = f"    if {used}:\n        return  # something else still runs on them, and closes them\n"
    return hooks.replace("    for pool in", f"{guard}    for pool in")


def _has(ownership: Ownership, start: Start) -> bool:
    return start in ownership.starts


def _has_kind(ownership: Ownership, *, is_async: bool) -> bool:
    return any(pool.is_async is is_async for pool in ownership.pools)
