"""Tools side by side over real trees: who got through which, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from peer import CHECK, Cost, Peer, run_once, tell


@dataclass(slots=True)
class Share:
    """What a tool made of the trees: CPU seconds of each; `left` are those that took it too long."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    files: int = 0
    peak_mib: float = 0.0


def measure_corpus(peers: Sequence[Peer], cache: Path, tree_cap_s: float) -> dict[str, Share]:
    """Run each tool over each tree; return what came of it, by tool."""
    home = cache / "trees" if (cache / "trees").is_dir() else cache
    trees = sorted(path for path in home.iterdir() if path.is_dir())
    shares = {peer.name: Share() for peer in peers}
    for tree in trees:
        files = sum(1 for _ in tree.rglob("*.py"))
        for peer in peers:
            share = shares[peer.name]
            cost = run_once(peer, tree, tree_cap_s)
            if not cost.is_whole:
                share.left.append(tree.name)
                continue
            share.cpu_s[tree.name] = cost.cpu_s
            share.files += files
            share.peak_mib = max(share.peak_mib, cost.peak_mib)
    for name, share in shares.items():
        whole = Cost(sum(share.cpu_s.values()), share.peak_mib, is_whole=True)
        tell(f"{len(share.cpu_s)} trees", name, whole)
    return shares


def iter_corpus_lines(shares: dict[str, Share]) -> Iterator[str]:
    """Yield the table of the corpus, and the trees that a tool did not get through."""
    checked = shares[CHECK].cpu_s
    yield "| tool | trees | files | CPU s | CPU s a 1,000 files | peak MiB | times `check` of the same |"
    yield "|---" * 7 + "|"
    for name, share in shares.items():
        common = share.cpu_s.keys() & checked.keys()
        if not common:
            yield f"| {name} | 0 | | stopped in each | | | |"
            continue
        cpu_s = sum(share.cpu_s.values())
        ratio = sum(share.cpu_s[tree] for tree in common) / sum(checked[tree] for tree in common)
        yield (
            f"| {name} | {len(share.cpu_s)} | {share.files:,} | {cpu_s:.1f} | "
            f"{cpu_s / max(share.files, 1) * 1000:.2f} | {share.peak_mib:.0f} | {ratio:.2f} |"
        )
    for name, share in shares.items():
        if share.left:
            yield ""
            yield f"{name} was stopped in {len(share.left)}: {', '.join(share.left)}."
