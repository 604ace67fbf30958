"""The project as the rules and frameworks see it: facts, joined across modules."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar, cast

from httpx_fixer.analysis.bodies import Bodies
from httpx_fixer.analysis.call_text import rewrite_call
from httpx_fixer.analysis.doubles import Doubles
from httpx_fixer.analysis.event_loops import EventLoops
from httpx_fixer.analysis.facts import Assigned, Call, CallChange, Function, Reference, Symbol
from httpx_fixer.analysis.files import mentions_httpx
from httpx_fixer.analysis.functions import (
    find_lone_local_import,
    find_plain_yields,
    passes_arguments_on,
    yields_name,
)
from httpx_fixer.analysis.import_graph import ImportGraph
from httpx_fixer.analysis.kept_clients import KeptClients
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.module import is_missing_marker
from httpx_fixer.analysis.module_imports import find_last_import, find_spelling, may_lack, needs_package
from httpx_fixer.analysis.packaging import Packaging
from httpx_fixer.analysis.pool_values import PoolValues
from httpx_fixer.analysis.programs import Programs
from httpx_fixer.analysis.references import (
    find_assigned,
    find_calls,
    find_calls_in,
    find_given,
    find_references,
    iter_calls_passing,
)
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.rounds import Rounds
from httpx_fixer.analysis.served import Served
from httpx_fixer.analysis.silences import Silences
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.analysis.sites import iter_client_sites, may_hold_client_sites
from httpx_fixer.analysis.store import FileStore, is_test_path
from httpx_fixer.analysis.stream_index import StreamIndex
from httpx_fixer.analysis.text_search import TextSearch
from httpx_fixer.analysis.texts import Texts
from httpx_fixer.analysis.unclear_mentions import find_unclear_mention
from httpx_fixer.analysis.versions import Versions, read_line_length
from httpx_fixer.source import Anchor, Skip

T = TypeVar("T")


class Project:
    """A read-only model of the user's project; nothing is parsed before somebody asks.

    `files` are all Python files of the project, `targets` those whose sites are to be reported.
    `read` returns the bytes of any file of the project, or a `Skip` for one that cannot be read.
    Files that an `earlier` reading parsed and that are not `changed` since are not parsed again.
    """

    def __init__(
        self,
        files: tuple[str, ...],
        targets: frozenset[str],
        read: Callable[[str], bytes | Skip],
        earlier: Project | None = None,
        changed: frozenset[str] = frozenset(),
    ) -> None:
        self.files = files
        self.targets = targets
        self._store = FileStore(files, read)
        if earlier is not None:
            self._store.take_over(earlier._store, changed)
        self._resolver = Resolver(self._store)
        self._links = Links(self._resolver)
        self._read = read
        self._versions = Versions(read)
        self.kept = KeptClients(self._links)
        self.search = TextSearch(self._store, read)
        self.doubles = Doubles(self._resolver, self.search)
        self.pool_values = PoolValues(self._resolver, self.search)
        self.silences = Silences(self._store)
        self.packaging = Packaging(self._resolver, read)
        self.imports = ImportGraph(self._resolver, self.search, self.packaging)
        self.programs = Programs(self._resolver)
        self.rounds = Rounds(self._resolver)
        self.event_loops = EventLoops(self._resolver)
        self.bodies = Bodies(self._resolver)
        self.texts = Texts(self._store)
        self.streams = StreamIndex(self._resolver, self._links, targets)
        self.served = Served(self._resolver, self.imports, read)
        self._calls: dict[tuple[str, ...], tuple[Call, ...]] = {}
        self._remembered: dict[str, object] = {}
        self._given: dict[str, frozenset[Symbol]] = {}
        self._references: dict[Symbol, tuple[Reference, ...]] = {}

    # Sites.

    @cached_property
    def client_sites(self) -> tuple[ClientSite, ...]:
        """Every client and top-level request of the target files, in order of path and position."""
        wanted = (path for path in self._store.paths_with(b"httpx") if path in self.targets)
        paths = [path for path in wanted if mentions_httpx(self._store.data(path))]
        modules = [module for path in paths if (module := self._links.module(path)) is not None]
        hopeful = (module for module in modules if may_hold_client_sites(module.source.data))
        return tuple(site for module in hopeful for site in iter_client_sites(module))

    def is_test(self, path: str) -> bool:
        """Answer whether a file belongs to the tests."""
        return is_test_path(path)

    # Names.

    def origin_of(self, symbol: Symbol | None) -> Symbol | None:
        """Follow aliases and factories to where an object is made."""
        return self._resolver.origin_of(symbol)

    def returned_by(self, factory: Symbol) -> Symbol | None:
        """Return the local variable that a function of the project always returns."""
        return self._resolver.returned(factory) if factory.path else None

    def value_call(self, symbol: Symbol) -> Call | None:
        """Return the call whose result `symbol` is bound to."""
        return self._resolver.value_call(symbol)

    def annotation_of(self, symbol: Symbol) -> Symbol | None:
        """Return what a parameter is annotated with."""
        return self._resolver.annotation_of(symbol)

    def is_kind_of(self, symbol: Symbol | None, names: frozenset[str]) -> bool:
        """Answer whether a symbol is one of some library classes or a project class derived from one."""
        return self._resolver.is_kind_of(symbol, names)

    # Functions and calls.

    def function(self, symbol: Symbol) -> Function | None:
        """Return the function behind a symbol."""
        return self._resolver.function(symbol)

    def calls_named(self, *names: str, about: str = "") -> tuple[Call, ...]:
        """Return every call `f(...)` or `x.f(...)` of those names outside of tests, in order.

        Only files that hold the word `about` are read.
        """
        key = (*names, about)
        if key not in self._calls:
            self._calls[key] = find_calls(self._resolver, names, about)
        return self._calls[key]

    def calls_in(self, path: str, *names: str) -> tuple[Call, ...]:
        """Return the calls `f(...)` and `x.f(...)` of any of those names in one file, in order."""
        return find_calls_in(self._resolver, path, names)

    def references(self, function: Function) -> tuple[Reference, ...]:
        """Return every place that names a function, tests included, its definition left out."""
        if function.symbol not in self._references:
            self._references[function.symbol] = find_references(self._resolver, function)
        return self._references[function.symbol]

    def unclear_mention(self, function: Function) -> tuple[str, int] | None:
        """Return a place that may name a function of a module's level unseen: (path, line)."""
        return find_unclear_mention(self._resolver, self.search, function)

    def calls_passing(self, path: str, symbol: Symbol) -> tuple[Call, ...]:
        """Return the calls of a module that get an object as an argument."""
        module = self._store.module(path)
        return () if module is None else tuple(iter_calls_passing(self._resolver, module, symbol))

    def passes_arguments_on(self, decorator: Symbol) -> bool:
        """Answer whether a decorator of the project hands all keyword arguments to what it wraps."""
        module = self._store.module(decorator.path) if decorator.path else None
        return module is not None and passes_arguments_on(module, decorator.name)

    def is_given_as(self, symbol: Symbol, keyword: str) -> bool:
        """Answer whether a function is an argument of that name somewhere (`lifespan=own`)."""
        if keyword not in self._given:
            self._given[keyword] = find_given(self._resolver, keyword)
        return symbol in self._given[keyword]

    def yields_name(self, function: Function, name: str) -> bool:
        """Answer whether a generator yields the very object that a local name holds."""
        module = self._store.module(function.path)
        return module is not None and yields_name(module, function.qualname, name)

    def plain_yields(self, function: Function) -> tuple[Anchor, ...]:
        """Return the statements `yield` of a function; none where the result of one is used."""
        module = self._store.module(function.path)
        return () if module is None else find_plain_yields(module, function.qualname)

    def assignments_to(self, attribute: str) -> tuple[Assigned, ...]:
        """Return every `x.attribute = value` outside of tests, in order."""
        return find_assigned(self._resolver, attribute)

    # Writing into modules.

    def module_names(self, path: str) -> frozenset[str]:
        """Return the names that a module binds at its top level."""
        module = self._store.module(path)
        return frozenset() if module is None else frozenset(module.table.module.bindings)

    def member(self, path: str, name: str) -> Symbol:
        """Return what a name of a module's level means, followed through imports."""
        return self._resolver.member(path, name)

    def may_bind(self, path: str, name: str, qualified: str) -> bool:
        """Answer whether an import may bind a name in a module: it is free, or stands for the same."""
        module = self._store.module(path)
        bindings = [] if module is None else module.table.module.bindings.get(name, [])
        return all(binding.target == qualified or is_missing_marker(binding) for binding in bindings)

    def has_file(self, path: str) -> bool:
        """Answer whether the project has that Python file or package."""
        index = self._resolver.index
        return index.has_file(path) or index.has_directory(path.removesuffix(".py"))

    def spelling_of(self, path: str, qualified: str) -> str | None:
        """Return how a module can say `httpx.AsyncClient` with what it imports at run time."""
        module = self._store.module(path)
        return None if module is None else find_spelling(module, qualified)

    def may_lack(self, path: str, name: str, package: str) -> bool:
        """Answer whether a file, or what is required near it, says that it does without a package."""
        module = self._store.module(path)
        return module is not None and (may_lack(module, name) or self._versions.is_extra(package, path))

    def needs_package(self, path: str, package: str) -> bool:
        """Answer whether importing a file fails without a package."""
        modules = (self._store.module(one) for one in sorted(self.imports.import_closure(path)))
        return any(module is not None and needs_package(module, package) for module in modules)

    def rewrite_call(self, anchor: Anchor, callee: str, change: CallChange) -> tuple[Anchor, str] | None:
        """Return what to replace, and by what, to give a call another callee and other arguments."""
        module = self._store.module(anchor.path)
        return None if module is None else rewrite_call(module, anchor, callee, change)

    def lone_local_import(self, site: ClientSite) -> Anchor | None:
        """Return the import statement inside of the site's function that is there for its clients only.

        It binds one name, and nothing but the function's own sites reads that name.
        """
        module = self._store.module(site.path)
        base = site.spec.class_code.split(".")[0]
        peers = [s for s in self.client_sites if (s.path, s.function) == (site.path, site.function)]
        mine = sum(peer.spec.class_code.split(".")[0] == base for peer in peers)
        return None if module is None else find_lone_local_import(module, site.function, base, mine)

    def last_import(self, path: str) -> Anchor | None:
        """Return the last import statement of the block of imports at the top of a module."""
        module = self._store.module(path)
        return None if module is None else find_last_import(module)

    def imported_packages(self, path: str) -> frozenset[str]:
        """Return the top-level packages that a module imports anywhere."""
        module = self._store.module(path)
        return frozenset() if module is None else module.imported_packages

    def line_length(self) -> int | None:
        """Return how long a line may be by the project's formatter, None where none says."""
        return read_line_length(self._read)

    def pinned_version(self, package: str, near: str = "") -> tuple[int, ...] | None:
        """Return the lowest version of a package that lock or requirement files near a file allow."""
        return self._versions.pinned(package, near)

    def is_held_below(self, package: str, bound: tuple[int, ...], near: str) -> bool:
        """Answer whether the files near a file let in only versions of a package before one."""
        return self._versions.is_held_below(package, bound, near)

    def oldest_python(self, near: str) -> tuple[int, ...] | None:
        """Return the lowest Python that a file is to run on, None where nothing says it."""
        return self._versions.oldest_python(near)

    def uses_of(self, path: str, name: str) -> int:
        """Return how often a module reads a name."""
        module = self._store.module(path)
        return 0 if module is None else module.reads(name)

    def remember(self, key: str, build: Callable[[], T]) -> T:
        """Return what `build` makes, built once: several rules share one plan."""
        if key not in self._remembered:
            self._remembered[key] = build()
        return cast("T", self._remembered[key])

    def bytes_of(self, path: str) -> bytes | None:
        """Return the bytes of a file as they were read, None where there is no such file."""
        data = self._read(path)
        return None if isinstance(data, Skip) else data

    def skips_of(self, paths: frozenset[str]) -> tuple[Skip, ...]:
        """Which of some files were wanted and could not be read or parsed, in order."""
        return tuple(skip for skip in self._store.skips() if skip.path in paths)

    def newer(self) -> dict[str, bytes]:
        """The files that were parsed and are written for a newer Python than the running one."""
        return {module.path: module.source.data for module in self._store.modules() if module.is_newer}

    def parsed(self) -> int:
        """How many files were parsed."""
        return self._store.parsed()
