"""Whether some code closes a client that is kept under a name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.analysis.store import FileStore, is_test_path
from httpx_fixer.patterns import compile_later

_OWN = frozenset({"cls", "self"})
_REACH = 200
"""How many bytes before and behind a name may say that it is closed."""
_CLOSE = rb"\)?\.(?:a?close|__a?exit__)\b"
_WHOLE = rb"\b(?!\s*[.(\[])"
_ENTER = rb"(?:\bwith|\b(?:enter_(?:async_)?context|closing|aclosing|push_async_callback|callback)\()\s*"


def is_closed(store: FileStore, site: ClientSite) -> bool:
    """Answer whether code outside of tests closes or enters what the site's name holds.

    Names are compared as text, and what may be a close counts as one. An attribute is closed by its
    own class or one that names it, or through another object; a module's variable in its own file or
    one that names the module.
    """
    holder, _, name = site.name.rpartition(".")
    if not name:
        return False
    word = re.escape(name).encode()
    if site.form is BindingForm.INSTANCE:
        return _is_attribute_closed(store, site, holder, word)
    stem = posixpath.basename(site.path).removesuffix(".py")
    if stem == "__init__":
        stem = posixpath.basename(posixpath.dirname(site.path))
    dotted = rb"(?:[\w.]+\.)?" + word + _WHOLE
    pattern = re.compile(rb"\b" + word + _CLOSE + rb"|" + _ENTER + dotted)
    own = store.data(site.path)
    others = [path for path in _program_files(store, name) if stem.encode() in store.data(path)]
    return any(pattern.search(store.data(path)) for path in {site.path, *others}) or _is_aliased(own, word)


def closes_item(store: FileStore, site: ClientSite) -> bool:
    """Answer whether code outside of tests may close what a site puts into a collection.

    That is any close in its own file, or in one that names the collection or the function around.
    """
    names = {site.name, site.function.rpartition(".")[2]} - {""}
    paths = {site.path, *(path for name in names for path in _program_files(store, name))}
    close = re.compile(rb"\.aclose\b" if site.spec.is_async else rb"\.close\b")
    return any(close.search(store.data(path)) for path in sorted(paths))


_OPENED = rb"(?m)^(?!\s*(?:async )?with\b)(?!.*\benter_(?:async_)?context\()"
_OPENED += rb"(?!.*\)\s*as\s+\w+[,:)\s]*$)[^#\n]*%b\.stream\("
_ENTERED_BELOW = compile_later(rb"(\benter_(?:async_)?context\()\s*\n\s*")


def may_leave_stream(store: FileStore, site: ClientSite, name: str) -> bool:
    """Answer whether code outside of tests calls `stream` of what a name holds, other than in a `with`.

    Names are compared as text. A client that is handed out is called `name` "": it may be what any
    file streams from that knows httpx or the function around the site.
    """
    opened = re.compile(_OPENED % (rb"\b" + re.escape(name).encode() if name else rb"[\w)\]]"))
    names = (name,) if name else ("httpx", site.function.rpartition(".")[2])
    paths = {path for one in names for path in _program_files(store, one)}
    return any(opened.search(_ENTERED_BELOW.sub(rb"\1", store.data(path))) for path in sorted(paths))


def is_taken_apart(store: FileStore, site: ClientSite) -> bool:
    """Answer whether code outside of tests reaches into what a name holds, for its transport."""
    name = site.name.rpartition(".")[2]
    reach = re.compile(rb"\b" + re.escape(name).encode() + rb"\._(?:transport|mounts)\b")
    return any(reach.search(store.data(path)) for path in _program_files(store, name))


def _program_files(store: FileStore, name: str) -> list[str]:
    """Return the files outside of tests that hold a name."""
    return [path for path in store.paths_with(name.encode()) if not is_test_path(path)]


def _is_attribute_closed(store: FileStore, site: ClientSite, holder: str, word: bytes) -> bool:
    owner = site.function.rpartition(".")[0].rpartition(".")[2].encode()
    mine = rb"\b" + re.escape(holder).encode() + rb"\." + word
    theirs = rb"(?:\b(?!self\b|cls\b)\w+|[\])])\." + word if holder in _OWN else rb"\." + word
    own_close = re.compile(mine + _CLOSE + rb"|" + _ENTER + mine + _WHOLE)
    other_close = re.compile(theirs + _CLOSE + rb"|" + _ENTER + rb"[\w.]*" + theirs + _WHOLE)
    for path in _program_files(store, site.name.rpartition(".")[2]):
        data = store.data(path)
        if path == site.path and owner:
            data = _leave_out_others(data, owner, word)
        is_kin = path == site.path or (owner and owner in data)
        for around in _iter_around(data, b"." + word):
            if other_close.search(around) or (is_kin and own_close.search(around)):
                return True
    return _is_aliased(store.data(site.path), mine)


def _leave_out_others(data: bytes, owner: bytes, word: bytes) -> bytes:
    """Return a file without the classes that have an attribute of the same name themselves.

    Those that derive from the owner, or that it derives from, stay.
    """
    parts = {one[1]: one for one in _CLASS.finditer(data)}
    kin = {owner}
    while True:
        more = {name for name, one in parts.items() if kin & set(_NAME.findall(one[2] or b""))}
        more |= {base for name in kin & parts.keys() for base in _NAME.findall(parts[name][2] or b"")}
        if more <= kin:
            break
        kin |= more
    assigns = re.compile(rb"(?m)^[ \t]+" + word + rb"[ \t]*[:=]|\bself\." + word + rb"\s*(?::[^=\n]*)?=(?!=)")
    for name, one in parts.items() if owner in parts else ():
        if name not in kin and assigns.search(one[3]):
            data = data.replace(one[3], b"")
    return data


def _iter_around(data: bytes, attribute: bytes) -> Iterator[bytes]:
    """Yield what stands around each place that names an attribute: patterns are slow on whole files."""
    at = data.find(attribute)
    while at >= 0:
        start = data.rfind(b"\n", 0, max(at - _REACH, 0)) + 1
        yield data[start : at + len(attribute) + _REACH]
        at = data.find(attribute, at + 1)


def _is_aliased(data: bytes, expression: bytes) -> bool:
    """Answer whether a file hands an expression on, and closes something that may be the same.

    What functions return, and what is bound to a name, is followed by these names; where else it goes
    is not known. What is closed is another thing if the file binds it, and to none of them.
    """
    closed = set(_CLOSED.findall(data))
    handed = re.compile(rb"(=|\breturn|\byield|[(\[,])\s*" + expression + rb"\s*(?:[,)\]\r\n#]|$)")
    found = list(handed.finditer(data)) if closed else []
    names = {_name_of_handed(data, one) for one in found}
    if not found or b"" in names:
        return bool(found)
    return any(_may_hold(data, receiver, names) for receiver in closed)


_CLOSED = compile_later(rb"(\w+|[)\]])\.(?:a?close|__a?exit__)\b\(")
_CLASS = compile_later(
    rb"(?m)^class[ \t]+(\w+)[ \t]*(\([^:]*\))?[ \t]*:[^\n]*\n((?:(?:[ \t#)][^\n]*)?\r?\n)*)"
)
_NAME = compile_later(rb"\w+")
_ANYTHING = compile_later(rb"Client\b|\b(?:Any|object)\b|\b[A-Z]\b")
"""How a parameter is annotated that may be a client."""
_FUNCTION = compile_later(rb"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)")
_TARGET = compile_later(rb"(\w+)\s*(?::[^=\n]*)?\Z")


def _name_of_handed(data: bytes, handed: re.Match[bytes]) -> bytes:
    """Return the name of the function that returns a value, or that it is assigned to; b"" for neither."""
    if handed[1] == b"=":
        target = _TARGET.search(data[max(handed.start() - _REACH, 0) : handed.start()])
        return b"" if target is None else target[1]
    functions = _FUNCTION.findall(data[: handed.start()]) if handed[1] == b"return" else []
    return functions[-1] if functions else b""


def _may_hold(data: bytes, receiver: bytes, names: set[bytes]) -> bool:
    """Answer whether what is closed under a name may be what one of some names stands for."""
    word = re.escape(receiver)
    if receiver in names or not re.match(rb"\w", receiver):
        return True
    given = re.compile(rb"\bdef[ \t]+\w+\([^)]*\b" + word + rb"\s*(?::\s*([\w.\[\]| \"']+))?[,)=]")
    parameters = [one[1] for one in given.finditer(data)]
    if any(one is None or _ANYTHING.search(one) for one in parameters):
        return True
    bound = re.compile(
        rb"\b" + word + rb"\s*(?::[^=\n]*)?=(?!=)\s*((?:[^\n]*[(\[][ \t]*\r?\n)?[^\n]*)"
        rb"|([^\n]*)\bas\s+" + word + rb"\b|\bfor\b[^\n]*\b" + word + rb"\b[^\n]*\bin\b([^\n]*)"
    )
    values = [b"".join(one.groups(b"")) for one in bound.finditer(data)]
    source = re.compile(rb"\b(?:" + rb"|".join(map(re.escape, sorted(names))) + rb")\b")
    return not (values or parameters) or any(source.search(value) for value in values)
