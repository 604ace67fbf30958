from __future__ import annotations

from collections.abc import Iterator, Sequence

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Applicability, Edit, EnsureImport, Fix, InsertStatements
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._handlers import runs_per_request
from httpx_fixer.rules._patches import find_new_argument_obstacle
from httpx_fixer.rules._processes import is_reported
from httpx_fixer.rules._values import uses_network

_POLICY = '''\
class _NoStore(DefaultCookiePolicy):
    """Stores no cookies: those of one caller must not reach the next."""

    def set_ok(self, cookie: Cookie, request: urllib.request.Request) -> bool:
        return False
'''
_IMPORTED = ("Cookie", "CookieJar", "DefaultCookiePolicy")
_SESSION = compile_later(r"(?i)log-?_?in|log-?_?out|sign-?_?in|session|csrf|follow_redirects=(?!False)")
"""What a request says that may need the cookies of an earlier one, or of the hop before."""
_OWN_COOKIES = frozenset({"cookies", "event_hooks", "follow_redirects"})


class SharedCookieJar(Rule):
    """A client that stores the cookies of one user's response for the next user's request.

    ## What it does
    Finds clients of a module that code of an application shares and that send requests in the name of
    callers: with headers, auth or cookies that come from a parameter. Clients that live by their
    cookies (a login, `follow_redirects=`, `client.cookies`) are left out.

    ## Why is this bad?
    Every client stores what `Set-Cookie` says and sends it with all later requests to that host: a
    session that the upstream opened for one user goes out with the token of another.

    ## Fix
    With `--unsafe-fixes`: gives the client a `CookieJar` whose policy stores nothing, and puts that policy
    below the imports. Cookies of a call, of a header and in `response.cookies` stay as they are.

    ## Fix safety
    Unsafe: an upstream that knows its callers again by a cookie, such as a load balancer with sticky
    sessions, is given none any more.

    ## Refused when
    - NAME_CLASH: a name that the fix adds is taken in the module.
    - PATCHED_IN_TESTS: a test replaces the class and might not take one more argument.

    ## References
    - https://www.python-httpx.org/quickstart/#cookies
    """

    code = "HXF206"
    name = "shared-cookie-jar"
    order = 64
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client of a module that mixes the cookies of its callers."""
        for site in project.client_sites:
            if site.form not in MODULE_FORMS or not _stores_cookies(project, site):
                continue
            if not is_reported(project, lifecycles, site, self.settings):
                continue
            if _mixes_callers(project, lifecycles, site):
                message = f"`{site.name}` may send the cookies of one caller with the requests of the next"
                yield self.diagnostic(site.anchor, message, _plan(project, site))


def _stores_cookies(project: Project, site: ClientSite) -> bool:
    given = {argument.name for argument in site.spec.arguments}
    is_built = site.spec.is_complete and not site.top_level
    return is_built and uses_network(project, site) and not given & _OWN_COOKIES


def _mixes_callers(project: Project, lifecycles: Lifecycles, site: ClientSite) -> bool:
    """Answer whether requests of several callers go through a client that does not live by its cookies."""
    requests = project.kept.requests(site)
    senders = {Symbol(call.path, call.function) for call, is_personal in requests if is_personal}
    if not any(runs_per_request(project, lifecycles, sender) for sender in sorted(senders)):
        return False
    return not _lives_by_cookies(project, site, [call for call, _ in requests])


def _lives_by_cookies(project: Project, site: ClientSite, calls: Sequence[Call]) -> bool:
    words = (f"{site.name}.cookies".encode(), b"().cookies")
    if any(project.search.mentions(word) for word in words):
        return True
    texts = (f"{argument.name}={argument.code}" for call in calls for argument in call.arguments)
    return any(_SESSION.search(text) for text in texts)


def _plan(project: Project, site: ClientSite) -> Fix | Refusal:
    obstacle = find_new_argument_obstacle(project, site)
    if obstacle is not None:
        return obstacle
    edits = _plan_policy(project, site.path)
    if isinstance(edits, Refusal):
        return edits
    return Fix(
        "store no cookies in the shared client",
        (*edits, AddArgument(site.anchor, "cookies", "CookieJar(policy=_NoStore())")),
        Applicability.UNSAFE,
        "an upstream that knows its callers by a cookie is given none any more",
    )


def _plan_policy(project: Project, path: str) -> tuple[Edit, ...] | Refusal:
    """Return the edits that bring the policy and the jar into a module; the policy may be there."""
    last = project.last_import(path)
    is_there = "class _NoStore(DefaultCookiePolicy)" in project.search.text(path)
    wanted = [(name, f"http.cookiejar.{name}") for name in _IMPORTED]
    if not is_there:
        wanted += [("_NoStore", "_NoStore"), ("urllib", "urllib.request")]
    taken = next((name for name, target in wanted if not project.may_bind(path, name, target)), None)
    if last is None or taken is not None:
        detail = f"`{taken or '_NoStore'}` cannot be put into `{path}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, path, 1)
    jar = EnsureImport(path, "http.cookiejar", "CookieJar")
    if is_there:
        return (jar,)
    imports = (EnsureImport(path, "http.cookiejar", name) for name in _IMPORTED)
    return (
        *imports,
        EnsureImport(path, "urllib.request"),
        InsertStatements(last, "after", "\n\n" + _POLICY),
    )
