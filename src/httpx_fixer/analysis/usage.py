"""What a block does with the client that it holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from httpx_fixer.analysis.escapes import Way, find_step
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode, Scope
from httpx_fixer.analysis.site_facts import ClientUsage, Obstacle, Request
from httpx_fixer.analysis.spec import normal_code
from httpx_fixer.analysis.streams import is_surely_closed
from httpx_fixer.diagnostic import RefusalReason

VERBS = frozenset({"get", "options", "head", "post", "put", "patch", "delete", "request"})
"""Methods of a client (and functions of the package) that send one request and read the body."""
_HARMLESS = frozenset({"is_closed", "timeout", "base_url", "trust_env", "follow_redirects"})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CHANGING = frozenset({"update", "pop", "setdefault", "clear", "append", "extend", "add", "insert", "remove"})
_MANY = 2


def build_usage(
    module: Module, function: FunctionNode | ast.Module, name: str, holder: ast.With | ast.AsyncWith
) -> ClientUsage:
    """Describe every use of the local `name` within the block of `holder` and elsewhere in its function.

    Of a block at a module's level, its uses in the whole module.
    """
    return _UsageReader(module, function, name, holder).build()


class _UsageReader:
    def __init__(
        self,
        module: Module,
        function: FunctionNode | ast.Module,
        name: str,
        holder: ast.With | ast.AsyncWith,
    ) -> None:
        self.module = module
        self.name = name
        self.holder = holder
        self.function = function
        self.scope: Scope = module.table.of[function]
        self.inside = {id(node) for node in ast.walk(holder)}
        self.requests: dict[ast.Call, Request] = {}
        self.obstacles: list[Obstacle] = []

    def build(self) -> ClientUsage:
        for node in ast.walk(self.function):
            if isinstance(node, ast.Name) and node.id == self.name:
                self._read(node)
        sent = [r for r in self.requests.values() if r.method != "build_request"]
        return ClientUsage(
            tuple(sorted(self.requests.values(), key=lambda request: request.anchor)),
            min(_MANY, self._count_statement(self.holder)),
            tuple(sorted(self.obstacles, key=lambda obstacle: obstacle.line)),
            bool(sent) and all(dict(r.arguments).get("timeout") is not None for r in sent),
            frozenset(iter_changed_names(self.holder.body)),
        )

    def _read(self, node: ast.Name) -> None:
        if self.module.table.enclosing(node).find(self.name) is not self.scope:
            return
        if self._is_with_target(node):
            return
        if id(node) not in self.inside:
            if not self._is_in_twin(node):
                self._stop(RefusalReason.REBOUND, f"`{self.name}` is used outside of its block", node)
        elif not isinstance(node.ctx, ast.Load):
            self._stop(RefusalReason.REBOUND, f"`{self.name}` is assigned again", node)
        elif self._scope_of(node) is not self.scope or self._in_lambda(node):
            self._stop(RefusalReason.ESCAPES, f"`{self.name}` is captured by a nested function", node)
        else:
            self._read_use(node)

    def _scope_of(self, node: ast.Name) -> Scope:
        return self.module.function_scope(node) or self.module.table.module

    def _is_with_target(self, node: ast.Name) -> bool:
        parent = self.module.table.parents[node]
        if not isinstance(parent, ast.withitem) or parent.optional_vars is not node:
            return False
        return self.module.table.parents[parent] is self.holder or id(node) not in self.inside

    def _is_in_twin(self, node: ast.Name) -> bool:
        """A second `with ... as client` beside this one holds a client of its own."""
        for parent in self.module.ancestors(node):
            if isinstance(parent, ast.With | ast.AsyncWith) and any(
                isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == self.name
                for item in parent.items
            ):
                return True
        return False

    def _in_lambda(self, node: ast.AST) -> bool:
        for parent in self.module.ancestors(node):
            if parent is self.function:
                return False
            if isinstance(parent, ast.Lambda):
                return True
        return False

    def _read_use(self, node: ast.Name) -> None:
        step = find_step(self.module, node)
        if isinstance(step.around, ast.Attribute):
            self._read_member(node, step.around)
        elif step.way is Way.ENTERED:
            self._stop(RefusalReason.MIXED_WITH_MANUAL_CLOSE, f"`{self.name}` is entered again", node)
        elif step.way is not Way.LOOKED_AT:
            self._stop(RefusalReason.ESCAPES, f"`{self.name}` {step.how}", node)

    def _read_member(self, node: ast.Name, member: ast.Attribute) -> None:
        outer = self.module.table.parents[member]
        is_called = isinstance(outer, ast.Call) and outer.func is member
        if is_called and member.attr in VERBS | {"build_request", "send", "stream"}:
            assert isinstance(outer, ast.Call)
            self._read_request(member.attr, outer)
        elif member.attr in {"aclose", "close", "__aenter__", "__aexit__", "__enter__", "__exit__"}:
            detail = f"`{self.name}.{member.attr}` is called by hand"
            self._stop(RefusalReason.MIXED_WITH_MANUAL_CLOSE, detail, node)
        elif member.attr == "cookies":
            self._stop(RefusalReason.COOKIE_JAR, f"`{self.name}.cookies` is used", node)
        elif not isinstance(member.ctx, ast.Load) or member.attr not in _HARMLESS:
            self._stop(RefusalReason.MUTATED, f"`{self.name}.{member.attr}` may change the client", node)

    def _read_request(self, method: str, call: ast.Call) -> None:
        keywords = tuple((k.arg, normal_code(k.value)) for k in call.keywords if k.arg is not None)
        is_complete = all(k.arg is not None for k in call.keywords) and not any(
            isinstance(argument, ast.Starred) for argument in call.args
        )
        url = _url_of(method, call)
        self.requests[call] = Request(
            method,
            self.module.anchor(call),
            keywords,
            is_complete,
            "" if url is None else ast.unparse(url),
            _text_of(url),
            self._repeats(call),
            any(node is call for node in ast.walk(self.holder.body[0])),
        )
        if method == "stream" and not isinstance(self.module.table.parents[call], ast.withitem):
            detail = f"`{self.name}.stream(...)` is not entered by a `with` statement here"
            self._stop(RefusalReason.STREAM_LEFT_OPEN, detail, call)
        if method == "send" and not is_surely_closed(self.module, call):
            detail = f"`{self.name}.send(..., stream=...)` may leave a stream open when the client is shared"
            self._stop(RefusalReason.STREAM_LEFT_OPEN, detail, call)

    def _repeats(self, node: ast.AST) -> bool:
        """Answer whether a node may run more than once per run of the body."""
        for parent in self.module.ancestors(node):
            if parent is self.holder:
                return False
            if isinstance(parent, (*_LOOPS, *_COMPREHENSIONS)):
                return True
        return False

    def _stop(self, reason: RefusalReason, detail: str, node: ast.expr) -> None:
        self.obstacles.append(Obstacle(reason, detail, node.lineno))

    def _count(self, body: Sequence[ast.stmt]) -> int:
        """Bound the requests sent on one path through some statements, 2 for many."""
        total = 0
        for index, statement in enumerate(body):
            if isinstance(statement, ast.If):
                rest = self._count(body[index + 1 :])
                here = self._sends(statement.test)
                branches = [
                    self._count(branch) + (0 if _leaves(branch) else rest)
                    for branch in (statement.body, statement.orelse)
                ]
                return min(_MANY, total + here + max(branches))
            total += self._count_statement(statement)
        return min(_MANY, total)

    def _count_statement(self, statement: ast.stmt) -> int:
        match statement:
            case ast.For() | ast.AsyncFor() | ast.While():
                return _MANY * self._sends(statement)
            case ast.With() | ast.AsyncWith():
                return sum(self._sends(item) for item in statement.items) + self._count(statement.body)
            case ast.Try() | ast.TryStar():
                handlers = max((self._count(handler.body) for handler in statement.handlers), default=0)
                tail = self._count(statement.orelse) + self._count(statement.finalbody)
                return self._count(statement.body) + handlers + tail
            case ast.Match():
                branches = [self._count(case.body) for case in statement.cases]
                return self._sends(statement.subject) + max(branches, default=0)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return 0
            case _:
                return self._sends(statement)

    def _sends(self, root: ast.AST) -> int:
        total = 0
        for node in ast.walk(root):
            request = self.requests.get(node) if isinstance(node, ast.Call) else None
            if request is not None and request.method != "build_request":
                total += _MANY if request.repeats else 1
        return min(_MANY, total)


def iter_changed_names(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements assign, or change by a subscript, an attribute or a method."""
    for statement in body:
        for node in ast.walk(statement):
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    yield name
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                    yield name
                case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                    yield name
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if (
                    method in _CHANGING
                ):
                    yield name


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def _url_of(method: str, call: ast.Call) -> ast.expr | None:
    if method == "send":
        return None
    position = 1 if method in {"request", "stream", "build_request"} else 0
    for keyword in call.keywords:
        if keyword.arg == "url":
            return keyword.value
    if len(call.args) > position and not any(isinstance(a, ast.Starred) for a in call.args[: position + 1]):
        return call.args[position]
    return None


def _text_of(url: ast.expr | None) -> str | None:
    """Return the literal text of a URL, or the literal beginning of an f-string."""
    match url:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
        case _:
            return None
