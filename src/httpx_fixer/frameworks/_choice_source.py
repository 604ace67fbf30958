"""The source of lenders whose callers choose among pools: one for each value of some arguments."""

from __future__ import annotations

_MOST = 100
"""How many pools there may be, where nothing says how many values a caller has: a service has a handful."""
_CHANGES = (
    ("options: dict[str, Any]\n)", "options: dict[str, Any], *chosen: str\n)"),
    (
        "    pools = _@pools.get(@here)\n",
        "    pools = _@pools.get(@here)\n"
        "    given = {one: options[one] for one in chosen if one in options}\n"
        "    key: Any = (name, *given.items()) if given else name  # a pool for each value\n"
        f"    is_late = pools and given and key not in pools and len(pools) >= {_MOST}\n"
        "    is_own = is_late or _POOL_OPTIONS & (options.keys() - given.keys())\n",
    ),
    ("_POOL_OPTIONS & options.keys()", "is_own"),
    (
        "    pool = pools.get(name)\n",
        "    options = {one: options[one] for one in options if one not in given}\n"
        "    pool = pools.get(key)\n",
    ),
    (
        '        base: dict[str, Any] = {"limits": LIMITS, **_with_tls(_@TABLE[name])}\n',
        "        made = _with_tls({**_@TABLE[name], **given})\n"
        '        base: dict[str, Any] = {"limits": LIMITS, **made}\n',
    ),
    ("_with_tls(_@TABLE[name](limits=LIMITS))", "_with_tls({**_@TABLE[name](limits=LIMITS), **given})"),
    ("pools.setdefault(name, ", "pools.setdefault(key, "),
)


FREEZE = '''\
def _freeze(given: dict[str, Any]) -> tuple[Any, ...]:
    """Return the values that were given as a key: one of them may be a table of proxies."""
    return tuple(
        (one, tuple(value.items()) if isinstance(value, dict) else value)
        for one, value in given.items()
    )
'''
"""What makes keys of arguments that may be tables."""


def let_choose(lending: str, *, is_frozen: bool) -> str:
    """Let what lends take the names of arguments for whose values there are pools apart."""
    for old, new in _CHANGES:
        lending = lending.replace(old, new)
    return lending.replace("*given.items())", "*_freeze(given))") if is_frozen else lending


def key_by_value(kind: str) -> str:
    """Let the table of running pools have them under what their callers chose, too."""
    return kind.replace("dict[str, @lib", "dict[Any, @lib")
