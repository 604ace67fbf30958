"""A report that has one of everything."""

from __future__ import annotations

from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Applicability, CreateFile, DropImport, Fix, NumberChange
from httpx_fixer.report import FileChange, Replacement, Report
from httpx_fixer.source import Anchor, Position, Skip, SkipReason


def _diagnostic(code: str, name: str, line: int, outcome: Fix | Refusal) -> Diagnostic:
    anchor = Anchor("app/x.py", "Call", Position(line, 4), Position(line, 39))
    return Diagnostic(code, name, f"`fetch_user` does {name}[int]", anchor, outcome, _fingerprint(line))


def _fingerprint(line: int) -> str:
    return f"{line:032x}"


SOURCE = "".join(f"    call_number_{line:02}(with_arguments, in_it)\n" for line in range(1, 20)).encode()
"""What `app/x.py` holds; sites lie on lines 10 to 16, in columns 5 to 39."""


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
        sources={"app/x.py": SOURCE},
        replacements={
            _fingerprint(10): (
                Replacement("app/client.py", Position(1, 0), Position(1, 0), "import httpx\n"),
                Replacement("app/x.py", Position(1, 0), Position(1, 0), "import app.client\n"),
            ),
            _fingerprint(12): (
                Replacement("app/x.py", Position(9, 0), Position(10, 0), "    nine()\n"),
                Replacement("app/x.py", Position(12, 0), Position(13, 0), "    twelve()\n"),
            ),
        },
        files_seen=540,
        files_read=12,
        elapsed_s=0.123456,
    )
