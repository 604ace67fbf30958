"""Modules for newer Pythons, read by an older one: same places, same meaning."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import pytest

from httpx_fixer.respelling import respell


def _parse(code: str) -> ast.Module:
    respelt = respell(code)
    assert respelt is not None
    lines = list(zip(code.split("\n"), respelt.text.split("\n"), strict=True))
    assert [len(old.encode()) for old, _ in lines] == [len(new.encode()) for _, new in lines]
    return respelt.tree


@pytest.mark.parametrize(
    ("code", "older"),
    [
        (
            "try:\n    a()\nexcept A, b.C, d[0]:\n    b()\n",
            "try:\n    a()\nexcept (A, b.C, d[0]):\n    b()\n",
        ),
        ("try:\n    a()\nexcept* A, C:\n    b()\n", "try:\n    a()\nexcept* (A, C):\n    b()\n"),
        ("def f[T: int, *Ts, **P](x: T) -> T:\n    return x\n", "def f(x: T) -> T:\n    return x\n"),
        ("class A[\n    T = str,  # é\n](B):\n    pass\n", "class A(B):\n    pass\n"),
        ("class A[\r\n    T,\r\n](B):\r\n    pass\r\n", "class A(B):\n    pass\n"),
        ("if a:\n    type Wörter[T] = list[T]\n", "if a:\n    Wörter = list[T]\n"),
        ('x = f"{a["é"]} {b[\'c\']}"\n', "x = f\"{a['é']} {b['c']}\"\n"),
        ("x = f'{f'{y}'!r:>{width}}'\n", "x = f'{f\"{y}\"!r:>{width}}'\n"),
        ('x = f"{\'\\n\'.join(y)} {z["#"]}"\n', 'a = "\\n"\nb = "#"\nx = f"{a.join(y)} {z[b]}"\n'),
        ('x = f"{a["""b"""]}"\n', "x = f\"{a['b']}\"\n"),
        ('x = t"{a["b"]}"\n', "x = f\"{a['b']}\"\n"),
    ],
)
def test_tree_is_that_of_an_older_spelling(code: str, older: str) -> None:
    expected = ast.parse(older)
    values = {
        node.targets[0].id: node.value.value
        for node in expected.body[:-1]
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    expected.body[:-1] = []
    assert ast.dump(_parse(code)) == ast.dump(_Inlined(values).visit(expected))


class _Inlined(ast.NodeTransformer):
    """Puts in the values that no older f-string can spell."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._values.get(node.id)
        return ast.Constant(value) if isinstance(value, str) else node


def test_nodes_are_where_they_were() -> None:
    code = "def fetch[T](ä: T) -> T:\n    try:\n        pass\n    except A, B:\n        return get(ä)\n"
    (call,) = (node for node in ast.walk(_parse(code)) if isinstance(node, ast.Call))
    assert ast.get_source_segment(code, call) == "get(ä)"


@pytest.mark.parametrize(
    "code",
    [
        'x = f"{\n1}"\n',
        'x = f"{f"{a["b"]}"}"\n',
        'x = f"{a[r"\\n"]} {a["\\n"]}"\n',
        'x = f"{"#" "a"}"\n',
        "class A[\n\n    T,\n]:\n    pass\n",
        "import httpx\ndef f[T: httpx.Client](x: T) -> T: ...\n",
        "from httpx import Client as C\ndef f[T: C](x: T) -> T: ...\n",
        "try:\n    pass\nexcept (A), B:\n    pass\n",
        "print 'old'\ntype X = int\n",
        "type X = int\rtype Y = int\r",
        "type X = int\n" + "(" * 3000 + ")" * 3000,
        "type X = int\nx = " + "not " * 30_000 + "1\n",
    ],
)
def test_nothing_is_guessed(code: str) -> None:
    assert respell(code) is None
