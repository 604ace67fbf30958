"""The source of injected clients (forms 1 and 2): what is written into the user's package."""

from __future__ import annotations

from httpx_fixer.frameworks._base import OwnedClient
from httpx_fixer.frameworks._layout import LINE, Import, lay_out_call
from httpx_fixer.settings import Policy
from httpx_fixer.values import dataclass

IMPORTS: tuple[Import, ...] = (
    ("collections.abc", "AsyncIterator", "AsyncIterator"),
    ("contextlib", "asynccontextmanager", "asynccontextmanager"),
    ("http.cookiejar", "Cookie", "Cookie"),
    ("http.cookiejar", "CookieJar", "CookieJar"),
    ("http.cookiejar", "DefaultCookiePolicy", "DefaultCookiePolicy"),
    ("urllib.request", "Request", "Request"),
    ("starlette.requests", "HTTPConnection", "HTTPConnection"),
)
FASTAPI_IMPORTS: tuple[Import, ...] = (
    ("typing", "Annotated", "Annotated"),
    ("fastapi", "Depends", "Depends"),
)

NO_STORE = '''\
class _NoStore(DefaultCookiePolicy):
    """Stores no cookies: those of one caller must not reach the next."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        return False
'''


@dataclass(frozen=True, slots=True)
class ClientNames:
    """What the parts of one owned client are called in the user's code."""

    build: str
    provide: str
    alias: str
    state: str
    borrow: str


def names_of(client: OwnedClient) -> ClientNames:
    """Return the names of an owned client; the main one is `HttpClient`."""
    base = f"{client.key}_client" if client.key else "http_client"
    if not client.is_async:
        base = f"sync_{base}"
    alias = "".join(part.capitalize() for part in base.split("_"))
    return ClientNames(f"build_{base}", f"get_{base}", alias, base, f"request_{base}")


def builder(client: OwnedClient, policy: Policy, borrow: str) -> str:
    """Return the function that builds a client as the author did, with what was left implicit.

    `borrow` names the function that builds one over a shared pool, "" where there is none.
    """
    names = names_of(client)
    kind = f"{client.library}.{client.class_name}"
    given = {argument.name: argument.code for argument in client.arguments}
    if not borrow:
        given.setdefault("timeout", policy.timeout.code(f"{client.library}.Timeout"))
        if "transport" not in given:
            given.setdefault("limits", policy.limits.code(f"{client.library}.Limits"))
    given["cookies"] = "CookieJar(policy=_NoStore())"
    header = f"def {names.build}() -> {kind}:"
    if len(given) == 1:
        return f"{header}\n    return {borrow or kind}(cookies={given['cookies']})\n"
    arguments = "\n".join(lay_out_call(f"{name}=", code, ",", "        ") for name, code in given.items())
    return f"{header}\n    return {borrow or kind}(\n{arguments}\n    )\n"


def provider(client: OwnedClient, *, injects: bool) -> str:
    """Return the dependency, or the context manager over a request, that hands a client over."""
    names = names_of(client)
    kind = f"{client.library}.{client.class_name}"
    decorator, function = ("", names.provide) if injects else ("@asynccontextmanager\n", names.borrow)
    keyword = "async with" if client.is_async else "with"
    return (
        f"{decorator}{_header(function, kind)}\n"
        f'    shared = getattr(connection.app.state, "{names.state}", None)\n'
        f"    if shared is not None:\n"
        f"        yield shared\n"
        f"        return\n"
        f"    # The lifespan is not running, as in most tests: a client for this request alone.\n"
        f"    {keyword} {names.build}() as client:\n"
        f"        yield client\n"
    )


def alias_line(client: OwnedClient) -> str:
    """Return the annotation that handlers use."""
    names = names_of(client)
    inside = f"{client.library}.{client.class_name}, Depends({names.provide})"
    line = f"{names.alias} = Annotated[{inside}]"
    return line if len(line) <= LINE else f"{names.alias} = Annotated[\n    {inside}\n]"


def _header(function: str, kind: str) -> str:
    line = f"async def {function}(connection: HTTPConnection) -> AsyncIterator[{kind}]:"
    if len(line) <= LINE:
        return line
    return f"async def {function}(\n    connection: HTTPConnection,\n) -> AsyncIterator[{kind}]:"
