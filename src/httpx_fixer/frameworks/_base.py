"""What every framework tells about itself, and how a rule asks for an owner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import ClassVar

from httpx_fixer.analysis.facts import Call, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import SpecArgument
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit
from httpx_fixer.owners import Process
from httpx_fixer.settings import Policy
from httpx_fixer.values import dataclass


class Start(Enum):
    """In which form something starts and stops, and so which part of the owning module it uses."""

    LIFESPAN = "lifespan"
    """Enters an async context manager that takes one argument: `http_lifespan`."""
    WRAPPED = "wrapped lifespan"
    """Enters a lifespan that cannot be looked into: wrapped by `with_http_lifespan(...)`."""
    ENTRY = "entry coroutine"
    """Runs one coroutine function from start to end: decorated with `http_pools()`."""
    TRIO_ENTRY = "entry coroutine of trio"
    """As ENTRY, where there is no event loop of asyncio: decorated with `trio_http_pools()`."""
    SYNC_ENTRY = "entry function"
    """Runs one function from start to end: decorated with `sync_http_pools()`."""
    HOOKS = "coroutine hooks"
    """Awaits one function at the start and one at the end: `open_http_pools`, `close_http_pools`."""
    SYNC_HOOKS = "hooks"
    """Calls one function at the start and one at the end: `open_sync_http_pools`, ..."""
    EXIT = "end of the process"
    """Tells nothing of its end: `keep_sync_http_pools()` once, then `atexit`, also after a fork."""
    JOB = "one job"
    """Starts and ends with one piece of work, so that it has nothing to share: owns nothing."""


_OF_ONE_LOOP = frozenset({Start.LIFESPAN, Start.WRAPPED, Start.ENTRY, Start.TRIO_ENTRY, Start.HOOKS})


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Something that starts and ends once and can own a client: `app` is made by `call`.

    `has_state` is False where its lifespan is given something on which no client can be put.
    """

    framework: str
    app: Symbol
    call: Call
    start: Start = Start.LIFESPAN
    has_state: bool = True

    def owns(self, *, is_async: bool) -> bool:
        """Answer whether it can own clients of a kind: async ones need one event loop for all its work."""
        return self.start in _OF_ONE_LOOP or (not is_async and self.start is not Start.JOB)

    @property
    def path(self) -> str:
        """The file that makes the application."""
        return self.call.path

    def describe(self) -> Process:
        """Say what this is to people."""
        app = self.app.name or self.call.function
        return Process(self.path, self.call.line, self.framework, app, self.start.value)


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A function that a framework calls, and the lifecycles that it runs in.

    `taken` holds names that the framework fills itself (path parameters). `connection` is the
    parameter that carries the request, where the framework passes nothing else; "" where it injects.
    `registrations` are the places that hand the function to the framework: (path, line).
    `hands_over` is False where the framework can hand nothing to the function, which borrows then.
    """

    function: Function
    framework: str
    lifecycles: tuple[Lifecycle, ...]
    taken: frozenset[str] = frozenset()
    connection: str = ""
    registrations: frozenset[tuple[str, int]] = frozenset()
    hands_over: bool = True


@dataclass(frozen=True, slots=True)
class OwnedClient:
    """A client that a lifecycle is to own.

    `key` names it among the clients of the project, "" for the main one. `arguments` are those that
    the author gave; timeout, limits and a jar that stores nothing are added where missing.
    """

    library: str
    class_name: str
    key: str
    arguments: tuple[SpecArgument, ...]

    @property
    def is_async(self) -> bool:
        """Answer whether the client is an `AsyncClient`."""
        return self.class_name == "AsyncClient"


@dataclass(frozen=True, slots=True)
class OwnedPool:
    """Connections that a lifecycle is to own and that clients borrow; `key` and `arguments` as above.

    `takes_class` says that some borrower names the class to build, since a test replaces it there;
    `lends` that clients borrow from it for a while, `lasts` that clients which nothing closes use it.
    `chosen` are the arguments that borrowers give: for each of their values there are connections apart.
    """

    library: str
    class_name: str
    key: str
    arguments: tuple[SpecArgument, ...]
    takes_class: bool = False
    lends: bool = True
    lasts: bool = False
    chosen: tuple[str, ...] = ()

    @property
    def is_async(self) -> bool:
        """Answer whether the clients are `AsyncClient`s."""
        return self.class_name == "AsyncClient"

    @property
    def lender(self) -> str:
        """The function that builds a client which borrows; the name of the pool, too."""
        base = f"{self.key}_client" if self.key else "http_client"
        return base if self.is_async else f"sync_{base}"

    @property
    def maker(self) -> str:
        """The function that makes the arguments, where they cannot be said before."""
        return f"_{self.lender}_options"

    @property
    def lasting_lender(self) -> str:
        """The function that builds a client which nothing has to close."""
        return f"lasting_{self.lender}"


@dataclass(frozen=True, slots=True)
class Ownership:
    """The module that builds, opens, closes and provides what some lifecycles own.

    `path` is a file to be created, or the application's own where `is_inline`. `injects` says that
    the framework fills parameters. All members come from one library, httpx or httpx2. `present` is
    what an earlier run made of the module, read back; None for a new one. `python` is the lowest
    version that the project runs on, None where it does not say; `takes_proxies` says that its httpx
    is one that still has `proxies=`.
    """

    path: str
    is_inline: bool
    injects: bool
    clients: tuple[OwnedClient, ...]
    pools: tuple[OwnedPool, ...]
    lifecycles: tuple[Lifecycle, ...]
    policy: Policy
    present: Ownership | None = None
    earlier_starts: frozenset[Start] = frozenset()
    earlier_lacks_state: bool = False
    python: tuple[int, ...] | None = None
    takes_proxies: bool = False

    @property
    def starts(self) -> frozenset[Start]:
        """The forms in which the lifecycles start, those of earlier runs included."""
        return self.earlier_starts.union(one.start for one in self.lifecycles) or frozenset({Start.LIFESPAN})

    @property
    def may_lack_state(self) -> bool:
        """Answer whether a lifecycle has no state to put clients on, one of an earlier run included."""
        mine = any(not lifecycle.has_state for lifecycle in self.lifecycles)
        return bool(self.clients) and (mine or self.earlier_lacks_state)


FindOwners = Callable[[Project, Policy], tuple[Ownership, ...]]
"""Reads back what modules that an earlier run wrote own; the policy says what they do not."""


class Framework(ABC):
    """One framework: when it starts and stops things, told in the docstring with a link and version."""

    name: ClassVar[str]
    modules: ClassVar[frozenset[str]]
    injects: ClassVar[bool] = False
    """Whether the framework fills parameters of the functions that it calls."""
    no_loop: ClassVar[str] = "has no event loop that lasts: each call of this code runs on its own"
    """Why a lifecycle that owns sync clients only can own no others, after its name."""

    @abstractmethod
    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the lifecycles of the project, in order of path and line."""

    @abstractmethod
    def entry_point(self, project: Project, function: Function) -> EntryPoint | Refusal | None:
        """Return how the framework calls a function, None where it does not.

        Asked from the bottom up, function by function, so that only what a site needs is read.
        """

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a lifecycle runs code of a file: its own module imports it, directly or not."""
        return project.imports.reaches(lifecycle.path, path)

    @abstractmethod
    def starts(self, project: Project, lifecycle: Lifecycle) -> bool:
        """Answer whether a lifecycle starts by itself, and not only as a part of another one."""

    @abstractmethod
    def create(self, project: Project, ownership: Ownership) -> tuple[Edit, ...] | Refusal:
        """Return the edits that create what the ownership describes, without starting it.

        Asked of one framework for all lifecycles: of one that hands clients over, if there is one.
        """

    @abstractmethod
    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that make a lifecycle open and close what is owned.

        Not asked where it can own nothing of it.
        """

    @abstractmethod
    def reach(
        self, project: Project, entry: EntryPoint, ownership: Ownership, client: OwnedClient
    ) -> Reach | Refusal:
        """Return how an entry point gets hold of an owned client."""

    @abstractmethod
    def borrow(self, project: Project, path: str, ownership: Ownership, lender: str) -> Reach | Refusal:
        """Return how code in a file gets a client over an owned pool from one of the pool's lenders."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a function gets hold of an owned client.

    `parameter` is the annotation of a parameter to be added, filled by the framework; or
    `expression` yields the client: a context manager, or the function to call in place of the
    class. One of them is "".
    """

    edits: tuple[Edit, ...]
    parameter: str = ""
    expression: str = ""


class Lifecycles:
    """The lifecycles of the project, asked framework by framework."""

    def __init__(self, project: Project, frameworks: tuple[Framework, ...], find_owners: FindOwners) -> None:
        self._project = project
        self._find_owners = find_owners
        self._frameworks = {framework.name: framework for framework in frameworks}
        self._entries: dict[Symbol, EntryPoint | Refusal | None] = {}
        self._all: tuple[Lifecycle, ...] | None = None

    def all(self) -> tuple[Lifecycle, ...]:
        """Return every lifecycle of the project."""
        if self._all is None:
            frameworks = self._frameworks.values()
            self._all = tuple(
                found for framework in frameworks for found in framework.lifecycles(self._project)
            )
        return self._all

    def framework(self, name: str) -> Framework:
        """Return the framework of that name."""
        return self._frameworks[name]

    def owners(self, policy: Policy) -> tuple[Ownership, ...]:
        """Return what modules that an earlier run wrote own by now, in order of path."""
        return self._find_owners(self._project, policy)

    def reaches(self, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a lifecycle runs code of a file."""
        return self._frameworks[lifecycle.framework].reaches(self._project, lifecycle, path)

    def entry_point(self, function: Function) -> EntryPoint | Refusal | None:
        """Return how a framework calls a function, None where none does."""
        if function.symbol not in self._entries:
            found = (
                framework.entry_point(self._project, function) for framework in self._frameworks.values()
            )
            self._entries[function.symbol] = next((entry for entry in found if entry is not None), None)
        return self._entries[function.symbol]
