"""What becomes of a client where a caller gets it from the function that makes it."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.analysis.facts import Ending, Symbol

FACTORY = "import httpx\n\n\ndef make():\n    return httpx.Client()\n\n\n"


def _endings(use: str) -> list[Ending]:
    project = build_project({"main.py": FACTORY + use})
    function = project.function(Symbol("main.py", "make"))
    assert function is not None
    return [one.ending for one in project.kept.factory_uses(project.client_sites[0], function)]


@pytest.mark.parametrize(
    ("use", "ending"),
    [
        ("def f():\n    with make() as c: c.get('/')\n", Ending.CLOSED),
        ("def f(stack):\n    c = stack.enter_context(make())\n", Ending.CLOSED),
        ("def f():\n    c = make()\n    try: c.get('/')\n    finally: c.close()\n", Ending.CLOSED),
        ("def f():\n    c = make()\n    c.get('/')\n    c.close()\n", Ending.SOMETIMES),
        ("def f():\n    c = make()\n    return c.get('/').text\n", Ending.LEFT),
        ("def f():\n    return make().get('/').text\n", Ending.LEFT),
        ("def f(given):\n    c = given or make()\n    c.get('/')\n", Ending.LEFT),
        ("def f():\n    make()\n", Ending.LEFT),
        ("c = make()\n", Ending.LEFT),
        ("c = make()\ndef stop(): c.close()\n", Ending.KEPT),
        ("class A:\n    def __init__(self): self.c = make()\n", Ending.LEFT),
        (
            "class A:\n    def __init__(self): self.c = make()\n    def stop(self): self.c.close()\n",
            Ending.KEPT,
        ),
        ("def get(c=Depends(make)): c.get('/')\n", Ending.LEFT),
        ("def get(c=Depends(make)): c.close()\n", Ending.HANDED_ON),
        ("class A:\n    def __init__(self, c): self.c = c\na = A(make())\n", Ending.LEFT),
        ("import other\na = other.A(make())\n", Ending.HANDED_ON),
        ("def f():\n    return make()\n", Ending.HANDED_ON),
        ("def f():\n    return make()\ndef g():\n    with f() as c: c.get('/')\n", Ending.CLOSED),
        ("def f():\n    return make()\ndef g():\n    return f()\n", Ending.HANDED_ON),
        ("@cache\ndef f():\n    return make()\ndef g():\n    with f() as c: c.get('/')\n", Ending.HANDED_ON),
        ("def f():\n    c = make()\n    keep(c)\n", Ending.HANDED_ON),
        ("makers = [make]\n", Ending.HANDED_ON),
    ],
)
def test_ending_at_a_caller(use: str, ending: Ending) -> None:
    assert _endings(use) == [ending]


def test_property_is_read_on_its_own_object() -> None:
    code = "import httpx\nclass A:\n    @property\n    def c(self): return httpx.Client()\n"
    code += (
        "    def f(self): return self.c.get('/')\n    def g(self):\n        with self.c as c: c.get('/')\n"
    )
    project = build_project({"main.py": f"{code}def h(a): a.c\n"})
    function = project.function(Symbol("main.py", "A.c"))
    assert function is not None
    uses = project.kept.factory_uses(project.client_sites[0], function)
    assert [one.ending for one in uses] == [Ending.LEFT, Ending.CLOSED, Ending.HANDED_ON]


@pytest.mark.parametrize("use", ["other.A(make())", "c = make()\nother.A(c)"])
def test_library_that_gets_the_client_is_seen(use: str) -> None:
    project = build_project({"main.py": f"{FACTORY}import other\n{use}\n"})
    function = project.function(Symbol("main.py", "make"))
    assert function is not None
    (one,) = project.kept.factory_uses(project.client_sites[0], function)
    assert [taker.symbol for taker in one.takers] == [Symbol("", "other.A")]
