"""What a run over many trees showed, as tables in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

from invariants import Found


def render(found: Mapping[str, Found], *, with_trees: bool) -> str:
    """Return the tables; those of single trees are left out where `with_trees` is false."""
    diagnostics = [one for each in found.values() for one in _diagnostics(each)]
    rules = Counter((str(one["code"]), str(one["name"])) for one in diagnostics)
    outcomes = Counter((str(one["code"]), _outcome(one)) for one in diagnostics)
    by_rule = [
        (code, name, count, *(outcomes[code, kind] for kind in ("safe", "unsafe", "refused")))
        for (code, name), count in sorted(rules.items())
    ]
    refusals = [cast("dict[str, object]", one["refusal"]) for one in diagnostics if one["refusal"]]
    reasons = Counter(str(refusal["reason"]) for refusal in refusals).most_common()
    faults = [(name, fault) for name, each in found.items() for fault in each.faults]
    parts = [
        _head(found),
        _table(("rule", "name", "diagnostics", "safe", "unsafe", "refused"), by_rule),
        _table(("refused because", "diagnostics"), reasons),
        _table(("tree", "what did not hold"), faults) if faults else "All invariants held.\n",
    ]
    return "\n".join([*parts, _by_tree(found)] if with_trees else parts)


def _head(found: Mapping[str, Found]) -> str:
    seen, read = (sum(_count(each, key) for each in found.values()) for key in ("files_seen", "files_read"))
    check, diff = (
        sum(seconds) for seconds in zip(*((one.check_s, one.diff_s) for one in found.values()), strict=True)
    )
    changed, typed, imported = (
        sum(numbers)
        for numbers in zip(*((one.changed, one.typed, one.imported) for one in found.values()), strict=True)
    )
    return (
        f"{len(found)} trees, {seen:,} Python files, {read:,} parsed; {check:.1f} CPU s for `check`, "
        f"{diff:.1f} for `diff`, start-up of each included; {changed:,} files changed, of which "
        f"{typed:,} were read by basedpyright and {imported:,} could be imported before.\n"
    )


def _by_tree(found: Mapping[str, Found]) -> str:
    keys = ("diagnostics", "fixable_safe", "fixable_unsafe", "refused")
    rows = [
        (
            name,
            _count(each, "files_seen"),
            *(_count(each, key) for key in keys),
            each.changed,
            f"{each.check_s:.2f}",
            len(each.faults),
        )
        for name, each in sorted(found.items())
    ]
    columns = (
        "tree",
        "files",
        "diagnostics",
        "safe",
        "unsafe",
        "refused",
        "changed",
        "check, CPU s",
        "faults",
    )
    return _table(columns, rows)


def _diagnostics(found: Found) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", found.said.get("diagnostics", []))


def _count(found: Found, key: str) -> int:
    return cast("dict[str, int]", found.said.get("summary", {})).get(key, 0)


def _outcome(diagnostic: Mapping[str, object]) -> str:
    return "refused" if diagnostic["refusal"] else str(diagnostic["applicability"])


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"
