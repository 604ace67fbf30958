"""Where the shared TLS context stands, and how a site says it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite, SpecArgument
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, CreateFile, Edit, EnsureImport, InsertStatements, ReplaceExpression
from httpx_fixer.rules._homes import common_directory, is_named_by_all, leave_loaded
from httpx_fixer.rules._httpx_versions import takes_proxies
from httpx_fixer.values import dataclass

NAME = "tls_context"
_FILE = "http_tls.py"
_PLAIN = '''\
@cache
def tls_context() -> SSLContext:
    """Load the trusted certificates once: a client takes 20 ms to build otherwise."""
    return @lib.create_ssl_context()
'''
_VARYING = '''\
@cache
def tls_context(
    verify: bool | str | SSLContext = True, *, trust_env: bool = True
) -> SSLContext:
    """Load certificates once a value: a client takes 20 ms to build otherwise."""
    return @lib.create_ssl_context(verify=verify, trust_env=trust_env)
'''
_TRANSPORTS = ("AsyncHTTPTransport", "HTTPTransport")
_OWN_CONTEXT = frozenset({"verify", "cert", "http2", "trust_env", "*", "**"})
_HEADER = '"""TLS contexts that the HTTP clients of this process share."""'


@dataclass(frozen=True, slots=True)
class TlsHome:
    """The module with the context for some sites; `varies` says that it takes arguments.

    It `is_late` where it imports the library when it is called, since some file does not before.
    """

    path: str
    library: str
    is_inline: bool
    varies: bool
    is_late: bool


def find_argument_obstacle(project: Project, site: ClientSite) -> str | None:
    """Return why a context cannot be given to a client, None where it can.

    A client certificate would be loaded into the shared context; HTTP/2 sets its protocols on the
    context at each connect; beside a transport `verify=` is ignored, so the transport has to be
    built right there; a call makes the value anew.
    """
    spec = site.spec
    if spec.unpacks or not spec.library or not (spec.is_complete or site.top_level):
        return "the arguments are not all written out"
    if _is_given(spec.argument("transport"), "None") and not _find_transports(project, site, "transport"):
        return "`transport=` is given"
    unknown = () if takes_proxies(project, site) else ("proxies",)
    for name in ("cert", "app", *unknown):
        if _is_given(spec.argument(name), "None"):
            return f"`{name}=` is given"
    if _is_given(spec.argument("http2"), "False"):
        return "the client speaks HTTP/2"
    verify = spec.argument("verify")
    if verify is not None and (
        verify.has_call or verify.normal == "False" or project.kept.is_computed(site, verify)
    ):
        return "`verify=` brings a context of its own"
    trust = spec.argument("trust_env")
    return "`trust_env=` is computed" if trust is not None and trust.has_call else None


def _find_transports(project: Project, site: ClientSite, argument: str) -> tuple[Call, ...]:
    """Return the transports that an argument builds on the spot and that load the certificates."""
    place = project.texts.argument_anchor(site.anchor, argument)
    if place is None:
        return ()
    classes = {Symbol("", f"{site.spec.library}.{name}") for name in _TRANSPORTS}
    return tuple(
        call
        for call in project.calls_in(site.path, *_TRANSPORTS)
        if call.symbol in classes
        and place.start <= call.anchor.start < place.end
        and not any(given.name in _OWN_CONTEXT for given in call.arguments)
    )


def _is_given(argument: SpecArgument | None, default: str) -> bool:
    return argument is not None and argument.normal != default


def find_tls_homes(project: Project, sites: Iterable[ClientSite]) -> dict[ClientSite, TlsHome]:
    """Return for each site the module that its context comes from: one a package.

    A directory without `__init__` that all of them import from by its name is one as well.
    """
    groups: dict[tuple[str, str], list[ClientSite]] = {}
    for site in sites:
        place = project.imports.top_package(site.path) or posixpath.dirname(site.path)
        groups.setdefault((place, site.spec.library), []).append(site)
    files = {site.path for members in groups.values() for site in members}
    shared = common_directory(files) if files else ""
    if shared and len(groups) > 1 and is_named_by_all(project, shared, files):
        merged: dict[tuple[str, str], list[ClientSite]] = {}
        for (_, library), members in groups.items():
            merged.setdefault((shared, library), []).extend(members)
        groups = merged
    homes: dict[ClientSite, TlsHome] = {}
    for (_, library), members in groups.items():
        varies = any(_varies(member) for member in members)
        is_late = not all(project.needs_package(member.path, library) for member in members)
        directory = leave_loaded(project, common_directory({member.path for member in members}))
        path = posixpath.join(directory, _FILE)
        for member in members:
            is_inline = project.imports.import_path(member.path, path) is None
            mine = _varies(member) if is_inline else varies
            late = is_late if not is_inline else _lacks_import(project, member)
            homes[member] = TlsHome(member.path if is_inline else path, library, is_inline, mine, late)
    return homes


def _lacks_import(project: Project, site: ClientSite) -> bool:
    names = project.module_names(site.path)
    return site.spec.library not in names and not project.needs_package(site.path, site.spec.library)


def _varies(site: ClientSite) -> bool:
    return any(_is_given(site.spec.argument(name), "True") for name in ("verify", "trust_env"))


def plan_context(project: Project, site: ClientSite, home: TlsHome) -> tuple[Edit, ...] | Refusal:
    """Return the edits that give a site the context of its home."""
    made = _plan_home(project, site, home)
    if isinstance(made, Refusal):
        return made
    given: list[str] = []
    verify, trust = site.spec.argument("verify"), site.spec.argument("trust_env")
    if verify is not None and verify.normal != "True":
        given.append(verify.code)
    if trust is not None and trust.normal != "True":
        given.append(f"trust_env={trust.code}")
    code = f"{NAME}({', '.join(given)})"
    inner = (call for name in ("transport", "mounts") for call in _find_transports(project, site, name))
    made = (*made, *(AddArgument(call.anchor, "verify", f"{NAME}()") for call in inner))
    if _is_given(site.spec.argument("transport"), "None"):
        return made
    anchor = None if verify is None else project.texts.argument_anchor(site.anchor, "verify")
    if anchor is not None:
        return (*made, ReplaceExpression(anchor, code))
    return (*made, AddArgument(site.anchor, "verify", code))


def _plan_home(project: Project, site: ClientSite, home: TlsHome) -> tuple[Edit, ...] | Refusal:
    if home.is_inline:
        return _plan_inline(project, home)
    is_there = project.has_file(home.path)
    if is_there and not _is_ours(project, home):
        detail = f"`{home.path}` is there already, and is something else"
        return Refusal(RefusalReason.NAME_CLASH, detail, home.path, 1)
    dotted = project.imports.import_path(site.path, home.path)
    assert dotted is not None
    if not project.may_bind(site.path, NAME, f"{dotted}.{NAME}"):
        return Refusal(RefusalReason.NAME_CLASH, f"`{NAME}` is taken in `{site.path}`", site.path, 1)
    imported = EnsureImport(site.path, dotted, NAME)
    return (
        (imported,)
        if is_there
        else (
            CreateFile(home.path, _source(home, project.oldest_python(home.path))),
            imported,
        )
    )


def _is_ours(project: Project, home: TlsHome) -> bool:
    """Answer whether an earlier run, or somebody else, has put such a function there."""
    text = project.search.text(home.path)
    wanted = f"def {NAME}(\n" if home.varies else f"def {NAME}("
    return wanted in text


def _plan_inline(project: Project, home: TlsHome) -> tuple[Edit, ...] | Refusal:
    names = project.module_names(home.path)
    anchor = project.last_import(home.path)
    python = project.oldest_python(home.path)
    cache = "cache" if _has_cache(python) else "lru_cache"
    imports: tuple[Edit, ...] = (
        EnsureImport(home.path, "functools", cache),
        EnsureImport(home.path, "ssl", "SSLContext"),
        *(() if home.is_late else (EnsureImport(home.path, home.library),)),
    )
    if NAME in names and f"def {NAME}(" in project.search.text(home.path):
        return ()
    taken = sorted({NAME, cache, "SSLContext"} & names)
    if anchor is None or taken:
        detail = f"`{taken[0] if taken else NAME}` cannot be put into `{home.path}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, home.path, 1)
    return (*imports, InsertStatements(anchor, "after", "\n\n" + _definition(home, python)))


def _definition(home: TlsHome, python: tuple[int, ...] | None) -> str:
    code = (_VARYING if home.varies else _PLAIN).replace("@lib", home.library)
    if home.is_late:
        code = code.replace("    return ", f"    import {home.library}\n\n    return ")
    if home.is_inline and python is not None and python < (3, 10):
        code = code.replace("bool | str | SSLContext", '"bool | str | SSLContext"')
    return code if _has_cache(python) else code.replace("@cache", "@lru_cache(maxsize=None)")


def _source(home: TlsHome, python: tuple[int, ...] | None) -> str:
    cache = "cache" if _has_cache(python) else "lru_cache"
    future = "from __future__ import annotations\n\n"
    first = future if home.varies and python is not None and python < (3, 10) else ""
    imports = f"{first}from functools import {cache}\nfrom ssl import SSLContext\n"
    imports += "" if home.is_late else f"\nimport {home.library}\n"
    return f"{_HEADER}\n\n{imports}\n\n{_definition(home, python)}"


def _has_cache(python: tuple[int, ...] | None) -> bool:
    """Answer whether `functools.cache` is there: from Python 3.9 on."""
    return python is None or python >= (3, 9)
