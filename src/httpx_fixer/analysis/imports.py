"""How the modules of the project import one another."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator

from httpx_fixer.patterns import compile_later
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import leads: a file of the project and the attributes that are left to look up.

    `root` is the directory ("" for the top) that was taken as the start of the dotted name.
    """

    path: str
    rest: tuple[str, ...]
    root: str


class ImportIndex:
    """Maps dotted names to files, as `sys.path` might: several directories may be a root.

    `read` returns the bytes of a file; asked only of files that are named like what is imported.
    """

    def __init__(self, files: Iterable[str], read: Callable[[str], bytes] = lambda _: b"") -> None:
        self._files = frozenset(files)
        self._read = read
        self._namesakes: dict[str, bool] = {}
        self._directories: set[str] = set()
        self._homes: dict[str, set[str]] = {}
        for path in self._files:
            directory, _, name = path.rpartition("/")
            self._homes.setdefault(name.removesuffix(".py"), set()).add(directory)
            while directory and directory not in self._directories:
                self._directories.add(directory)
                parent, _, last = directory.rpartition("/")
                self._homes.setdefault(last, set()).add(parent)
                directory = parent

    def is_package(self, directory: str) -> bool:
        """Answer whether a directory has an `__init__.py`."""
        return _join(directory, "__init__.py") in self._files

    def has_file(self, path: str) -> bool:
        """Answer whether the project has that file."""
        return path in self._files

    def has_directory(self, path: str) -> bool:
        """Answer whether Python files stand at or below that directory."""
        return path in self._directories

    def package_root(self, path: str) -> str:
        """Return the nearest directory above a file that is no package itself."""
        directory = path.rpartition("/")[0]
        while directory and self.is_package(directory):
            directory = directory.rpartition("/")[0]
        return directory

    def resolve(self, importer: str, dotted: str) -> Target | None:
        """Return the project file that a dotted import name leads to from a file of the project.

        Leading dots make it relative to the importer. None: not a module of the project.
        """
        level = len(dotted) - len(dotted.lstrip("."))
        parts = tuple(part for part in dotted[level:].split(".") if part)
        if level:
            directory = importer.rpartition("/")[0]
            for _ in range(level - 1):
                directory = directory.rpartition("/")[0]
            return self._descend(directory, parts)
        if not parts:
            return None
        for root in self._roots(importer, parts[0]):
            if self._is_namesake(_join(root, f"{parts[0]}.py")):
                continue
            target = self._descend(root, parts)
            if target is not None and not self._lacks(target):
                return target
        return None

    def _lacks(self, target: Target) -> bool:
        """Answer whether a package has no such name: `from celery import Celery` beside a package `celery`.

        What is meant then is a library of that name.
        """
        directory, _, name = target.path.rpartition("/")
        if name != "__init__.py" or directory == target.root or not target.rest:
            return False
        data = self._read(target.path)
        return not any(word in data for word in (target.rest[0].encode(), b"*", b"__getattr__", b"globals"))

    def _roots(self, importer: str, first: str) -> list[str]:
        """Return the directories that may hold the first part, the likeliest first."""
        homes = self._homes.get(first, set())
        if not homes:
            return []
        home = self.package_root(importer)
        directory = importer.rpartition("/")[0]
        above = [directory]
        while directory:
            directory = directory.rpartition("/")[0]
            above.append(directory)
        ranked = [home, *above, "src"]
        near = [root for root in dict.fromkeys(ranked) if root in homes]
        near = [root for root in near if not self.is_package(root)] + [r for r in near if self.is_package(r)]
        far = sorted(root for root in homes if root not in near and not self.is_package(root))
        if len(far) > 1:  # `libs/shop/src/shop`: the directory of a project is called like its package
            far = [root for root in far if self.is_package(_join(root, first))]
        return near + (far if len(far) == 1 else [])

    def _is_namesake(self, path: str) -> bool:
        """Answer whether a module is named like a package that it imports: `celery.py` with `import celery`.

        By its plain name then it cannot be reached itself. A package of the name beside it is what it means.
        """
        if path not in self._files or path.removesuffix(".py") in self._directories:
            return False
        if path not in self._namesakes:
            stem = path.removesuffix(".py").rpartition("/")[2]
            names = iter_imported_names(self._read(path))
            self._namesakes[path] = any(name.split(".")[0] == stem for name in names)
        return self._namesakes[path]

    def _descend(self, directory: str, parts: tuple[str, ...]) -> Target | None:
        root = directory
        for index, part in enumerate(parts):
            below = _join(directory, part)
            if below in self._directories:
                package = _join(below, "__init__.py")
                if index + 1 == len(parts):
                    return Target(package, (), root) if package in self._files else None
                directory = below
                continue
            if f"{below}.py" in self._files:
                return Target(f"{below}.py", parts[index + 1 :], root)
            package = _join(directory, "__init__.py")
            if package in self._files and directory != root:
                return Target(package, parts[index:], root)
            return self._init_attribute(directory, root, parts[index:])
        package = _join(directory, "__init__.py")
        return Target(package, (), root) if package in self._files else None

    def _init_attribute(self, directory: str, root: str, rest: tuple[str, ...]) -> Target | None:
        """`from . import name`: the name may be bound in the package's own `__init__.py`."""
        package = _join(directory, "__init__.py")
        if directory == root and package in self._files and len(rest) == 1:
            return Target(package, rest, root)
        return None


_IMPORT = compile_later(
    rb"(?:^(?:\xef\xbb\xbf)?|[;:\r])[ \t]*"
    rb"(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\r\n#;]*)|import[ \t]+([^\r\n#;(]+))",
    re.MULTILINE,
)
"""At the start of a line, after a byte order mark, or in `try: import a`."""
_COMMENT = compile_later(rb"#[^\n]*")


def iter_imported_names(data: bytes) -> Iterator[str]:
    """Yield the dotted names of all imports of a file, from its bytes; leading dots for relative ones.

    A line of a docstring that looks like an import counts as one.
    """
    for source, names, plain in _IMPORT.findall(data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")):
        if plain:
            yield from (name.split()[0] for name in plain.decode(errors="replace").split(",") if name.strip())
            continue
        prefix = source.decode(errors="replace")
        joint = "" if prefix.endswith(".") else "."
        for name in _COMMENT.sub(b"", names).decode(errors="replace").strip("()\r\n \t").split(","):
            if name.strip():
                yield f"{prefix}{joint}{name.split()[0]}"


def imported_names(data: bytes) -> tuple[str, ...]:
    """Return the dotted names of all imports of a file, see `iter_imported_names`."""
    return tuple(iter_imported_names(data))


def dotted_name(path: str, root: str) -> str:
    """Return the dotted name of a file below an import root."""
    inside = path[len(root) + 1 :] if root else path
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def is_importable(name: str) -> bool:
    """Answer whether an import statement can spell a dotted name: not `chapters.02-clients`."""
    parts = name.lstrip(".").split(".")
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)


def stem_of(path: str) -> str:
    """Return the last part of a module's name: `prices` for `shop/prices.py`, `shop` for its package."""
    return path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]


def relative_name(importer: str, path: str) -> str:
    """Return the relative dotted name (`..http_client`) of a file as seen from another file."""
    here = importer.split("/")[:-1]
    there = path.removesuffix(".py").removesuffix("/__init__").split("/")
    shared = 0
    while shared < len(here) and shared < len(there) - 1 and here[shared] == there[shared]:
        shared += 1
    return "." * (len(here) - shared + 1) + ".".join(there[shared:])


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
