"""The options of the commands that review and migrate."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Option

from httpx_fixer.options import ChangeOptions, FixOptions, Options
from httpx_fixer.values import dataclass


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"


class SplitBy(StrEnum):
    """What one patch of several holds together."""

    RULE = "rule"
    PACKAGE = "package"
    OWNER = "owner"


@dataclass(frozen=True, kw_only=True)
class DiffOptions(ChangeOptions):
    """The options of the command that prints a patch."""

    interactive: Annotated[bool, Option("--interactive", "-i", help="Ask for each fix.")] = False
    split_by: Annotated[
        SplitBy | None, Option(help="Write several patches, to be applied in order, with --output-dir.")
    ] = None
    output_dir: Annotated[
        Path | None, Option(help="The directory for the patches of --split-by; made if it is not there.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class PlanOptions(Options):
    """The options of the command that shows the plan."""

    output_format: Annotated[PlanFormat, Option(help="How to print the plan.")] = PlanFormat.TEXT


@dataclass(frozen=True, kw_only=True)
class PageOptions(Options):
    """The options of the command that writes a page to look at."""

    output: Annotated[Path, Option("--output", "-o", help="The file to write.")] = Path("review.html")


@dataclass(frozen=True, kw_only=True)
class BotOptions(Options):
    """The options of the command that makes a branch."""

    branch: Annotated[str, Option(help="The branch to make, or to make anew.")] = "httpx-fixer/fixes"
    push: Annotated[str, Option(help="The remote to push the branch to.", show_default=False)] = ""
    identity: Annotated[str, Option(help="Who the commits are by.")] = (
        "httpx-fixer bot <bot@httpx-fixer.invalid>"
    )
    output_dir: Annotated[
        Path | None,
        Option(help="Where title.txt and body.md of the pull request go.", show_default="inside of .git"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class MigrateOptions(FixOptions):
    """The options of the command that writes."""

    interactive: Annotated[bool, Option("--interactive", "-i", help="Ask for each fix.")] = False
    verify: Annotated[
        str,
        Option(
            help="A command, such as a test run: fixes that make it fail are taken back.",
            show_default=False,
        ),
    ] = ""
