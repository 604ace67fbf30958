"""What a reporter is told besides the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from httpx_fixer.reporters.paths import Locate
from httpx_fixer.rule_page import RulePage
from httpx_fixer.values import dataclass


def _list_no_pages() -> Sequence[RulePage]:
    return ()


@dataclass(frozen=True, slots=True)
class Context:
    """How a report is to be printed.

    `unsafe_fixes` says whether such fixes are among those that the run would apply; `with_counts`
    whether the text ends with a summary; `only_counts` whether that is all of it. `read_pages` loads
    the pages of the rules, which takes 0.1 s. `docs_url` is where these are served, "" where nowhere.
    """

    locate: Locate
    colour: bool = False
    unsafe_fixes: bool = False
    with_counts: bool = True
    only_counts: bool = False
    version: str = ""
    read_pages: Callable[[], Sequence[RulePage]] = _list_no_pages
    docs_url: str = ""

    def page(self, name: str) -> str | None:
        """Return the address of the page of a rule, None where the pages are not served."""
        return f"{self.docs_url}/rules/{name}/" if self.docs_url else None
