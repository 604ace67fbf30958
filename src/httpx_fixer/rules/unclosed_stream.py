from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import StreamSite, TaskedSends
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Applicability, Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._stream_edits import iter_block_edits, iter_close_edits, iter_task_edits

_REPLACED = (
    rb"\.send\s*=(?!=)",
    rb"\.send\.(?:return_value|side_effect|assert|await|call)",
    rb"[\"'](?:[\w.]+\.)?send[\"']",
    rb"\bsend\s*=\s*\w*(?:Mock|fake|stub)",
    rb"def send\(",
)
"""How a test gives a client another `send`."""


class UnclosedStream(Rule):
    """A streamed response that some path does not close.

    ## What it does
    Finds `send(..., stream=True)` of an httpx client whose response is not closed on every path: by
    an early return, a `break`, or an exception in any statement between the call and the close.
    What counts as closed: `aclose()`/`close()`, `contextlib.aclosing`/`closing`, a callback of an exit
    stack, and a body that is read to its end (`aread()`, `[line async for line in r.aiter_lines()]`).
    A response that is returned, alone or in an object made of it, is its caller's from then on, one
    that is kept in an attribute which the class closes is the object's; until then it has to be closed.
    A call of a function of the project that returns the open response counts as one; a function of the
    project that gets the response is read to see whether it closes, keeps or only uses it.
    Statements that cannot raise, such as `count = 0` or `status = r.status_code`, may stand between.

    ## Why is this bad?
    An unread body keeps its connection until the process ends, garbage collection or not. The pool
    (`max_connections`) runs dry, and callers wait up to `pool` seconds for `PoolTimeout`. A client
    built for one request hides this, since its end cuts the connection; a shared client does not.

    ## Fix
    Where the request is built for the call alone, `async with client.stream(...) as response:` takes the
    place of both, around the statements that use the response. Else the statements from the one after
    the call to the last that uses the response go into `try:`, and `await response.aclose()`
    (`response.close()`) into `finally:`. A `try` that stands there already is extended; a response that
    nothing uses is closed in the next line. A plain close at the end of the covered statements moves into
    the `finally`; other closes stay, a second one is silent.
    Where a loop sends again and the last response is used below it, or the name may hold something
    else where it is used, an exit stack around both closes what each send opened.
    Where the response is handed on, `except BaseException:` closes it and raises again in place of the
    `finally`, and a `return` that hands nothing on gets a close above it.
    Sends that run as tasks (`asyncio.gather`, `asyncio.create_task`) are kept in a list, and the `finally`
    cancels those that have not ended and closes what each of the others returned: where one fails,
    another one may have its response already. Those that are gathered in a `try`, and used after it, are
    made above it where its handlers catch only what sending raises.

    ## Fix safety
    Safe: the added close runs after everything that uses the response, on every path, and a response
    that was read to its end, or that `stream=flag` did not stream, is closed already. `stream` builds the
    request, sends and closes as the code did; where a test replaces `send`, it stays. A body that
    nobody reads costs its connection, where it cost a place in the pool before. Unsafe where several
    sends run as tasks and one is no plain GET, HEAD or OPTIONS: where one fails the others are cancelled,
    which ran to their end unseen before. One that fails in the very moment in which it is cancelled may
    cost its connection (httpcore 1.0.9), as it does in a `TaskGroup`.

    ## Refused when
    - UNSUPPORTED_BINDING: the response is bound to no name, by `:=`, to several, or by a task that runs
      beside other work, in a `TaskGroup`, or under `as_completed` or `wait`.
    - NAME_CLASH: every name for the list of tasks is taken.
    - ESCAPES: the response or the iterator of its body is yielded, stored, captured or passed on, or
      the bare iterator is returned: it is not known who closes it. Or some paths hand it on and others
      leave it open where no close can be added. Or a handler reads the body of the failed response.
    - REBOUND: the name is assigned again while the response may be open, and the last one is handed on,
      or the name may hold something else where a close would stand.

    ## References
    - https://www.python-httpx.org/async/#streaming-responses
    - https://www.python-httpx.org/quickstart/#streaming-responses
    """

    code = "HXF301"
    name = "unclosed-stream"

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - a stream needs no owner
        """Yield a diagnostic for every streamed response that some path leaves open."""
        for site in project.streams.sites:
            if not site.closed_on_every_path:
                yield self.diagnostic(site.anchor, _message(site), _plan_close(project, site))


def _message(site: StreamSite) -> str:
    subject = f"the response of `{site.shown}`"
    if any(obstacle.reason is RefusalReason.ESCAPES for obstacle in site.obstacles[:1]):
        return f"{subject} is handed on open; whoever takes it has to close it"
    if site.is_cut:
        return f"{subject} is not closed on every path; it is cut where the block of `{site.receiver}` ends"
    return f"{subject} is not closed on every path"


def _plan_close(project: Project, site: StreamSite) -> Fix | Refusal:
    for obstacle in site.obstacles:
        return Refusal(obstacle.reason, obstacle.detail, site.path, obstacle.line)
    if site.tasks is not None:
        return _plan_close_of_all(site.tasks)
    if site.cover is None:
        detail = "every name for the tasks is taken"
        return Refusal(RefusalReason.NAME_CLASH, detail, site.path, site.line)
    title = f"close `{site.name}` on every path"
    if site.opening is not None and not _is_send_replaced(project):
        return Fix(title, tuple(iter_block_edits(site.opening, site.cover)))
    return Fix(title, tuple(iter_close_edits(site.name, site.cover, is_async=site.is_async)))


def _plan_close_of_all(tasks: TaskedSends) -> Fix:
    edits = tuple(iter_task_edits(tasks))
    title = f"close what each of `{tasks.holder}` returns on every path"
    if tasks.is_harmless:
        return Fix(title, edits)
    because = "where one send fails the others are cancelled, which ran to their end before"
    return Fix(title, edits, Applicability.UNSAFE, unsafe_because=because)


def _is_send_replaced(project: Project) -> bool:
    """Answer whether a test may give a client another `send`, and no `stream`."""
    return project.search.find_in_tests(b"send", *_REPLACED) is not None
