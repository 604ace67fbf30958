"""Random services: each client that is built per call is fixed or refused, and the result is sound."""

from __future__ import annotations

import textwrap

from fixture_cases import Tree
from hypothesis import given
from hypothesis import strategies as st

from httpx_fixer.settings import Settings

from .promises import keep_promises, try_some

IMPORTS = st.sampled_from(
    [
        ("import httpx", "httpx.AsyncClient"),
        ("import httpx as hx  # short", "hx.AsyncClient"),
        ("from httpx import AsyncClient", "AsyncClient"),
        ("from httpx import (\n    AsyncClient as Http,  # ours\n    Timeout,\n)", "Http"),
        ("import httpx2", "httpx2.AsyncClient"),
        ("import httpx2 as httpx", "httpx.AsyncClient"),
        ("import json, httpx", "httpx.AsyncClient"),
        ("try:\n    import httpx\nexcept ImportError:\n    raise", "httpx.AsyncClient"),
    ]
)
ARGUMENTS = st.lists(
    st.sampled_from(
        [
            "timeout=5",
            "headers={'x': token}",
            "base_url=URL",
            "verify=False",
            "follow_redirects=True",
            "proxy=PROXY",
            "params=dict(a=1)",
            "auth=(token, 'b')",
        ]
    ),
    max_size=3,
    unique=True,
)
LAYOUTS = st.sampled_from(
    ["({})", "( {} )", "(\n            {},  # arg\n        )", "(  # open\n        {})"]
)
USES = st.sampled_from(
    [
        "return (await client.get(URL)).json()",
        "response = await client.get(\n    URL,  # where\n)\nreturn response.status_code",
        "for page in range(3):\n    await client.post(URL, json={'page': page})",
        "one, two = await client.get(URL), await client.get(URL, timeout=1)\nreturn one.text + two.text",
        "async with client.stream('GET', URL) as response:\n    return await response.aread()",
        "try:\n    return (await client.get(URL)).text\nexcept Exception:  # all\n    return None",
        "keep(client)",
        "client = wrap(client)\nreturn await client.get(URL)",
        "client.headers['a'] = token; await client.get(URL)",
        "return [await client.get(each) for each in (URL, URL)]",
        "def later(): return client.get(URL)\nreturn await later()",
        '"""\n  text\n"""\nawait client.get(URL)  # last',
        "pass",
    ]
)
AROUND = st.sampled_from(
    [
        "",
        "if token:",
        "try:",
        "for token in 'ab':",
        "while token:",
        "with open(URL) as file:",
        "if token: # c",
    ]
)
DECORATORS = st.sampled_from(
    ["", '@app.get("/{n}")', '@app.post(\n    "/{n}",  # path\n)', '@app.get("/{n}")\n@traced', "@cached"]
)
HEADERS = st.sampled_from(
    [
        "async def show_{n}(token: str):",
        "async def show_{n}(token: str = 'a', *rest):  # head",
        "async def show_{n}(\n    token: str,\n):",
        "async def show_{n}(token: str, **more) -> object:",
        "async def show_{n}(client: object = None, token: str = ''):",
    ]
)
BYTES = st.sampled_from(
    [
        lambda text: text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("    ", "\t").encode(),
        lambda text: text.replace("URL =", "URL_é = '✓'; URL =").encode(),
    ]
)

HEAD = '''"""A service."""

{}
from fastapi import FastAPI

app = FastAPI()
URL = "http://a"
PROXY = None
KEPT = []
wrap = list


def traced(f): return f


def cached(f): return f


def keep(c): KEPT.append(c)
'''


@st.composite
def functions(draw: st.DrawFn, number: int, client: str) -> str:
    """Write a function that builds a client for its call."""
    layout, arguments = draw(LAYOUTS), ", ".join(draw(ARGUMENTS))
    if not arguments:
        layout = "()"
    lines = [
        f"async with {client}{layout.format(arguments)} as client:" + draw(st.sampled_from(["", "  # own"]))
    ]
    lines += textwrap.indent(draw(USES), "    ").split("\n")
    around = draw(AROUND)
    body = "\n".join(lines)
    if around:
        body = f"{around}\n{textwrap.indent(body, '    ')}"
        body += "\nfinally:\n    pass" if around == "try:" else ""
    comment = draw(st.sampled_from(["", "# above\n", '"""Show it."""\n']))
    header = "\n".join(filter(None, [draw(DECORATORS), draw(HEADERS)]))
    return f"{header}\n{textwrap.indent(comment + body, '    ')}\n".replace("{n}", str(number))


@st.composite
def services(draw: st.DrawFn) -> Tree:
    """Write an application of one or two modules."""
    statement, client = draw(IMPORTS)
    count = draw(st.integers(1, 3))
    parts = [draw(functions(number, client)) for number in range(count)]
    head = HEAD.format(statement)
    if draw(st.booleans()):
        extra = "".join(f"\n\nasync def call_{n}():\n    return await show_{n}('t')\n" for n in range(count))
    else:
        extra = ""
    write = draw(BYTES)
    return {"main.py": write(head + "".join(f"\n\n{part}" for part in parts) + extra)}


@try_some(15)
@given(services(), st.booleans())
def test_every_client_per_call_is_fixed_or_refused(tree: Tree, unsafe: bool) -> None:
    report = keep_promises(tree, Settings(unsafe_fixes=unsafe))
    assert not report.skipped
    text = tree["main.py"].decode("utf-8-sig").replace("\r\n", "\n")
    sites = [
        at
        for at, line in enumerate(text.split("\n"), start=1)
        if line.strip().startswith("async with") and "stream" not in line
    ]
    told = {d.anchor.start.line for d in report.diagnostics}
    assert set(sites) <= told
