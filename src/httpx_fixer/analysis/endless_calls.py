"""Calls and loops that end when what they wait for is stopped: servers, consumers, events of shutdown."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.patterns import compile_later

_FOREVER = frozenset(
    {"serve_forever", "run_forever", "start_polling", "run_polling", "infinity_polling", "start_consuming"}
    | {"run_until_stopped", "wait_until_stopped"}
    | {
        "loop_forever",
        "wait_for_termination",
        "run_until_disconnected",
        "serve",
        "start_serving",
        "idle",
        "sleep_forever",
        "sync_forever",
    }
    | {"run_stdio_async", "run_http_async", "run_sse_async", "run_streamable_http_async"}
)
"""Methods and functions that return when the process, or the task that calls them, is to stop."""
STOPPED = compile_later(
    r"(?i)\brun\b(?!\()|keep_?(?:going|running)|stop|shut|exit|quit|running|alive|active|cancel|terminat|forever|should_"
)
"""What a flag is called that ends a loop from outside."""
_SOURCE = compile_later(r"(?i)\.listen\(|consum|subscri|pubsub|\.iterator\(|watch\(|\bconnect\(")
"""What an `async for` iterates over that never runs dry."""
_FED = compile_later(
    r"(?i)\.listen\(\)$|\.consume\(|\bwatch\w*\(\)?\.stream\(|^(?:itertools\.)?count\(|\b(?:\w+\.)*\w*consumer\("
)
"""What a plain `for` iterates over that never runs dry."""
_FED_AWAY = compile_later(r"timeout")
"""What says that a consumer gives up when nothing has come for a while."""
_EVENT_LOOPS = compile_later(r"\bIOLoop\b")
_WORKERS = compile_later(r"(?:^|\.)Worker\(")
_HANDING = frozenset(
    {"create_task", "run_in_executor", "start_soon", "start_new_thread", "submit", "to_thread"}
)
"""What runs the function that it is given beside the code that goes on."""
_INFINITE = compile_later(r"""(?:math\.)?inf$|float\(["']inf""")


def waits_for_the_end(module: Module, call: ast.Call, *, is_ours: bool) -> bool:
    """Answer whether a call returns when the process is stopped; `is_ours`: of a function of the project."""
    is_awaited = isinstance(module.table.parents[call], ast.Await)
    match call.func:
        case ast.Attribute(attr="Future" | "create_future") | ast.Name(id="Future") if is_awaited:
            return not call.args  # nobody has it, to say that it is done
        case ast.Attribute(attr="sleep") | ast.Name(id="sleep") if call.args:
            return _INFINITE.match(module.code(call.args[0])) is not None
        case ast.Attribute(value=ast.Name(id="signal"), attr="pause"):
            return True
        case ast.Attribute(value=value, attr="start" | "start_async"):
            made = made_by(module, value)
            return "SocketModeHandler(" in made or _EVENT_LOOPS.search(made) is not None
        case ast.Attribute(value=value, attr="run" | "work") if not is_ours:
            return _WORKERS.search(made_by(module, value)) is not None
        case ast.Attribute(attr="wait", value=value) if not call.args:
            return "Event()" in module.code(value) or STOPPED.search(module.code(value)) is not None
        case ast.Attribute(attr=name):
            return name in _FOREVER
        case ast.Name(id=name):
            return name in _FOREVER
    return False


def iter_handed(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the functions that a call runs on a thread or as a task of its own.

    A thread that is a daemon is cut off by the end of the process, and lets it come.
    """
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            if name in _HANDING:
                yield from (one for one in call.args if isinstance(one, ast.Attribute | ast.Name))
            elif name in {"Process", "Thread"} and not any(one.arg == "daemon" for one in call.keywords):
                yield from (one.value for one in call.keywords if one.arg == "target")


def is_task(module: Module, call: ast.Call) -> bool:
    """Answer whether a call makes the coroutine of a task: `asyncio.create_task(f())`."""
    match module.table.parents[call]:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[first, *_]):
            return first is call and name in {"create_task", "ensure_future"}
    return False


def never_runs_dry(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Answer whether what a loop iterates over goes on for ever: messages, events, numbers."""
    code = module.code(loop.iter)
    if isinstance(loop, ast.AsyncFor):
        return _SOURCE.search(code) is not None or ".iterator(" in made_by(module, loop.iter)
    made = made_by(module, loop.iter)
    return _FED.search(made) is not None and _FED_AWAY.search(made) is None


def made_by(module: Module, value: ast.expr) -> str:
    """Return the code of the call that makes an object: right there, or bound to a name."""
    if not isinstance(value, ast.Name):
        return module.code(value)
    home = module.table.enclosing(value).find(value.id)
    made: list[ast.expr] = []
    for binding in [] if home is None else home.bindings[value.id]:
        parent = module.table.parents.get(binding.node)
        entered = [parent.context_expr] if isinstance(parent, ast.withitem) else []
        made += [*entered, *([] if binding.value is None else [binding.value])]
    return "".join(module.code(one) for one in made)
