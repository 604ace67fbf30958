"""All rules over one project: one code a site, silence where it was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Applicability
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._registry import iter_rules
from httpx_fixer.settings import Settings, is_matched
from httpx_fixer.source import Anchor


def judge(
    project: Project,
    lifecycles: Lifecycles,
    settings: Settings,
    file_ignores: Callable[[str], frozenset[str]],
    tell: Callable[[str, int, int], None],
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of all selected rules, in order of path and position.

    A site gets the one code that says most: the rule of the lowest `order` speaks. Beside one that
    leaves the site alone, and beside one another, rules that `stands_beside_refusals` may speak, too:
    what they write is right whoever owns the client. `tell` is told the rule, how many are
    done and how many there are.
    """
    rules = [rule(settings) for rule in iter_rules() if settings.is_selected(rule.code, rule.name)]
    found: dict[Anchor, list[tuple[Rule, Diagnostic]]] = {}
    for number, rule in enumerate(sorted(rules, key=lambda rule: (rule.order, rule.code))):
        tell(rule.name, number, len(rules))
        for diagnostic in rule.check(project, lifecycles):
            here = found.setdefault(diagnostic.anchor, [])
            if project.is_test(diagnostic.anchor.path) and not settings.include_tests:
                continue
            # Asked of every diagnostic, also of one that is not told: its comment is not unused.
            is_silent = _is_silent(project, rule, diagnostic, file_ignores)
            if not is_silent and (not here or _may_join(rule, here, settings)):
                here.append((rule, _spare_generated(project, diagnostic)))
    every = [diagnostic for here in found.values() for _, diagnostic in here]
    return tuple(sorted(every, key=lambda d: (d.anchor, d.code)))


def _spare_generated(project: Project, diagnostic: Diagnostic) -> Diagnostic:
    """Refuse to change a file that some generator would write again."""
    line = project.search.generator_mark(diagnostic.anchor.path) if diagnostic.fix is not None else None
    if line is None:
        return diagnostic
    detail = "the file is generated; change its generator or its template"
    refusal = Refusal(RefusalReason.GENERATED_CODE, detail, diagnostic.anchor.path, line)
    return replace(diagnostic, outcome=refusal)


def _may_join(rule: Rule, here: list[tuple[Rule, Diagnostic]], settings: Settings) -> bool:
    return rule.stands_beside_refusals and all(
        other.stands_beside_refusals or _is_left_alone(diagnostic, settings) for other, diagnostic in here
    )


def _is_left_alone(diagnostic: Diagnostic, settings: Settings) -> bool:
    """Answer whether this run will not change the site: a refusal, or a fix that was not asked for."""
    fix = diagnostic.fix
    return fix is None or (fix.applicability is not Applicability.SAFE and not settings.unsafe_fixes)


def _is_silent(
    project: Project, rule: Rule, diagnostic: Diagnostic, file_ignores: Callable[[str], frozenset[str]]
) -> bool:
    words = file_ignores(diagnostic.anchor.path)
    is_ignored = any(is_matched(word, diagnostic.code, diagnostic.name) for word in words)
    return project.silences.silence(diagnostic, by_name=rule.by_name_only) or is_ignored
