"""Where a project begins, and what its `pyproject.toml` asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from httpx_fixer.patterns import compile_later
from httpx_fixer.settings import (
    HTTPX_LIMITS,
    HTTPX_TIMEOUT,
    LimitsPolicy,
    Policy,
    Settings,
    TimeoutPolicy,
    Upstream,
)
from httpx_fixer.source import SourceFile
from httpx_fixer.toml_table import RuleName, Table, UsageError, check_globs
from httpx_fixer.values import dataclass

FILE_NAME = "pyproject.toml"
TABLE_NAME = "tool.httpx-fixer"
PRESERVE = Policy("preserve", HTTPX_TIMEOUT, HTTPX_LIMITS)
"""Write out the numbers that are in force anyway."""


@dataclass(frozen=True, slots=True)
class Project:
    """The project that some paths belong to; all paths are absolute and without links.

    `root` is the directory that is read to understand the paths: the nearest one above all of them
    that holds `pyproject.toml` or `.git`; the one that holds `config`, if that is further up; and
    where there is neither, the nearest directory above all paths that is no package itself. `config` is the
    nearest `pyproject.toml` at or above the first path, not beyond its repository, with our table.
    `given` is the one file to look at where its text comes from standard input; None else.
    """

    root: Path
    paths: tuple[Path, ...]
    config: Path | None
    given: SourceFile | None = None


def find_project(paths: Sequence[Path], *, with_config: bool = True) -> Project:
    """Find the project of `paths`; without `with_config` no file is looked into.

    Raises `UsageError` for a path that does not exist, and for a file that should be ours and is no TOML.
    """
    resolved = tuple(_resolve(path) for path in paths)
    directories = [path if path.is_dir() else path.parent for path in resolved]
    try:
        common = Path(os.path.commonpath(directories))
    except ValueError as error:
        raise UsageError(f"the paths have no directory in common: {error}") from error
    config = _find_config(directories[0]) if with_config else None
    root = next((above for above in (common, *common.parents) if _is_root(above)), None)
    if root is None:
        # The names of modules begin above a package, whichever part of it is asked about.
        packages = (common, *common.parents)
        root = next((above for above in packages if not _exists(above / "__init__.py")), common)
    if config is not None and root.is_relative_to(config.parent):
        root = config.parent
    return Project(root, resolved, config)


def _resolve(path: Path) -> Path:
    try:
        path.lstat()
        real = Path(os.path.realpath(path))
        return real if real.exists() else Path(os.path.realpath(path.parent), path.name)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _is_root(directory: Path) -> bool:
    return _exists(directory / ".git") or _exists(directory / FILE_NAME)


def _exists(path: Path) -> bool:
    """Say whether there is something; not raised: that a directory further up may not be looked into."""
    return os.access(path, os.F_OK)


def _find_config(start: Path) -> Path | None:
    for directory in (start, *start.parents):
        candidate = directory / FILE_NAME
        if _exists(candidate) and _read_table(candidate) is not None:
            return candidate
        if _exists(directory / ".git"):
            break
    return None


def _read_table(file: Path) -> Mapping[str, object] | None:
    """Return our table; None where the file has none, also if it is no TOML but does not name us."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error
    if b"httpx-fixer" not in data:
        return None
    import tomllib  # noqa: PLC0415 -- 16 ms, and most projects say nothing about us

    try:
        values = tomllib.loads(data.decode())
    except ValueError as error:
        raise UsageError(f"{file}: not TOML: {error}") from error
    tool = values.get("tool")
    table = tool.get("httpx-fixer") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise UsageError(f"{file}: [{TABLE_NAME}] is to be a table, not {table!r}")
    return table


def load_settings(file: Path, root: Path, rules: Sequence[RuleName]) -> Settings:
    """Read the settings of a file that has our table. Raises `UsageError` for whatever is wrong with it.

    Globs in the file are relative to its own directory where that is below `root`, else to `root`.
    """
    values = _read_table(file)
    if values is None:
        raise UsageError(f"{file}: there is no table [{TABLE_NAME}]")
    table = Table(file, TABLE_NAME, values, _KEYS)
    place = file.parent.relative_to(root).as_posix() if file.parent.is_relative_to(root) else "."
    defaults = Settings()
    return Settings(
        select=table.rules("select", rules),
        ignore=table.rules("ignore", rules),
        include=_rebase(table.globs("include"), place),
        exclude=_rebase(table.globs("exclude"), place),
        unsafe_fixes=table.flag("unsafe-fixes"),
        include_tests=table.flag("include-tests"),
        policy=_read_policy(table),
        injection=table.choice("injection", ("auto", "parameter", "borrow")),
        max_hops=table.whole("max-hops", defaults.max_hops),
        max_file_size=table.whole("max-file-size", defaults.max_file_size),
        per_file_ignores=_read_file_ignores(table, rules, place),
        docs_url=table.address("docs-url"),
    )


_TIMEOUT_KEYS = ("connect", "read", "write", "pool")
_LIMITS_KEYS = ("max-connections", "max-keepalive-connections", "keepalive-expiry")
_UPSTREAM_NAME = compile_later(r"[a-z][a-z0-9_]*")
_KEYS = (
    "select",
    "ignore",
    "include",
    "exclude",
    "unsafe-fixes",
    "include-tests",
    "policy",
    "timeout",
    "limits",
    "upstreams",
    "injection",
    "max-hops",
    "max-file-size",
    "per-file-ignores",
    "docs-url",
)


def _read_policy(table: Table) -> Policy:
    name = table.choice("policy", ("recommended", "preserve"))
    if name == "preserve":
        for key in ("timeout", "limits"):
            if key in table.values:
                raise table.error(key, 'has no effect next to policy = "preserve"')
    policy = PRESERVE if name == "preserve" else Policy(name, _read_timeout(table), _read_limits(table))
    return replace(policy, upstreams=_read_upstreams(table, policy))


def _read_timeout(table: Table, seconds: TimeoutPolicy | None = None) -> TimeoutPolicy:
    timeout, seconds = table.table("timeout", _TIMEOUT_KEYS), seconds or TimeoutPolicy()
    return TimeoutPolicy(
        connect=timeout.number("connect", seconds.connect),
        read=timeout.number("read", seconds.read),
        write=timeout.number("write", seconds.write),
        pool=timeout.number("pool", seconds.pool),
    )


def _read_limits(table: Table, sizes: LimitsPolicy | None = None) -> LimitsPolicy:
    limits, sizes = table.table("limits", _LIMITS_KEYS), sizes or LimitsPolicy()
    return LimitsPolicy(
        max_connections=limits.whole("max-connections", sizes.max_connections),
        max_keepalive_connections=limits.whole("max-keepalive-connections", sizes.max_keepalive_connections),
        keepalive_expiry=limits.number("keepalive-expiry", sizes.keepalive_expiry),
    )


def _read_upstreams(table: Table, policy: Policy) -> tuple[Upstream, ...]:
    """Read the services that get pools of their own; what one leaves out is that of the policy."""
    outer = table.table("upstreams", None)
    found: list[Upstream] = []
    for name in outer.values:
        if not _UPSTREAM_NAME.fullmatch(name) or name in {"http", "sync_http"}:
            raise outer.error(
                name, "is no name that clients can be called after: small letters, digits and _"
            )
        inner = outer.table(name, ("urls", "timeout", "limits"))
        urls = inner.strings("urls")
        if not urls:
            raise inner.error("urls", "is to hold beginnings of URLs or names of settings")
        timeout = _read_timeout(inner, policy.timeout) if "timeout" in inner.values else None
        limits = _read_limits(inner, policy.limits) if "limits" in inner.values else None
        found.append(Upstream(name, urls, timeout, limits))
    return tuple(found)


def _read_file_ignores(
    table: Table, rules: Sequence[RuleName], place: str
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    inner = table.table("per-file-ignores", None)
    check_globs(inner.place, tuple(inner.values))
    return tuple((_rebase((glob,), place)[0], inner.rules(glob, rules)) for glob in inner.values)


def _rebase(globs: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Make globs that are relative to the directory `place` relative to the root.

    As in a nested `.gitignore`, a glob without a slash before its end means any depth below.
    """
    if place == ".":
        return globs
    rebased = []
    for glob in globs:
        sign, rest = ("!", glob[1:]) if glob.startswith("!") else ("", glob)
        depth = "" if "/" in rest.rstrip("/") else "**/"
        rebased.append(f"{sign}{place}/{depth}{rest.lstrip('/')}")
    return tuple(rebased)
