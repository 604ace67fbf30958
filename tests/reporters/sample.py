"""A report that has one of everything."""

from __future__ import annotations

from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Applicability, CreateFile, DropImport, Fix, NumberChange
from httpx_fixer.report import FileChange, Report
from httpx_fixer.source import Anchor, Position, Skip, SkipReason


def _diagnostic(code: str, name: str, line: int, outcome: Fix | Refusal) -> Diagnostic:
    anchor = Anchor("app/x.py", "Call", Position(line, 4), Position(line, 39))
    return Diagnostic(code, name, f"`fetch_user` does {name}[int]", anchor, outcome)


def sample_report() -> Report:
    """Safe, unsafe and shown fixes, a refusal, a skip, changes in two files, a number."""
    safe = Fix("share one client", (DropImport("app/x.py", "httpx"), CreateFile("app/client.py", "")))
    unsafe = Fix("await it", (DropImport("app/x.py", "httpx"),), Applicability.UNSAFE, "it may block")
    shown = Fix("split it", (DropImport("app/x.py", "httpx"),), Applicability.DISPLAY_ONLY)
    refusal = Refusal(RefusalReason.ESCAPES, "`client` is returned", "app/y.py", 7)
    return Report(
        diagnostics=(
            _diagnostic("HXF101", "client-per-request", 10, safe),
            _diagnostic("HXF106", "blocking-request-in-async", 12, unsafe),
            _diagnostic("HXF111", "mixed-upstream-client", 14, shown),
            _diagnostic("HXF301", "unclosed-stream", 16, refusal),
        ),
        skipped=(Skip("app/old.py", SkipReason.SYNTAX_ERROR, "line 3: Missing parentheses"),),
        changes=(FileChange("app/client.py", None, b""), FileChange("app/x.py", b"a\n", b"b\n")),
        numbers=(NumberChange("app/x.py", 10, "read timeout", "5 s", "30 s"),),
        files_seen=540,
        files_read=12,
        elapsed_s=0.123456,
    )
