"""Programs of the project that go on until they are stopped, and the functions that they consist of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from httpx_fixer.analysis.endless import (
    Endless,
    find_callee,
    find_entry_of,
    find_with,
    iter_guarded_calls,
    iter_loops,
)
from httpx_fixer.analysis.facts import Call, Program, Symbol
from httpx_fixer.analysis.functions import build_call
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.store import is_test_path
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Anchor

_RUNNERS = frozenset({"asyncio.run", "asyncio.runners.run", "anyio.run", "uvloop.run", "trio.run"})
_METHODS = frozenset({"run_until_complete"})
_OBJECTS = frozenset({"asyncio.Runner", "asyncio.runners.Runner"})
_WORDS = (b"asyncio", b"anyio", b"uvloop", b"trio", b"run_until_complete")
_RUN = compile_later(
    rb"\b(?:asyncio|anyio|uvloop|trio|runners)\s*\.\s*run\s*\(|\brun_until_complete\s*\(|\bRunner\s*\("
    rb"|\b(?:asyncio|anyio|uvloop|trio)\s+as\b"
    rb"|\bfrom\s+(?:asyncio|anyio|uvloop|trio)[\w.]*\s+import\s*(?:\([^)]*\brun\b|[^\n(]*\brun\b)"
)
"""What running a coroutine looks like under every form of import: most files that name asyncio do not."""
_LOOP = compile_later(
    rb"(?m)^(?:while\b|for\b|[\w.()]*\.\w+\("
    rb"|(?:if|try)\b(?s:.)*?^[ \t]+(?:while\b|for\b|[^\n]*\.(?:start|\w*polling|\w*_forever)\())"
)
"""What a program looks like that goes on in its module itself."""
_LOOP_WORDS = (b"while ", b"_forever(", b"polling(", b".start(", b"onsumer", b".consume(", b".listen(")
_NO_RESULT = compile_later(
    r"^[\"']?(?:None|int|bool|(?:\w+\.)?(?:Any|NoReturn|Never)|Optional\[int\]|int \| None)[\"']?$"
)
"""What a program is said to return: nothing, or a code to exit with."""
_COMMANDS = compile_later(rb"(?m)^@[\w.]+\.command\(")
_COMMAND = compile_later(r"\.command$")
_GUARD = compile_later(rb"(?m)^if\b[^\n]*\b__name__\b")
_STARTED = compile_later(rb"(?m)^if\b[^\n]*\b__name__\b|^[A-Za-z_][\w.]*\([^\n]*\)[ \t]*\r?$")
"""What a module looks like that runs a function when it is started, or imported."""


class Programs:
    """What of the project goes on until it is stopped."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._endless = Endless(resolver)
        self._plainly_endless = Endless(resolver, heeds_flags=False)

    @cached_property
    def coroutines(self) -> tuple[Program, ...]:
        """The coroutines that `asyncio.run(f())` and its kin run and that never end by themselves."""
        return tuple(self._iter_coroutines())

    @cached_property
    def functions(self) -> tuple[Program, ...]:
        """The functions that a module runs when it is started by hand and that never end by themselves."""
        return tuple(self._iter_functions())

    @cached_property
    def loops(self) -> tuple[Anchor, ...]:
        """The statements of a module itself, or of its `__main__` block, that never end by themselves."""
        return tuple(dict.fromkeys(self._iter_loops()))

    def is_held_for_ever(self, block: Anchor) -> bool:
        """Answer whether the body of a with statement goes on until the process is stopped."""
        module = self._resolver.store.module(block.path)
        node = None if module is None else find_with(module, block)
        return module is not None and node is not None and self._endless.block(module, node)

    def is_endless(self, function: Symbol) -> bool:
        """Answer whether a function goes on until the process is stopped."""
        return self._endless.function(function)

    def _iter_coroutines(self) -> Iterator[Program]:
        for module in _iter_modules(self._resolver, _RUN, *_WORDS):
            for node in module.calls_of(("run", *_METHODS)):
                if not _is_runner(self._resolver, module, node):
                    continue
                entry = find_entry_of(self._resolver, module, node)
                if entry is not None and self._endless.function(entry) and not self._has_result(entry):
                    yield _program(self._resolver, module, node, entry)
        for module, node, entry in self._given:
            function = self._resolver.function(entry)
            is_plain = function is not None and function.is_async and not function.is_generator
            if is_plain and self._endless.function(entry) and not self._has_result(entry):
                yield _program(self._resolver, module, node, entry)

    @cached_property
    def _given(self) -> tuple[tuple[Module, ast.Call, Symbol], ...]:
        """The functions that `__main__` blocks give to a runner of another library: `Fire(main)`."""
        return tuple(self._iter_given())

    def _iter_given(self) -> Iterator[tuple[Module, ast.Call, Symbol]]:
        for module in _iter_modules(self._resolver, _GUARD, b"__main__"):
            for node in iter_guarded_calls(module, whole=True):
                if module.is_newer or find_callee(self._resolver, module, node.func) is not None:
                    continue  # it may be left unchanged: each call goes on as before then
                named = [one for one in node.args if isinstance(one, ast.Attribute | ast.Name)]
                found = (find_callee(self._resolver, module, one) for one in named)
                yield from ((module, node, entry) for entry in found if entry is not None)

    def _has_result(self, entry: Symbol) -> bool:
        """Answer whether a coroutine is said to return what it found out: it is a step, and no program."""
        module = self._resolver.store.module(entry.path)
        node = None if module is None else module.functions.get(entry.name)
        said = None if node is None else node.returns
        return module is not None and said is not None and _NO_RESULT.match(module.code(said)) is None

    def _iter_loops(self) -> Iterator[Anchor]:
        for module in _iter_modules(self._resolver, _LOOP, *_LOOP_WORDS):
            for loop in iter_loops(module):
                yield module.anchor(loop)

    def _iter_functions(self) -> Iterator[Program]:
        words = (b"__main__", b"while ", b"_forever(", b"onsum", b"serve", b"polling(", b".listen(")
        for module in _iter_modules(self._resolver, _STARTED, *words):
            for node in iter_guarded_calls(module):
                entry = find_callee(self._resolver, module, node.func)
                function = None if entry is None else self._resolver.function(entry)
                if entry is None or function is None or function.is_async or function.is_generator:
                    continue
                if self._endless.function(entry):
                    yield _program(self._resolver, module, node, entry)
        for module, node, entry in (*self._given, *self._iter_commands()):
            function = self._resolver.function(entry)
            is_plain = function is not None and not (function.is_async or function.is_generator)
            if is_plain and self._endless.function(entry):
                yield _program(self._resolver, module, node, entry)

    def _iter_commands(self) -> Iterator[tuple[Module, ast.Call, Symbol]]:
        """Yield the commands of modules of which no fewer go on than end: `@app.command() def work(): ...`.

        Of a program that does this and that, one command that goes on says little, and so does a loop
        that waits for something: it may be a bar that moves while the command is busy.
        """
        for module in _iter_modules(self._resolver, _COMMANDS, b".command"):
            commands = {
                Symbol(module.path, name): decorator
                for name, node in module.functions.items()
                for decorator in node.decorator_list
                if isinstance(decorator, ast.Call) and _COMMAND.search(module.code(decorator.func))
            }
            endless = [entry for entry in commands if self._plainly_endless.function(entry, 2)]
            if 2 * len(endless) >= len(commands):
                yield from ((module, commands[entry], entry) for entry in endless)


def _iter_modules(resolver: Resolver, pattern: re.Pattern[bytes], *words: bytes) -> Iterator[Module]:
    for path in resolver.store.paths_with(*words):
        if is_test_path(path) or pattern.search(resolver.store.data(path)) is None:
            continue
        module = resolver.store.module(path)
        if module is not None:
            yield module


def _is_runner(resolver: Resolver, module: Module, node: ast.Call) -> bool:
    match node.func:
        case ast.Attribute(attr=name) if name in _METHODS:
            return True
        case ast.Attribute(value=held, attr="run") if _is_object(resolver, module, held):
            return True
        case ast.Attribute(attr="run") | ast.Name():
            symbol = resolver.expression(module, node.func)
            return symbol is not None and not symbol.path and symbol.name in _RUNNERS
    return False


def _is_object(resolver: Resolver, module: Module, held: ast.expr) -> bool:
    """Answer whether an expression is an `asyncio.Runner`: made right there, or held by a name."""
    made: list[ast.expr | None] = [held]
    if isinstance(held, ast.Name):
        home = module.table.enclosing(held).find(held.id)
        bindings = [] if home is None else home.bindings[held.id]
        parents = (module.table.parents.get(binding.node) for binding in bindings)
        made = [parent.context_expr for parent in parents if isinstance(parent, ast.withitem)]
        made += [binding.value for binding in bindings]
    symbols = (resolver.expression(module, one.func) for one in made if isinstance(one, ast.Call))
    return any(symbol is not None and symbol.name in _OBJECTS for symbol in symbols)


def _program(resolver: Resolver, module: Module, node: ast.Call, entry: Symbol) -> Program:
    """Describe a program by its entry; the call is given the place of the entry's definition."""
    function = resolver.function(entry)
    assert function is not None
    call: Call = build_call(module, node, resolver.expression)
    return Program(entry, replace(call, path=entry.path, anchor=function.anchor, statement=function.anchor))
