"""How a client gets from handlers to a function that they call, directly or through others (form 2)."""

from __future__ import annotations

from dataclasses import replace

from httpx_fixer.analysis.facts import Call, Function, Reference, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import EntryPoint, Lifecycles
from httpx_fixer.rules._passages import (
    Chain,
    Passage,
    Relay,
    find_injection_obstacle,
    is_free,
    is_transparent,
)
from httpx_fixer.values import dataclass

_STARTS_TASK = ("create_task", "ensure_future", "start_soon", "run_coroutine_threadsafe", "run")
_CLASSES = frozenset({"AsyncClient", "Client"})


@dataclass(frozen=True, slots=True)
class Search:
    """Where a chain is looked for; `max_hops` functions may take the client as an argument `name`."""

    project: Project
    lifecycles: Lifecycles
    max_hops: int
    name: str


def find_chain(search: Search, function: Function) -> Chain | Refusal:
    """Return the ways from handlers to a function, where nothing else calls it or what is on the way."""
    return _trace(search, function, search.name, (function.symbol,))


def _trace(search: Search, function: Function, parameter: str, behind: tuple[Symbol, ...]) -> Chain | Refusal:
    """Follow the callers of a function; `behind` is the way from it to the site, itself first."""
    refusal = _find_signature_obstacle(search.project, function, parameter)
    if refusal is not None:
        return refusal
    callers = _find_callers(search.project, function, parameter)
    if isinstance(callers, Refusal):
        return callers
    passages: list[Passage] = []
    relays: list[Relay] = []
    for caller, calls in callers.items():
        entry = search.lifecycles.entry_point(caller)
        if isinstance(entry, Refusal):
            return entry
        if entry is not None:
            passage = _find_passage(search, entry, calls, function)
            if isinstance(passage, Refusal):
                return passage
            passages.append(passage)
            continue
        chain = _relay(search, Relay(caller, calls, "", function.symbol), behind)
        if isinstance(chain, Refusal):
            return chain
        passages += chain.passages
        relays += chain.relays
    return Chain(tuple(dict.fromkeys(passages)), tuple(dict.fromkeys(relays)))


def _relay(search: Search, relay: Relay, behind: tuple[Symbol, ...]) -> Chain | Refusal:
    """Go on from a caller that is no handler: it is to take the client, too."""
    caller, place = relay.function, (relay.function.path, relay.calls[0].line)
    if caller.symbol in behind:
        return Refusal(RefusalReason.IN_HELPER, f"`{caller.name}` calls itself, directly or not", *place)
    if len(behind) >= search.max_hops:
        detail = f"`{relay.callee.name}` is called by code that is no handler"
        if search.max_hops > 1:
            detail += f", and a handler is more than {search.max_hops} calls away"
        return Refusal(RefusalReason.IN_HELPER, detail, *place)
    if caller.is_generator:
        detail = f"`{caller.name}` is a generator"
        return Refusal(RefusalReason.GENERATOR, detail, caller.path, caller.line)
    own = next((p for p in caller.parameters if p.annotation.rpartition(".")[2] in _CLASSES), None)
    if own is not None:
        detail = f"`{caller.name}` gets a client as `{own.name}` already, which may be another one"
        return Refusal(RefusalReason.NAME_CLASH, detail, caller.path, caller.line)
    parameter = _choose_name(search, caller, frozenset())
    if not parameter:
        detail = f"`{search.name}` is taken in `{caller.name}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, caller.path, caller.line)
    chain = _trace(search, caller, parameter, (caller.symbol, *behind))
    if isinstance(chain, Refusal):
        return chain
    return Chain(chain.passages, (replace(relay, parameter=parameter), *chain.relays))


def _find_passage(
    search: Search, entry: EntryPoint, calls: tuple[Call, ...], function: Function
) -> Passage | Refusal:
    """Return the way from a caller to a helper, where the caller is a handler with room for a parameter."""
    if entry.connection or not entry.hands_over:
        detail = f"`{function.name}` is called by code that gets no client"
        return Refusal(RefusalReason.IN_HELPER, detail, entry.function.path, calls[0].line)
    parameter = _choose_name(search, entry.function, entry.taken)
    if not parameter:
        detail = f"`{search.name}` is taken in `{entry.function.name}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, entry.function.path, entry.function.line)
    refusal = find_injection_obstacle(search.project, entry, parameter)
    return Passage(entry, calls, parameter, function.symbol) if refusal is None else refusal


def _choose_name(search: Search, function: Function, taken: frozenset[str]) -> str:
    wanted = (search.name, "http_client")
    return next((name for name in wanted if is_free(function, name) and name not in taken), "")


def _find_signature_obstacle(project: Project, function: Function, parameter: str) -> Refusal | None:
    """Return why a helper cannot take a keyword-only parameter."""
    place = (function.path, function.line)
    if function.owner:
        return Refusal(RefusalReason.IN_METHOD, f"`{function.qualname}` is a method", *place)
    if function.outer:
        detail = f"`{function.name}` is defined inside `{function.outer}`"
        return Refusal(RefusalReason.IN_NESTED_FUNCTION, detail, *place)
    opaque = next((one for one in function.decorators if not is_transparent(project, one)), None)
    if opaque is not None:
        detail = f"`{function.name}` is decorated"
        return Refusal(RefusalReason.DECORATED, detail, function.path, opaque.line)
    if any(one.name == parameter for one in function.parameters):
        return Refusal(RefusalReason.NAME_CLASH, f"`{function.name}` has a parameter `{parameter}`", *place)
    if _is_public(project, function):
        detail = f"`{function.name}` is part of what a distributed package offers"
        return Refusal(RefusalReason.LIBRARY_CODE, detail, *place)
    return None


def _is_public(project: Project, function: Function) -> bool:
    """Answer whether others that install the package may call a function: nothing of its name is private."""
    parts = [*function.path.removesuffix(".py").split("/"), function.name]
    is_private = any(part.startswith("_") and not part.endswith("__") for part in parts)
    is_named = project.packaging.names_function(function.path, function.name)
    return is_named or (not is_private and project.packaging.is_distributed(function.path))


def _find_callers(
    project: Project, function: Function, parameter: str
) -> dict[Function, tuple[Call, ...]] | Refusal:
    """Return {caller: its calls} of a function that is named nowhere else."""
    references = [one for one in project.references(function) if one.how != "import"]
    if not references:
        detail = f"nothing is known to call `{function.name}`"
        return Refusal(RefusalReason.NO_ENTRY_POINT, detail, function.path, function.line)
    calls: dict[Function, list[Call]] = {}
    for reference in references:
        caller = project.function(Symbol(reference.path, reference.function))
        call = reference.call
        if reference.how != "call" or reference.is_test or call is None or caller is None:
            return _refuse_reference(function, reference)
        refusal = _find_call_obstacle(project, function, parameter, caller, call)
        if refusal is not None:
            return refusal
        calls.setdefault(caller, []).append(call)
    unclear = project.unclear_mention(function)
    if unclear is not None:
        detail = f"`{function.name}` may be meant here, too"
        return Refusal(RefusalReason.IN_HELPER, detail, *unclear)
    return {caller: tuple(found) for caller, found in calls.items()}


def _refuse_reference(function: Function, reference: Reference) -> Refusal:
    reason = RefusalReason.CALLED_DIRECTLY if reference.is_test else RefusalReason.IN_HELPER
    verb = {"call": "called", "value": "passed on", "text": "named in a string"}.get(reference.how, "used")
    where = "by a test" if reference.is_test else "from another place"
    return Refusal(reason, f"`{function.name}` is {verb} {where}", reference.path, reference.line)


def _find_call_obstacle(
    project: Project, function: Function, parameter: str, caller: Function, call: Call
) -> Refusal | None:
    """Return why a call cannot give the client of its caller on."""
    place = (call.path, call.line)
    if not caller.anchor.start <= call.anchor.start < caller.anchor.end:
        detail = f"another function `{caller.name}` below takes the name of this one"
        return Refusal(RefusalReason.NAME_CLASH, detail, *place)
    names = {argument.name for argument in call.arguments}
    takes_any = any(one.kind == "kwarg" for one in function.parameters)
    if parameter in names or (takes_any and "**" in names):
        detail = f"the call may give `{parameter}=` already"
        return Refusal(RefusalReason.NAME_CLASH, detail, *place)
    if function.is_async and not caller.is_async:
        detail = f"`{caller.name}` is no coroutine, so `{function.name}` may run on another event loop"
        return Refusal(RefusalReason.MANY_LOOPS, detail, *place)
    if function.is_async and _outlives_caller(project, call):
        detail = f"`{function.name}` runs in a task here, which may outlive the request"
        return Refusal(RefusalReason.ESCAPES, detail, *place)
    return None


def _outlives_caller(project: Project, call: Call) -> bool:
    """Answer whether a coroutine is given to something that runs it beside its caller."""
    return any(
        task.anchor.start < call.anchor.start and call.anchor.end <= task.anchor.end
        for task in project.calls_in(call.path, *_STARTS_TASK)
    )
