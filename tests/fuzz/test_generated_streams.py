"""Random readers of streams: told of where a path leaves one open, and silent where none does."""

from __future__ import annotations

import textwrap

from fixture_cases import Tree
from hypothesis import given
from hypothesis import strategies as st

from httpx_fixer.settings import Settings

from .promises import keep_promises, try_some

HEAD = '''"""Reads pages."""

import logging

import httpx

logger = logging.getLogger(__name__)


def note(text: str) -> None:
    print(text)
'''
QUIET = (
    "status = response.status_code",
    "logger.info('%s: %i', path, response.status_code)  # for later",
    "pass",
    "held = response.headers",
    "if response.status_code == 404:\n    status = None",
    "assert response is not None",
)
LOUD = (
    "response.raise_for_status()",
    "note(path)  # may raise",
    "if response.status_code != 200:\n    raise ValueError(path)",
    "parts = [\n    part\n    async for part in response.aiter_bytes()\n]\nnote(str(parts))",
    "for part in path:\n    note(part)",
)
CLOSE = "await response.aclose()"
SENDS = st.sampled_from(
    [
        "response = await client.send(client.build_request('GET', path), stream=True)",
        "request = client.build_request('GET', path)\n"
        "response = await client.send(\n    request,\n    stream=True,  # it may be large\n)",
        "response: httpx.Response = await client.send(client.build_request('GET', path), stream=True)",
    ]
)


@st.composite
def readers(draw: st.DrawFn, number: int) -> tuple[str, bool]:
    """Write a function that opens a stream, and say whether some path leaves it open.

    What runs the iterator of a body to its end closes the stream, so nothing is left open behind that.
    """
    middle = draw(st.lists(st.sampled_from((*QUIET, *LOUD)), max_size=4))
    how = draw(st.sampled_from(["close", "finally", "nothing", "both"]))
    loud = [part for part in middle if part in LOUD]
    is_read = loud[:1] == [LOUD[3]]
    match how:
        case "finally" | "both":
            body = "\n".join(middle) or "pass"
            body = f"try:\n{textwrap.indent(body, '    ')}\nfinally:\n    {CLOSE}"
            body += f"\n{CLOSE}" if how == "both" else ""
            is_left = False
        case "close":
            body = "\n".join([*middle, CLOSE])
            is_left = bool(loud) and not is_read
        case _:
            body = "\n".join(middle) or "pass"
            is_left = not is_read
    ending = draw(st.sampled_from(["", "\nreturn path", "\nnote('done')\nreturn path"]))
    code = f"{draw(SENDS)}\n{body}{ending}"
    header = f"async def read_{number}(client: httpx.AsyncClient, path: str) -> str | None:"
    return f"{header}\n{textwrap.indent(code, '    ')}\n", is_left


@st.composite
def modules(draw: st.DrawFn) -> tuple[Tree, list[bool]]:
    """Write a module of a few readers."""
    parts = [draw(readers(number)) for number in range(draw(st.integers(1, 3)))]
    code = HEAD + "".join(f"\n\n{part}" for part, _ in parts)
    return {"pages.py": code.encode()}, [is_left for _, is_left in parts]


@try_some(12)
@given(modules())
def test_streams_are_told_of_where_they_are_left_open(drawn: tuple[Tree, list[bool]]) -> None:
    tree, left = drawn
    report = keep_promises(tree, Settings())
    lines = tree["pages.py"].decode().split("\n")
    heads = [at for at, line in enumerate(lines, start=1) if line.startswith("async def")]
    told = [
        any(start < d.anchor.start.line < end for d in report.diagnostics if d.code == "HXF301")
        for start, end in zip(heads, [*heads[1:], len(lines) + 1], strict=True)
    ]
    assert told == left
