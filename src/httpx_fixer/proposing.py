"""What `bot` does with its options: a branch with a commit a rule, and the words of a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from httpx_fixer import git
from httpx_fixer.branch import Branch, Commit, NotOurs, read_identity
from httpx_fixer.catalogue import read_pages
from httpx_fixer.commands import Run, place, propose
from httpx_fixer.outcome import Outcome
from httpx_fixer.report import Report
from httpx_fixer.reporters import markdown
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.review_options import BotOptions, SplitBy
from httpx_fixer.rewrite.write import Exchange, WriteFailure, exchange_files
from httpx_fixer.splitting import Part, build_parts
from httpx_fixer.toml_table import UsageError
from httpx_fixer.writing import refuse_uncommitted

_SUBJECT = 65
"""Characters of the first line of a commit message, beyond which hosts cut it."""


def bot(options: BotOptions) -> Outcome:
    """Make the branch and return where it and the words are, a line `key=value` each."""
    identity = read_identity(options.identity)
    if identity is None:
        raise UsageError(f'--identity is to be "Name <address>", not "{options.identity}"')
    run, proposal = propose(options)
    top = git.find_top_level(run.project.root)
    if top is None:
        raise UsageError("bot needs a git repository")
    run = replace(run, report=proposal.complete(proposal.settle({})))
    if not run.report.changes:
        return Outcome(run.code(), "commits=0\n", run.remark())
    try:
        _require_clean(run, top)
        parts = build_parts(proposal, run.report, SplitBy.RULE, unsafe_fixes=run.settings.unsafe_fixes)
        branch = Branch(top, options.branch, identity)
        tip = branch.build([_describe(run, part) for part in parts])
        is_moved = branch.move(tip)
        is_pushed = bool(options.push) and branch.push(options.push, tip)
    except (git.GitError, NotOurs) as failure:
        raise UsageError(f"cannot move the branch: {failure}") from failure
    directory = options.output_dir or _find_place(top)
    _write_words(run, directory, parts)
    lines = {
        "branch": branch.name,
        "commit": tip,
        "commits": str(len(parts)),
        "changed": str(is_moved or is_pushed).lower(),
        "title": str(directory / "title.txt"),
        "body": str(directory / "body.md"),
    }
    product = "".join(f"{key}={value}\n" for key, value in lines.items())
    return Outcome(run.code(), product, run.remark())


def _require_clean(run: Run, top: Path) -> None:
    """Raise `UsageError` where what was read is not what the base of the branch holds."""
    changed = git.run(top, "status", "--porcelain", "--untracked-files=no").decode(errors="replace")
    if changed:
        raise UsageError("bot needs a clean work tree; these files are changed:\n" + changed.rstrip("\n"))
    refuse_uncommitted(run.project.root, run.directory, run.report.changes)


def _describe(run: Run, part: Part) -> Commit:
    """Return the commit of one rule, whose message says why and where."""
    code, _, name = part.title.partition("-")
    paths = {path for one in part.diagnostics if one.fix is not None for path in one.fix.paths}
    subject = f"Fix {name} ({code})"
    more = f"{subject} in {plural(len(paths), 'file')}"
    text = next((page.text for page in read_pages() if page.code == code), "")
    why = text.partition("\n## Why is this bad?\n")[2].strip().partition("\n\n")[0]
    blocks = [
        more if len(more) <= _SUBJECT else subject,
        why,
        "\n".join(_iter_sites(run, part)),
        _tell_numbers(part),
    ]
    return Commit("\n\n".join(filter(None, blocks)), place(run, part.changes).changes)


def _iter_sites(run: Run, part: Part) -> Iterator[str]:
    locate = build_locator(run.project.root, run.project.root)
    for one in part.diagnostics:
        path = show_path(locate(one.anchor.path))
        yield f"- {path}:{one.anchor.start.line}: {one.message}"


def _tell_numbers(part: Part) -> str:
    found = Counter(
        (number.what, number.before, number.after)
        for one in part.diagnostics
        if one.fix is not None
        for number in dict.fromkeys(one.fix.numbers)
    )
    lines = [f"- {what}: {before} -> {after}" for what, before, after in sorted(found)]
    return "\n".join(("Numbers that change:", *lines)) if lines else ""


def _write_words(run: Run, directory: Path, parts: tuple[Part, ...]) -> None:
    body = markdown.render(
        run.report,
        Context(
            build_locator(run.project.root, run.project.root),
            unsafe_fixes=run.settings.unsafe_fixes,
            read_pages=read_pages,
            docs_url=run.settings.docs_url,
        ),
    )
    words = {"title.txt": f"{_entitle(parts, run.report)}\n", "body.md": body}
    exchanges = [
        Exchange(name, file.read_bytes() if (file := directory / name).is_file() else None, text.encode())
        for name, text in words.items()
    ]
    try:
        exchange_files(directory, exchanges)
    except WriteFailure as failure:
        raise UsageError(f"writing failed: {directory / failure.path}: {failure.message}") from failure


def _entitle(parts: tuple[Part, ...], report: Report) -> str:
    """Return the title of the pull request: the rule if it is one, else how many fixes."""
    where = plural(len(report.changes), "file")
    if len(parts) == 1:
        return f"Fix {parts[0].title.partition('-')[2]} in {where}"
    return f"Fix misuse of httpx: {plural(sum(len(part.diagnostics) for part in parts), 'fix')} in {where}"


def _find_place(top: Path) -> Path:
    directory = git.find_git_directory(top)
    assert directory is not None
    return directory / "httpx-fixer" / "pull-request"
