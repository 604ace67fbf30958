from __future__ import annotations

from httpx_fixer.fix import AddParameter, AnchoredEdit

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _client(source: str) -> tuple[AnchoredEdit, ...]:
    kind = "AsyncFunctionDef" if "async def" in source else "FunctionDef"
    return (AddParameter(anchor_of(source, kind), "client", "HttpClient"),)


@in_all_variants(
    Case("none", "def f(): ...\n", "def f(*, client: HttpClient): ...\n", _client),
    Case("plain", "def f(a, b=1): ...\n", "def f(a, b=1, *, client: HttpClient): ...\n", _client),
    Case("trailing comma", "def f(a,): ...\n", "def f(a, *, client: HttpClient,): ...\n", _client),
    Case("slash", "def f(a, /): ...\n", "def f(a, /, *, client: HttpClient): ...\n", _client),
    Case("slash and more", "def f(a, /, b): ...\n", "def f(a, /, b, *, client: HttpClient): ...\n", _client),
    Case("star", "def f(a, *, b=1): ...\n", "def f(a, *, b=1, client: HttpClient): ...\n", _client),
    Case("args", "def f(*args): ...\n", "def f(*args, client: HttpClient): ...\n", _client),
    Case("kwargs", "def f(a, **kw): ...\n", "def f(a, *, client: HttpClient, **kw): ...\n", _client),
    Case("only kwargs", "def f(**kw): ...\n", "def f(*, client: HttpClient, **kw): ...\n", _client),
    Case(
        "everything",
        "def f(a, /, b: int = 1, *args: str, c, d=2, **kw: int) -> None: ...  # all\n",
        "def f(a, /, b: int = 1, *args: str, c, d=2, client: HttpClient, **kw: int) -> None: ...  # all\n",
        _client,
    ),
    Case(
        "one parameter a line",
        """\
@router.get("/")
async def fetch(  # handler
    url: str,  # where
    limit: int = 10,  # how many
    # foot
) -> None:  # header
    return None
""",
        """\
@router.get("/")
async def fetch(  # handler
    url: str,  # where
    limit: int = 10,  # how many
    *,
    client: HttpClient,
    # foot
) -> None:  # header
    return None
""",
        _client,
    ),
    Case(
        "one parameter a line without a trailing comma",
        """\
class Api:
    def fetch(
        self,
        url: str  # where
    ) -> None:
        return None
""",
        """\
class Api:
    def fetch(
        self,
        url: str,  # where
        *,
        client: HttpClient
    ) -> None:
        return None
""",
        _client,
    ),
    Case(
        "one parameter a line with a star and double stars",
        """\
def fetch(
    url,
    *,
    limit=10,  # how many
    # the rest
    **options,
): ...
""",
        """\
def fetch(
    url,
    *,
    limit=10,  # how many
    client: HttpClient,
    # the rest
    **options,
): ...
""",
        _client,
    ),
    Case(
        "aligned with the bracket",
        """\
def fetch(url,
          limit=10): ...
""",
        """\
def fetch(url,
          limit=10,
          *,
          client: HttpClient): ...
""",
        _client,
    ),
    Case(
        "only a comment between the brackets",
        """\
def fetch(
    # nothing
): ...
""",
        """\
def fetch(
    # nothing
    *,
    client: HttpClient,
): ...
""",
        _client,
    ),
    Case(
        "all parameters on one line of their own",
        """\
def fetch(
    url, limit=10
): ...
""",
        """\
def fetch(
    url, limit=10, *, client: HttpClient
): ...
""",
        _client,
    ),
)
def test_add_parameter(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_two_parameters_share_a_star() -> None:
    source = "def f(a): ...\n"
    anchor = anchor_of(source, "FunctionDef")
    edits = AddParameter(anchor, "client", "HttpClient"), AddParameter(anchor, "other", "Annotated[int, 1]")
    assert rewrite(source, *edits) == "def f(a, *, client: HttpClient, other: Annotated[int, 1]): ...\n"


def test_type_parameters_are_kept() -> None:
    source = "def f(a): ...\n"
    assert "client: HttpClient" in rewrite(source, *_client(source))
