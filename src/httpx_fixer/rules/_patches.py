"""What the tests of the project replace."""

from __future__ import annotations

import re

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite, SpecArgument
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.patterns import compile_later

_CLASS_PATCHES = (
    rb"""patch\(\s*["'][\w.]*\bhttpx2?\.(?:Async)?Client["']""",
    rb"""setattr\(\s*["'][\w.]*\bhttpx2?\.(?:Async)?Client["']""",
    rb"""setattr\(\s*[\w.]*\bhttpx2?\s*,\s*["'](?:Async)?Client["']""",
    rb"""patch\.object\(\s*[\w.]*\bhttpx2?\s*,\s*["'](?:Async)?Client["']""",
)
_ANY_PATCH = b"(?:" + b"|".join(_CLASS_PATCHES) + b")"
_ASSIGNED = rb"(?m:^\s*[\w.]*\bhttpx2?\.(?:Async)?Client\s*=(?!=)\s*\w)"
_STRICT_FAKES = (
    _ASSIGNED,
    _ANY_PATCH + rb"\s*,\s*(?!return_value|autospec|spec|wraps|create)[\w(]",
    _ANY_PATCH + rb"(?s:.{0,160}?)\bas\s+(?P<mock>\w+)(?s:.*?)\b(?P=mock)\.(?:assert_|call_|mock_calls)",
    rb"(?P<made>\w+)\s*=\s*mocker\." + _ANY_PATCH + rb"(?s:.*?)\b(?P=made)\.(?:assert_|call_|mock_calls)",
    _ANY_PATCH
    + rb"(?s:.*?)assert_called(?:_once)?_with\(\s*(?:\)|(?:timeout|base_url|headers|verify|auth)=)",
)
"""A class of the test's own, which may not take the limits and the cookie jar that a shared client is
built with; or a mock whose arguments are looked at."""
_TEST_MODULE = compile_later(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
_STARTS = (
    (b"TestClient", rb"with\s+TestClient\("),
    (b"LifespanManager", rb"LifespanManager\("),
    (b"lifespan", rb"lifespan_context\(|lifespan\(app\)"),
)


def find_patch(project: Project, site: ClientSite) -> Refusal | None:
    """Return the test that a shared client would escape.

    A class patched after the application was started would reach the real network through a client
    that was built before (FACTS B2), so both together are refused.
    """
    place = find_name_patch(project, site)
    if place is not None:
        detail = f"a test replaces `{site.spec.class_code}` in `{site.path}`"
        return Refusal(RefusalReason.PATCHED_IN_TESTS, detail, *place)
    patched = project.search.find_in_tests(b"Client", *_CLASS_PATCHES)
    if patched is not None and any(project.search.find_in_tests(word, pattern) for word, pattern in _STARTS):
        detail = "a test replaces the class of the client, and tests start the application before"
        return Refusal(RefusalReason.PATCHED_IN_TESTS, detail, *patched)
    strict = project.search.find_in_tests(b"Client", *_STRICT_FAKES) if patched is not None else None
    if strict is not None:
        detail = "a test looks at the arguments that the class of the client is called with"
        return Refusal(RefusalReason.PATCHED_IN_TESTS, detail, *strict)
    return None


def find_class_patch(project: Project, site: ClientSite) -> Refusal | None:
    """Return the test that puts something in the place of the class: a block might enter another object.

    What a mock yields when it is entered is another mock than what it returns when it is called.
    """
    place = find_name_patch(project, site) or project.search.find_in_tests(b"Client", *_CLASS_PATCHES)
    if place is None:
        return None
    detail = f"a test replaces `{site.spec.class_code}`, and a block might enter another object"
    return Refusal(RefusalReason.PATCHED_IN_TESTS, detail, *place)


def find_new_argument_obstacle(project: Project, site: ClientSite) -> Refusal | None:
    """Return the test that would notice one more argument where a client is built, or a request sent.

    A mock takes all of them, and so does what has `**kwargs`, as long as nobody asks what it got.
    """
    place = project.doubles.find_narrow(site)
    if place is None:
        return None
    detail = f"a test replaces `{site.spec.class_code}`, and might not take one more argument"
    return Refusal(RefusalReason.PATCHED_IN_TESTS, detail, *place)


def find_call_assertion(project: Project) -> tuple[str, int] | None:
    """Return the place in the tests that replaces the class and looks at the arguments of its calls.

    An argument that moves from the constructor to a call would be seen there.
    """
    patches = b"|".join(_CLASS_PATCHES)
    looked_at = rb"assert_(?:called|awaited|any|has|not)|\.(?:call|await)_args"
    return project.search.find_in_tests(b"Client", rb"(?:" + patches + rb")(?s:.*?)(?:" + looked_at + rb")")


def find_function_patch(project: Project, site: ClientSite) -> tuple[str, int] | None:
    """Return the place in the tests that replaces a function of the package (`patch("httpx.post")`).

    Or the name by which the site's module finds it. A test module replaces it for what it runs, which it
    imports; what a `conftest` replaces may be so for all.
    """
    verb = site.top_level.encode()
    called = rb"(?:patch|setattr|spy)\w*(?:\.object)?\([^)]*\bhttpx2?\s*[.,]\s*[\"']?" + verb + rb"\b"
    places = project.search.places_in_tests(b"httpx", called)
    found = next((place for place in places if _may_run(project, place[0], site)), None)
    return found or _find_replaced_name(project, site)


def doubt_function_patch(project: Project, site: ClientSite) -> str:
    """Return why a test may fail that replaces a function which a fix calls no more, "" for none."""
    place = find_function_patch(project, site)
    if place is None:
        return ""
    return (
        f"`{place[0]}:{place[1]}` replaces `{site.spec.class_code}`, which is no longer called: "
        "what stands in has to answer for a client's request"
    )


def _may_run(project: Project, test: str, site: ClientSite) -> bool:
    """Answer whether the code of a site may run while a test module has something replaced."""
    if _TEST_MODULE.search(test) is None or project.search.may_drive(test, site.path):
        return True
    return project.imports.reaches(test, site.path)


def find_name_patch(project: Project, site: ClientSite) -> tuple[str, int] | None:
    """Return the place in the tests that replaces the name by which the site's module finds the class.

    `patch("app.prices.httpx.AsyncClient")` reaches through the name into httpx itself, and works for as
    long as the module has the name.
    """
    place = _find_replaced_name(project, site)
    base = site.spec.class_code.rpartition(".")[0]
    if place is not None or (base and project.uses_of(site.path, base) > _sites_in(project, site)):
        return place
    stem, name = _stem(site), re.escape(_first_name(site))
    return project.search.find_in_tests(stem, rb"\b" + stem + rb"\." + name + rb"\b")


def _find_replaced_name(project: Project, site: ClientSite) -> tuple[str, int] | None:
    """Return the place in the tests that puts something else behind the name in the site's module."""
    stem, name = _stem(site), re.escape(_first_name(site))
    replaced = rb"\b" + stem + rb"(?:\." + name + rb"[\"']|\s*,\s*[\"']" + name + rb"[\"'])"
    return project.search.find_in_tests(stem, replaced) or _find_replaced_by_alias(project, site)


def _find_replaced_by_alias(project: Project, site: ClientSite) -> tuple[str, int] | None:
    """Return the place where a test does so by another name for the module: `setattr(x, "httpx", fake)`."""
    name = re.escape(_first_name(site))
    by_name = rb"\w\s*,\s*[\"']" + name + rb"[\"']"
    by_path = rb"(?:\}|\+\s*[\"'])\." + name + rb"[\"']"
    replaced = rb"\b(?:patch|setattr|object)\([^()]*?(?:" + by_name + rb"|" + by_path + rb")"
    places = project.search.places_in_tests(_first_name(site), replaced)
    return next(
        (one for one in places if project.search.is_reader(one[0], site.path, _first_name(site))), None
    )


def _stem(site: ClientSite) -> bytes:
    return site.path.rpartition("/")[2].removesuffix(".py").encode()


def _first_name(site: ClientSite) -> bytes:
    return site.spec.class_code.split(".")[0].encode()


def find_value_patch(project: Project, site: ClientSite, argument: SpecArgument) -> tuple[str, int] | None:
    """Return the place in the tests that replaces what an argument reads in the site's own module.

    Whoever builds the client in another module would not see it.
    """
    stem = _stem(site)
    names = sorted(name for name in argument.names if name not in {"httpx", "httpx2"})
    if not names:
        return None
    either = b"(?:" + b"|".join(re.escape(name.encode()) for name in names) + b")"
    return project.search.find_in_tests(
        stem,
        rb"\b" + stem + rb"\." + either + rb"[\"']",
        rb"\b" + stem + rb"\s*,\s*[\"']" + either + rb"[\"']",
    )


def _sites_in(project: Project, site: ClientSite) -> int:
    return sum(other.path == site.path for other in project.client_sites)
