"""Whether some code closes a client that is kept under a name."""

from __future__ import annotations

import re

from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.analysis.store import FileStore


def is_closed(store: FileStore, site: ClientSite) -> bool:
    """Answer whether code outside of tests closes, enters or hands on what the site's name holds.

    A local must be closed in its own module, anything else anywhere in the project. Names are
    compared as text: what may be a close counts as one.
    """
    name = site.name.rpartition(".")[2]
    if not name:
        return False
    paths = [site.path] if site.form is BindingForm.LOCAL else store.paths_with(name.encode())
    word = re.escape(name).encode()
    pattern = re.compile(
        rb"\b" + word + rb"\)?\.(?:a?close|__a?exit__)\b"
        rb"|with\s+(?:[\w.]+\.)?" + word + rb"\b"
        rb"|(?:enter_(?:async_)?context|closing|aclosing|push_async_callback|callback)\(\s*(?:[\w.]+\.)?"
        + word
        + rb"\b"
    )
    if any(pattern.search(store.data(path)) for path in paths):
        return True
    return site.form is BindingForm.LOCAL and _is_handed_on(store, site, word)


def _is_handed_on(store: FileStore, site: ClientSite, word: bytes) -> bool:
    """A local that is returned, yielded, stored or passed on is somebody else's to close."""
    pattern = re.compile(
        rb"(?:return|yield)\s+\(?" + word + rb"\b(?!\.)"
        rb"|[(,=]\s*" + word + rb"\s*[,)\n]"
    )
    return pattern.search(store.data(site.path)) is not None
