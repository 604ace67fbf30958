"""What goes on until it is stopped: endless loops, servers, consumers, and who runs them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from httpx_fixer.analysis.endless_calls import (
    STOPPED,
    is_task,
    iter_handed,
    never_runs_dry,
    waits_for_the_end,
)
from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver, single_value
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Anchor

_ASKS = compile_later(
    r"(?<![\w.])(?:_?async_)?(?:input|prompt)\(|\.prompt(?:_async|_for_input)?\(|Prompt\.ask\("
)
"""How a loop asks the person in front of it what to do next: it ends with them."""
_DRAINED = compile_later(
    r"\b(?:Queue)?(?:Empty|ShutDown)\b|\bStop(?:Async)?Iteration\b|\b(?:Index|EOF|Lookup)Error\b"
)
"""Exceptions that say that nothing is left: a loop that runs until one is raised ends by itself."""
_DEPTH = 4
"""Calls from the entry down to the loop: `main` -> `Worker.run` -> `Worker._loop` is usual."""


class Endless:
    """Answers whether code goes on until it is stopped; answers are kept.

    `heeds_flags` says that a loop goes on whose condition only sounds like it: `while not stopped`.
    """

    def __init__(self, resolver: Resolver, *, heeds_flags: bool = True) -> None:
        self._resolver = resolver
        self._heeds_flags = heeds_flags
        self._known: dict[Symbol, bool] = {}

    def function(self, symbol: Symbol, depth: int = _DEPTH) -> bool:
        """Answer whether a function of the project, or one that it calls, goes on until it is stopped."""
        if symbol not in self._known:
            self._known[symbol] = False  # while it is looked at: recursion is no loop
            module = self._resolver.store.module(symbol.path) if symbol.path else None
            node = None if module is None else module.functions.get(symbol.name)
            if module is not None and node is not None:
                self._known[symbol] = self._nodes(module, own_nodes(node), depth)
        return self._known[symbol]

    def block(self, module: Module, statement: ast.With | ast.AsyncWith) -> bool:
        """Answer whether the body of a with statement goes on until it is stopped."""
        nodes = (node for child in statement.body for node in ast.walk(child))
        return self._nodes(module, nodes, _DEPTH)

    def _nodes(self, module: Module, nodes: Iterator[ast.AST], depth: int) -> bool:
        callees: list[Symbol] = []
        beside: list[Symbol] = []
        tasks: list[Symbol] = []
        methods: set[str] = set()
        for node in nodes:
            match node:
                case ast.While() if _is_endless_loop(module, node):
                    if self._heeds_flags or isinstance(node.test, ast.Constant):
                        return True
                case ast.For() | ast.AsyncFor() if never_runs_dry(module, node) and not leaves(node):
                    return True
                case ast.Call(func=callee_code) if _ASKS.search(f"{module.code(callee_code)}("):
                    continue  # what waits for the person waits for the end, too
                case ast.Call():
                    callee = find_callee(self._resolver, module, node.func)
                    if waits_for_the_end(module, node, is_ours=callee is not None):
                        return True
                    handed = (find_callee(self._resolver, module, one) for one in iter_handed(node))
                    beside += [one for one in handed if one is not None]
                    if callee is not None:
                        (tasks if is_task(module, node) else callees).append(callee)
                    elif isinstance(node.func, ast.Attribute):
                        methods.add(node.func.attr)
        if not {"cancel", "join"} <= methods:  # workers that drain a queue are cancelled once it is empty
            callees += tasks
        plain = self._without_flags
        return depth > 0 and (
            any(self.function(callee, depth - 1) for callee in callees)
            or any(plain.function(callee, depth - 1) for callee in beside)
        )

    @cached_property
    def _without_flags(self) -> Endless:
        """The same for threads beside the code that goes on: many of them turn a wheel until it is done."""
        return Endless(self._resolver, heeds_flags=False) if self._heeds_flags else self


def iter_loops(module: Module) -> Iterator[ast.stmt]:
    """Yield the statements of a module's level, or of its `__main__` block, that end when it is stopped.

    A loop, or a call that serves: `SocketModeHandler(app).start()`.
    """
    bodies = [module.tree.body]
    bodies += [one.body for one in module.tree.body if isinstance(one, ast.If)]
    bodies += [one.body for body in bodies for one in body if isinstance(one, ast.Try)]
    yield from (one for body in bodies for one in body if _goes_on(module, one))


def _goes_on(module: Module, statement: ast.stmt) -> bool:
    match statement:
        case ast.While():
            return _is_endless_loop(module, statement)
        case ast.For():
            return never_runs_dry(module, statement) and not leaves(statement)
        case ast.Expr(value=ast.Call() as call):
            return waits_for_the_end(module, call, is_ours=False)
    return False


def find_with(module: Module, anchor: Anchor) -> ast.With | ast.AsyncWith | None:
    """Return the with statement at an anchor."""
    for node in module.table.parents:
        if not isinstance(node, ast.With | ast.AsyncWith) or node.lineno != anchor.start.line:
            continue
        if module.anchor(node) == anchor:
            return node
    return None


def find_callee(resolver: Resolver, module: Module, expression: ast.expr) -> Symbol | None:
    """Return the project's function behind a callee: also `self.f`, and `x.f` where `x = Class(...)`."""
    symbol = resolver.expression(module, expression)
    if symbol is not None and resolver.has_function(symbol):
        return symbol
    if not isinstance(expression, ast.Attribute):
        return None
    owner = _class_of(resolver, module, expression.value)
    return None if owner is None else _method(resolver, owner, expression.attr)


def _class_of(resolver: Resolver, module: Module, expression: ast.expr) -> Symbol | None:
    """Return the project's class that an expression is an instance of."""
    if isinstance(expression, ast.Name) and expression.id in {"self", "cls"}:
        scope = module.function_scope(expression)
        around = None if scope is None else scope.parent
        is_method = around is not None and around.is_class()
        return Symbol(module.path, around.qualname) if around is not None and is_method else None
    call: ast.expr | None = expression
    home = module
    if isinstance(expression, ast.Name):
        symbol = resolver.expression(module, expression)
        found = resolver.store.module(symbol.path) if symbol is not None and symbol.path else None
        if found is None or symbol is None:
            return None
        home, call = found, single_value(found, symbol.name)
    if not isinstance(call, ast.Call):
        return None
    made = resolver.expression(home, call.func)
    of = resolver.store.module(made.path) if made is not None and made.path else None
    return made if of is not None and made is not None and made.name in of.classes else None


def _method(resolver: Resolver, owner: Symbol, name: str, depth: int = 4) -> Symbol | None:
    """Return the method of a project class or of a project class that it derives from."""
    module = resolver.store.module(owner.path)
    node = None if module is None else module.classes.get(owner.name)
    if module is None or node is None or depth == 0:
        return None
    own = Symbol(owner.path, f"{owner.name}.{name}")
    if own.name in module.functions:
        return own
    for base in node.bases:
        symbol = resolver.expression(module, base)
        found = _method(resolver, symbol, name, depth - 1) if symbol is not None and symbol.path else None
        if found is not None:
            return found
    return None


def _is_endless_loop(module: Module, loop: ast.While) -> bool:
    if _ASKS.search(module.code(loop)):
        return False
    if isinstance(loop.test, ast.Constant):
        return bool(loop.test.value) and not leaves(loop) and not _is_drained(module, loop)
    return STOPPED.search(module.code(loop.test)) is not None and _has_call(loop)


def _has_call(loop: ast.While) -> bool:
    return any(isinstance(node, ast.Call) for child in loop.body for node in ast.walk(child))


def _is_drained(module: Module, loop: ast.While) -> bool:
    """Answer whether an exception that says that nothing is left ends a loop."""
    parent = module.table.parents[loop]
    if not isinstance(parent, ast.Try | ast.TryStar) or loop not in parent.body:
        return False
    caught = (handler.type for handler in parent.handlers)
    return any(_DRAINED.search(module.code(one)) for one in caught if one is not None)


def leaves(loop: ast.While | ast.For | ast.AsyncFor) -> bool:
    """Answer whether a loop has a `break` of its own or a `return`, other than to heed Ctrl-C.

    Or it ends the process, other than for an exception.
    """
    todo: list[tuple[ast.AST, bool, bool]] = [(child, True, False) for child in loop.body]
    while todo:
        node, is_own, is_caught = todo.pop()
        if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and is_own):
            return True
        if not is_caught and _ends_process(node):
            return True
        if isinstance(node, ast.ExceptHandler) and node.type is not None and _is_stop(node.type):
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            inside = is_own and not isinstance(node, ast.While | ast.For | ast.AsyncFor)
            is_caught = is_caught or isinstance(node, ast.ExceptHandler)
            todo.extend((child, inside, is_caught) for child in ast.iter_child_nodes(node))
    return False


def _ends_process(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in {"exit", "quit", "SystemExit"}
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os" | "sys" | "typer"), attr=name)):
            return name in {"exit", "_exit", "Exit"}
    return False


def _is_stop(caught: ast.expr) -> bool:
    """Answer whether exceptions are those by which a process or a task is stopped."""
    every = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in every}
    return names <= {"CancelledError", "GeneratorExit", "KeyboardInterrupt", "SystemExit"}


def find_entry_of(resolver: Resolver, module: Module, call: ast.Call) -> Symbol | None:
    """Return the coroutine function that `asyncio.run(f(...))` or `anyio.run(f)` runs.

    One that is defined inside of a function is a step of that function, no program.
    """
    if not call.args:
        return None
    given = call.args[0]
    symbol = find_callee(resolver, module, given.func if isinstance(given, ast.Call) else given)
    function = None if symbol is None else resolver.function(symbol)
    is_plain = function is not None and function.is_async and not (function.is_generator or function.outer)
    return symbol if is_plain else None


def iter_guarded_calls(module: Module, *, whole: bool = False) -> Iterator[ast.Call]:
    """Yield the calls in `if __name__ == "__main__":` blocks that may be the program, or all of them.

    Without such a block the program is called at the module's level. What goes on until it is stopped
    returns nothing, or a code to exit with.
    """
    for statement in module.tree.body:
        match statement:
            case ast.Expr(value=ast.Call() as call) if not whole:
                yield call  # of a module that is run, and that nothing can import
        if isinstance(statement, ast.If) and "__name__" in module.code(statement.test):
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and (whole or _is_for_itself(module, node)):
                    yield node


def _is_for_itself(module: Module, call: ast.Call) -> bool:
    parent = module.table.parents[call]
    match parent:
        case ast.Expr():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return any(_is_exit(module.table.parents[read]) for read in module.mentions.reads.get(name, ()))
    return _is_exit(parent)


def _is_exit(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in {"exit", "_exit", "SystemExit"}
    return False
