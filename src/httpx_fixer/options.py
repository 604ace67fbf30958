"""The options of the command line, the settings that they make together with a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, TypeVar, get_type_hints

from typer import Argument, Option

from httpx_fixer.config import PRESERVE, Project, find_project, load_settings
from httpx_fixer.settings import Policy, Settings
from httpx_fixer.source import SourceFile
from httpx_fixer.toml_table import RuleName, UsageError, check_globs, check_rules
from httpx_fixer.values import dataclass

_STDIN = Path("-")
BASELINE_NAME = ".httpx-fixer-baseline.json"

_Function = TypeVar("_Function", bound=Callable[..., None])


class OutputFormat(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"
    JSON_LINES = "json-lines"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    RDJSON = "rdjson"
    MARKDOWN = "markdown"


class PolicyName(StrEnum):
    """Which numbers are written where the author gave none."""

    RECOMMENDED = "recommended"
    PRESERVE = "preserve"


class When(StrEnum):
    """When there are colours; AUTO means on a terminal, unless `NO_COLOR` or `FORCE_COLOR` says else."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `check`, `diff` and `fix` take alike. None: not given, so the file or the default decides."""

    paths: Annotated[
        list[Path] | None,
        Argument(help="Files and directories; `-` for standard input.", show_default="the working directory"),
    ] = None
    select: Annotated[
        list[str] | None,
        Option(help="Rules to run: codes, beginnings of codes or names, with commas or repeated."),
    ] = None
    ignore: Annotated[list[str] | None, Option(help="Rules not to run.")] = None
    include: Annotated[
        list[str] | None,
        Option(help="Report on and change only files that match these globs (as in .gitignore)."),
    ] = None
    exclude: Annotated[list[str] | None, Option(help="Neither report on nor change files that match.")] = None
    include_tests: Annotated[
        bool | None, Option("--include-tests/--no-include-tests", help="Report on the tests as well.")
    ] = None
    unsafe_fixes: Annotated[
        bool | None,
        Option("--unsafe-fixes/--no-unsafe-fixes", help="Apply also what may change how the code behaves."),
    ] = None
    policy: Annotated[
        PolicyName | None,
        Option(help="Timeouts and limits to write where none are: recommended ones, or those of httpx."),
    ] = None
    stdin_filename: Annotated[
        Path | None, Option(help="The file that standard input is, as it may stand in an editor.")
    ] = None
    config: Annotated[Path | None, Option(help="The pyproject.toml to read, instead of the nearest.")] = None
    isolated: Annotated[bool, Option("--isolated", help="Read no pyproject.toml.")] = False
    color: Annotated[When, Option(help="When to use colours.")] = When.AUTO
    quiet: Annotated[bool, Option("--quiet", "-q", help="Leave out summaries.")] = False
    exit_zero: Annotated[bool, Option("--exit-zero", help="Exit with 0 where it would be 1.")] = False


@dataclass(frozen=True, kw_only=True)
class ReportOptions(Options):
    """The options of a command whose product is a report."""

    output_format: Annotated[OutputFormat, Option(help="How to print the report.")] = OutputFormat.TEXT
    output_file: Annotated[
        Path | None, Option(help="Write the report to this file, not to standard output.")
    ] = None
    statistics: Annotated[bool, Option("--statistics", help="Print only the counts by rule.")] = False


@dataclass(frozen=True, kw_only=True)
class CheckOptions(ReportOptions):
    """The options of the command that only reports."""

    diff_base: Annotated[
        str | None,
        Option(metavar="REF", help="Report only on lines that changed since the work branched off from REF."),
    ] = None
    baseline: Annotated[
        Path | None, Option(help="Report only what is not in this file (see `baseline write`).")
    ] = None
    add_ignore: Annotated[
        str | None,
        Option(
            metavar="[REASON]",
            help="Silence what is found by comments in the files; a reason may follow `=`.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class BaselineOptions(Options):
    """The options of the command that writes a baseline."""

    baseline: Annotated[Path, Option(help="The file to write.")] = Path(BASELINE_NAME)
    grow: Annotated[bool, Option("--grow", help="Let the file take in what is new.")] = False


@dataclass(frozen=True, kw_only=True)
class ChangeOptions(Options):
    """The options of a command that works out changes."""

    show_fixes: Annotated[bool, Option("--show-fixes", help="List every fix that is applied.")] = False


@dataclass(frozen=True, kw_only=True)
class FixOptions(ReportOptions, ChangeOptions):
    """The options of the command that writes."""

    allow_dirty: Annotated[
        bool, Option("--allow-dirty", help="Change files also where git does not have their present content.")
    ] = False
    exit_non_zero_on_fix: Annotated[
        bool,
        Option("--exit-non-zero-on-fix", help="Exit with 1 if files changed, else with 0, whatever is left."),
    ] = False


def complete_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with an empty reason for an `--add-ignore` that has none: typer wants a value."""
    return ["--add-ignore=" if argument == "--add-ignore" else argument for argument in arguments]


def with_signature(function: _Function, options: type[Options]) -> _Function:
    """Give a function the fields of `options` as its parameters, with what they say of themselves.

    Typer reads parameters from a signature; written out, three commands would repeat fifteen each.
    """
    hints = get_type_hints(options, include_extras=True)
    parameters = [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in fields(options)
    ]
    function.__annotations__ = hints
    vars(function)["__signature__"] = Signature(parameters)
    return function


def read_project(options: Options) -> Project:
    """Find the project that the paths belong to. Raises `UsageError`."""
    if options.isolated and options.config is not None:
        raise UsageError("--isolated and --config exclude one another")
    with_config = not options.isolated and options.config is None
    paths = options.paths or [Path()]
    is_given = _STDIN in paths
    if is_given and len(paths) > 1:
        raise UsageError("`-` stands for the only file")
    if options.stdin_filename is not None and not is_given:
        raise UsageError("--stdin-filename is for `-`")
    file = options.stdin_filename or Path("stdin.py")
    project = find_project([file.parent] if is_given else paths, with_config=with_config)
    if is_given:
        path = (project.paths[0] / file.name).relative_to(project.root).as_posix()
        project = replace(project, given=SourceFile(path, sys.stdin.buffer.read()))
    if options.config is None:
        return project
    return replace(project, config=Path(os.path.realpath(options.config)))


def read_settings(options: Options, project: Project, rules: Sequence[RuleName]) -> Settings:
    """Read the file of the project, and put over it what was given on the command line.

    `--select` replaces both lists of the file: who asks for a rule by name shall get it. Raises `UsageError`.
    """
    settings = Settings()
    if project.config is not None:
        settings = load_settings(project.config, project.root, rules)
    if options.select:
        settings = replace(settings, select=_read_rules("--select", options.select, rules), ignore=())
    if options.ignore:
        settings = replace(settings, ignore=_read_rules("--ignore", options.ignore, rules))
    if options.include:
        settings = replace(settings, include=_read_globs("--include", options.include))
    if options.exclude:
        settings = replace(settings, exclude=_read_globs("--exclude", options.exclude))
    if options.unsafe_fixes is not None:
        settings = replace(settings, unsafe_fixes=options.unsafe_fixes)
    if options.include_tests is not None:
        settings = replace(settings, include_tests=options.include_tests)
    if options.policy is not None and options.policy.value != settings.policy.name:
        policy = PRESERVE if options.policy is PolicyName.PRESERVE else Policy()
        settings = replace(settings, policy=replace(policy, upstreams=settings.policy.upstreams))
    return settings


def _read_rules(option: str, given: Sequence[str], rules: Sequence[RuleName]) -> tuple[str, ...]:
    words = _split(given)
    check_rules(option, words, rules)
    return words


def _read_globs(option: str, given: Sequence[str]) -> tuple[str, ...]:
    globs = _split(given)
    check_globs(option, globs)
    return globs


def _split(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())
