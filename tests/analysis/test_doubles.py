"""Which tests would notice one more argument where a client is built."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from small_projects import build_project

from httpx_fixer.analysis.project import Project

MODULE = """\
import httpx


async def visit():
    async with httpx.AsyncClient() as client:
        await client.get("https://zoo.test/")


def feed():
    httpx.get("https://zoo.test/food")
"""
IMPORTS = """\
from unittest.mock import AsyncMock, MagicMock, Mock, patch

import httpx
import pytest

from zoo import keeper
from zoo.keeper import visit

"""
FAKES = """\
class Narrow:
    def __init__(self, timeout=None):
        pass


class Wide:
    def __init__(self, **options):
        pass


class Child(Wide):
    pass


class Bare:
    pass


def make(**options):
    return Wide(**options)


def make_class():
    class Made:
        def __init__(self, **options):
            pass

    return Made


"""


def _project(test: str) -> Project:
    text = IMPORTS + FAKES + dedent(test)
    return build_project({"zoo/__init__.py": "", "zoo/keeper.py": MODULE, "tests/test_keeper.py": text})


def _is_noticed(test: str, *, top_level: bool = False) -> bool:
    project = _project(test)
    site = next(site for site in project.client_sites if bool(site.top_level) is top_level)
    return project.doubles.find_narrow(site) is not None


def _within(header: str, *body: str) -> str:
    return f"def test_visit(monkeypatch, mocker):\n    {header}\n" + indent("\n".join(body), "    " * 2)


@pytest.mark.parametrize("new", ["Narrow", "Bare", "lambda: None", "unknown", "make_class", "Narrow()"])
@pytest.mark.parametrize(
    "call",
    [
        'patch("httpx.AsyncClient", {})',
        'patch("zoo.keeper.httpx.AsyncClient", new={})',
        'patch.object(keeper.httpx, "AsyncClient", {})',
        'monkeypatch.setattr("httpx.AsyncClient", {})',
        'monkeypatch.setattr(httpx, "AsyncClient", {})',
        'patch("httpx.AsyncClient", side_effect={})',
    ],
)
def test_a_narrow_double_is_noticed(call: str, new: str) -> None:
    assert _is_noticed(_within("if True:", call.format(new)))


@pytest.mark.parametrize(
    "new",
    ["Wide", "Child", "make", "lambda **_: None", "MagicMock()", "Mock(return_value=1)", "make_class()"],
)
@pytest.mark.parametrize(
    "call", ['patch("httpx.AsyncClient", {})', 'monkeypatch.setattr(httpx, "AsyncClient", {})']
)
def test_a_double_that_takes_everything_is_not(call: str, new: str) -> None:
    assert not _is_noticed(_within("if True:", call.format(new)))


@pytest.mark.parametrize(
    "looks",
    [
        "made.assert_called_once_with(timeout=5)",
        "made.assert_has_calls([])",
        "assert made.call_args == ()",
        "assert made.mock_calls",
    ],
)
def test_arguments_that_are_looked_at_are_noticed(looks: str) -> None:
    assert _is_noticed(_within('with patch("httpx.AsyncClient") as made:', "visit()", looks))
    assert _is_noticed(_within('made = mocker.patch("zoo.keeper.httpx.AsyncClient")\n    if True:', looks))
    assert _is_noticed(_within("made = Mock()\n    if True:", 'patch("httpx.AsyncClient", made)', looks))
    assert _is_noticed(
        f"""
        @patch("zoo.keeper.slow", 3)
        @patch("httpx.AsyncClient")
        @patch("zoo.keeper.other")
        def test_visit(other, made):
            {looks}
        """
    )
    assert _is_noticed(
        f"""
        @pytest.fixture
        def made():
            with patch("httpx.AsyncClient") as client:
                yield client


        def test_visit(made):
            {looks}
        """
    )


@pytest.mark.parametrize(
    "looks",
    [
        "made.assert_called_once()",
        "assert made.call_count == 1",
        'made.return_value.get.assert_called_once_with("https://zoo.test/")',
        "other.assert_called_once_with(timeout=5)",
    ],
)
def test_whether_it_was_called_may_be_asked(looks: str) -> None:
    assert not _is_noticed(_within('with patch("httpx.AsyncClient") as made:', "visit()", looks))


def test_the_class_of_a_replaced_module_counts() -> None:
    header = 'with patch("zoo.keeper.httpx") as made:'
    assert _is_noticed(_within(header, "made.AsyncClient.assert_called_once_with()"))
    assert _is_noticed(_within(header, "made.AsyncClient = Narrow"))
    assert not _is_noticed(_within(header, "made.AsyncClient.assert_called_once()"))


@pytest.mark.parametrize("compared", ['assert seen == [{"timeout": 5}]', 'assert seen[0] == {"timeout": 5}'])
def test_all_arguments_compared_are_noticed(compared: str) -> None:
    fake = "seen = []\n\n    def build(**options):\n        seen.append(options)\n\n    if True:"
    replaced = 'monkeypatch.setattr(httpx, "AsyncClient", build)'
    assert _is_noticed(_within(fake, replaced, compared))
    assert not _is_noticed(_within(fake, replaced, 'assert seen[0]["timeout"] == 5'))


def test_a_function_of_the_package_is_no_class_of_it() -> None:
    test = _within('with patch("httpx.get", lambda url: None):', "pass")
    assert not _is_noticed(test)
    assert _is_noticed(test, top_level=True)
    assert not _is_noticed(
        _within('with patch("httpx.get") as get:', "get.assert_called_once()"), top_level=True
    )


def test_a_test_of_other_code_does_not_matter() -> None:
    assert not _project("").doubles.find_narrow(_project("").client_sites[0])
    files = {
        "zoo/__init__.py": "",
        "zoo/keeper.py": MODULE,
        "tests/test_shop.py": 'def test_shop():\n    patch("httpx.AsyncClient", lambda: None)\n',
    }
    project = build_project(files)
    assert project.doubles.find_narrow(project.client_sites[0]) is None
