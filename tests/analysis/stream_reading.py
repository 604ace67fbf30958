"""Read the stream sites of small modules."""

from __future__ import annotations

import textwrap

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.parsing import Parsed, parse
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import StreamSite, WrapUses
from httpx_fixer.source import SourceFile

SEND = 'client.send(client.build_request("GET", url), stream=True)'
ASYNC_HEADER = "import httpx\n\nasync def fetch(client: httpx.AsyncClient, url):\n"
SYNC_HEADER = "import httpx\n\ndef fetch(client: httpx.Client, url):\n"


def read_module(text: str) -> Module:
    source = SourceFile("app.py", text.encode())
    parsed = parse(source)
    assert isinstance(parsed, Parsed)
    return Module(source, parsed.tree, is_test=False)


def find_sites(text: str) -> list[StreamSite]:
    data = textwrap.dedent(text).encode()
    return list(Project(("app.py",), frozenset({"app.py"}), lambda _: data).streams.sites)


def judge(body: str, header: str = ASYNC_HEADER) -> StreamSite:
    """Return the first site of a function with that body; `SEND` stands for the call."""
    code = textwrap.dedent(body).replace("SEND", f"await {SEND}" if header == ASYNC_HEADER else SEND)
    return find_sites(header + textwrap.indent(code, "    "))[0]


def covered_lines(site: StreamSite) -> tuple[int, int]:
    """Return the first and last line to cover, counted from that of the send."""
    assert isinstance(site.cover, WrapUses)
    return site.cover.first.start.line - site.line, site.cover.last.end.line - site.line
