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
        _shares(found),
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


def _shares(found: Mapping[str, Found]) -> str:
    """Tell how much is done for clients without an owner; those of libraries can have none."""
    safe = unsafe = relieved = both = total = 0
    for each in found.values():
        diagnostics = _diagnostics(each)
        helped = {_place(one) for one in diagnostics if one["code"] == _RELIEF and not one["refusal"]}
        for one in diagnostics:
            refusal = cast("dict[str, object]", one["refusal"] or {})
            if one["code"] in _UNOWNED and refusal.get("reason") != "LIBRARY_CODE":
                total += 1
                safe += _outcome(one) == "safe"
                unsafe += _outcome(one) == "unsafe"
                relieved += _outcome(one) == "refused" and _place(one) in helped
                both += _outcome(one) == "unsafe" and _place(one) in helped
    if not total:
        return ""
    return (
        f"Clients without an owner ({', '.join(_UNOWNED)}; what only the users of a library could own left "
        f"out): {total}; fixed by safe fixes {safe / total:.1%}, fixed or relieved ({_RELIEF}) "
        f"{(safe + relieved + both) / total:.1%}, with `--unsafe-fixes` "
        f"{(safe + unsafe + relieved) / total:.1%}.\n"
    )


_UNOWNED = ("HXF101", "HXF102", "HXF103", "HXF104", "HXF105", "HXF110")
_RELIEF = "HXF112"


def _place(diagnostic: Mapping[str, object]) -> tuple[object, object]:
    return diagnostic["path"], cast("dict[str, object]", diagnostic["start"])["line"]


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
