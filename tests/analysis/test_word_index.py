from __future__ import annotations

import pytest

from httpx_fixer.analysis.store import FileStore
from httpx_fixer.analysis.word_index import WordIndex

FILES = {
    "a.py": b"fetch(url)\nprefetch(url)\n",
    "b.py": b"client.fetcher = 1\n",
    "c.py": "größe = état\n".encode(),
    "d.py": b"",
}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        (b"fetch(", {"a.py", "b.py"}),
        (b"fetch", {"a.py", "b.py"}),
        (b".fetch", {"a.py", "b.py"}),
        (b"client.", {"b.py"}),
        ("größe =".encode(), {"c.py"}),
        (b"nowhere", set()),
        (b" = ", None),
    ],
)
def test_files_that_may_hold_a_byte_string(word: bytes, found: set[str] | None) -> None:
    assert WordIndex(FILES, FILES.__getitem__).may_hold(word) == found


def test_store_finds_the_same_with_an_index_and_without_one() -> None:
    words = [b"fetch(", b"fetch", b"er =", b"client.fetcher", "état".encode(), b"=", b"x", b"url)\npre"]
    plain = FileStore(tuple(FILES), FILES.__getitem__)
    indexed = FileStore(tuple(FILES), FILES.__getitem__)
    indexed.paths_with(*(f"word {number}".encode() for number in range(40)))
    assert [indexed.paths_with(word) for word in words] == [plain.paths_with(word) for word in words]


def test_store_that_takes_over_an_index_reads_what_changed() -> None:
    earlier = FileStore(tuple(FILES), FILES.__getitem__)
    earlier.paths_with(*(f"word {number}".encode() for number in range(40)))
    now = {**FILES, "d.py": b"fetch(1)\n", "e.py": b"fetch(2)\n"}
    later = FileStore(tuple(now), now.__getitem__)
    later.take_over(earlier, frozenset({"d.py", "e.py"}))
    assert later.paths_with(b"fetch(") == ["a.py", "d.py", "e.py"]
