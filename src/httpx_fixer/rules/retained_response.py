from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import KeptResponse
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Applicability, Fix, ReplaceExpression
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule


class RetainedResponse(Rule):
    """A response that something keeps for longer than the call that asked for it.

    ## What it does
    Finds responses that are returned by a function with a cache (`functools.lru_cache` and `cache`,
    `cachetools`, `aiocache`, `async_lru`), assigned to a global, or put into a container of the module
    or of the object that has the client.

    ## Why is this bad?
    A response holds its whole body, the request with its body, the responses of all redirects, and
    what its transport left in `extensions`. A cache of responses is a cache of all that.

    ## Fix
    Keep what the readers use, such as `response.json()`, `response.content` or the headers. Where all of
    them are seen and use the same, the fix says so and lists the places; it is shown and never applied.

    ## Fix safety
    Nothing is changed: readers that are not seen, and the types that the code says, are for a person.

    ## Refused when
    - REPORT_ONLY: the readers use different things, or not all of them are seen.

    ## References
    - https://www.python-httpx.org/api/#response
    - https://docs.python.org/3/library/functools.html#functools.lru_cache
    """

    code = "HXF305"
    name = "retained-response"
    order = 60
    fixable = False
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - a response needs no owner
        """Yield a diagnostic for every response that something keeps."""
        for kept in project.streams.retained:
            message = f"the response of `{kept.callee}(...)` stays in {kept.keeper}"
            yield self.diagnostic(kept.anchor, message, _plan(kept))


def _plan(kept: KeptResponse) -> Fix | Refusal:
    if kept.part is None:
        detail = f"{kept.keeper} holds the whole body; keep what its readers use"
        return Refusal(RefusalReason.REPORT_ONLY, detail, kept.path, kept.anchor.start.line)
    edits = tuple(ReplaceExpression(one.anchor, one.code) for one in kept.part.replacements)
    places = ", ".join(f"`{edit.anchor.path}:{edit.anchor.start.line}`" for edit in edits[1:])
    title = f"{kept.keeper} holds the whole body; keep `{kept.part.part}`, all that is read of it: {places}"
    return Fix(title, edits, Applicability.DISPLAY_ONLY)
