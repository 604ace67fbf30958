"""The house's `dataclass` makes of a class what the standard library makes of it."""

from __future__ import annotations

import ast
import copy
import dataclasses
import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from httpx_fixer import values

SOURCE = Path(values.__file__).parent
KINDS: list[dict[str, bool]] = [
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "order": True},
    {"frozen": True, "slots": True, "eq": False},
    {"frozen": True, "kw_only": True},
    {"slots": True},
    {"slots": True, "eq": False},
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=" ".join)


def _make(decorate: Callable[..., Callable[[type], type]], kind: dict[str, bool]) -> type[Any]:
    class Shelf:
        """What lies on a shelf."""

        name: str
        weight: float = 1.5
        items: tuple[str, ...] = dataclasses.field(default_factory=tuple)

        def count(self) -> int:
            return len(self.items)

    return decorate(**kind)(Shelf)


def _both(kind: dict[str, bool]) -> tuple[type[Any], type[Any]]:
    return _make(values.dataclass, kind), _make(dataclasses.dataclass, kind)


def _assert_alike(kind: dict[str, bool], ask: Callable[[type[Any]], object]) -> None:
    ours, theirs = (_outcome(cls, ask) for cls in _both(kind))
    assert ours == theirs


def _outcome(cls: type[Any], ask: Callable[[type[Any]], object]) -> object:
    """Return what comes back, or which exception."""
    try:
        return ask(cls)
    except Exception as error:  # compared with that of the original
        return type(error)


CALLS: list[Callable[[type[Any]], object]] = [
    lambda cls: cls(),
    lambda cls: cls("a"),
    lambda cls: cls("a", 2.0, ("x",)),
    lambda cls: cls(name="a", items=("x", "y")),
    lambda cls: cls(nam="a"),
    lambda cls: cls("a", 1.0, (), 4),
]


@each_kind
@pytest.mark.parametrize("call", CALLS)
def test_calls_are_taken_alike(kind: dict[str, bool], call: Callable[[type[Any]], object]) -> None:
    _assert_alike(kind, lambda cls: repr(call(cls)))


ORDERS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@each_kind
@pytest.mark.parametrize("compare", ORDERS)
@pytest.mark.parametrize("names", ["aa", "ab", "ba"])
def test_instances_compare_alike(
    kind: dict[str, bool], compare: Callable[[object, object], bool], names: str
) -> None:
    _assert_alike(kind, lambda cls: compare(cls(name=names[0]), cls(name=names[1])))
    _assert_alike(kind, lambda cls: compare(cls(name=names[0]), (names[0], 1.5, ())))


@each_kind
def test_instances_hash_alike(kind: dict[str, bool]) -> None:
    _assert_alike(kind, lambda cls: len({hash(one) for one in (cls(name="a"), cls(name="a"))}))
    _assert_alike(kind, lambda cls: cls.__hash__ is None)


@each_kind
def test_frozen_is_frozen(kind: dict[str, bool]) -> None:
    _assert_alike(kind, lambda cls: setattr(cls(name="a"), "name", "b"))
    _assert_alike(kind, lambda cls: delattr(cls(name="a"), "name"))
    _assert_alike(kind, lambda cls: hasattr(cls(name="a"), "__dict__"))


@each_kind
def test_the_standard_library_takes_it(kind: dict[str, bool]) -> None:
    cls, original = _both(kind)
    assert cls.__match_args__ == original.__match_args__
    assert [field.name for field in dataclasses.fields(cls)] == ["name", "weight", "items"]
    one = cls(name="a")
    assert dataclasses.replace(one, weight=2.0).weight == 2.0
    assert dataclasses.asdict(one) == {"name": "a", "weight": 1.5, "items": ()}
    assert copy.deepcopy(one).name == copy.copy(one).name == "a"
    assert (one.count(), cls.__doc__, cls.__qualname__) == (0, original.__doc__, original.__qualname__)


@values.dataclass(frozen=True, slots=True, order=True)
class Base:
    """A value at a module's level, as pickle wants it."""

    number: int


@values.dataclass(frozen=True, slots=True)
class Derived(Base):
    """A value with more in it, and a method of its own."""

    word: str = ""

    def __repr__(self) -> str:
        return "own"


@values.dataclass(slots=True)
class Counted:
    """A value that completes itself."""

    number: int
    double: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.double = 2 * self.number


def test_values_are_pickled_and_matched() -> None:
    one = Derived(1, "x")
    assert pickle.loads(pickle.dumps(one)) == one
    match one:
        case Derived(number, word):
            assert (number, word) == (1, "x")


def test_derived_values_keep_what_is_theirs() -> None:
    assert repr(Derived(1)) == "own"
    assert (Derived(1) == Base(1), Base(1) < Base(2)) == (False, True)
    assert Counted(2).double == 4


def test_no_module_makes_its_values_otherwise() -> None:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses" and path.name != "values.py":
                assert "dataclass" not in {alias.name for alias in node.names}, path
