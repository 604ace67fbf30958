"""The code that holds on to the tasks of several sends, so that each response can be closed."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.moved_code import write_dedented
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_facts import Replacement, TaskedSends
from httpx_fixer.analysis.stream_freezing import names_in
from httpx_fixer.analysis.stream_tasks import TaskRun, is_harmless

_HOLDERS = ("sends", "tasks", "sending_tasks")
_TASKS = ("send", "task", "sending")
_RESULTS = ("result", "outcome", "returned")


def freeze_tasks(module: Module, run: TaskRun) -> TaskedSends | None:
    """Describe how the responses of tasks are closed, None where every word for it is taken."""
    scope = module.function_scope(run.awaited)
    assert scope is not None
    assert isinstance(scope.node, FunctionNode)
    taken = names_in(scope.node) | frozenset(module.table.module.bindings)
    library = _find_library(module)
    holder = run.holder.id if run.holder is not None else _find_free(_HOLDERS, taken)
    task, result = _find_free(_TASKS, taken), _find_free(_RESULTS, taken)
    if not (holder and task and result):
        return None
    above = ""
    if run.holder is None:
        above = f"{holder} = {_write_list(module, run, library or 'asyncio')}"
    return TaskedSends(
        holder,
        above,
        run.is_single,
        _replace(module, run, holder, library or "asyncio"),
        module.anchor(run.first),
        module.anchor(run.last),
        task,
        result,
        library,
        is_harmless(module, run),
    )


def _find_free(words: tuple[str, ...], taken: frozenset[str]) -> str:
    return next((word for word in words if word not in taken), "")


def _find_library(module: Module) -> str:
    """Return the name that the module has for `asyncio`, "" for none."""
    bound = module.table.module.bindings
    return next((name for name in bound if module.local_symbol(ast.Name(name)) == "asyncio"), "")


def _replace(module: Module, run: TaskRun, holder: str, library: str) -> tuple[Replacement, ...]:
    if run.holder is not None and isinstance(run.display, ast.GeneratorExp):
        return (Replacement(module.anchor(run.display), _write_list(module, run, library)),)
    if run.holder is not None:
        return tuple(
            Replacement(module.anchor(one), _write_task(module, run, one, library))
            for one in (() if run.is_made else run.tasks)
        )
    if isinstance(run.display, ast.Call):
        function = ast.unparse(run.display.func)
        keywords = [f", {one.arg}={module.code(one.value)}" for one in run.display.keywords]
        code = f"{function}(*{holder}{''.join(keywords)})"
        return (Replacement(module.anchor(run.display), code),)
    return (Replacement(module.anchor(run.display), holder),)


def _write_list(module: Module, run: TaskRun, library: str) -> str:
    """Return a list of tasks, written as the coroutines were, with the comments among them."""
    start, end = _find_inside(module, run)
    text = module.source.text
    parts: list[str] = []
    for task in run.tasks:
        first, last = _span(module, task)
        code = text[first:last]
        parts += [text[start:first], code if run.is_made else f"{library}.create_task({code})"]
        start = last
    line = module.source.lines[run.display.lineno - 1]
    margin = line[: len(line) - len(line.lstrip())]
    return f"[{''.join(parts)}{text[start:end]}]".replace(f"\n{margin}", "\n")


def _find_inside(module: Module, run: TaskRun) -> tuple[int, int]:
    """Return where the text begins and ends between the brackets that hold the tasks."""
    start, end = _span(module, run.display)
    text = module.source.text
    if isinstance(run.display, ast.Call):
        start = text.index("(", _span(module, run.display.func)[1])
        if run.display.keywords:
            return start + 1, _span(module, run.tasks[-1])[1]
    return start + 1, end - 1


def _span(module: Module, node: ast.expr) -> tuple[int, int]:
    start = module.offset(node.lineno, node.col_offset)
    return start, module.offset(node.end_lineno or 0, node.end_col_offset or 0)


def _write_task(module: Module, run: TaskRun, task: ast.expr, library: str) -> str:
    code = write_dedented(module, task)
    return code if run.is_made else f"{library}.create_task({code})"
