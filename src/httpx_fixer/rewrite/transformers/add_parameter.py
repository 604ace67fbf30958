"""Add a keyword-only parameter to a function."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import AddParameter
from httpx_fixer.rewrite.commas import read_spacing, widen_spacing, write_spacing
from httpx_fixer.rewrite.snippets import Snippets


def add_parameter(edit: AddParameter, updated: cst.FunctionDef, snippets: Snippets) -> cst.FunctionDef:
    """Return the function with the parameter after its parameters and before any `**kwargs`.

    A `*` is put before it where the function has none. One parameter a line stays one a line.
    """
    items = _list_items(updated.params)
    at = len(items) - (1 if updated.params.star_kwarg else 0)
    annotation = cst.Annotation(snippets.expression(edit.annotation))
    added: list[cst.CSTNode] = [cst.Param(cst.Name(edit.name), annotation=annotation, star="")]
    if isinstance(updated.params.star_arg, cst.MaybeSentinel):
        added.insert(0, cst.ParamStar())
    spacing = read_spacing(items, updated.whitespace_before_params)
    spacing = widen_spacing(spacing, at, len(added), snippets.indent)
    items[at:at] = added
    params = _build_parameters(updated.params, list(write_spacing(items, spacing)))
    return updated.with_changes(params=params, whitespace_before_params=spacing.gaps[0])


def _list_items(params: cst.Parameters) -> list[cst.CSTNode]:
    """Return the parameters, `/` and `*` in the order in which they are written."""
    fields = (params.posonly_ind, *params.params, params.star_arg, *params.kwonly_params, params.star_kwarg)
    return [*params.posonly_params, *(node for node in fields if isinstance(node, cst.CSTNode))]


def _build_parameters(old: cst.Parameters, items: list[cst.CSTNode]) -> cst.Parameters:
    """Sort written items back into the fields of `Parameters`; `items` has a star and is used up."""
    positional_only = [items.pop(0) for _ in old.posonly_params]
    slash = items.pop(0) if isinstance(old.posonly_ind, cst.ParamSlash) else old.posonly_ind
    positional = [items.pop(0) for _ in old.params]
    star_kwarg = items.pop() if old.star_kwarg else None
    star, *keyword_only = items
    return old.with_changes(
        posonly_params=positional_only,
        posonly_ind=slash,
        params=positional,
        star_arg=star,
        kwonly_params=keyword_only,
        star_kwarg=star_kwarg,
    )
