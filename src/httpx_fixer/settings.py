"""What a run was asked to do."""

from __future__ import annotations

from dataclasses import field, fields, replace

from httpx_fixer.values import dataclass

FAMILY = "HXF"
"""How the codes of all rules begin."""


@dataclass(frozen=True, slots=True)
class TimeoutPolicy:
    """Seconds for each phase of a request, as in `httpx.Timeout`.

    5 s to connect: a TLS handshake over a slow link. 30 s to read: a slow upstream's first byte.
    10 s to write. 5 s for a free connection of the pool.
    """

    connect: float = 5.0
    read: float = 30.0
    write: float = 10.0
    pool: float = 5.0

    def code(self, callee: str) -> str:
        """Return the call that says it: all four phases, since fewer need a default (FACTS A12)."""
        return _call_code(callee, self)


@dataclass(frozen=True, slots=True)
class LimitsPolicy:
    """Size of a shared pool, as in `httpx.Limits`; `keepalive_expiry` in seconds."""

    max_connections: int | None = 600
    max_keepalive_connections: int | None = 200
    keepalive_expiry: float | None = 30.0

    def code(self, callee: str) -> str:
        """Return the call that says it: all three fields, since a missing one means no cap (FACTS A13)."""
        return _call_code(callee, self)


def _call_code(callee: str, policy: TimeoutPolicy | LimitsPolicy) -> str:
    arguments = (f"{field.name}={getattr(policy, field.name)!r}" for field in fields(policy))
    return f"{callee}({', '.join(arguments)})"


HTTPX_TIMEOUT = TimeoutPolicy(connect=5.0, read=5.0, write=5.0, pool=5.0)
"""What httpx 0.28.1 and httpx2 2.16.2 use where nothing is given (FACTS A12)."""
HTTPX_LIMITS = LimitsPolicy(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0)
"""What httpx 0.28.1 and httpx2 2.16.2 use where nothing is given (FACTS A12)."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A service that is talked to, with a pool of its own: `[tool.httpx-fixer.upstreams.<name>]`.

    `urls` are beginnings of URLs and names of settings that hold one (`settings.billing_url`). None:
    the numbers of the policy.
    """

    name: str
    urls: tuple[str, ...]
    timeout: TimeoutPolicy | None = None
    limits: LimitsPolicy | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers to write where the author gave none.

    `name` is "recommended" (the numbers of `timeout` and `limits`) or "preserve" (httpx's own).
    """

    name: str = "recommended"
    timeout: TimeoutPolicy = field(default_factory=TimeoutPolicy)
    limits: LimitsPolicy = field(default_factory=LimitsPolicy)
    upstreams: tuple[Upstream, ...] = ()

    def of(self, upstream: Upstream | None) -> Policy:
        """Return the numbers for an upstream, those for all others where it is None."""
        if upstream is None:
            return self
        return replace(self, timeout=upstream.timeout or self.timeout, limits=upstream.limits or self.limits)


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of a run, from the command line and `[tool.httpx-fixer]`, already validated.

    `select` and `ignore` hold codes, prefixes of codes or names. `max_file_size` in bytes.
    `include` and `exclude` are globs on paths relative to the root, read as lines of a `.gitignore`;
    `per_file_ignores` pairs such a glob with what to ignore in the files that it matches.
    `injection` is "auto" (handlers get shared clients as parameters where that is the plainest form),
    "parameter" (so do all functions that only handlers call) or "borrow" (no signature changes).
    `max_hops` is how many functions may pass a client on, from a handler to where it is used.
    `docs_url` is where the pages of this tool are served, "" where nowhere; reports link to them.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    unsafe_fixes: bool = False
    include_tests: bool = False
    policy: Policy = field(default_factory=Policy)
    injection: str = "auto"
    max_hops: int = 2
    max_file_size: int = 4_000_000
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    docs_url: str = ""

    def is_selected(self, code: str, name: str) -> bool:
        """Say whether a rule is to run: what names it most exactly decides, and `ignore` on a tie."""
        wanted = max((_match_length(word, code, name) for word in self.select), default=-1)
        unwanted = max((_match_length(word, code, name) for word in self.ignore), default=-1)
        return unwanted < wanted if self.select else unwanted < 0


def is_matched(word: str, code: str, name: str) -> bool:
    """Say whether `word` means this rule: its code, how the code begins (HXF1), or its name."""
    return _match_length(word, code, name) >= 0


def _match_length(word: str, code: str, name: str) -> int:
    """Return how much of the code is given, -1 where another rule is meant."""
    if word == name:
        return len(code)
    return len(word) if code.startswith(word.upper()) else -1
