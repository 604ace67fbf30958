"""The command line: arguments in, a report out, an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from httpx_fixer.options import (
    BaselineOptions,
    CheckOptions,
    Options,
    complete_arguments,
    with_signature,
)
from httpx_fixer.outcome import Outcome
from httpx_fixer.review_options import BotOptions, DiffOptions, MigrateOptions, PageOptions, PlanOptions
from httpx_fixer.toml_table import UsageError

app = typer.Typer(
    help="Find and rewrite the ways in which Python code misuses httpx.",
    epilog="Exit codes: 0 nothing to say, 1 something reported or changed, 2 could not work.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich costs 60 ms, and `--help` is to be instant
    pretty_exceptions_enable=False,
)

baseline = typer.Typer(help="Keep a list of what is known, so that only what is new fails.")
app.add_typer(baseline, name="baseline")

COULD_NOT_WORK = 2

_Given = TypeVar("_Given", bound=Options)


def main() -> None:
    """Run the command that the arguments name, and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path need not be text, nor a terminal UTF-8
    arguments = complete_arguments(sys.argv[1:])
    _describe_commands(arguments)
    app(arguments, prog_name="httpx-fixer")


def _describe_commands(arguments: list[str]) -> None:
    """Tell typer the options of the command that was asked for, and of all where none was.

    Typer reads the options of all commands that it has, which takes 2 ms each.
    """
    asked = [info for info in app.registered_commands if info.name in arguments[:1]]
    if asked:
        app.registered_commands, app.registered_groups = asked, []
    for info in (*app.registered_commands, *baseline.registered_commands):
        options = vars(info.callback).get(_OPTIONS)
        if info.callback is not None and options is not None:
            with_signature(info.callback, options)


_OPTIONS = "options"
"""The attribute of a command's function that says what it takes."""


def _command(
    options: type[_Given], parent: typer.Typer = app, name: str | None = None
) -> Callable[[Callable[[_Given], Outcome]], Callable[[_Given], Outcome]]:
    """Make a function of options a command."""

    def register(function: Callable[[_Given], Outcome]) -> Callable[[_Given], Outcome]:
        def command(**given: Any) -> None:
            _leave(lambda: function(options(**given)))

        vars(command)[_OPTIONS] = options
        parent.command(name or function.__name__, help=function.__doc__)(command)
        return function

    return register


# The commands import what they need when they run: `--help` has no use for it.


@_command(CheckOptions)
def check(options: CheckOptions) -> Outcome:
    """Report the misuse of httpx at or below PATHS; change nothing."""
    from httpx_fixer import checking  # noqa: PLC0415

    return checking.check(options)


@_command(PlanOptions)
def plan(options: PlanOptions) -> Outcome:
    """Show who will own which client or pool, and which sites reach it how; change nothing."""
    from httpx_fixer import planning  # noqa: PLC0415

    return planning.plan(options)


@_command(DiffOptions)
def diff(options: DiffOptions) -> Outcome:
    """Print a patch with all fixes, for `git apply`; change nothing."""
    if options.interactive:
        from httpx_fixer import migrating  # noqa: PLC0415

        return migrating.diff(options)
    if options.split_by is None and options.output_dir is None:
        from httpx_fixer import commands  # noqa: PLC0415

        return commands.diff(options)
    from httpx_fixer import splitting  # noqa: PLC0415

    return splitting.split(options)


@_command(PageOptions)
def report(options: PageOptions) -> Outcome:
    """Write one HTML file to review all fixes in; change nothing else."""
    from httpx_fixer import paging  # noqa: PLC0415

    return paging.report(options)


@_command(BotOptions)
def bot(options: BotOptions) -> Outcome:
    """Make a branch with one commit a rule, and title and body of a pull request; no file changes."""
    from httpx_fixer import proposing  # noqa: PLC0415

    return proposing.bot(options)


@_command(MigrateOptions)
def fix(options: MigrateOptions) -> Outcome:
    """Apply all fixes to the files."""
    if not options.verify and not options.interactive:
        from httpx_fixer import commands  # noqa: PLC0415

        return commands.fix(options)
    from httpx_fixer import migrating  # noqa: PLC0415

    return migrating.fix(options)


@app.command()
def undo(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and directories of the run.")] = None,
) -> None:
    """Put back the files as they were before the last run of `fix`."""
    _leave(lambda: _undo(paths))


def _undo(paths: list[Path] | None) -> Outcome:
    from httpx_fixer import migrating  # noqa: PLC0415

    return migrating.undo(Options(paths=paths))


@_command(BaselineOptions, baseline, "write")
def write_baseline(options: BaselineOptions) -> Outcome:
    """Write a file of what is found now, for `check --baseline`; a file that exists may only shrink."""
    from httpx_fixer import checking  # noqa: PLC0415

    return checking.write_baseline(options)


@_command(Options)
def init(options: Options) -> Outcome:
    """Write the table [tool.httpx-fixer] into pyproject.toml, with what is found now."""
    from httpx_fixer import founding  # noqa: PLC0415

    return founding.init(options)


def _explain(word: str) -> Outcome:
    from httpx_fixer import catalogue  # noqa: PLC0415

    return Outcome(0, catalogue.render_page(word))


def _list_rules() -> Outcome:
    from httpx_fixer import catalogue  # noqa: PLC0415

    return Outcome(0, catalogue.render_list())


def _complete_rule() -> list[str]:
    """Return what may stand for a rule; of these typer offers what fits."""
    from httpx_fixer import catalogue  # noqa: PLC0415

    return [word for rule in catalogue.read_rule_names() for word in (rule.code, rule.name)]


@app.command()
def explain(
    rule: Annotated[
        str,
        typer.Argument(
            help="Code or name of a rule, or a reason why something was left alone.",
            autocompletion=_complete_rule,
        ),
    ],
) -> None:
    """Print what a rule finds, why, how it is fixed and when it is not."""
    _leave(lambda: _explain(rule))


@app.command("rules")
def list_rules() -> None:
    """List all rules."""
    _leave(_list_rules)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- 15 ms, for this option only

        python = ".".join(map(str, sys.version_info[:3]))
        sys.stdout.write(
            f"httpx-fixer {version('httpx-fixer')} (libcst {version('libcst')}, Python {python})\n"
        )
        raise typer.Exit


_Version = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
]


@app.callback()
def _read_common_options(*, version: _Version = False) -> None:
    """Take what may stand before a command; typer calls `_print_version` by itself."""


def _leave(work: Callable[[], Outcome]) -> NoReturn:
    """Do the work, print what came of it and exit; what goes wrong becomes a message and exit code 2."""
    code = COULD_NOT_WORK
    try:
        outcome = work()
        code = outcome.code
        _print(outcome)
    except BrokenPipeError:  # `| head` has seen enough; the exit code is that of the work
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UsageError as error:
        code = _complain(f"error: {error}")
    except KeyboardInterrupt:
        code = _complain("interrupted; nothing was written")
    except Exception as error:
        if os.environ.get("HTTPX_FIXER_DEBUG"):
            raise
        said = f"{type(error).__name__}: {error}".partition("\n")[0]
        code = _complain(f"internal error, please report it (HTTPX_FIXER_DEBUG=1 shows where): {said}")
    sys.exit(code)


def _print(outcome: Outcome) -> None:
    """Write the product to where it is to go, whole, and then the talk to standard error."""
    if outcome.output is not None:
        _write_file(outcome.output, outcome.product)
    elif isinstance(outcome.product, bytes):
        sys.stdout.buffer.write(outcome.product)
    else:
        sys.stdout.write(outcome.product)
    sys.stdout.flush()
    sys.stderr.write(outcome.talk)


def _write_file(path: Path, product: str | bytes) -> None:
    data = product if isinstance(product, bytes) else product.encode(errors="backslashreplace")
    try:
        with path.open("wb") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _complain(text: str) -> int:
    sys.stderr.write(f"httpx-fixer: {text}\n")
    return COULD_NOT_WORK
