"""What can be done for clients that nothing of the project can own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from httpx_fixer.analysis.facts import CallChange
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite, SingleRequest
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Applicability, Edit, Fix, ReplaceExpression
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._copied_source import find_copied_source
from httpx_fixer.rules._enclosing import enclose_local, enclose_request, find_local_obstacle
from httpx_fixer.rules._lasting import is_lasting
from httpx_fixer.rules._patches import find_class_patch
from httpx_fixer.rules._planning import plan_sites
from httpx_fixer.rules._tls_contexts import TlsHome, find_argument_obstacle, find_tls_homes, plan_context
from httpx_fixer.settings import Settings

REPEATED_TLS = ("HXF112", "repeated-tls-context")
_HOPELESS = frozenset(
    {RefusalReason.HTTPX_TOO_NEW, RefusalReason.GENERATED_CODE, RefusalReason.PROCESS_PER_JOB}
)
_UNOWNED = frozenset(
    {
        *(RefusalReason.DYNAMIC_ARGUMENT, RefusalReason.FRAMEWORK_TOO_OLD, RefusalReason.IMPORT_CIRCLE),
        *(RefusalReason.LIBRARY_CODE, RefusalReason.LIFESPAN_UNKNOWN, RefusalReason.LIMITS_OF_ONE_CALL),
        *(RefusalReason.MANY_LOOPS, RefusalReason.NO_ENTRY_POINT, RefusalReason.NO_IMPORT_PATH),
        *(RefusalReason.OWNER_CHANGED, RefusalReason.PROCESS_PER_JOB, RefusalReason.PYTHON_TOO_OLD),
        RefusalReason.HTTPX_TOO_OLD,
    }
)
"""Why a client gets no owner, where it can be closed all the same."""


def find_relieved(project: Project, lifecycles: Lifecycles, settings: Settings) -> dict[ClientSite, TlsHome]:
    """Return the clients that stay without an owner, and from where each could have its context.

    Those that are built per call, and kept ones that would share it with another.
    """
    everything = replace(settings, select=(), ignore=())
    outcomes = plan_sites(project, lifecycles, everything)
    key = f"relieved {settings.include_tests} {settings.unsafe_fixes}"
    left = {site: outcome for site, outcome in outcomes.items() if not is_applied(outcome, settings)}
    return project.remember(key, lambda: _find_relieved(project, lifecycles, left))


def is_applied(outcome: Fix | Refusal, settings: Settings) -> bool:
    """Answer whether an outcome is a fix of a kind that was asked for."""
    return isinstance(outcome, Fix) and (outcome.applicability is Applicability.SAFE or settings.unsafe_fixes)


def _find_relieved(
    project: Project, lifecycles: Lifecycles, outcomes: dict[ClientSite, Fix | Refusal]
) -> dict[ClientSite, TlsHome]:
    left = [site for site, outcome in outcomes.items() if _is_left(project, lifecycles, site, outcome)]
    homes = find_tls_homes(project, left)
    sharers = Counter(home.path for home in homes.values())
    return {
        site: home
        for site, home in homes.items()
        if sharers[home.path] > 1 or not is_lasting(project, lifecycles, site)
    }


def _is_left(project: Project, lifecycles: Lifecycles, site: ClientSite, outcome: Fix | Refusal) -> bool:
    if isinstance(outcome, Refusal) and outcome.reason in _HOPELESS:
        return False
    is_unowned = isinstance(outcome, Fix) or outcome.reason in _UNOWNED
    is_of_object = site.form is BindingForm.INSTANCE and is_unowned
    if is_lasting(project, lifecycles, site) and not is_of_object:
        return False
    if site.spec.has_context or find_copied_source(project, site) is not None:
        return False
    return find_argument_obstacle(project, site) is None


def close_unowned(
    project: Project, lifecycles: Lifecycles, site: ClientSite, refusal: Refusal, settings: Settings
) -> Fix | Refusal:
    """Return a fix that puts a client of a function into a block of its own, else what was refused.

    It is closed on every path then, and loads the certificates once a process where that is wanted.
    """
    if refusal.reason not in _UNOWNED or site.form not in {BindingForm.LOCAL, BindingForm.CHAINED}:
        return refusal
    if any(site.spec.argument(name) is not None for name in ("mounts", "transport")):
        return refusal  # it would be closed with the client, and may be another's
    if find_local_obstacle(site) is not None or find_class_patch(project, site) is not None:
        return refusal
    change, relief = _plan_relief(project, lifecycles, site, settings)
    edits = _enclose(project, site, change)
    if edits is None or isinstance(edits, Refusal):
        return refusal
    title = f"close the `{site.spec.class_code}` by a block, on every path"
    return Fix(title, (*relief, *edits))


def _enclose(project: Project, site: ClientSite, change: CallChange) -> tuple[Edit, ...] | Refusal | None:
    if isinstance(site.single, SingleRequest):
        return enclose_request(project, site, site.single, site.spec.class_code, change)
    rewritten = project.rewrite_call(site.anchor, site.spec.class_code, change)
    return None if rewritten is None else enclose_local(site, rewritten[1])


def _plan_relief(
    project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings
) -> tuple[CallChange, tuple[Edit, ...]]:
    """Return what a call says of the shared TLS context, and the edits that bring that into its module."""
    plain = CallChange(whole=True)
    home = find_relieved(project, lifecycles, settings).get(site)
    if home is None or not settings.is_selected(*REPEATED_TLS):
        return plain, ()
    match plan_context(project, site, home):
        case (*made, AddArgument(anchor, name, code)) if anchor == site.anchor and not _adds(made):
            return CallChange(last=f"{name}={code}", whole=True), tuple(made)
        case (*made, ReplaceExpression(_, code)) if not _adds(made):
            without = frozenset({"verify"})
            return CallChange(last=f"verify={code}", without=without, whole=True), tuple(made)
    return plain, ()


def _adds(edits: list[Edit]) -> bool:
    """Answer whether edits change the inside of the call, which is written anew."""
    return any(isinstance(edit, AddArgument) for edit in edits)
