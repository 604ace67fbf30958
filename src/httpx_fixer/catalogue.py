"""The rules as the command line names, lists and explains them."""

from __future__ import annotations

import inspect
from itertools import pairwise

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.rule_page import RulePage
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._registry import iter_rules
from httpx_fixer.toml_table import RuleName, UsageError, suggest


def read_rule_names() -> list[RuleName]:
    """Return code and name of every rule, by code."""
    return [RuleName(rule.code, rule.name) for rule in iter_rules()]


def read_pages() -> list[RulePage]:
    """Return the page of every rule, by code."""
    return [_read_page(rule) for rule in iter_rules()]


def _read_page(rule: type[Rule]) -> RulePage:
    text = inspect.cleandoc(rule.__doc__ or "")
    return RulePage(rule.code, rule.name, text.partition("\n")[0], text)


def render_page(word: str) -> str:
    """Return the page of the rule with this code or name, or what a reason means. Raises `UsageError`."""
    rules = list(iter_rules())
    for rule in rules:
        if word.upper() == rule.code or word.lower() == rule.name:
            return f"{rule.code} {rule.name}\n\n{inspect.cleandoc(rule.__doc__ or '')}\n"
    reasons = read_reasons()
    if word.upper() in reasons:
        return f"{word.upper()}\n\n{reasons[word.upper()]}\n"
    known = [*reasons, *(text for rule in rules for text in (rule.code, rule.name))]
    raise UsageError(f'no rule or reason is called "{word}"{suggest(word, known)}')


def read_reasons() -> dict[str, str]:
    """Return why sites are left alone: {name of the reason: what it means}, as told under each member."""
    lines = [line.strip() for line in inspect.getsource(RefusalReason).splitlines()]
    named = {line.partition(" = ")[0]: after.strip('"') for line, after in pairwise(lines)}
    return {name: named[name] for name in RefusalReason.__members__}


def render_list() -> str:
    """Return a line for each rule: code, name, whether it fixes, and what it finds."""
    lines = []
    for rule in iter_rules():
        kind = "fixes" if rule.fixable else "reports"
        what = inspect.cleandoc(rule.__doc__ or "").partition("\n")[0]
        lines.append(f"{rule.code}  {rule.name:<26}  {kind:<7}  {what}\n")
    return "".join(lines)
