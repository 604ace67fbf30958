"""From a function's node to a `Function`, and from a call's node to a `Call`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from httpx_fixer.analysis.facts import Argument, Call, Decorator, Function, Parameter, Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.nodes import children, walk
from httpx_fixer.analysis.scopes import FunctionNode, Scope
from httpx_fixer.source import Anchor

Resolve = Callable[[Module, ast.expr], Symbol | None]
"""Resolves an expression of a module across the whole project."""


def build_function(module: Module, node: FunctionNode, resolve: Resolve) -> Function:
    """Describe a function or method."""
    scope = module.table.of[node]
    owner, outer = _surroundings(scope)
    return Function(
        module.path,
        scope.qualname,
        node.name,
        module.anchor(node),
        isinstance(node, ast.AsyncFunctionDef),
        any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node)),
        owner,
        outer,
        tuple(_iter_parameters(node.args)),
        tuple(build_decorator(module, decorator, resolve) for decorator in node.decorator_list),
        frozenset(_iter_names(node)),
    )


def _surroundings(scope: Scope) -> tuple[str, str]:
    parent = scope.parent
    if parent is None or isinstance(parent.node, ast.Module):
        return "", ""
    if parent.is_class():
        return parent.qualname, _surroundings(parent)[1]
    return "", parent.qualname


def own_nodes(node: FunctionNode) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body without those of functions and classes inside."""
    todo: list[ast.AST] = [*node.body]
    while todo:
        current = todo.pop()
        yield current
        if not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo.extend(children(current))


def _iter_parameters(args: ast.arguments) -> Iterator[Parameter]:
    positional = [*((a, "positional-only") for a in args.posonlyargs), *((a, "plain") for a in args.args)]
    first_default = len(positional) - len(args.defaults)
    for index, (argument, kind) in enumerate(positional):
        yield _parameter(argument, kind, has_default=index >= first_default)
    if args.vararg is not None:
        yield _parameter(args.vararg, "vararg", has_default=False)
    for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _parameter(argument, "keyword-only", has_default=default is not None)
    if args.kwarg is not None:
        yield _parameter(args.kwarg, "kwarg", has_default=False)


def _parameter(argument: ast.arg, kind: str, *, has_default: bool) -> Parameter:
    annotation = "" if argument.annotation is None else ast.unparse(argument.annotation)
    return Parameter(argument.arg, kind, has_default, annotation)


def _iter_names(node: FunctionNode) -> Iterator[str]:
    for inner in walk(node):
        match inner:
            case ast.Name():
                yield inner.id
            case ast.arg():
                yield inner.arg
            case ast.alias():
                yield (inner.asname or inner.name).split(".")[0]
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if inner is not node:
                yield inner.name
            case ast.ExceptHandler(name=str(name)):
                yield name


def build_decorator(module: Module, node: ast.expr, resolve: Resolve) -> Decorator:
    """Describe a decorator, called (`@router.get("/x")`) or not (`@cached`)."""
    arguments = tuple(_iter_arguments(module, node, resolve)) if isinstance(node, ast.Call) else None
    target = node.func if isinstance(node, ast.Call) else node
    receiver = resolve(module, target.value) if isinstance(target, ast.Attribute) else None
    attribute = target.attr if isinstance(target, ast.Attribute) else ""
    return Decorator(resolve(module, target), receiver, attribute, arguments, node.lineno)


def build_call(module: Module, node: ast.Call, resolve: Resolve) -> Call:
    """Describe a call."""
    is_method = isinstance(node.func, ast.Attribute)
    return Call(
        module.path,
        module.function_name(node),
        resolve(module, node.func),
        resolve(module, node.func.value) if isinstance(node.func, ast.Attribute) else None,
        node.func.attr if isinstance(node.func, ast.Attribute) else "",
        tuple(_iter_arguments(module, node, resolve)),
        module.anchor(node),
        module.anchor(module.statement_of(node)),
        None if is_method and isinstance(module.table.parents[node], ast.Attribute) else _bound(module, node),
        _target(module, node),
    )


def _target(module: Module, node: ast.Call) -> str:
    match module.table.parents[node]:
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target) if _is_dotted(target):
            return module.code(target)
    return ""


def _is_dotted(target: ast.expr) -> bool:
    while isinstance(target, ast.Attribute):
        target = target.value
    return isinstance(target, ast.Name)


def _bound(module: Module, node: ast.Call) -> Symbol | None:
    match module.table.parents[node]:
        case ast.Assign(targets=[ast.Name() as target, *_]) | ast.AnnAssign(target=ast.Name() as target):
            # Not by what reads of the name mean: `import app.tables` may have bound it before.
            home = module.table.enclosing(target).find(target.id)
            return None if home is None else Symbol(module.path, f"{home.qualname}.{target.id}".lstrip("."))
        case (
            ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)])
            | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attribute))
        ):
            owner = module.function_name(node).rpartition(".")[0]
            return Symbol(module.path, f"{owner}.{attribute}") if owner in module.classes else None
    return None


def _iter_arguments(module: Module, node: ast.Call, resolve: Resolve) -> Iterator[Argument]:
    for value in node.args:
        yield build_argument(module, "*" if isinstance(value, ast.Starred) else "", value, resolve)
    for keyword in node.keywords:
        yield build_argument(module, "**" if keyword.arg is None else keyword.arg, keyword.value, resolve)


def build_argument(module: Module, name: str, value: ast.expr, resolve: Resolve) -> Argument:
    """Describe an argument of a call, or another value that is handed somewhere."""
    text = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
    factory = resolve(module, value.func) if isinstance(value, ast.Call) else None
    return Argument(name, module.code(value), module.anchor(value), text, resolve(module, value), factory)


def find_plain_yields(module: Module, qualname: str) -> tuple[Anchor, ...]:
    """Return the statements `yield` of a function; none where the result of one is used."""
    node = module.functions.get(qualname)
    if node is None:
        return ()
    yields = [inner for inner in own_nodes(node) if isinstance(inner, ast.Yield | ast.YieldFrom)]
    parents = [module.table.parents[inner] for inner in yields]
    anchors = tuple(module.anchor(parent) for parent in parents if isinstance(parent, ast.Expr))
    return tuple(sorted(anchors)) if len(anchors) == len(yields) else ()


def find_lone_local_import(module: Module, qualname: str, name: str, reads: int) -> Anchor | None:
    """Return the import in a function that binds one name which is read just so often there."""
    node = module.functions.get(qualname)
    bindings = [] if node is None else module.table.of[node].bindings.get(name, [])
    statement = bindings[0].node if len(bindings) == 1 else None
    if node is None or not isinstance(statement, ast.Import | ast.ImportFrom) or len(statement.names) != 1:
        return None
    found = sum(isinstance(inner, ast.Name) and inner.id == name for inner in walk(node))
    return module.anchor(statement) if found == reads else None


def yields_name(module: Module, qualname: str, name: str) -> bool:
    """Answer whether a generator yields the very object that a local name holds."""
    node = module.functions.get(qualname)
    return node is not None and any(
        isinstance(inner, ast.Yield) and isinstance(inner.value, ast.Name) and inner.value.id == name
        for inner in own_nodes(node)
    )


def passes_arguments_on(module: Module, qualname: str) -> bool:
    """Answer whether a decorator wraps with `functools.wraps` and passes `*args, **kwargs` on.

    The wrapper is the function inside that carries `@wraps`. One that does anything else with its
    keywords than to look one up by its name does not count: it may make a key of them all.
    """
    wrappers = [
        node
        for name, node in module.functions.items()
        if name.startswith(f"{qualname}.") and any(_is_wraps(module, d) for d in node.decorator_list)
    ]
    return bool(wrappers) and all(_hands_over(module, wrapper) for wrapper in wrappers)


def _is_wraps(module: Module, decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and module.local_symbol(decorator.func) == "functools.wraps"


def _hands_over(module: Module, wrapper: FunctionNode) -> bool:
    around = module.table.of[wrapper].parent
    kwarg = wrapper.args.kwarg
    if kwarg is None or wrapper.args.vararg is None or around is None:
        return False
    uses = [node for node in walk(wrapper) if isinstance(node, ast.Name) and node.id == kwarg.arg]
    handed = [node for node in uses if _is_handed_to(module, node, around)]
    return bool(handed) and all(node in handed or _is_lookup(module, node) for node in uses)


def _is_handed_to(module: Module, keywords: ast.Name, around: Scope) -> bool:
    """Answer whether a call of what is wrapped gets all keywords: `f(*a, **k)`, `partial(f, **k)`."""
    unpacking = module.table.parents[keywords]
    call = module.table.parents[unpacking]
    if not isinstance(unpacking, ast.keyword) or unpacking.arg is not None or not isinstance(call, ast.Call):
        return False
    targets = [call.func, *call.args[:1]]
    return any(isinstance(one, ast.Name) and one.id in around.bindings for one in targets)


def _is_lookup(module: Module, keywords: ast.Name) -> bool:
    """Answer whether one keyword is looked up: `k["n"]`, `k.get("n")`, `"n" in k`."""
    match module.table.parents[keywords]:
        case ast.Subscript(slice=ast.Constant(), ctx=ast.Load()):
            return True
        case ast.Attribute(attr="get"):
            return True
        case ast.Compare(left=ast.Constant(), ops=[ast.In() | ast.NotIn()]):
            return True
    return False
