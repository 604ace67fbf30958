"""Home Assistant: it owns a client for all integrations, and this code is a guest."""

from __future__ import annotations

import posixpath
from typing import ClassVar

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework, place_of
from httpx_fixer.patterns import compile_later

_INTEGRATION = compile_later(r"(?:^|/)(?:custom_components|homeassistant/components)/\w+/__init__\.py$")
_SETUPS = ("async_setup_entry", "async_setup", "setup")
_ADVICE = (
    "Home Assistant has a shared client: `get_async_client(hass)` of `homeassistant.helpers.httpx_client`,"
    " or `create_async_httpx_client(hass, ...)` for one with cookies or settings of its own"
)


class HomeAssistant(ProcessFramework):
    """Home Assistant loads integrations into one event loop that lasts as long as it runs.

    It keeps one `httpx.AsyncClient` for all of them, with a TLS context that it loads outside of the
    loop, and closes it at the very end: to own another one would be the lesser way. To take it, code
    needs `hass` in reach, which is a change for a person. From its documentation; not run.
    https://developers.home-assistant.io/docs/core/integration-quality-scale/rules/inject-websession
    """

    name: ClassVar[str] = "home-assistant"
    modules: ClassVar[frozenset[str]] = frozenset({"homeassistant"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the function of each integration that sets it up."""
        found: list[Lifecycle] = []
        for path in project.search.mentions(b"homeassistant"):
            if not _INTEGRATION.search(path):
                continue
            setups = (project.function(Symbol(path, name)) for name in _SETUPS)
            setup = next((one for one in setups if one is not None), None)
            if setup is not None:
                found.append(Lifecycle(self.name, setup.symbol, place_of(setup), Start.HOOKS))
        return tuple(found)

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a file is of the integration, whose platforms are loaded by their names."""
        directory = posixpath.dirname(lifecycle.path)
        return path.startswith(f"{directory}/") or project.imports.reaches(lifecycle.path, path)

    def create(self, project: Project, ownership: Ownership) -> tuple[Edit, ...] | Refusal:
        """Refuse: the client to use is there."""
        first = ownership.lifecycles[0]
        return Refusal(RefusalReason.HOST_OFFERS, _ADVICE, first.path, first.call.line)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Refuse: the client to use is there."""
        return Refusal(RefusalReason.HOST_OFFERS, _ADVICE, lifecycle.path, lifecycle.call.line)
