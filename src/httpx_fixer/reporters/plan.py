"""The plan: who will own what, and which sites reach it how; a tree for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.owners import Owned, Process
from httpx_fixer.report import Report
from httpx_fixer.reporters.outline import HANDED, Outline, OwnerOutline, build_outline
from httpx_fixer.reporters.paths import Locate
from httpx_fixer.reporters.text import Colour, TextReporter
from httpx_fixer.values import dataclass

SCHEMA_VERSION = 1
"""Changes when a reader of the old form would stumble; keys may be added without it."""

_Json = Mapping[str, "str | int | bool | Sequence[str] | Sequence[_Json] | _Json | None"]


_BOXES = ("├── ", "└── ", "│   ", "    ")
_ASCII = ("|-- ", "`-- ", "|   ", "    ")


@dataclass(frozen=True, slots=True)
class _Node:
    """A line of the tree, and what hangs below it."""

    text: str
    below: tuple[_Node, ...] = ()


class PlanReporter:
    """Writes plans.

    `unsafe_fixes` says whether such fixes are among those that would be made, `is_ascii` whether the
    branches of the tree are to be drawn without box characters.
    """

    def __init__(
        self, text: TextReporter, locate: Locate, *, unsafe_fixes: bool, is_ascii: bool = False
    ) -> None:
        self._text = text
        self._locate = locate
        self._unsafe_fixes = unsafe_fixes
        self._branches = _ASCII if is_ascii else _BOXES

    def render_tree(self, report: Report) -> str:
        """Return the plan as a tree; parts that would be empty are left out."""
        outline = build_outline(report, unsafe_fixes=self._unsafe_fixes)
        nodes = self._iter_parts(outline)
        parts = ["".join(f"{line}\n" for line in _iter_lines(node, self._branches)) for node in nodes]
        return "\n".join(parts) or "Nothing to plan: no process was found, and no misuse of httpx.\n"

    def render_json(self, report: Report) -> str:
        """Return the plan as one JSON object and a newline, in ASCII; keys in a fixed order."""
        outline = build_outline(report, unsafe_fixes=self._unsafe_fixes)
        document: _Json = {
            "schema_version": SCHEMA_VERSION,
            "processes": [self._describe_process(process) for process in outline.processes],
            "owners": [self._describe_owner(owner) for owner in outline.owners],
            "in_place": [self._describe_site(diagnostic) for diagnostic in outline.in_place],
            "left_alone": [self._describe_left(diagnostic) for diagnostic in outline.left],
            "numbers": [
                {
                    "path": self._locate(number.path),
                    "line": number.line,
                    "what": number.what,
                    "before": number.before,
                    "after": number.after,
                }
                for number in report.numbers
            ],
        }
        return json.dumps(document, indent=2) + "\n"

    def _iter_parts(self, outline: Outline) -> Iterator[_Node]:
        if outline.processes:
            yield self._node("Processes", (self._name_process(one) for one in outline.processes))
        for owner in outline.owners:
            yield self._draw_owner(owner)
        if outline.in_place:
            yield self._node("Fixed in place", (self._name_fix(one) for one in outline.in_place))
        if outline.left:
            yield self._node("Left alone", (self._name_left(one) for one in outline.left))

    def _node(self, title: str, lines: Iterable[str]) -> _Node:
        return _Node(self._text.paint(title, Colour.BOLD), tuple(_Node(line) for line in lines))

    def _draw_owner(self, outline: OwnerOutline) -> _Node:
        path, _, _ = self._text.place(outline.owner.path, 1).rpartition(":")
        apps = ", ".join(f"`{process.app}`" for process in outline.owner.processes)
        new = " (new)" if outline.owner.is_new else ""
        head = f"{self._text.paint(path, Colour.BOLD)}{new}, opened and closed with {apps}"
        shares = (
            _Node(_say_owned(share.owned), tuple(_Node(self._name_site(site)) for site in share.sites))
            for share in outline.shares
        )
        return _Node(head, tuple(shares))

    def _name_process(self, process: Process) -> str:
        place = self._text.place(process.path, process.line)
        return f"{process.framework}: `{process.app}` at {place} ({process.start})"

    def _name_site(self, diagnostic: Diagnostic) -> str:
        supply = diagnostic.fix.supply if diagnostic.fix is not None else None
        assert supply is not None
        function = f" `{supply.function}`" if supply.function else ""
        return f"{self._head(diagnostic)}{function} {HANDED[supply.how]}"

    def _name_fix(self, diagnostic: Diagnostic) -> str:
        assert diagnostic.fix is not None
        return f"{self._head(diagnostic)} {diagnostic.fix.title}"

    def _name_left(self, diagnostic: Diagnostic) -> str:
        if diagnostic.refusal is not None:
            return f"{self._head(diagnostic)} {self._text.describe_refusal(diagnostic.refusal)}"
        assert diagnostic.fix is not None
        return f"{self._head(diagnostic)} {diagnostic.fix.applicability.value} fix: {diagnostic.fix.title}"

    def _head(self, diagnostic: Diagnostic) -> str:
        place = self._text.place(diagnostic.anchor.path, diagnostic.anchor.start.line)
        return f"{place} {self._text.paint(diagnostic.code, Colour.RED)}"

    def _describe_process(self, process: Process) -> _Json:
        return {
            "framework": process.framework,
            "app": process.app,
            "start": process.start,
            "path": self._locate(process.path),
            "line": process.line,
        }

    def _describe_owner(self, outline: OwnerOutline) -> _Json:
        return {
            "path": self._locate(outline.owner.path),
            "is_new": outline.owner.is_new,
            "processes": [self._describe_process(process) for process in outline.owner.processes],
            "owned": [
                {
                    "kind": share.owned.kind,
                    "name": share.owned.name,
                    "class": share.owned.class_name,
                    "arguments": dict(share.owned.arguments),
                    "sites": [self._describe_site(diagnostic) for diagnostic in share.sites],
                }
                for share in outline.shares
            ],
        }

    def _describe_site(self, diagnostic: Diagnostic) -> _Json:
        fix = diagnostic.fix
        supply = fix.supply if fix is not None else None
        return {
            "code": diagnostic.code,
            "path": self._locate(diagnostic.anchor.path),
            "line": diagnostic.anchor.start.line,
            "column": diagnostic.anchor.start.column + 1,
            "title": "" if fix is None else fix.title,
            "function": None if supply is None else supply.function,
            "how": None if supply is None else supply.how.value,
        }

    def _describe_left(self, diagnostic: Diagnostic) -> _Json:
        refusal = diagnostic.refusal
        return {
            **self._describe_site(diagnostic),
            "applicability": None if diagnostic.fix is None else diagnostic.fix.applicability.value,
            "reason": None if refusal is None else refusal.reason.name,
            "detail": None if refusal is None else refusal.detail,
            "obstacle": None
            if refusal is None
            else {"path": self._locate(refusal.path), "line": refusal.line},
        }


def _say_owned(owned: Owned) -> str:
    arguments = ", ".join(f"{name}={code}" for name, code in owned.arguments)
    shown = f"{owned.class_name}({' '.join(arguments.split())})"
    return f"client `{owned.name}`: {shown}" if owned.kind == "client" else f"pool `{owned.name}`: {shown}"


def _iter_lines(node: _Node, branches: tuple[str, str, str, str]) -> Iterator[str]:
    yield node.text
    for below in node.below:
        is_last = below is node.below[-1]
        first, *rest = _iter_lines(below, branches)
        yield branches[is_last] + first
        for line in rest:
            yield branches[2 + is_last] + line
