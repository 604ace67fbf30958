from __future__ import annotations

from collections.abc import Iterator, Sequence

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.suppression_facts import Request
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import Fix, ReplaceComment
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._registry import iter_rules
from httpx_fixer.settings import Settings, is_matched
from httpx_fixer.source import Anchor, Position


class UnusedSuppression(Rule):
    """A comment that silences a rule where the rule has nothing to say.

    ## What it does
    Finds `# httpx-fixer: ignore[...]`, `ignore-block[...]` and `ignore-file[...]`, and codes of this tool
    in `# noqa: ...`, that silence nothing, or that name no rule.

    ## Why is this bad?
    The comment outlives what it was written for. It then says of sound code that something is wrong
    with it, and silences the next mistake that is made on its line.

    ## Fix
    Takes out the codes that silence nothing, and the comment with its reason where none is left.

    ## Fix safety
    Safe: only comments change, and of those only the part that is meant for this tool. Codes of
    rules that are not selected in this run are left alone.

    ## Refused when
    - GENERATED_CODE: the file says that it is generated: the next run of its generator would bring the
      comment back.

    ## References
    - https://docs.astral.sh/ruff/rules/unused-noqa/
    """

    code = "HXF001"
    name = "unused-suppression"
    order = 1000
    by_name_only = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - none needed
        """Yield a diagnostic for every comment that was not needed; all other rules have spoken by now."""
        rules = list(iter_rules())
        paths = [path for path in project.files if path in project.targets]
        for path, request, unused in project.silences.iter_unused(paths):
            words = [word for word in unused if _is_ours(word, request) and self._is_judged(word, rules)]
            if words or not request.words:
                anchor = _anchor(path, request.line, request.start, request.end)
                yield self.diagnostic(anchor, _describe(words, rules), _plan_removal(anchor, request, words))

    def _is_judged(self, word: str, rules: Sequence[type[Rule]]) -> bool:
        """Answer whether all rules that a word means had their say in this run."""
        meant = [rule for rule in rules if is_matched(word, rule.code, rule.name)]
        if type(self) in meant and word:
            return False
        return all(_is_selected(self.settings, rule) for rule in meant)


def _is_selected(settings: Settings, rule: type[Rule]) -> bool:
    return settings.is_selected(rule.code, rule.name)


def _is_ours(word: str, request: Request) -> bool:
    return not request.is_noqa or word.upper().startswith("HXF")


def _describe(words: Sequence[str], rules: Sequence[type[Rule]]) -> str:
    known = [word for word in words if any(is_matched(word, rule.code, rule.name) for rule in rules)]
    if not words or "" in words:
        return "the comment silences nothing"
    told = [f"{_quote(known)} silenced, with nothing to say here"] if known else []
    unknown = [word for word in words if word not in known]
    told += [f"{_quote(unknown)} silenced, which no rule is called"] if unknown else []
    return "; ".join(told)


def _quote(words: Sequence[str]) -> str:
    return f"{', '.join(f'`{word}`' for word in words)} {'is' if len(words) == 1 else 'are'}"


def _plan_removal(anchor: Anchor, request: Request, unused: Sequence[str]) -> Fix:
    kept = [word for word in request.words if word not in unused]
    if not kept:
        return Fix("remove the comment", (ReplaceComment(anchor, ""),))
    inner = _anchor(anchor.path, request.line, *request.inner)
    return Fix("remove what silences nothing", (ReplaceComment(inner, ", ".join(kept)),))


def _anchor(path: str, line: int, start: int, end: int) -> Anchor:
    return Anchor(path, "Comment", Position(line, start), Position(line, end))
