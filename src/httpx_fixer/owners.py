"""Who owns what, and how a site gets it: what a fix about sharing says about itself."""

from __future__ import annotations

from enum import Enum

from httpx_fixer.values import dataclass


class Handing(Enum):
    """How a site gets hold of what a process owns. Each member is documented under it."""

    PARAMETER = "parameter"
    """The framework fills a parameter of the function."""
    ARGUMENT = "argument"
    """The functions that call this one pass the client on."""
    REQUEST = "request"
    """The client is taken from the request's application."""
    BORROWED = "borrowed"
    """The function builds a client of its own over shared connections."""
    LASTING = "lasting"
    """A client that is kept for good uses shared connections while there are any."""


@dataclass(frozen=True, slots=True, order=True)
class Process:
    """Something that starts and ends once: `app` is how the code calls it, made at `path` and `line`.

    `start` says in which form it starts and stops things ("lifespan", "entry coroutine", ...).
    """

    path: str
    line: int
    framework: str
    app: str
    start: str


@dataclass(frozen=True, slots=True, order=True)
class Owned:
    """One client, or one pool of connections that clients borrow.

    `kind` is "client" or "pool", `name` what the owning module calls it, `class_name` the whole name
    of the class; `arguments` pairs each argument that it is built with and its code.
    """

    kind: str
    name: str
    class_name: str
    arguments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """The module that builds, opens and closes what some processes own.

    `is_new` says that the fixes create the file.
    """

    path: str
    is_new: bool
    processes: tuple[Process, ...]
    owned: tuple[Owned, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """What one site gets, from where and how; `function` is the qualified name of the site's function."""

    owner: Owner
    owned: Owned
    how: Handing
    function: str
