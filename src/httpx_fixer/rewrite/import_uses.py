"""Where a module reads a name while it is imported: an import of that name has to stand above."""

from __future__ import annotations

import libcst as cst


def find_first_use(module: cst.Module, name: str) -> int:
    """Return the index of the first statement that reads a name when the module is imported.

    What the body of a function reads is read later; its decorators, defaults and annotations are
    not. The number of statements where there is none.
    """
    uses = (at for at, statement in enumerate(module.body) if _reads(statement, name))
    return next(uses, len(module.body))


def _reads(node: cst.CSTNode, name: str) -> bool:
    match node:
        case cst.Name():
            return node.value == name
        case cst.Attribute() | cst.Arg():
            return _reads(node.value, name)  # neither `x.name` nor `f(name=x)`
        case cst.FunctionDef():
            return any(_reads(part, name) for part in (*node.decorators, node.params, node.returns) if part)
        case cst.Lambda() | cst.Import() | cst.ImportFrom():
            return False
    return any(_reads(child, name) for child in node.children)
