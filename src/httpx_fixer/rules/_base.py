"""What every rule has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.settings import Settings
from httpx_fixer.source import Anchor


class Rule(ABC):
    """One thing that the tool looks for; the docstring of a subclass is its documentation page."""

    code: ClassVar[str]
    name: ClassVar[str]
    fixable: ClassVar[bool] = True
    order: ClassVar[int] = 50
    """Of several rules that have something to say about one site, that of the lowest order speaks."""
    stands_beside_refusals: ClassVar[bool] = False
    """Whether the rule may speak about a site that another one had to leave alone."""
    by_name_only: ClassVar[bool] = False
    """Whether only a comment that names the rule silences it, and not one that is for every rule."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every site that the rule has something to say about."""

    def diagnostic(self, anchor: Anchor, message: str, outcome: Fix | Refusal) -> Diagnostic:
        """Build a diagnostic of this rule."""
        return Diagnostic(self.code, self.name, message, anchor, outcome)
