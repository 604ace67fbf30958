"""The ways out of a run of statements, and in which states they are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from httpx_fixer.analysis.stream_marks import UNREACHED, State
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Exits:
    """In which states statements are left, by the way out."""

    normal: State = UNREACHED
    raises: State = UNREACHED
    returns: State = UNREACHED
    breaks: State = UNREACHED
    continues: State = UNREACHED

    def channels(self) -> Iterator[tuple[str, State]]:
        """Yield each way out that is taken, and its state."""
        for field in fields(self):
            state: State = getattr(self, field.name)
            if state:
                yield field.name, state

    def join(self, *others: Exits) -> Exits:
        """Return the ways out of any of several runs."""
        runs = (self, *others)
        return Exits(
            frozenset().union(*(run.normal for run in runs)),
            frozenset().union(*(run.raises for run in runs)),
            frozenset().union(*(run.returns for run in runs)),
            frozenset().union(*(run.breaks for run in runs)),
            frozenset().union(*(run.continues for run in runs)),
        )

    def abrupt(self) -> Exits:
        """Return the ways out save the normal end."""
        return replace(self, normal=UNREACHED)

    def followed_by(self, after: Exits) -> Exits:
        """Return the ways out of these statements and those that run after their normal end."""
        return self.abrupt().join(after)


def finish(exits: Exits, finalize: Callable[[State], Exits]) -> Exits:
    """Run a `finally` on every way out; where it ends normally the way out is taken up again."""
    result = Exits()
    for channel, state in exits.channels():
        done = finalize(state)
        again = Exits(**{channel: done.normal})
        result = result.join(done.abrupt(), again)
    return result
