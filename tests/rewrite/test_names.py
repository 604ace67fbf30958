from __future__ import annotations

import pytest

from httpx_fixer.rewrite.names import find_global_names


@pytest.mark.parametrize(
    ("code", "unbound"),
    [
        ("a", {"a"}),
        ("a = 1\na", set()),
        ("print(len(__file__))", set()),
        ("def f(a):\n    return a + b", {"b"}),
        ("def f():\n    global a\n    a = 1\na", set()),
        ("def f():\n    a = 1\n    def g(): return a, c", {"c"}),
        ("class A:\n    x = 1\n    y = x\n    def f(self): return x", {"x"}),
        ("[a for a in b]", {"b"}),
        ("with a as b: b", {"a"}),
        ("def f(x: A) -> B: ...", {"A", "B"}),
        ("from __future__ import annotations\ndef f(x: A) -> B: ...", {"A", "B"}),
        ("'d'; from __future__ import (\n  annotations,\n); import os\ndef f(x: A, y: os.P): ...", {"A"}),
        ("import a.b\na.b.c", set()),
        ("try: pass\nexcept E as e: e", {"E"}),
        ("match a:\n    case {'x': b}: b", {"a"}),
        ("(a := 1)\na", set()),
        ("a: int\na", set()),
        ("ä = 1\nä; ö\r\nü", {"ö", "ü"}),
        ("lambda x: x + y", {"y"}),
        ("f'{a}'", {"a"}),
    ],
)
def test_unbound_names(code: str, unbound: set[str]) -> None:
    assert find_global_names(code).unbound == unbound


def test_names_that_only_imports_bind() -> None:
    names = find_global_names("import a, b, c\nb = 1\ndel c\nfrom d import e as f\n")
    assert names.imported_only == {"a", "f"}


def test_words_of_strings_that_linters_read_as_code_are_quoted() -> None:
    code = '"""Doc word."""\nx: "list[a.B]" = f"c {d}"\n__all__ = ["g"]\n__all__ += ["h"]\nlog("i")\n'
    assert find_global_names(code).quoted == {"list", "a", "B", "g", "h"}
    code = 'def f(a: "b") -> "c":\n    x = cast("d.E", a)\n    y = Optional["f"]\n    return z["g"]\n'
    assert find_global_names(code).quoted == {"b", "c", "d", "E", "f"}


def test_words_that_only_a_running_program_reads_are_looked_up() -> None:
    code = '"""\n>>> a()\n"""\nx = 1  # type: b.C\ny = 1  # type: ignore[g]\nlog("h")\n'
    assert find_global_names(code).looked_up == {"a", "b", "C"}
    assert find_global_names('x = globals()["a"]\n').looked_up == {"a"}
    assert find_global_names('patch(f"{__name__}.a.get")\n').looked_up == {"a", "get"}


def test_what_a_class_reads_and_binds_may_be_the_global() -> None:
    names = find_global_names("import httpx\nclass A:\n    httpx: httpx.AsyncClient\n    x = 1\n")
    assert names.quoted == {"httpx"}


def test_star_import_is_noted() -> None:
    assert find_global_names("from a import *").has_star
    assert not find_global_names("from a import b").has_star


def test_code_that_does_not_compile_raises() -> None:
    with pytest.raises(SyntaxError):
        find_global_names("def f(a, a): ...")
