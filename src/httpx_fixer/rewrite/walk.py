"""One walk over the statements that edits touch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import assert_never, cast

import libcst as cst

from httpx_fixer.fix import (
    AddArgument,
    AddDecorator,
    AddParameter,
    AddToFinally,
    AnchoredEdit,
    InsertStatements,
    RemoveStatement,
    ReplaceExpression,
    UnwrapWith,
    WrapRest,
    WrapStatement,
)
from httpx_fixer.rewrite.anchors import AnchorLost, Located
from httpx_fixer.rewrite.blocks import BlockEdits, EditsClash, StatementEdit, rewrite_block
from httpx_fixer.rewrite.lines import collect_comments, strip_blank_lines
from httpx_fixer.rewrite.passage import Passage, Statement, build_block, read_suite
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.rewrite.transformers.add_argument import add_argument
from httpx_fixer.rewrite.transformers.add_decorator import add_decorator
from httpx_fixer.rewrite.transformers.add_parameter import add_parameter
from httpx_fixer.rewrite.transformers.add_to_finally import add_to_finally
from httpx_fixer.rewrite.transformers.replace_expression import replace_expression
from httpx_fixer.source import Anchor

NodeEdit = ReplaceExpression | AddArgument | AddParameter | AddDecorator | AddToFinally


class EditWalk(cst.CSTTransformer):
    """Makes anchored edits in one walk, children first, so that edits inside of one another compose.

    Edits of a node are made when it is left; edits of statements when the block around them is.
    """

    def __init__(self, edits: Iterable[AnchoredEdit], located: Located, snippets: Snippets) -> None:
        super().__init__()
        self._snippets = snippets
        self._touched = located.touched
        self._of_node: dict[cst.CSTNode, list[NodeEdit]] = defaultdict(list)
        self._of_blocks = BlockEdits(snippets)
        self._edits = tuple(edits)
        self._loose: list[list[cst.EmptyLine]] = []
        for edit in self._edits:
            self._note(edit, located)

    def rewrite(self, module: cst.Module) -> cst.Module:
        """Return the module with all edits made.

        Raises `EditsClash` where an edit lies in what another one throws away, `AnchorLost` where a
        statement is in no block (the `elif` of an `if`).
        """
        self._refuse_swallowed()
        body = [self._rewrite_statement(statement) for statement in module.body]
        passage = rewrite_block(self._of_blocks, module.body, body)
        passage = passage or Passage(tuple(body))
        for edit in self._edits:
            if edit not in self._of_blocks.made:
                raise AnchorLost(_anchor_of(edit))
        footer = (*strip_blank_lines(passage.after), *module.footer)
        return module.with_changes(body=passage.statements, footer=footer)

    def on_visit(self, node: cst.CSTNode) -> bool:
        if not isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            return True
        self._loose.append([])
        return node in self._touched

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:  # type: ignore[override]  # never removes
        for edit in self._of_node.get(original_node, ()):
            updated_node = self._edit_node(edit, original_node, updated_node)
            self._of_blocks.made.add(edit)
        if isinstance(original_node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            loose = self._loose.pop()
            return _with_lines_above(cast("Statement", updated_node), loose) if loose else updated_node
        if isinstance(original_node, cst.IndentedBlock) and isinstance(updated_node, cst.IndentedBlock):
            footer = tuple(updated_node.footer)
            passage = rewrite_block(self._of_blocks, original_node.body, updated_node.body, footer)
            return build_block(passage, updated_node) if passage else updated_node
        if isinstance(original_node, cst.SimpleStatementSuite) and isinstance(updated_node, cst.BaseSuite):
            before, after = read_suite(original_node), read_suite(updated_node)
            passage = rewrite_block(self._of_blocks, before.statements, after.statements)
            return build_block(passage) if passage else updated_node
        return updated_node

    def _note(self, edit: AnchoredEdit, located: Located) -> None:
        match edit:
            case ReplaceExpression() | AddArgument() | AddParameter() | AddDecorator() | AddToFinally():
                self._of_node[located.nodes[edit.anchor]].append(edit)
            case UnwrapWith() | WrapStatement() | InsertStatements() | RemoveStatement():
                self._of_blocks.add(edit, located.nodes[edit.anchor])
            case WrapRest():
                self._of_blocks.add_rest(edit, located.nodes[edit.first], located.nodes[edit.last])
            case _:
                assert_never(edit)

    def _edit_node(self, edit: NodeEdit, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
        match edit, updated:
            case AddArgument(), cst.Call():
                return add_argument(edit, updated, self._snippets)
            case AddParameter(), cst.FunctionDef():
                return add_parameter(edit, updated, self._snippets)
            case AddDecorator(), cst.FunctionDef():
                return add_decorator(edit, updated, self._snippets)
            case AddToFinally(), cst.Try() | cst.TryStar():
                return add_to_finally(edit, updated, self._snippets)
            case ReplaceExpression(), cst.BaseExpression() if isinstance(original, cst.BaseExpression):
                result = replace_expression(edit, original, updated, self._snippets)
                if not edit.is_moved:
                    self._keep_comments(updated, result)
                return result
        raise EditsClash(f"{edit}: another edit left a {type(updated).__name__} there")

    def _keep_comments(self, before: cst.CSTNode, after: cst.CSTNode) -> None:
        """Note the comments that a replacement drops, for the lines above the statement."""
        kept = Counter(line.comment.value for line in collect_comments(after) if line.comment)
        for line in collect_comments(before):
            if line.comment and kept[line.comment.value]:
                kept[line.comment.value] -= 1
            else:
                self._loose[-1].append(line)

    def _rewrite_statement(self, statement: Statement) -> Statement:
        return cast("Statement", statement.visit(self)) if statement in self._touched else statement

    def _refuse_swallowed(self) -> None:
        """Raise `EditsClash` where an edit would be thrown away together with the code around it."""
        for node, edits in self._of_node.items():
            replaced = any(isinstance(edit, ReplaceExpression) for edit in edits)
            if replaced and (len(edits) > 1 or self._has_edit_inside(node)):
                raise EditsClash(f"{edits[0]}: other edits lie in the expression that it replaces")
        for node, statement_edits in self._of_blocks.single.items():
            for edit in statement_edits:
                gone = _find_removed(edit, node)
                if gone and self._has_edit_inside(gone):
                    raise EditsClash(f"{edit}: other edits lie in what it removes")

    def _has_edit_inside(self, node: cst.CSTNode) -> bool:
        search = _Search(node, {*self._of_node, *self._of_blocks.addressed})
        node.visit(search)
        return search.found


class _Search(cst.CSTVisitor):
    """Looks for some nodes below one."""

    def __init__(self, top: cst.CSTNode, wanted: set[cst.CSTNode]) -> None:
        super().__init__()
        self._wanted = wanted - {top}
        self.found = False

    def on_visit(self, node: cst.CSTNode) -> bool:
        self.found = self.found or node in self._wanted
        return not self.found

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Skip libcst's dispatch by name."""


def _find_removed(edit: StatementEdit, node: cst.CSTNode) -> cst.CSTNode | None:
    """Return what an edit throws away with everything in it."""
    if isinstance(edit, UnwrapWith) and isinstance(node, cst.With) and edit.item < len(node.items):
        return node.items[edit.item]
    if isinstance(edit, UnwrapWith) and isinstance(node, cst.Try):
        return node.finalbody
    return node if isinstance(edit, RemoveStatement) else None


def _with_lines_above(statement: Statement, lines: list[cst.EmptyLine]) -> Statement:
    return statement.with_changes(leading_lines=(*statement.leading_lines, *lines))


def _anchor_of(edit: AnchoredEdit) -> Anchor:
    return edit.first if isinstance(edit, WrapRest) else edit.anchor
