"""Where clients are built, and how they are kept."""

from __future__ import annotations

import pytest
from small_projects import build_project, find_site, find_sites

from httpx_fixer.analysis.files import mentions_httpx
from httpx_fixer.analysis.site_facts import BindingForm
from httpx_fixer.analysis.sites import may_hold_client_sites


@pytest.mark.parametrize(
    ("statement", "form", "name"),
    [
        ("with httpx.Client() as c: pass", BindingForm.WITH, "c"),
        ("with httpx.Client(): pass", BindingForm.WITH, ""),
        ("c = httpx.Client()", BindingForm.LOCAL, "c"),
        ("c: httpx.Client = httpx.Client()", BindingForm.LOCAL, "c"),
        ("c = given or httpx.Client()", BindingForm.LOCAL, "c"),
        ("self.c = httpx.Client()", BindingForm.INSTANCE, "self.c"),
        ("httpx.Client().get('/')", BindingForm.CHAINED, ""),
        ("return httpx.Client()", BindingForm.RETURNED, ""),
        ("yield httpx.Client()", BindingForm.YIELDED, ""),
        ("run(httpx.Client())", BindingForm.ARGUMENT, ""),
        ("run(client=httpx.Client())", BindingForm.ARGUMENT, ""),
        ("httpx.Client(timeout=20)", BindingForm.DISCARDED, ""),
        ("global shared\n    shared = httpx.Client()", BindingForm.LAZY, "shared"),
        ("clients['a'] = httpx.Client()", BindingForm.ITEM, "clients"),
        ("self.clients['a'] = httpx.Client()", BindingForm.ITEM, "clients"),
        ("c = [httpx.Client()]", BindingForm.ITEM, "c"),
        ("return {n: httpx.Client() for n in given}", BindingForm.ITEM, ""),
        ("print(f'{httpx.Client()}')", BindingForm.OTHER, ""),
    ],
)
def test_form_of_a_client_in_a_function(statement: str, form: BindingForm, name: str) -> None:
    site = find_site(f"import httpx\nshared = None\ndef fetch(self, given):\n    {statement}\n")
    assert (site.form, site.name, site.function) == (form, name, "fetch")


@pytest.mark.parametrize(
    ("decorator", "form", "name"),
    [
        ("lru_cache", BindingForm.CACHED, "fetch"),
        ("functools.cache", BindingForm.CACHED, "fetch"),
        ("alru_cache(maxsize=1)", BindingForm.CACHED, "fetch"),
        ("cached_property", BindingForm.INSTANCE, "this.fetch"),
        ("property", BindingForm.RETURNED, ""),
    ],
)
@pytest.mark.parametrize("body", ["return httpx.Client()", "c = httpx.Client()\n    c.x = 1\n    return c"])
def test_cache_keeps_what_its_function_returns(
    decorator: str, body: str, form: BindingForm, name: str
) -> None:
    site = find_site(f"import httpx\n@{decorator}\ndef fetch(this):\n    {body}\n")
    if form is BindingForm.RETURNED and body.startswith("c"):
        form, name = BindingForm.LOCAL, "c"
    assert (site.form, site.name) == (form, name)


def test_form_of_a_client_of_a_module_and_of_a_class() -> None:
    module, inside = find_sites("import httpx\nc = httpx.Client()\nclass Api:\n    c = httpx.Client()\n")
    assert (module.form, module.function) == (BindingForm.MODULE, "")
    assert (inside.form, inside.function) == (BindingForm.CLASS, "")


@pytest.mark.parametrize(
    "text",
    [
        "import httpx\nhttpx.AsyncClient()\n",
        "import httpx as hx\nhx.AsyncClient()\n",
        "from httpx import AsyncClient\nAsyncClient()\n",
        "from httpx import AsyncClient as AC\nAC()\n",
        "from httpx import (\n    AsyncClient,\n)\nAsyncClient()\n",
        "import httpx2\nhttpx2.AsyncClient()\n",
        "try: import httpx\nexcept ImportError: httpx = None\nhttpx.AsyncClient()\n",
        "import os; import httpx\nhttpx.AsyncClient()\n",
        "\N{ZERO WIDTH NO-BREAK SPACE}import httpx\nhttpx.AsyncClient()\n",
        "def fetch():\n    import httpx\n    httpx.AsyncClient()\n",
        "import httpx\nhttpx . AsyncClient ()\n",
    ],
)
def test_client_is_found_under_every_import(text: str) -> None:
    assert find_site(text).spec.is_async


@pytest.mark.parametrize(
    "text",
    [
        "from mylib import AsyncClient\nAsyncClient()\nimport httpx\n",
        "import httpx\nclass AsyncClient: pass\nAsyncClient()\n",
        "import httpx\ndef f(httpx):\n    httpx.AsyncClient()\n",
        "import httpx\nhttpx = object()\nhttpx.AsyncClient()\n",
        "import httpx\nhttpx.Timeout(5)\n",
        "import httpx\nhttpx.AsyncClient\n",
        "import httpx\n'httpx.AsyncClient()'\n",
        "import httpx\napi.httpx.AsyncClient()\n",
        "from . import httpx\nhttpx.AsyncClient()\n",
    ],
)
def test_what_is_no_client_of_httpx_is_not_found(text: str) -> None:
    assert find_sites(text) == ()


def test_library_that_may_be_either_has_no_name() -> None:
    text = "try: import httpx2 as httpx\nexcept ImportError: import httpx\nhttpx.Client()\n"
    assert find_site(text).spec.library == ""


def test_top_level_request_has_its_verb() -> None:
    get, post = find_sites("import httpx\nfrom httpx import post\nhttpx.get('/')\npost('/')\n")
    assert (get.top_level, post.top_level) == ("get", "post")


@pytest.mark.parametrize(
    ("body", "in_loop"),
    [
        ("for u in urls:\n        with httpx.Client() as c: pass", True),
        ("while True:\n        with httpx.Client() as c: pass", True),
        ("x = [httpx.Client() for u in urls]", True),
        ("for u in urls:\n        def later():\n            return httpx.Client()", False),
        ("with httpx.Client() as c:\n        for u in urls: c.get(u)", False),
    ],
)
def test_loop_around_a_client(body: str, in_loop: bool) -> None:
    assert find_site(f"import httpx\ndef fetch(urls):\n    {body}\n").in_loop is in_loop


def test_block_of_several_items_knows_its_own() -> None:
    site = find_site(
        "import httpx\ndef f():\n    with open('x') as a, httpx.Client() as c, open('y'): pass\n"
    )
    assert site.block is not None
    assert (site.block.item, site.block.target, site.block.is_async) == (1, "c", False)


def test_sites_are_in_order_of_path_and_position() -> None:
    text = "import httpx\nhttpx.Client()\nhttpx.AsyncClient()\n"
    sites = build_project({"b.py": text, "a.py": text}).client_sites
    assert [(site.path, site.line) for site in sites] == [("a.py", 2), ("a.py", 3), ("b.py", 2), ("b.py", 3)]


def test_columns_count_characters() -> None:
    site = find_site("import httpx\ngrüße = 'süß'; c = httpx.Client()\n")
    assert site.anchor.start.column == len("grüße = 'süß'; c = ")


def test_file_that_does_not_mention_httpx_is_not_parsed() -> None:
    project = build_project({"a.py": "import json\n", "b.py": "import httpx\nhttpx.Client()\n"})
    assert project.client_sites
    assert project.parsed() == 1


@pytest.mark.parametrize(
    ("data", "mentions"),
    [
        (b"import httpx\n", True),
        (b"from httpx2 import AsyncClient\n", True),
        (b"x = 'import'\n# httpx\n", False),
        (b"import httpxthing\n", False),
        (b"\xef\xbb\xbfimport httpx\n", True),
        (b"\tfrom httpx import get\n", True),
        (b"import os\rimport httpx\r", True),
    ],
)
def test_filter_on_bytes(data: bytes, mentions: bool) -> None:
    assert mentions_httpx(data) is mentions


@pytest.mark.parametrize(
    "data",
    [
        b"c = httpx.AsyncClient(",
        b"from httpx import AsyncClient as AC",
        b"httpx.get(",
        b"from httpx import get",
    ],
)
def test_filter_lets_every_site_through(data: bytes) -> None:
    assert may_hold_client_sites(data)
