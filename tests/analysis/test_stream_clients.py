"""Which sends are stream sites."""

from __future__ import annotations

import pytest
from stream_reading import find_sites, judge


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
