"""`dataclass` for the values of this package: what the standard library makes of one, made later.

`dataclasses.dataclass` compiles `__init__`, `__eq__`, `__hash__`, `__repr__` and more for each class,
0.4 ms for a frozen one; 140 of them were a third of the start-up. Here a method is compiled where it
is first called, which most never are. Type checkers see the original; `fields` and `replace` take
these classes as they take any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

_T = TypeVar("_T")
_OPERATORS = {"__eq__": "==", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


def _dataclass(
    *, frozen: bool = False, slots: bool = False, order: bool = False, eq: bool = True, kw_only: bool = False
) -> Callable[[type[_T]], type[_T]]:
    def decorate(plain: type[_T]) -> type[_T]:
        cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(plain)
        later = ["__init__", "__repr__"]
        if eq:
            later += _OPERATORS if order else ["__eq__"]
            later += ["__hash__"] if frozen else []
        methods: dict[str, object] = {name: _compile_later(cls, name, frozen=frozen) for name in later}
        if eq and not frozen:
            methods["__hash__"] = None
        if frozen:
            methods |= _FROZEN
        own = vars(plain)
        for name, method in methods.items():
            if own.get(name) is None:
                setattr(cls, name, method)
        return cls

    return decorate


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass


def _compile_later(cls: type, name: str, *, frozen: bool) -> Callable[..., Any]:
    """Return a method that compiles the true one, puts it into its place and calls it."""

    def method(self: object, *given: object, **named: object) -> Any:
        names: dict[str, Any] = {}
        is_init = name == "__init__"
        exec(_write_init(cls, names, frozen=frozen) if is_init else _write_method(cls, name), names)
        setattr(cls, name, names[name])
        return names[name](self, *given, **named)

    return method


def _write_init(cls: type, names: dict[str, object], *, frozen: bool) -> str:
    """Return the code of `__init__`; what it needs besides its parameters goes into `names`."""
    names |= {"_missing": dataclasses.MISSING, "_set": object.__setattr__}
    positional: list[str] = []
    keywords: list[str] = []
    body: list[str] = []
    for field in dataclasses.fields(cls):
        parameter = value = name = field.name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = field.default_factory
            parameter = f"{name}=_missing"
            value = f"_make_{name}() if {name} is _missing else {name}"
        if not field.init:
            continue  # left to `__post_init__`
        (keywords if field.kw_only else positional).append(parameter)
        slot = getattr(cls, name, None) if frozen else None
        if isinstance(slot, MemberDescriptorType):
            names[f"_set_{name}"] = slot.__set__  # a third faster than to look the slot up by name
            body.append(f"_set_{name}(self, {value})")
        else:
            body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(["self", *positional, *(["*"] if keywords else []), *keywords])
    return "\n ".join([f"def __init__({parameters}):", *body, "pass"])


def _write_method(cls: type, name: str) -> str:
    """Return the code of a method that looks at all fields."""
    fields = [field.name for field in dataclasses.fields(cls)]
    mine, theirs = ("".join(f"{who}.{field}, " for field in fields) for who in ("self", "other"))
    if name == "__hash__":
        return f"def __hash__(self):\n return hash(({mine}))"
    if name == "__repr__":
        shown = ", ".join(f"{field}={{self.{field}!r}}" for field in fields)
        return f"def __repr__(self):\n return f'{{type(self).__qualname__}}({shown})'"
    return (
        f"def {name}(self, other):\n"
        " if other.__class__ is not self.__class__:\n  return NotImplemented\n"
        f" return ({mine}) {_OPERATORS[name]} ({theirs})"
    )


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _read_state(self: Any) -> list[object]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _write_state(self: Any, state: list[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _read_state,
    "__setstate__": _write_state,
}
