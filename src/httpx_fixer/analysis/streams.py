"""Whether every path closes the streamed responses that a module opens."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_blocks import enters, find_early_end
from httpx_fixer.analysis.stream_cover import Cover, align_covers, find_cover
from httpx_fixer.analysis.stream_facts import StreamSite
from httpx_fixer.analysis.stream_flow import Trial, walk_function
from httpx_fixer.analysis.stream_freezing import freeze_cover, is_typed, iter_streamed_bodies, name_stacks
from httpx_fixer.analysis.stream_obstacles import (
    describe_binding,
    describe_rebinding,
    iter_binding_obstacles,
    iter_escape_obstacles,
    iter_failure_obstacles,
)
from httpx_fixer.analysis.stream_results import (
    Opener,
    Openers,
    Result,
    build_web,
    find_stream_argument,
    follow_result,
    is_settled_at_once,
    is_streaming_send,
)
from httpx_fixer.analysis.stream_shortening import find_opening
from httpx_fixer.analysis.stream_task_code import freeze_tasks
from httpx_fixer.analysis.stream_tasks import TaskRun, find_task_run
from httpx_fixer.analysis.stream_uses import find_fate
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.values import dataclass


def iter_stream_sites(module: Module, openers: Openers) -> Iterator[StreamSite]:
    """Yield a site for each call of a module that opens a streamed response, in source order.

    `openers` are these calls.
    """
    judgements = [_judge(module, call, openers) for call in module.calls if call in openers]
    judgements = _judge_again(module, judgements)
    covers = [judgement.cover for judgement in judgements if judgement.cover is not None]
    aligned = name_stacks(module, align_covers(module, covers))
    for judgement in judgements:
        cover = None if judgement.cover is None else next(aligned)
        yield _build_site(module, judgement, cover)


def is_surely_closed(module: Module, send_call: ast.Call) -> bool:
    """Answer whether the function that calls `send` closes the response itself, on every path.

    A call without `stream`, or with `stream=False`, reads and closes the response.
    """
    is_complete = all(keyword.arg is not None for keyword in send_call.keywords)
    if is_complete and find_stream_argument(send_call) is None:
        return True
    judgement = _judge(module, send_call, {send_call: Opener(is_async=False)})
    if judgement.result.name is None:
        fate = find_fate(module, judgement.result.node)
        return judgement.is_closed and (fate is None or fate.handed is None)
    web = build_web(module, judgement.result)
    return judgement.is_closed and web is not None and not web.handed


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What was found out about one send; exactly one of the last four says something."""

    result: Result
    is_closed: bool = False
    obstacles: tuple[Obstacle, ...] = ()
    cover: Cover | None = None
    run: TaskRun | None = None


def _judge(module: Module, call: ast.Call, openers: Openers) -> _Judgement:
    result = follow_result(module, call, openers)
    try:
        return _judge_result(module, result, ())
    except RecursionError:
        detail = "the function is nested too deeply to be followed"
        obstacle = Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, call.lineno)
        return _Judgement(result, obstacles=(obstacle,))


def _judge_again(module: Module, judgements: list[_Judgement]) -> list[_Judgement]:
    """Look again at what was refused, with the closes that others got: a second run would see them."""
    planned: dict[tuple[int, str], list[Trial]] = {}
    for judgement in judgements:
        if judgement.cover is not None:
            planned.setdefault(judgement.cover.web.key, []).append(judgement.cover.trial)
    found = bool(planned)
    while found:
        found = False
        for index, judgement in enumerate(judgements):
            web = build_web(module, judgement.result) if judgement.obstacles else None
            if web is None or web.key not in planned:
                continue
            again = _judge_result(module, judgement.result, planned[web.key])
            if again.cover is not None:
                judgements[index] = again
                planned[web.key].append(again.cover.trial)
                found = True
    return judgements


def _judge_result(module: Module, result: Result, planned: Sequence[Trial]) -> _Judgement:
    web = build_web(module, result)
    if web is None:
        if is_settled_at_once(module, result):
            return _Judgement(result, is_closed=True)
        return _judge_unnamed(module, result)
    send = next(index for index, one in enumerate(web.sends) if one.call is result.call)
    notes = walk_function(web, None, planned)
    if send not in notes.leaks:
        return _Judgement(result, is_closed=True)
    obstacles = (
        *iter_binding_obstacles(result),
        *iter_escape_obstacles(module, web, notes, send),
    )
    cover = None if obstacles else find_cover(module, web, notes, send, planned)
    if cover is None:
        return _Judgement(result, obstacles=obstacles or (describe_rebinding(web, notes, send),))
    obstacles = tuple(iter_failure_obstacles(module, cover))
    return _Judgement(result, obstacles=obstacles, cover=None if obstacles else cover)


def _judge_unnamed(module: Module, result: Result) -> _Judgement:
    found = find_task_run(module, result)
    if isinstance(found, TaskRun):
        return _Judgement(result, found.is_closed, run=None if found.is_closed else found)
    return _Judgement(result, obstacles=(found or describe_binding(module, result),))


def _build_site(module: Module, judgement: _Judgement, cover: Cover | None) -> StreamSite:
    result = judgement.result
    function = result.call.func
    is_send = is_streaming_send(result.call)
    receiver = ast.unparse(function.value) if is_send and isinstance(function, ast.Attribute) else ""
    stream = find_stream_argument(result.call)
    shown = "..." if stream is None else f"..., stream={ast.unparse(stream)}"
    return StreamSite(
        module.path,
        module.function_name(result.call),
        module.anchor(result.call),
        module.anchor(module.statement_of(result.call)),
        receiver,
        f"{ast.unparse(function)}({shown})",
        "" if result.name is None else result.name.id,
        result.is_async,
        _is_cut(module, result.call, receiver),
        judgement.is_closed,
        judgement.obstacles,
        None if cover is None else freeze_cover(module, cover.trial),
        None if cover is None else find_opening(module, result, cover.trial),
        None if judgement.run is None else freeze_tasks(module, judgement.run),
        tuple(iter_streamed_bodies(module, judgement.result)),
        is_typed(module, result.call),
        _find_early_end(module, result),
        module.is_test,
    )


def _find_early_end(module: Module, result: Result) -> int:
    web = build_web(module, result)
    if web is None:
        return 0
    handed = sorted(web.handed, key=lambda statement: statement.lineno)
    ends = (find_early_end(module, web, one) for one in handed if isinstance(one, ast.Return))
    return next((line for line in ends if line), 0)


def _is_cut(module: Module, call: ast.Call, receiver: str) -> bool:
    """Answer whether a `with` block of the same function closes the client that sends."""
    for parent in module.ancestors(call):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
        if isinstance(parent, ast.With | ast.AsyncWith) and any(
            enters(item, {receiver}) for item in parent.items
        ):
            return True
    return False


__all__ = ["StreamSite", "is_surely_closed", "iter_stream_sites"]
