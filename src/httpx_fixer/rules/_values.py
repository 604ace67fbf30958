"""Writing `httpx.Timeout` and `httpx.Limits` as the module around would."""

from __future__ import annotations

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport

_LOCAL_TRANSPORTS = ("ASGITransport", "WSGITransport", "MockTransport")


SERVER_NAME = "sni_hostname"
"""The extension of a request that names the server of its connection. Its URL has an address then, and
httpcore 1.0.9 gives the next request to that address the same connection, whatever server it names."""


def uses_network(project: Project, site: ClientSite) -> bool:
    """Answer whether a client opens connections: not with a transport into the process itself."""
    transport = site.spec.argument("transport")
    if transport is None:
        return True
    codes = project.pool_values.codes_of(site, transport)
    return not all(any(name in code for name in _LOCAL_TRANSPORTS) for code in codes)


def find_value_class(project: Project, site: ClientSite, name: str) -> tuple[str, tuple[Edit, ...]] | Refusal:
    """Return how the site can say `httpx.<name>`, and the import that this needs.

    The class comes from the very module that the client's class comes from, alias included: a
    `Timeout` of httpx in a client of httpx2 fails at the first request (FACTS A16).
    """
    base, dot, _ = site.spec.class_code.rpartition(".")
    if dot:
        return f"{base}.{name}", ()
    known = project.spelling_of(site.path, f"{site.spec.library}.{name}")
    if known is not None:
        return known, ()
    names = project.module_names(site.path)
    if not site.spec.library or site.spec.class_code not in names:
        detail = f"`{site.spec.class_code}` is imported where `{name}` cannot be imported beside it"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if name in names:
        detail = f"`{name}` means something else in this module"
        return Refusal(RefusalReason.NAME_CLASH, detail, site.path, site.line)
    return name, (EnsureImport(site.path, site.spec.library, name),)
