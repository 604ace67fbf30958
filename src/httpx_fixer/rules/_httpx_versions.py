"""What a project can have with the httpx that it pins."""

from __future__ import annotations

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Refusal, RefusalReason

_WITHOUT_PROXIES = (0, 28)
_SHARING = (0, 21)
"""In 0.20 no connection is used again, and in 0.19 transports are called otherwise."""
_NEW_API = (1,)


def takes_proxies(project: Project, site: ClientSite) -> bool:
    """Answer whether the library that the project pins still has `proxies=`, gone since httpx 0.28."""
    return site.spec.library == "httpx" and has_proxies(project, site.path)


def has_proxies(project: Project, path: str) -> bool:
    """Answer the same for what a file of the project is run with, where that uses httpx."""
    pinned = project.pinned_version("httpx", path)
    return pinned is not None and pinned < _WITHOUT_PROXIES


def find_unfit_version(project: Project, site: ClientSite) -> Refusal | None:
    """Return why what is written would not run with the httpx that a project pins, None where it would."""
    if site.spec.library not in {"", "httpx"}:
        return None
    version = project.pinned_version("httpx", site.path)
    if version is not None and version >= _NEW_API and site.spec.library:
        detail = f"httpx {'.'.join(map(str, version))} is pinned, which has another API"
        return Refusal(RefusalReason.HTTPX_TOO_NEW, detail, site.path, site.line)
    if project.is_held_below("httpx", _SHARING, site.path):
        detail = "the httpx that is pinned cannot share connections, which takes 0.21"
        return Refusal(RefusalReason.HTTPX_TOO_OLD, detail, site.path, site.line)
    return None
