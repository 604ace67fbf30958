"""Sends that run as tasks, of which one may open its response while another one fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from httpx_fixer.analysis.escapes import CLOSERS, last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.moved_code import has_long_text
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_clients import LIBRARIES
from httpx_fixer.analysis.stream_results import Openers, Result
from httpx_fixer.analysis.stream_task_uses import find_last_use
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.values import dataclass

_MAKERS = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_GATHER = "asyncio.gather"
_SENDING_ERRORS = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "HTTPError",
        "HTTPStatusError",
        "NetworkError",
        "PoolTimeout",
        "ReadError",
        "ReadTimeout",
        "RemoteProtocolError",
        "RequestError",
        "TimeoutException",
        "TransportError",
    }
)
"""Exceptions of httpx that a request raises when it is sent, and never when it is built (httpx 0.28.1)."""
_WAITING_ERRORS = frozenset({"asyncio.CancelledError", "asyncio.TimeoutError"})


@dataclass(frozen=True, slots=True)
class TaskRun:
    """Tasks that send, and the expression `awaited` whose value is what they return.

    `tasks` are the expressions of which each makes a task, or the coroutine of one, and `display` is
    what holds them: a list, a comprehension, the call of `gather` itself. `holder` is the variable
    that has them before they are awaited, None where they have no name. `first` to `last` are the
    statements that use what they return.
    """

    tasks: tuple[ast.expr, ...]
    display: ast.expr
    is_made: bool
    awaited: ast.expr
    holder: ast.Name | None
    first: ast.stmt
    last: ast.stmt
    is_closed: bool

    @property
    def is_single(self) -> bool:
        """Whether the holder is one task, not a list of them."""
        return self.display is self.tasks[0]


def find_task_run(module: Module, result: Result) -> TaskRun | Obstacle | None:
    """Return the tasks that a send is one of, or why they are not to be followed; None for no task."""
    scope = module.function_scope(result.call)
    if result.name is not None or result.is_awaited or scope is None:
        return None
    if not isinstance(scope.node, ast.AsyncFunctionDef):
        return None
    task = _find_task(module, result.node)
    is_made = task is not result.node
    parent = module.table.parents[task]
    display: ast.expr
    match parent:
        case ast.Assign(targets=[ast.Name()]) if is_made:
            display = task
        case ast.List() | ast.Tuple() | ast.ListComp() | ast.GeneratorExp():
            display = parent
        case ast.Call() if module.local_symbol(parent.func) == _GATHER:
            display = parent
        case _:
            return None
    tasks = tuple(_iter_tasks(task, display))
    if any(not _is_send(module, one, result.openers, is_made=is_made) for one in tasks):
        detail = "what runs beside it is no send of its kind, and would be cut off where it fails"
        return Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, result.call.lineno)
    return _follow(module, result, tasks, display, is_made=is_made)


def _find_task(module: Module, node: ast.expr) -> ast.expr:
    """Return the call around a coroutine that makes a task of it, else the coroutine."""
    parent = module.table.parents[node]
    if isinstance(parent, ast.Call) and parent.args == [node] and not parent.keywords:
        return parent if module.local_symbol(parent.func) in _MAKERS else node
    return node


def _iter_tasks(task: ast.expr, display: ast.expr) -> Iterator[ast.expr]:
    match display:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            yield from elements
        case ast.Call(args=arguments) if display is not task:
            yield from arguments
        case _:
            yield task


def _is_send(module: Module, task: ast.expr, openers: Openers, *, is_made: bool) -> bool:
    coroutine = task
    if is_made and isinstance(task, ast.Call) and module.local_symbol(task.func) in _MAKERS:
        coroutine = task.args[0]
    opener = openers.get(coroutine) if isinstance(coroutine, ast.Call) else None
    return opener is not None and opener.part < 0 and (coroutine is not task) is is_made


def _follow(
    module: Module, result: Result, tasks: tuple[ast.expr, ...], display: ast.expr, *, is_made: bool
) -> TaskRun | Obstacle | None:
    """Follow tasks to where they are awaited, and what they return to its last use."""
    parents = module.table.parents
    holder: ast.Name | None = None
    if isinstance(display, ast.Call) and display is not tasks[0]:
        gathered: ast.expr | None = display
    elif isinstance(starred := parents[display], ast.Starred):
        gathered = _find_gather(module, starred)
    else:
        holder = _find_holder(module, display)
        gathered = None if holder is None else _find_awaiting(module, holder, is_single=display is tasks[0])
    awaited = None if gathered is None else _find_awaited(module, gathered)
    if awaited is None:
        return None
    statement = module.statement_of(awaited)
    first = statement
    is_closed = False
    if holder is not None:
        made = module.statement_of(holder)
        below = _find_next(module, made)
        is_closed = is_made and _closes_all(below, holder.id) and _is_inside(module, statement, below)
        if not is_closed and below is None:
            return None
        is_next = below is statement or _find_try(module, statement) is below
        if not is_closed and not is_made and not is_next:
            return None  # To make the tasks earlier than they are gathered would send earlier.
        first = below if below is not None else statement
    if is_closed:
        return TaskRun(tasks, display, is_made, awaited, holder, first, first, is_closed=True)
    is_flagged = isinstance(display, ast.Call) and display is not tasks[0] and bool(display.keywords)
    if has_long_text(display) or (is_flagged and "#" in module.code(display)):
        detail = "a string of several lines, or a comment, stands where the tasks would be moved from"
        return Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, display.lineno)
    is_single = display is tasks[0]
    last = find_last_use(module, result.call, awaited, first, is_single=is_single)
    outer = _find_try(module, first)
    if isinstance(last, Obstacle) and outer is not None and _misses_all_of_making(module, outer):
        first, last = outer, find_last_use(module, result.call, awaited, outer, is_single=is_single)
    if isinstance(last, Obstacle):
        return last
    return TaskRun(tasks, display, is_made, awaited, holder, first, last, is_closed=False)


def _find_try(module: Module, statement: ast.stmt) -> ast.Try | None:
    """Return the `try` whose first statement a statement is."""
    parent = module.table.parents[statement]
    return parent if isinstance(parent, ast.Try) and parent.body[0] is statement else None


def _misses_all_of_making(module: Module, node: ast.Try) -> bool:
    """Answer whether the handlers of a `try` catch nothing that building requests and tasks may raise.

    So these may as well be made above it. `httpx.InvalidURL` is no `HTTPError`.
    """
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(kind is None or not _is_of_sending(module, kind) for kind in kinds):
            return False
    return True


def _is_of_sending(module: Module, kind: ast.expr) -> bool:
    symbol = module.local_symbol(kind)
    library, _, name = symbol.rpartition(".") if isinstance(symbol, str) else ("", "", "")
    if library in LIBRARIES:
        return name in _SENDING_ERRORS
    return symbol in _WAITING_ERRORS or ast.unparse(kind) == "TimeoutError"


def _find_holder(module: Module, display: ast.expr) -> ast.Name | None:
    """Return the variable of the function that is given the tasks, if it is given nothing else."""
    match module.table.parents[display]:
        case ast.Assign(targets=[ast.Name() as name], value=value) if value is display:
            home = module.table.enclosing(name).find(name.id)
            is_own = home is module.function_scope(name) and home is not None
            return name if is_own and home is not None and len(home.bindings[name.id]) == 1 else None
    return None


def _find_awaiting(module: Module, holder: ast.Name, *, is_single: bool) -> ast.expr | None:
    """Return the one expression that awaits what a variable holds, closes in a `finally` aside."""
    scope = module.function_scope(holder)
    made = module.statement_of(holder)
    below = _find_next(module, made)
    closing = below.finalbody if isinstance(below, ast.Try) and _closes_all(below, holder.id) else []
    aside = {inner for statement in closing for inner in ast.walk(statement)}
    reads = [
        node
        for node in ast.walk(scope.node if scope is not None else made)
        if isinstance(node, ast.Name) and node.id == holder.id and node is not holder and node not in aside
    ]
    if len(reads) != 1:
        return None
    if is_single:
        return reads[0]
    parent = module.table.parents[reads[0]]
    return _find_gather(module, parent) if isinstance(parent, ast.Starred) else None


def _find_gather(module: Module, starred: ast.Starred) -> ast.Call | None:
    call = module.table.parents[starred]
    if not isinstance(call, ast.Call) or call.args != [starred]:
        return None
    return call if module.local_symbol(call.func) == _GATHER else None


def _find_awaited(module: Module, node: ast.expr) -> ast.Await | None:
    """Return the `await` of an expression, with a time limit or without."""
    parent = module.table.parents[node]
    if isinstance(parent, ast.Call) and parent.args[:1] == [node] and last_name(parent.func) == "wait_for":
        parent = module.table.parents[parent]
    return parent if isinstance(parent, ast.Await) else None


def _find_next(module: Module, statement: ast.stmt) -> ast.stmt | None:
    block = module.block_of(statement)
    at = next(index for index, one in enumerate(block) if one is statement)
    return block[at + 1] if at + 1 < len(block) else None


def _is_inside(module: Module, statement: ast.stmt, outer: ast.stmt | None) -> bool:
    return any(parent is outer for parent in module.ancestors(statement))


def _closes_all(statement: ast.stmt | None, holder: str) -> bool:
    """Answer whether the `finally` of a `try` closes what each of the tasks in a variable returns."""
    final: Sequence[ast.stmt] = statement.finalbody if isinstance(statement, ast.Try) else ()
    nodes = [inner for one in final for inner in ast.walk(one)]
    return any(
        isinstance(node, ast.For) and _mentions(node.iter, holder) and _closes_each(node) for node in nodes
    )


def _mentions(node: ast.expr, name: str) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(node))


def _closes_each(loop: ast.For) -> bool:
    nodes = (inner for statement in loop.body for inner in ast.walk(statement))
    return any(isinstance(node, ast.Attribute) and node.attr in CLOSERS for node in nodes)


def is_harmless(module: Module, run: TaskRun) -> bool:
    """Answer whether each send may be cut off: its method changes nothing at the other end."""
    return all(_is_safe_send(module, task) for task in run.tasks)


def _is_safe_send(module: Module, task: ast.expr) -> bool:
    send = task.args[0] if isinstance(task, ast.Call) and last_name(task.func) != "send" else task
    request = send.args[0] if isinstance(send, ast.Call) and send.args else None
    if isinstance(request, ast.Name):
        request = _find_value(module, request)
    if not isinstance(request, ast.Call) or last_name(request.func) not in {"build_request", "Request"}:
        return False
    given = {keyword.arg: keyword.value for keyword in request.keywords}
    method = request.args[0] if request.args else given.get("method")
    return isinstance(method, ast.Constant) and str(method.value).upper() in {"GET", "HEAD", "OPTIONS"}


def _find_value(module: Module, name: ast.Name) -> ast.expr | None:
    """Return what a variable is given that is given one value, or each of some that are built alike."""
    home = module.table.enclosing(name).find(name.id)
    if home is None or len(home.bindings[name.id]) != 1:
        return None
    for node in ast.walk(home.node):
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name.id:
                return value
            case ast.comprehension(target=ast.Name(id=bound), iter=ast.Name() as items) if bound == name.id:
                built = _find_value(module, items)
                return built.elt if isinstance(built, ast.ListComp) else None
    return None
