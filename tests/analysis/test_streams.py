"""Which sends are stream sites, whether every path closes them, and where a close goes."""

from __future__ import annotations

import ast
import textwrap

import pytest

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.parsing import parse
from httpx_fixer.analysis.stream_facts import CloseBelow, ExtendTry, StreamSite, WrapUses
from httpx_fixer.analysis.streams import is_closed_on_every_path, iter_stream_sites
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.source import SourceFile

SEND = 'client.send(client.build_request("GET", url), stream=True)'
ASYNC_HEADER = "import httpx\n\nasync def fetch(client: httpx.AsyncClient, url):\n"
SYNC_HEADER = "import httpx\n\ndef fetch(client: httpx.Client, url):\n"


def read_module(text: str) -> Module:
    source = SourceFile("app.py", text.encode())
    tree = parse(source)
    assert isinstance(tree, ast.Module)
    return Module(source, tree, is_test=False)


def find_sites(text: str) -> list[StreamSite]:
    return list(iter_stream_sites(read_module(textwrap.dedent(text))))


def judge(body: str, header: str = ASYNC_HEADER) -> StreamSite:
    """Return the first site of a function with that body; `SEND` stands for the call."""
    code = textwrap.dedent(body).replace("SEND", f"await {SEND}" if header == ASYNC_HEADER else SEND)
    return find_sites(header + textwrap.indent(code, "    "))[0]


def covered_lines(site: StreamSite) -> tuple[int, int]:
    """Return the first and last line to cover, counted from that of the send."""
    assert isinstance(site.cover, WrapUses)
    return site.cover.first.start.line - site.line, site.cover.last.end.line - site.line


# -- which calls are sites


@pytest.mark.parametrize(
    "setup",
    [
        "import httpx\ndef f(req):\n    with httpx.Client() as x:\n        r = x.send(req, stream=True)\n",
        "import httpx\ndef f(req):\n    x = httpx.Client()\n    r = x.send(req, stream=True)\n",
        "from httpx import Client\nx = Client()\ndef f(req):\n    r = x.send(req, stream=True)\n",
        "import httpx as h\ndef f(x: h.Client, req):\n    r = x.send(req, stream=True)\n",
        "import httpx\ndef f(x: 'httpx.Client', req):\n    r = x.send(req, stream=True)\n",
        "import httpx\ndef f(x: httpx.Client | None, req):\n    r = x.send(req, stream=True)\n",
        (
            "import httpx\nHttp = Annotated[httpx.Client, Depends(g)]\n"
            "def f(x: Http, req):\n    r = x.send(req, stream=True)\n"
        ),
        "import httpx2\ndef f(req):\n    x = httpx2.Client()\n    r = x.send(req, stream=True)\n",
        "import httpx\ndef f(req):\n    r = httpx.Client().send(req, stream=True)\n",
        "import httpx\ndef f(x):\n    r = x.send(httpx.Request('GET', '/'), stream=True)\n",
        "def f(x):\n    r = x.send(x.build_request('GET', '/'), stream=True)\n",
        "def f(x):\n    req = x.build_request('GET', '/')\n    r = x.send(req, stream=True)\n",
        "import httpx\ndef f(state, req):\n    r = state.http_client.send(req, stream=True)\n",
        (
            "import httpx\nclass A(httpx.Client):\n    def f(self, req):\n"
            "        r = self.send(req, stream=True)\n"
        ),
    ],
)
def test_httpx_client_is_a_site(setup: str) -> None:
    assert [site.is_async for site in find_sites(setup)] == [False]


@pytest.mark.parametrize(
    "assignment",
    [
        "self.x = httpx.AsyncClient()",
        "self.x = given or httpx.AsyncClient()",
        "self.x = given",
        "self.x: httpx.AsyncClient = given",
    ],
)
def test_attribute_of_the_class_is_a_site(assignment: str) -> None:
    sites = find_sites(
        f"""
        import httpx

        class Api:
            def __init__(self, given: httpx.AsyncClient) -> None:
                {assignment}

            async def call(self, req):
                r = await self.x.send(req, stream=True)
        """
    )
    assert [site.function for site in sites] == ["Api.call"]


@pytest.mark.parametrize(
    "setup",
    [
        "import httpx\ndef f(x, req):\n    r = x.send(req, stream=True)\n",
        "import httpx\ndef f(client, req):\n    r = client.send(req)\n",
        "import httpx\ndef f(client, req):\n    r = client.send(req, stream=False)\n",
        "def f(client, req):\n    r = client.send(req, stream=True)\n",
        (
            "import httpx, requests\ndef f(client: requests.Session, req):\n"
            "    r = client.send(req, stream=True)\n"
        ),
        (
            "import httpx, requests\ndef f(req):\n    client = requests.Session()\n"
            "    r = client.send(req, stream=True)\n"
        ),
        (
            "import httpx\nclass Client:\n    pass\ndef f(req):\n"
            "    client = Client()\n    r = client.send(req, stream=True)\n"
        ),
    ],
)
def test_other_call_is_no_site(setup: str) -> None:
    assert find_sites(setup) == []


def test_site_says_where_it_stands() -> None:
    site = find_sites("import httpx\ndef f(client: httpx.Client, q):\n    r = client.send(q, stream=True)\n")[
        0
    ]
    assert (site.path, site.function, site.receiver, site.name) == ("app.py", "f", "client", "r")
    assert (site.line, site.anchor.kind, site.statement.kind) == (3, "Call", "Assign")


def test_columns_are_characters() -> None:
    site = find_sites("import httpx\ndef f(client: httpx.Client, q):\n    é = client.send(q, stream=True)\n")[
        0
    ]
    assert site.anchor.start.column == 8


def test_client_of_a_with_block_cuts_its_streams() -> None:
    inside = "with httpx.Client() as c:\n        r = c.send(q, stream=True)\n"
    assert find_sites(f"import httpx\ndef f(q):\n    {inside}")[0].is_cut
    assert not judge("r = SEND").is_cut


# -- closed on every path


@pytest.mark.parametrize(
    "body",
    [
        "r = SEND\nawait r.aclose()",
        "r = SEND\nawait asyncio.shield(r.aclose())",
        "r = SEND\ncount = 0\nstatus = r.status_code\nNone\nawait r.aclose()",
        (
            "r = SEND\nif r.status_code >= 400 and not r.is_closed:\n"
            "    await r.aclose()\nelse:\n    await r.aread()"
        ),
        "r = SEND\ntry:\n    work()\nfinally:\n    await r.aclose()",
        "r = SEND\nn = 0\ntry:\n    return r.headers\nfinally:\n    await r.aclose()",
        "r = SEND\ntry:\n    work()\nfinally:\n    if not r.is_closed:\n        await r.aclose()",
        (
            "r = SEND\ntry:\n    work()\nexcept BaseException:\n"
            "    await r.aclose()\n    raise\nawait r.aclose()"
        ),
        "r = SEND\ntry:\n    work()\nexcept:\n    pass\nawait r.aclose()",
        "r = SEND\nwith anyio.CancelScope(shield=True):\n    await r.aclose()",
        "r = SEND\nasync with aclosing(r):\n    work()",
        "r = SEND\nasync with contextlib.aclosing(r) as r2, other():\n    work()",
        "async with aclosing(SEND) as r:\n    work()",
        "async with AsyncExitStack() as s:\n    r = SEND\n    s.push_async_callback(r.aclose)\n    work(r)",
        (
            "async with AsyncExitStack() as s:\n    r = SEND\n"
            "    await s.enter_async_context(aclosing(r))\n    work()"
        ),
        "async with AsyncExitStack() as s:\n    r = await s.enter_async_context(aclosing(SEND))\n    work()",
        "r = None\ntry:\n    r = SEND\n    work()\nfinally:\n    if r is not None:\n        await r.aclose()",
        "r = None\ntry:\n    r = SEND\n    work()\nfinally:\n    if r:\n        await r.aclose()",
        "try:\n    r = SEND\n    work()\nfinally:\n    if 'r' in locals():\n        await r.aclose()",
        "r = SEND\nreturn await r.aread()",
        "r = SEND\nreturn json.loads(await r.aread())",
        "r = SEND\nlines = [line async for line in r.aiter_lines()]",
        "r = SEND\nbody = b''.join([chunk async for chunk in r.aiter_bytes()])",
        "r = SEND\nasync for _ in r.aiter_raw():\n    pass",
        "r = SEND\nasync for i in r.aiter_raw():\n    n = i\nelse:\n    n = 0",
        "return await (SEND).aread()",
        "for u in urls:\n    r = SEND\n    try:\n        work()\n    finally:\n        await r.aclose()",
        (
            "for u in urls:\n    r = SEND\n    if r.status_code == 200:\n"
            "        break\n    await r.aclose()\nelse:\n    return\nawait r.aclose()"
        ),
        "while True:\n    r = SEND\n    await r.aread()\n    if r.status_code == 200:\n        return r",
        "r = SEND\nassert r is not None\nawait r.aclose()",
        "a = SEND\ntry:\n    b = other()\nfinally:\n    await other.aclose()\n    await a.aclose()",
        "r = SEND\nawait r.aclose()\nmatch x:\n    case r:\n        pass",
        "r = SEND\nawait asyncio.wait_for(r.aread(), 5)",
    ],
)
def test_closed_on_every_path(body: str) -> None:
    site = judge(body)
    assert site.closed_on_every_path
    assert site.obstacles == ()
    assert site.cover is None


@pytest.mark.parametrize(
    "body",
    [
        "r = SEND\nr.close()",
        "r = SEND\nr.aclose()",
        "r = SEND\nwork()\nawait r.aclose()",
        "r = SEND\nif ok:\n    await r.aclose()",
        "r = SEND\nif not ok:\n    return\nawait r.aclose()",
        "r = SEND\ntry:\n    work()\nexcept Exception:\n    await r.aclose()\n    raise\nawait r.aclose()",
        "r = SEND\ntry:\n    work()\nexcept ValueError:\n    pass\nawait r.aclose()",
        "r = SEND\ntry:\n    work()\nfinally:\n    log()\n    await r.aclose()",
        "r = SEND\ntry:\n    work()\nfinally:\n    if ok:\n        await r.aclose()",
        "r = SEND\nwith closing(r):\n    work()",
        "r = SEND\nwith suppress(OSError):\n    work()\n    await r.aclose()",
        "async with AsyncExitStack() as s:\n    r = SEND\n    s.callback(r.aclose)",
        "r = SEND\nasync for chunk in r.aiter_raw():\n    work(chunk)",
        "r = SEND\nasync for chunk in r.aiter_raw():\n    break",
        "r = SEND\nasync for chunk in r.stream:\n    pass",
        "r = SEND\nlines = [work(line) async for line in r.aiter_lines()]",
        "r = SEND\nsize = work(r.headers['a'], await r.aread())",
        "r = SEND\nasyncio.create_task(r.aclose())",
        "r = SEND\nx = ok or await r.aread()",
        "r = SEND\nr = None",
        "r = SEND\ndel r",
        "r = SEND\nr = SEND\nawait r.aclose()",
        "for u in urls:\n    r = SEND\nawait r.aclose()",
        "while ok():\n    r = SEND\n    if r.status_code == 200:\n        continue\n    await r.aclose()",
        "r = SEND\nasync for i in r.aiter_raw():\n    r = SEND",
    ],
)
def test_not_closed_on_every_path(body: str) -> None:
    assert not judge(body).closed_on_every_path


def test_exception_alone_covers_a_sync_function() -> None:
    body = "r = SEND\ntry:\n    work()\nexcept Exception:\n    r.close()\n    raise\nr.close()"
    assert judge(body, SYNC_HEADER).closed_on_every_path
    assert not judge(body.replace("work()", "yield 1"), SYNC_HEADER).closed_on_every_path


@pytest.mark.parametrize(
    "body",
    [
        "r = SEND\nwith closing(r):\n    work()",
        "with closing(SEND) as r:\n    work()",
        "r = SEND\nreturn b''.join(r.iter_bytes())",
        "r = SEND\nreturn list(r.iter_lines())",
        "with ExitStack() as s:\n    r = SEND\n    s.callback(r.close)\n    work()",
        "return SEND.read()",
    ],
)
def test_sync_closed_on_every_path(body: str) -> None:
    assert judge(body, SYNC_HEADER).closed_on_every_path


def test_predicate_for_one_call() -> None:
    module = read_module(
        "async def f(c):\n"
        "    a = await c.send(1, stream=True)\n"
        "    await a.aread()\n"
        "    b = await c.send(2, stream=True)\n"
        "    work(b)\n"
        "    d = await c.send(3)\n"
        "    e = await c.send(4, stream=False)\n"
        "    f = await c.send(5, **options)\n"
        "    g = await c.send(6, **options)\n"
        "    await g.aclose()\n"
    )
    found = [
        is_closed_on_every_path(module, call) for call in module.calls if ast.unparse(call.func) == "c.send"
    ]
    assert found == [True, False, True, True, False, True]


# -- where the close goes


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("r = SEND\nreturn r.headers['a']", (1, 1)),
        ("r = SEND\nwork()\nx = r.headers['a']\nwork()\nwork()", (1, 2)),
        ("try:\n    r = SEND\nexcept OSError:\n    return\nwork()\nprint(r.url)", (3, 4)),
        ("try:\n    r = SEND\nexcept OSError:\n    return\nelse:\n    print(r.url)", (4, 4)),
        ("async with lock:\n    r = SEND\nprint(r.url)", (1, 1)),
        ("while ok:\n    r = SEND\n    print(r.url)\n    work()", (1, 1)),
        ("r = SEND\nx = r.headers['a']\nr = SEND\nawait r.aread()", (1, 1)),
        ("r = SEND\ntry:\n    work(r.url)\nfinally:\n    work()", (1, 4)),
        ("r = SEND\ntry:\n    work(r.url)\nfinally:\n    pass\nprint(r.url)", (1, 5)),
    ],
)
def test_covered_statements_end_with_the_last_use(body: str, lines: tuple[int, int]) -> None:
    assert covered_lines(judge(body)) == lines


def test_close_below_where_nothing_uses_the_response() -> None:
    site = judge("r = SEND\nwork()")
    assert site.cover == CloseBelow(site.statement)


def test_try_without_finally_is_extended() -> None:
    site = judge("r = SEND\nn = 0\ntry:\n    work(r.url)\nexcept OSError:\n    pass\nwork()")
    assert isinstance(site.cover, ExtendTry)
    assert site.cover.anchor.start.line == site.line + 2


def test_close_that_has_nothing_left_to_do_is_dropped() -> None:
    site = judge("r = SEND\nprint(r.url)\nwork()\nawait r.aclose()\nwork()")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.dropped is not None
    assert site.cover.dropped.start.line == site.line + 3


@pytest.mark.parametrize(
    "close", ["await r.aclose()  # now", "# now\nawait r.aclose()", "work(); await r.aclose()"]
)
def test_close_with_company_is_not_dropped(close: str) -> None:
    site = judge(f"r = SEND\nprint(r.url)\n{close}\nwork()")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.dropped is None


def test_close_of_the_second_response_is_not_dropped_for_the_first() -> None:
    site = judge("r = SEND\nprint(r.url)\nr = SEND\nawait r.aclose()")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.dropped is None


def test_name_that_may_be_none_is_asked() -> None:
    site = judge("r = None\ntry:\n    r = SEND\nexcept OSError:\n    pass\nif r:\n    print(r.url)")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.may_be_none


def test_covers_of_two_responses_nest() -> None:
    code = f"{ASYNC_HEADER}    a = await {SEND}\n    b = await {SEND}\n    print(a.url)\n    print(b.url)\n"
    covers = [site.cover for site in find_sites(code)]
    assert [isinstance(cover, WrapUses) and cover.last.start.line for cover in covers] == [7, 7]


@pytest.mark.parametrize("use", ["print(r.status_code)", "return r.headers"])
def test_status_may_be_read_after_the_close_where_nothing_else_holds(use: str) -> None:
    site = judge(f"for u in url:\n    r = SEND\n    print(await anext(r.aiter_lines()))\n{use}")
    assert covered_lines(site) == (1, 1)


def test_two_branches_share_one_cover() -> None:
    code = (
        f"{ASYNC_HEADER}    if url:\n        r = await {SEND}\n"
        f"    else:\n        r = await {SEND}\n    print(r.url)\n"
    )
    first, second = find_sites(code)
    assert first.cover == second.cover
    assert isinstance(first.cover, WrapUses)


# -- what stands in the way


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("r = SEND\nreturn r", 1),
        ("r = SEND\nyield r", 1),
        ("r = SEND\nwork()\nself.r = r", 2),
        ("r = SEND\nother = r", 1),
        ("r = SEND\nwork(r)", 1),
        ("r = SEND\nwork(response=r)", 1),
        ("r = SEND\nitems = [r]", 1),
        ("r = SEND\nwork()\nf = lambda: r.url", 2),
        ("r = SEND\ndef f():\n    return r.url\nreturn f", 2),
        ("r = SEND\nreturn r.raise_for_status()", 1),
        ("r = SEND\nreturn r.aiter_raw()", 1),
        ("r = SEND\nlines = r.aiter_lines()", 1),
        ("r = SEND\nreturn (line async for line in r.aiter_lines())", 1),
        ("r = SEND\nreturn Body(r.aiter_raw(), BackgroundTask(r.aclose))", 1),
        ("r = SEND\ntask = create_task(r.aread())", 1),
        ("r = SEND\nreturn r.extensions['network_stream']", 1),
        ("r = SEND\nraise Failed(r)", 1),
        ("r = SEND\nbool = work\nbool(r)", 2),
        ("return SEND", 0),
        ("self.r = SEND", 0),
        ("work(SEND)", 0),
        ("return [SEND for url in url]", 0),
    ],
)
def test_response_that_escapes(body: str, line: int) -> None:
    site = judge(body)
    assert site.obstacles[0].reason is RefusalReason.ESCAPES
    assert site.obstacles[0].line == site.line + line


@pytest.mark.parametrize(
    "use",
    [
        "print(r)",
        "x = len(str(r))",
        "ok = isinstance(r, httpx.Response)",
        "logger.info('%s', r)",
        "self.log.debug('got', extra=r)",
        "x = f'{r}'",
        "x = r == None",
        "if r and r.url:\n    work()",
        "return r.headers",
        "return r.json()",
        "x = r.raise_for_status().json()",
        "r.encoding = 'utf-8'",
        "x = r.extensions.get('http_version')",
        "return [line async for line in r.aiter_lines() if line]",
        "x = await anext(r.aiter_lines())",
        "async for n, line in enumerate(r.aiter_lines()):\n    work(n)",
        "x = await asyncio.wait_for(r.aread(), 5)",
    ],
)
def test_use_that_is_no_escape(use: str) -> None:
    site = judge(f"r = SEND\nwork()\n{use}")
    assert site.obstacles == ()
    assert site.cover is not None


def test_escape_of_another_response_of_the_name_does_not_count() -> None:
    site = judge("if url:\n    r = await client.get(url)\n    return r\nr = SEND\nprint(r.url)")
    assert site.obstacles == ()


def test_escape_of_a_response_that_is_read_does_not_count() -> None:
    site = judge("r = SEND\nprint(r.url)\nawait r.aread()\nreturn r")
    assert covered_lines(site) == (1, 2)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("await client.send(url, stream=url)", RefusalReason.DYNAMIC_ARGUMENT),
        ("SEND", RefusalReason.UNSUPPORTED_BINDING),
        ("x = (SEND).status_code", RefusalReason.UNSUPPORTED_BINDING),
        ("a = b = SEND", RefusalReason.UNSUPPORTED_BINDING),
        ("a, b = await asyncio.gather(client.send(1, stream=True), x)", RefusalReason.UNSUPPORTED_BINDING),
        ("t = asyncio.create_task(client.send(1, stream=True))", RefusalReason.UNSUPPORTED_BINDING),
        ("r = client.send(1, stream=True)\nwork()", RefusalReason.UNSUPPORTED_BINDING),
        ("print((r := SEND).url)", RefusalReason.UNSUPPORTED_BINDING),
        (
            "r = SEND\nr = await client.send(r.next_request, stream=True)\nawait r.aread()",
            RefusalReason.REBOUND,
        ),
        ("for u in url:\n    r = SEND\n    print(r.url)\nprint(r.text)", RefusalReason.REBOUND),
        ("async with session() as s:\n    r = SEND\nprint(r.text)", RefusalReason.REBOUND),
        ("try:\n    r = SEND\nexcept OSError:\n    r = {}\nprint(r.text)", RefusalReason.REBOUND),
        ("try:\n    r = SEND\n    work()\nexcept OSError:\n    return\nprint(r.text)", RefusalReason.REBOUND),
    ],
)
def test_refused(body: str, reason: RefusalReason) -> None:
    site = judge(body)
    assert not site.closed_on_every_path
    assert [obstacle.reason for obstacle in site.obstacles[:1]] == [reason]
    assert site.cover is None


def test_module_variable_escapes() -> None:
    site = find_sites(
        "import httpx\nclient = httpx.Client()\nr = client.send(1, stream=True)\nprint(r.url)\n"
    )[0]
    assert [obstacle.reason for obstacle in site.obstacles] == [RefusalReason.ESCAPES]


def test_global_variable_escapes() -> None:
    site = judge("global r\nr = SEND\nprint(r.url)")
    assert [obstacle.reason for obstacle in site.obstacles] == [RefusalReason.ESCAPES]


def test_failed_response_read_by_an_outer_handler_escapes() -> None:
    site = judge(
        "try:\n    r = SEND\n    r.raise_for_status()\nexcept httpx.HTTPStatusError as e:\n"
        "    print(await e.response.aread())"
    )
    assert [(o.reason, o.line - site.line) for o in site.obstacles] == [(RefusalReason.ESCAPES, 3)]


def test_failed_response_read_by_an_inner_handler_is_covered() -> None:
    site = judge(
        "r = SEND\ntry:\n    r.raise_for_status()\nexcept httpx.HTTPStatusError as e:\n"
        "    print(await e.response.aread())\n    raise\nprint(r.url)"
    )
    assert covered_lines(site) == (1, 6)


def test_long_chain_of_branches_is_followed() -> None:
    branches = "".join(f"elif url == {n}:\n    work()\n" for n in range(300))
    site = judge(f"r = SEND\nif url:\n    print(r.url)\n{branches}")
    assert isinstance(site.cover, WrapUses)
