"""Comments and settings that ask for silence."""

from __future__ import annotations

import tokenize

import pytest

from httpx_fixer.analysis.suppression_facts import ALL, END
from httpx_fixer.analysis.suppressions import Suppressions, compile_file_ignores, read_suppressions
from httpx_fixer.settings import Settings
from httpx_fixer.source import SourceFile


def _source(text: str) -> SourceFile:
    return SourceFile("app/x.py", text.encode())


def _covers(suppressions: Suppressions, code: str, name: str, lines: range, *, by_name: bool = False) -> bool:
    return any(True for _ in suppressions.iter_covering(code, name, lines, by_name=by_name))


def _words(text: str) -> dict[int, set[str]]:
    """Return what is silenced on single lines: `{line: words}`."""
    found: dict[int, set[str]] = {}
    for request in read_suppressions(_source(text)).requests:
        if request.first == request.last:
            found.setdefault(request.first, set()).update(request.words)
    return found


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("# httpx-fixer: ignore[HXF101]", {"HXF101"}),
        ("# httpx-fixer: ignore[HXF101, HXF201] a reason", {"HXF101", "HXF201"}),
        ("# httpx-fixer: ignore [client-per-request]", {"client-per-request"}),
        ("#httpx-fixer:ignore", ALL),
        ("# httpx-fixer: ignore because it is a probe", ALL),
        ("# httpx-fixer: ignore[]", set()),
        ("# type: ignore[x]  # httpx-fixer: ignore[HXF101]", {"HXF101"}),
        ("# noqa: HXF101", {"HXF101"}),
        ("# NOQA:E501,HXF101", {"E501", "HXF101"}),
        ("# noqa: E501 HXF101 some reason", {"E501", "HXF101"}),
        ("# noqa: F401  # httpx-fixer: ignore[HXF101]", {"F401", "HXF101"}),
    ],
)
def test_comment_silences_its_line(comment: str, words: set[str]) -> None:
    assert _words(f"import httpx\nx = 1  {comment}\n") == {2: set(words)}


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # noqa",
        "x = 1  # httpx-fixer: ignored",
        "x = 1  # httpx-fixer: ignore-files",
        "x = 1  # see httpx-fixer: ignore",
        "x = '# httpx-fixer: ignore'",
        'x = """\n# httpx-fixer: ignore[HXF101]\n"""',
    ],
)
def test_what_is_no_request(text: str) -> None:
    assert _words(f"{text}\n") == {}


def test_lines_are_counted_as_python_counts_them() -> None:
    text = '"""\x0c\x1c\u2028"""\r\na = 1\rb = 2  # httpx-fixer: ignore'
    assert _words(text) == {3: set(ALL)}


def test_comment_for_the_whole_file() -> None:
    text = "# httpx-fixer: ignore-file[HXF101] vendored\nx = 1  # httpx-fixer: ignore[HXF201]\n"
    suppressions = read_suppressions(_source(text))
    assert _covers(suppressions, "HXF101", "client-per-request", range(9, 10))
    assert not _covers(suppressions, "HXF201", "implicit-timeout", range(9, 10))
    assert _covers(suppressions, "HXF201", "implicit-timeout", range(1, 3))


def test_whole_file_without_codes_is_silent() -> None:
    suppressions = read_suppressions(_source("# httpx-fixer: ignore-file\n"))
    assert _covers(suppressions, "HXF101", "client-per-request", range(1, 2))


@pytest.mark.parametrize(
    ("word", "is_covered"),
    [
        ("HXF101", True),
        ("hxf101", True),
        ("HXF1", True),
        ("client-per-request", True),
        ("HXF2", False),
        ("HXF10", True),
    ],
)
def test_rule_may_be_named_in_several_ways(word: str, is_covered: bool) -> None:
    suppressions = read_suppressions(_source(f"x = 1  # httpx-fixer: ignore[{word}]\n"))
    assert _covers(suppressions, "HXF101", "client-per-request", range(1, 2)) is is_covered


def test_any_line_of_a_statement_may_carry_the_comment() -> None:
    text = "client = httpx.Client(\n    timeout=None,  # httpx-fixer: ignore[HXF202]\n)\n"
    suppressions = read_suppressions(_source(text))
    assert _covers(suppressions, "HXF202", "disabled-timeout", range(1, 4))
    assert not _covers(suppressions, "HXF202", "disabled-timeout", range(3, 4))


def test_file_that_asks_for_nothing_is_not_tokenized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenize, "generate_tokens", None)
    assert _words("import httpx\n") == {}


def test_file_that_ends_in_the_middle_keeps_what_was_read() -> None:
    assert _words("x = 1  # httpx-fixer: ignore\ny = (\n") == {1: set(ALL)}


def test_settings_silence_files_by_glob() -> None:
    ignores = (("tests/**", ("HXF1", "HXF201")), ("*_gen.py", ("HXF203",)))
    ignores_of = compile_file_ignores(Settings(per_file_ignores=ignores))
    assert ignores_of("tests/test_gen.py") == {"HXF1", "HXF201", "HXF203"}
    assert ignores_of("app/x.py") == frozenset()


BLOCKS = """\
import httpx  # httpx-fixer: ignore-file

class A:  # httpx-fixer: ignore-block
    x = 1

    def f(
        self,  # httpx-fixer: ignore-block
    ):
        y = (
            2,  # httpx-fixer: ignore-block
        )
        # httpx-fixer: ignore-block
        if y:
            z = 3
    # httpx-fixer: ignore-block
    w = 4

# httpx-fixer: ignore-block
v = 5
"""


def test_reach_of_comments_for_blocks() -> None:
    """That below a header, that of a statement, the rest of the block around: each to its last line."""
    found = [(r.line, r.first, r.last) for r in read_suppressions(_source(BLOCKS)).requests]
    assert found == [
        (1, 1, END),
        (3, 3, 18),
        (7, 6, 15),
        (10, 9, 11),
        (12, 12, 15),
        (15, 15, 18),
        (18, 18, END),
    ]


def test_request_for_every_rule_does_not_count_where_a_name_is_wanted() -> None:
    text = "x = 1  # httpx-fixer: ignore\ny = 2  # httpx-fixer: ignore[HXF0]\n"
    suppressions = read_suppressions(_source(text))
    assert _covers(suppressions, "HXF001", "unused-suppression", range(1, 2))
    assert not _covers(suppressions, "HXF001", "unused-suppression", range(1, 2), by_name=True)
    assert _covers(suppressions, "HXF001", "unused-suppression", range(2, 3), by_name=True)


@pytest.mark.parametrize(
    ("line", "request_text", "inner"),
    [
        ("x  # a  # httpx-fixer: ignore[HXF101] why  # b", "# httpx-fixer: ignore[HXF101] why  ", "HXF101"),
        ("x  # httpx-fixer: ignore", "# httpx-fixer: ignore", ""),
        ("x  # noqa: E501, HXF101 because", "# noqa: E501, HXF101", "E501, HXF101"),
    ],
)
def test_place_of_a_request(line: str, request_text: str, inner: str) -> None:
    (request,) = read_suppressions(_source(f"{line}\n")).requests
    assert line[request.start : request.end] == request_text
    assert line[slice(*request.inner)] == inner
