"""A branch of commits made without a work tree: nobody's files change, and a killed run leaves nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from httpx_fixer import git
from httpx_fixer.patterns import compile_later
from httpx_fixer.report import FileChange
from httpx_fixer.values import dataclass

TRAILER = "Made-by: httpx-fixer bot"
"""Ends the message of each commit that this tool makes, and tells them from those of people."""
_IDENTITY = compile_later(r"([^<>\n]+) <([^<>\s]+)>")
_MISSING = "0" * 40


class NotOurs(Exception):  # noqa: N818 - says what happened, as all our words do
    """The branch holds commits that this tool did not make, or is in use; the text says which."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the commits are by."""

    name: str
    email: str


def read_identity(text: str) -> Identity | None:
    """Read `Name <address>`, None where it is something else."""
    found = _IDENTITY.fullmatch(text.strip())
    return Identity(found[1].strip(), found[2]) if found is not None else None


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit changes, paths relative to the top of the repository, and says."""

    message: str
    changes: Sequence[FileChange]


class Branch:
    """A branch of the repository at `top` that this tool makes anew from `base` on each run."""

    def __init__(self, top: Path, name: str, identity: Identity) -> None:
        self._top = top
        self.name = name
        self._ref = f"refs/heads/{name}"
        self._identity = identity
        self.base = self._git("rev-parse", "--verify", "HEAD^{commit}")

    def build(self, commits: Sequence[Commit]) -> str:
        """Make the commits on top of the base and return the last one; equal changes make equal commits."""
        date = self._git("show", "-s", "--format=%cd", "--date=raw", self.base)
        tip = self.base
        with tempfile.TemporaryDirectory(prefix="httpx-fixer-") as place:
            variables = {"GIT_INDEX_FILE": str(Path(place, "index")), **self._sign(date)}
            self._git("read-tree", self.base, variables=variables)
            for commit in commits:
                entries = b"".join(self._store(change) for change in commit.changes)
                self._git("update-index", "-z", "--index-info", given=entries, variables=variables)
                tree = self._git("write-tree", variables=variables)
                message = f"{commit.message.rstrip()}\n\n{TRAILER}\n".encode()
                tip = self._git("commit-tree", tree, "-p", tip, given=message, variables=variables)
        return tip

    def move(self, tip: str) -> bool:
        """Let the branch end in `tip`, and return whether it did not before. Raises `NotOurs`."""
        old = self._git("rev-parse", "--verify", "-q", self._ref, may_fail=True)
        if old == tip:
            return False
        if f"branch {self._ref}\n" in self._git("worktree", "list", "--porcelain") + "\n":
            raise NotOurs(f"the branch {self.name} is checked out")
        if old:
            self._require_own(old, self.name)
        self._git("update-ref", "-m", "httpx-fixer bot", self._ref, tip, old or _MISSING)
        return True

    def push(self, remote: str, tip: str) -> bool:
        """Let the branch of a remote end in `tip`, and return whether it did not before.

        It is moved only from where it was looked at. Raises `NotOurs`.
        """
        listed = self._git("ls-remote", "--", remote, self._ref)
        old = listed.partition("\t")[0]
        if old == tip:
            return False
        if old:
            if self._git("rev-parse", "--is-shallow-repository") == "true":
                raise NotOurs(f"the history of {remote}/{self.name} cannot be read: the clone is shallow")
            self._git("fetch", "-q", "--no-tags", "--", remote, self._ref)
            self._require_own(old, f"{remote}/{self.name}")
        lease = f"--force-with-lease={self._ref}:{old}"
        self._git("push", "-q", "--no-verify", lease, "--", remote, f"{tip}:{self._ref}")
        return True

    def _require_own(self, tip: str, shown: str) -> None:
        """Raise `NotOurs` if anybody else committed between the base and `tip`."""
        log = self._git("log", "-z", "--format=%h %cn <%ce>%x01%B", f"{self.base}..{tip}")
        for entry in filter(None, log.split("\0")):
            who, _, message = entry.partition("\x01")
            if f" <{self._identity.email}>" not in who or TRAILER not in message.splitlines():
                advice = "move it elsewhere, or name another branch"
                raise NotOurs(f"{shown} holds a commit of somebody else ({who}); {advice}")

    def _store(self, change: FileChange) -> bytes:
        """Store a file's new content, and return the entry of the index for it."""
        listed = self._git("ls-tree", "-z", self.base, "--", f":(top,literal){change.path}")
        mode = listed.partition(" ")[0] or "100644"
        arguments = ("hash-object", "-w", "--stdin", f"--path={change.path}")
        name = self._git(*arguments, given=change.after)
        return f"{mode} {name}\t{change.path}\0".encode("utf-8", "surrogateescape")

    def _sign(self, date: str) -> Mapping[str, str]:
        who = {"NAME": self._identity.name, "EMAIL": self._identity.email, "DATE": date}
        return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}

    def _git(
        self,
        *arguments: str,
        given: bytes = b"",
        variables: Mapping[str, str] | None = None,
        may_fail: bool = False,
    ) -> str:
        try:
            return (
                git.run(self._top, *arguments, given=given, variables=variables)
                .decode("utf-8", "surrogateescape")
                .strip()
            )
        except git.GitError:
            if may_fail:
                return ""
            raise
