"""Functions whose source is copied to where the imports of their module are not."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Refusal, RefusalReason

_IMPORTS = "global_imports"
"""What `FunctionTool` of AutoGen, and kin, write above the source that they send off."""
_READERS = frozenset({"inspect.getsource", "inspect.getsourcelines"})


def find_copied_source(project: Project, site: ClientSite) -> Refusal | None:
    """Return why nothing can be imported for a site: the source of its function runs elsewhere."""
    words = (_IMPORTS, "getsource")
    if not site.function or not any(project.search.mentions(word.encode()) for word in words):
        return None
    function = project.function(Symbol(site.path, site.function.split(".")[0]))
    if function is None:
        return None
    places = {one.path for one in project.references(function) if one.how == "value" and not one.is_test}
    for path in sorted(places):
        for call in project.calls_passing(path, function.symbol):
            symbol = "" if call.symbol is None or call.symbol.path else call.symbol.name
            if symbol in _READERS or call.argument(_IMPORTS) is not None:
                detail = f"the source of `{function.name}` is copied to where this module's imports are not"
                return Refusal(RefusalReason.NO_IMPORT_PATH, detail, path, call.line)
    return None
