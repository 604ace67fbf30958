from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite, SingleRequest
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Applicability, Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._drops import plan_drop
from httpx_fixer.rules._enclosing import Opening, enclose_top_level
from httpx_fixer.rules._patches import doubt_function_patch
from httpx_fixer.rules._processes import is_reported
from httpx_fixer.rules._values import find_value_class

_OF_THE_CLIENT = frozenset({"cert", "cookies", "proxy", "trust_env", "verify"})
"""Arguments of the functions of the package that the client which they build gets (FACTS A16)."""


class BlockingRequestInAsync(Rule):
    """A sync httpx call in `async def`.

    ## What it does
    Finds sync clients that a coroutine builds, and sync requests (`httpx.get(...)`) that it sends.

    ## Why is this bad?
    The whole event loop waits: three requests of 0.3 s at once take 1 s, and so does every other
    request that the process serves meanwhile.

    ## Fix
    Unsafe: a request of the package (`httpx.get(...)`) becomes `await client.get(...)` in a block
    `async with httpx.AsyncClient() as client:`. A further round lets that block borrow from the
    application (HXF101). A sync client that the coroutine builds is only reported.

    ## Fix safety
    Unsafe: other tasks run while the request waits, where none did before: code that relied on
    nothing happening between two lines of the coroutine may see what they did. An `auth=` with a sync
    flow only, and a body that is read from a sync generator, fail.

    ## Refused when
    - SYNC_IN_ASYNC: a sync client is built here; `content=` may come from a sync generator.
    - UNSUPPORTED_BINDING: no block has a place around the request, or it may be of httpx or httpx2.
    - UNKNOWN_ARGUMENT: not all arguments of the call are known.
    - NAME_CLASH: a name that the fix adds is taken.

    ## References
    - https://www.python-httpx.org/async/
    """

    code = "HXF106"
    name = "blocking-request-in-async"
    order = 5

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
                yield self.diagnostic(site.anchor, message, _plan_await(project, site))


def _plan_await(project: Project, site: ClientSite) -> Fix | Refusal:
    """Return the fix that awaits the request of an `AsyncClient` instead."""
    single = site.single
    if not site.top_level or site.spec.argument("content") is not None or site.top_level == "stream":
        detail = "a coroutine sends a sync request; sharing the client would not cure that"
        return Refusal(RefusalReason.SYNC_IN_ASYNC, detail, site.path, site.line)
    if not isinstance(single, SingleRequest) or not site.spec.library:
        detail = "the name may be httpx or httpx2, depending on what is installed"
        detail = single if isinstance(single, str) else detail
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if site.spec.unpacks:
        detail = f"the arguments of `{site.spec.class_code}` are not all written out"
        return Refusal(RefusalReason.UNKNOWN_ARGUMENT, detail, site.path, site.line)
    spelled = find_value_class(project, site, "AsyncClient")
    if isinstance(spelled, Refusal):
        return spelled
    callee, imports = spelled
    moved = [argument for argument in site.spec.arguments if argument.name in _OF_THE_CLIENT]
    code = f"{callee}({', '.join(f'{argument.name}={argument.code}' for argument in moved)})"
    opening = Opening(code, frozenset(argument.name for argument in moved), is_async=True)
    edits = enclose_top_level(project, site, single, opening)
    if isinstance(edits, Refusal):
        return edits
    gone = plan_drop(project, site.path, site.spec.class_code.split(".")[0])
    doubts = (
        "other tasks run while the request waits, where none did before",
        doubt_function_patch(project, site),
    )
    because = "; ".join(filter(None, doubts))
    return Fix("await the request", (*imports, *edits, gone), Applicability.UNSAFE, because)


def _is_sync(site: ClientSite) -> bool:
    """Only where the request is surely sent here: a client that is kept may serve sync code."""
    sends_here = site.form in {BindingForm.WITH, BindingForm.CHAINED} and not site.spec.is_async
    return bool(site.function) and (bool(site.top_level) or sends_here)
