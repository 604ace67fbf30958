from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.analysis.facts import Symbol

_LOANS = "def fetch(city):\n    return city\n"


def _find(files: dict[str, str]) -> tuple[str, int] | None:
    project = build_project({"museum/__init__.py": "", "museum/loans.py": _LOANS} | files)
    function = project.function(Symbol("museum/loans.py", "fetch"))
    assert function is not None
    return project.unclear_mention(function)


@pytest.mark.parametrize(
    "text",
    [
        "from museum.loans import fetch\nfetch(1)\n",
        "from museum import loans\nloans.fetch(1)\n",
        "import museum.loans as l\nl.fetch(1)\n",
        "from museum.loans import fetch as load\nload(1)\n",
        "def read(desk):\n    return desk.fetch(1)\n",
        "class Desk:\n    def read(self):\n        return self.loans.fetch(1)\n",
        "def read(fetch):\n    return fetch(1)\n",
        "from elsewhere import desk\ndesk.fetch(1)\n",
    ],
)
def test_what_is_resolved_or_no_module_is_clear(text: str) -> None:
    assert _find({"museum/main.py": text}) is None


@pytest.mark.parametrize(
    "text",
    [
        "from museum.loans import *\nfetch(1)\n",
        "try:\n    from museum.loans import fetch\nexcept ImportError:\n    from b import fetch\nfetch(1)\n",
        "MAIN = 'museum.loans:fetch'\n",
        "from importlib import import_module\nimport_module('museum.loans').fetch(1)\n",
        "def read(:\n    fetch(1)\n",
    ],
)
def test_what_may_be_the_function_is_unclear(text: str) -> None:
    found = _find({"museum/main.py": text})
    assert found is not None
    assert found[0] == "museum/main.py"


def test_name_that_a_package_may_take_over_by_a_star_is_unclear() -> None:
    files = {
        "museum/api.py": "from museum.loans import *\n",
        "main.py": "from museum.api import fetch\nfetch(1)\n",
    }
    assert _find(files) == ("main.py", 2)


def test_other_name_that_others_import_is_unclear() -> None:
    files = {
        "museum/api.py": "from museum.loans import fetch as load\n",
        "main.py": "from museum.api import load\nload(1)\n",
    }
    assert _find(files) == ("museum/api.py", 1)


def test_name_in_a_string_of_a_test_is_unclear() -> None:
    files = {"tests/test_loans.py": "def test(mocker, loans):\n    mocker.patch.object(loans, 'fetch')\n"}
    assert _find(files) == ("tests/test_loans.py", 2)


def test_second_definition_is_unclear() -> None:
    assert _find({"museum/loans.py": _LOANS + _LOANS}) == ("museum/loans.py", 3)
