"""What a rule says about one site."""

from __future__ import annotations

from enum import Enum

from httpx_fixer.fix import Fix
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass


class RefusalReason(Enum):
    """Why a site was left alone. Each member is documented under it."""

    REPORT_ONLY = "REPORT_ONLY"
    """The rule only reports: what is right here is a decision for a person."""
    ESCAPES = "ESCAPES"
    """The object is returned, yielded, stored, captured or passed on: somebody else uses or closes it."""
    COOKIE_JAR = "COOKIE_JAR"
    """The code may live by the cookies of its own client (several requests, or redirects followed)."""
    MUTATED = "MUTATED"
    """The client is changed after it was built; shared, the change would reach other callers."""
    MAY_BE_INJECTED = "MAY_BE_INJECTED"
    """The name may hold a client that the caller made (`client or AsyncClient()`), who closes it."""
    REBOUND = "REBOUND"
    """The name that holds the client or response is assigned again, deleted or used outside of its block."""
    STREAM_LEFT_OPEN = "STREAM_LEFT_OPEN"
    """A streamed response is not closed on every path; a shared pool would lose a connection."""
    CLOSED_EARLY = "CLOSED_EARLY"
    """A block or a `finally` closes the response, or its client, before those read it who have its body."""
    DYNAMIC_ARGUMENT = "DYNAMIC_ARGUMENT"
    """A constructor argument that makes a pool or cannot move to a call depends on the request."""
    LIMITS_OF_ONE_CALL = "LIMITS_OF_ONE_CALL"
    """`limits=` allows the client of one call few connections; shared, all callers would have no more."""
    UNKNOWN_ARGUMENT = "UNKNOWN_ARGUMENT"
    """The arguments are not all visible (`*args`, `**kwargs`), or one has an old or unknown name."""
    NAME_CLASH = "NAME_CLASH"
    """A name that the rewrite needs is taken: by a parameter, the route's path or a global."""
    DECORATED = "DECORATED"
    """A decorator between the route and the handler may not pass a new parameter on."""
    UNUSUAL_SIGNATURE = "UNUSUAL_SIGNATURE"
    """The function's signature cannot take a keyword-only parameter that the framework fills."""
    CALLED_DIRECTLY = "CALLED_DIRECTLY"
    """The function is called or passed on by other code, which would lack the new argument."""
    PATCHED_IN_TESTS = "PATCHED_IN_TESTS"
    """A test replaces the name that the rewrite would no longer look up in this module."""
    IN_METHOD = "IN_METHOD"
    """The site is in a method, which no parameter of a handler reaches."""
    IN_HELPER = "IN_HELPER"
    """The site is in a function that is reached from other modules or from several kinds of process."""
    IN_NESTED_FUNCTION = "IN_NESTED_FUNCTION"
    """The site is in a function inside a function, which no parameter of a handler reaches."""
    NO_ENTRY_POINT = "NO_ENTRY_POINT"
    """No handler, worker or entry coroutine that could own the client was found to reach this code."""
    NO_LIFECYCLE = "NO_LIFECYCLE"
    """No application was found whose start and stop could own the client."""
    LIBRARY_CODE = "LIBRARY_CODE"
    """The code is a library's, with no process of its own: only its callers could own the client."""
    ONLY_CLOSE = "ONLY_CLOSE"
    """Nothing else closes the client: without this close it would stay open."""
    MANY_LOOPS = "MANY_LOOPS"
    """The process runs this code on an event loop per call, or on one whose end nothing known tells; a
    client cannot outlive its loop."""
    PROCESS_PER_JOB = "PROCESS_PER_JOB"
    """The code runs in a process that is forked for one job and ends with it; nothing is there to share."""
    HOST_OFFERS = "HOST_OFFERS"
    """The program that loads this code offers a shared client of its own, which is to be used instead."""
    LIFESPAN_UNKNOWN = "LIFESPAN_UNKNOWN"
    """The application's lifespan could not be found or extended safely."""
    OWNER_CHANGED = "OWNER_CHANGED"
    """A part of the module that an earlier run wrote was changed by hand, and would have to change again."""
    MOUNTED_APP = "MOUNTED_APP"
    """The application is mounted in another one; its own lifespan does not run."""
    FRAMEWORK_TOO_OLD = "FRAMEWORK_TOO_OLD"
    """The pinned version of the framework lacks what the rewrite would use."""
    PYTHON_TOO_OLD = "PYTHON_TOO_OLD"
    """The project runs on Pythons too that lack what the rewrite would use."""
    HTTPX_TOO_NEW = "HTTPX_TOO_NEW"
    """The pinned httpx is 1.0 or a prerelease of it, which has another API."""
    NO_IMPORT_PATH = "NO_IMPORT_PATH"
    """No import can be written: how modules here do is not clear, or the source is copied elsewhere."""
    IMPORT_CIRCLE = "IMPORT_CIRCLE"
    """The import that the rewrite needs would close a circle."""
    GENERATOR = "GENERATOR"
    """The function is a generator; its client lives as long as whoever iterates it wants."""
    SYNC_IN_ASYNC = "SYNC_IN_ASYNC"
    """A sync client in a coroutine blocks the loop; sharing it would not cure that."""
    HTTPX_TOO_OLD = "HTTPX_TOO_OLD"
    """The project pins a httpx before 0.21, in which a transport cannot share the connections of another."""
    UNSUPPORTED_BINDING = "UNSUPPORTED_BINDING"
    """The client or response is kept in a way that this version finds and does not rewrite."""
    MIXED_WITH_MANUAL_CLOSE = "MIXED_WITH_MANUAL_CLOSE"
    """Some paths close the object by hand and others do not; the code says nothing of which is meant."""
    GENERATED_CODE = "GENERATED_CODE"
    """The file says that it is generated: the next run of its generator would undo the change."""
    NEWER_SYNTAX = "NEWER_SYNTAX"
    """The fix would change a file for a newer Python, which none at hand compiles."""
    EXCLUDED = "EXCLUDED"
    """The configuration excludes a file that the fix would have to change."""
    VERIFICATION_FAILED = "VERIFICATION_FAILED"
    """The rewritten code did not pass verification; the fix was withdrawn whole."""
    OVERLAPS = "OVERLAPS"
    """Another fix changes the same lines; run again after it."""
    TESTS_FAILED = "TESTS_FAILED"
    """What `--verify` runs passes without the fix and fails with it; the fix was taken back whole."""
    DECLINED = "DECLINED"
    """Whoever was asked whether to make this fix said no."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a site was left alone; `path` and `line` (from 1) are the place of the obstacle."""

    reason: RefusalReason
    detail: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What a rule says about one site; carries exactly one of a fix or a refusal.

    `fingerprint` is a name that stays while the lines around the site move, "" before it is made.
    """

    code: str
    name: str
    message: str
    anchor: Anchor
    outcome: Fix | Refusal
    fingerprint: str = ""

    @property
    def fix(self) -> Fix | None:
        """The fix, or None where the site was left alone."""
        return self.outcome if isinstance(self.outcome, Fix) else None

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, or None where the site has a fix."""
        return self.outcome if isinstance(self.outcome, Refusal) else None
