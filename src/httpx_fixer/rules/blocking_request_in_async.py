from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported


class BlockingRequestInAsync(Rule):
    """A sync httpx call in `async def`.

    ## What it does
    Finds sync clients that a coroutine builds, and sync requests (`httpx.get(...)`) that it sends.

    ## Why is this bad?
    The whole event loop waits: three requests of 0.3 s at once take 1 s, and so does every other
    request that the process serves meanwhile.

    ## Fix
    None yet: the site is reported. Use `AsyncClient` and `await`.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - SYNC_IN_ASYNC: always, in this version.

    ## References
    - https://www.python-httpx.org/async/
    """

    code = "HXF106"
    name = "blocking-request-in-async"
    order = 5
    fixable = False

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every sync client or request in a coroutine."""
        for site in project.client_sites:
            function = project.function(Symbol(site.path, site.function)) if _is_sync(site) else None
            if function is None or not function.is_async or function.is_generator:
                continue
            if is_reported(project, lifecycles, site, self.settings):
                message = (
                    f"`{site.spec.class_code}(...)` blocks the event loop of `async def {function.name}`"
                )
                detail = "a coroutine sends a sync request; sharing the client would not cure that"
                refusal = Refusal(RefusalReason.SYNC_IN_ASYNC, detail, site.path, site.line)
                yield self.diagnostic(site.anchor, message, refusal)


def _is_sync(site: ClientSite) -> bool:
    """Only where the request is surely sent here: a client that is kept may serve sync code."""
    sends_here = site.form in {BindingForm.WITH, BindingForm.CHAINED} and not site.spec.is_async
    return bool(site.function) and (bool(site.top_level) or sends_here)
