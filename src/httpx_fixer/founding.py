"""`init`: the table of the tool in `pyproject.toml`, with what was found on the day that it was made."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from httpx_fixer.commands import Run, start
from httpx_fixer.config import FILE_NAME, TABLE_NAME
from httpx_fixer.options import Options
from httpx_fixer.outcome import Outcome
from httpx_fixer.report import FileChange
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.table import iter_table
from httpx_fixer.rewrite.write import WriteFailure, write_changes
from httpx_fixer.settings import LimitsPolicy, Settings, TimeoutPolicy
from httpx_fixer.toml_table import UsageError


def init(options: Options) -> Outcome:
    """Read, and add the table to the file of the project. Raises `UsageError` where there is one already."""
    run = start(options, with_changes=False)
    if run.project.config is not None:
        raise UsageError(f"{run.project.config}: there is a table [{TABLE_NAME}] already")
    file = run.project.root / FILE_NAME
    try:
        before = file.read_bytes() if file.exists() else None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error
    table = "".join(f"{line}\n" for line in _iter_lines(run))
    after = _append(before or b"", table)
    if not _holds_table(after):
        raise UsageError(f"{file}: takes no table at its end; put [{TABLE_NAME}] there by hand")
    try:
        write_changes(run.project.root, (FileChange(FILE_NAME, before, after),))
    except WriteFailure as failure:
        raise UsageError(f"writing failed: {failure}") from failure
    return Outcome(0, table, f"httpx-fixer: added this to {file}; next: httpx-fixer diff\n")


def _iter_lines(run: Run) -> Iterator[str]:
    report, settings = run.report, run.settings
    yield f"[{TABLE_NAME}]"
    yield f"# Found in {plural(report.files_seen, 'Python file')} when this table was made:"
    found = list(iter_table(report.diagnostics)) or ["nothing"]
    yield from (f"#   {line}" for line in found)
    yield "# All rules run; `select` and `ignore` take codes, beginnings of codes and names."
    yield "select = []"
    yield "ignore = []"
    yield f"include-tests = {str(settings.include_tests).lower()}"
    yield f"unsafe-fixes = {str(settings.unsafe_fixes).lower()}"
    yield from _iter_policy(settings)


def _iter_policy(settings: Settings) -> Iterator[str]:
    """Yield the numbers to write where a client has none: a team that sees them can change them."""
    name, timeout, limits = settings.policy.name, TimeoutPolicy(), LimitsPolicy()
    yield '# "recommended": the numbers below; "preserve": those of httpx, which are in force without any.'
    yield f'policy = "{name}"'
    if name == "recommended":
        yield (
            f"timeout = {{ connect = {timeout.connect}, read = {timeout.read}, write = {timeout.write}, "
            f"pool = {timeout.pool} }}  # seconds"
        )
        yield (
            f"limits = {{ max-connections = {limits.max_connections}, max-keepalive-connections = "
            f"{limits.max_keepalive_connections}, keepalive-expiry = {limits.keepalive_expiry} }}"
        )


def _append(before: bytes, table: str) -> bytes:
    """Put the table below what is there, with a blank line between, in the line endings of the file."""
    newline = "\r\n" if b"\r\n" in before else "\n"
    above = before if not before or before.endswith(b"\n") else before + newline.encode()
    blank = newline.encode() if before.strip() else b""
    return above + blank + table.replace("\n", newline).encode()


def _holds_table(data: bytes) -> bool:
    try:
        tool = tomllib.loads(data.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False
    return isinstance(tool, dict) and "httpx-fixer" in tool
