"""Frozen facts about clients and requests of httpx."""

from __future__ import annotations

from enum import Enum

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass

POOL_ARGUMENTS = frozenset(
    {"verify", "cert", "trust_env", "http1", "http2", "limits", "proxy", "proxies", "mounts", "transport"}
)
"""Constructor arguments that make a pool of connections; all others are the client's own (FACTS A3)."""
POOL_DEFAULTS = frozenset(
    {
        *(("verify", "True"), ("trust_env", "True"), ("http1", "True"), ("http2", "False"), ("cert", "None")),
        *(("proxy", "None"), ("proxies", "None"), ("mounts", "None"), ("transport", "None")),
    }
)
"""Those that say what goes without saying, as (name, normal code)."""
GIVEN_LIMITS = "limits"
"""What the limits of the policy, as a table of arguments, are called where a pool's arguments are made."""


class Origin(Enum):
    """Where the names that an expression reads come from: the widest that applies."""

    LITERAL = 0
    """No names, or builtins only."""
    IMPORTED = 1
    """Names that the module imports."""
    MODULE = 2
    """Names that the module defines."""
    SCOPED = 3
    """Parameters, locals, `self`, or the result of a call."""


@dataclass(frozen=True, slots=True)
class SpecArgument:
    """A constructor argument as data.

    `normal` is the code with formatting and number spelling taken out, for comparing. `imports`
    lists what must be imported to say the code elsewhere: (dotted module, name or "", bound as);
    `late_imports` those of them that have to wait until the value is needed. `names` and `attributes`
    are all that it reads; `has_call` says that it computes something.
    """

    name: str
    code: str
    normal: str
    origin: Origin
    imports: tuple[tuple[str, str, str], ...]
    line: int
    names: frozenset[str]
    attributes: frozenset[str]
    has_call: bool
    late_imports: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_made(self) -> bool:
        """Answer whether whoever builds a client has to make the value for it, and not before."""
        return self.has_call or bool(self.late_imports) or self.name in {"mounts", "transport"}


@dataclass(frozen=True, slots=True)
class PoolValue:
    """A constructor argument as one who builds a client for the whole process would say it.

    `statement` is the one that assigned it to a local variable of which nothing is left to read.
    `is_own` says that it reads names that the site's module defines, once and for all; `obstacle`
    why it is not the same for the whole process, "" where it is. `makers` are what makes transports
    of the project's own in it, which may keep something of a request. `is_choice`: it varies by call
    and has few values.
    """

    argument: SpecArgument
    statement: Anchor | None = None
    is_own: bool = False
    obstacle: str = ""
    makers: tuple[str, ...] = ()
    is_choice: bool = False


@dataclass(frozen=True, slots=True)
class ClientSpec:
    """A client's constructor: `library` is "httpx" or "httpx2", "" where it may be either.

    `class_code` is how the module spells the class. `is_complete` is False where an argument is
    positional or comes from `*args`/`**kwargs`, `unpacks` True for the latter. `has_context` says that
    an earlier run gave it the TLS context of the process; `arguments` are as they were before.
    `unpacked` are the names of what comes from `**kwargs`, None where they are not all known.
    """

    library: str
    class_name: str
    class_code: str
    arguments: tuple[SpecArgument, ...]
    is_complete: bool
    unpacks: bool
    has_context: bool = False
    unpacked: frozenset[str] | None = None

    @property
    def is_async(self) -> bool:
        """Answer whether the client is an `AsyncClient`."""
        return self.class_name == "AsyncClient"

    def argument(self, name: str) -> SpecArgument | None:
        """Return the argument of that name or None."""
        return next((argument for argument in self.arguments if argument.name == name), None)


class BindingForm(Enum):
    """How the code that builds a client keeps it."""

    WITH = "a `with` block"
    LOCAL = "a local variable"
    MODULE = "a module variable"
    CLASS = "a class attribute"
    INSTANCE = "an attribute of an instance"
    LAZY = "a global variable filled on first use"
    CACHED = "the cache of a function"
    CHAINED = "nothing: the call is chained"
    STACKED = "an exit stack"
    ARGUMENT = "an argument of another call"
    RETURNED = "the return value"
    YIELDED = "a yielded value"
    ITEM = "a container"
    DISCARDED = "nothing"
    OTHER = "a larger expression"


MODULE_FORMS = frozenset({BindingForm.MODULE, BindingForm.CLASS, BindingForm.LAZY, BindingForm.CACHED})
"""Forms of a client that lives as long as its module."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a use of an object stands in the way of sharing it; `line` is in the site's file."""

    reason: RefusalReason
    detail: str
    line: int


@dataclass(frozen=True, slots=True)
class Request:
    """A call that sends a request through a client, or builds one.

    `arguments` are the keyword arguments as (name, normal code); `url` is the code of the URL or "",
    `url_text` its literal beginning. `repeats`: it may run more than once per client. `is_first`:
    it stands in the first statement of the block.
    """

    method: str
    anchor: Anchor
    arguments: tuple[tuple[str, str], ...]
    is_complete: bool
    url: str
    url_text: str | None
    repeats: bool
    is_first: bool


def _site_of(url: str | None) -> str:
    """Return the last two parts of the host of a URL's literal beginning, "" where it is not all there.

    A cookie may be meant for all hosts below a domain, and its port does not matter.
    """
    scheme, mark, rest = (url or "").partition("://")
    host, slash, _ = rest.partition("/")
    if not (mark and slash and scheme in {"http", "https"}):
        return ""
    return ".".join(host.rpartition("@")[2].partition(":")[0].lower().split(".")[-2:])


@dataclass(frozen=True, slots=True)
class WithBlock:
    """The with statement that holds a client: `item` is its index, `target` the name after `as`."""

    anchor: Anchor
    item: int
    target: str
    is_async: bool


@dataclass(frozen=True, slots=True)
class ClientUsage:
    """What happens to the name that holds a client.

    `max_requests` bounds the requests sent on one path through the code (2 stands for many).
    `changed_names` are the names that the block assigns or calls methods on.
    """

    requests: tuple[Request, ...]
    max_requests: int
    obstacles: tuple[Obstacle, ...]
    every_request_has_timeout: bool
    changed_names: frozenset[str]

    @property
    def has_distinct_hosts(self) -> bool:
        """Answer whether no two requests go to one domain, so that no cookie of one reaches another."""
        hosts = [_site_of(request.url_text) for request in self.requests if request.method != "build_request"]
        once = not any(request.repeats for request in self.requests)
        return once and "" not in hosts and len(set(hosts)) == len(hosts)


@dataclass(frozen=True, slots=True)
class SingleRequest:
    """A request that brings its client along: `httpx.get(...)` or `AsyncClient(...).get(...)`.

    `statement` is the statement around, which holds no other such request; `replaced` is the
    expression in whose place a client's method (top level) or a client (chained) can stand. In the
    header of a compound statement, `leads` says that the request is the first thing that runs there.
    `is_bare` says that `await` may stand before it without parentheses.
    """

    verb: str
    statement: Anchor
    replaced: Anchor
    is_compound: bool = False
    leads: bool = False
    is_bare: bool = False


class Closing(Enum):
    """On which paths a function closes the client that it keeps in a local variable."""

    NEVER = "never closed"
    SOMETIMES = "closed on some paths only"
    ALWAYS = "closed on every path"


@dataclass(frozen=True, slots=True)
class LocalClient:
    """A local variable that holds a client: `statement` assigns it.

    From `first` to `last` stand the statements of that block that use the client, None where there
    are none; `closes` are the statements in them that close it. `is_stored` and `is_returned` tell
    where else it goes, `opens_stream` whether it may open one. `obstacles` stand against a `with`.
    """

    statement: Anchor
    first: Anchor | None
    last: Anchor | None
    closes: tuple[Anchor, ...]
    closing: Closing
    is_stored: bool
    is_returned: bool
    opens_stream: bool
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, slots=True)
class ClientSite:
    """A place that builds a client, or a top-level request (`httpx.get(...)`), `spec.class_name` "".

    `function` is the qualified name of the function around, "" at module or class level.
    `block` is set for `BindingForm.WITH`, `local` for `LOCAL`, `name` for those forms that bind a
    name or attribute. `single` is set for requests that bring their client along; a `str` says why the
    client cannot get a block of its own. `urls` are all that its requests go to, each as it is written
    and then with names of strings followed, () for one that is not known.
    """

    path: str
    function: str
    spec: ClientSpec
    anchor: Anchor
    form: BindingForm
    in_loop: bool
    name: str
    block: WithBlock | None
    usage: ClientUsage | None
    top_level: str
    single: SingleRequest | str | None
    is_test: bool
    local: LocalClient | None = None
    urls: tuple[tuple[str, ...], ...] = ((),)

    @property
    def line(self) -> int:
        """The line that the call begins on."""
        return self.anchor.start.line


@dataclass(frozen=True, slots=True)
class Loop:
    """The outermost loop in whose every round a `with` statement could use one client.

    `may_fail_apart` says that the loop goes on when the client cannot be built.
    """

    anchor: Anchor
    may_fail_apart: bool
