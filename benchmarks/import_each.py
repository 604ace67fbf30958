"""Import the files named on standard input, each in a fork, and print what the first and last try raised.

usage: python import_each.py SECONDS < NAMES.json     (in the tree; started by `importing.py`)

Packages that are not installed are stood in for by objects that take everything. An audit hook stops
what has no business in an import: connections, other processes, and writing outside of the tree.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import re
import signal
import sys
import types
from abc import ABCMeta
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from unittest.mock import MagicMock

TREE = Path.cwd()
_STOPPED = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.kill",
    "shutil.rmtree",
)


class StandIn(types.ModuleType):
    """A package that is not installed: it has every name."""

    __path__ = []  # noqa: RUF012 -- as the machinery of imports has it

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        value: object
        if name.endswith("Warning"):
            value = type(name, (Warning,), {})
        elif name.endswith(("Error", "Exception")):
            value = type(name, (Exception,), {})
        elif name[:1].isupper():
            value = AnyMeta(name, (AnyClass,), {})
        else:
            value = "0" if name == "__version__" else MagicMock(name=name)
        setattr(self, name, value)
        return value


class AnyMeta(ABCMeta):
    """The type of classes that have every attribute."""

    def __getattr__(cls, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=name)


class AnyClass(metaclass=AnyMeta):
    """A class of a package that is not installed: it can be a base, a type of a field, and be called."""

    def __init__(self, *_arguments: object, **_more: object) -> None:
        pass

    def __init_subclass__(cls, **_options: object) -> None:
        pass

    def __class_getitem__(cls, _parameters: object) -> type[AnyClass]:
        return cls

    @classmethod
    def __get_pydantic_core_schema__(cls, *_arguments: object) -> dict[str, str]:
        return {"type": "any"}

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=name)

    def __call__(self, *_arguments: object, **_more: object) -> object:
        return MagicMock()


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds what nobody else finds, outside of the tree itself."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            return None
        above = sys.modules.get(name.rpartition(".")[0])
        own = any(Path(place, top).is_dir() or Path(place, f"{top}.py").is_file() for place in sys.path)
        if (own and top not in sys.modules) or (above is not None and not isinstance(above, StandIn)):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> StandIn:
        return StandIn(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def guard(event: str, arguments: tuple[object, ...]) -> None:
    """Stop what an import is not to do."""
    if event in _STOPPED:
        raise PermissionError(f"{event} in an import")
    if event == "open" and _is_elsewhere(arguments[0], arguments[2]):
        raise PermissionError(f"{arguments[0]} is written in an import")


def _is_elsewhere(place: object, flags: object) -> bool:
    is_written = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if not is_written or not isinstance(place, str) or place == os.devnull:
        return False
    return not Path(place).resolve().is_relative_to(TREE)


def iter_names(path: str) -> Iterator[tuple[str, str]]:
    """Yield (directory to import from, dotted name) as a file may be meant to be imported."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    roots = [0]
    deepest = len(parts) - 1
    while deepest and any(_is_package(parts[:depth]) for depth in (deepest, deepest - 1)):
        deepest -= 1  # a directory without `__init__.py` inside a package is a part of it
    more = (deepest, 1) if deepest or not is_imported(parts[0]) else ()
    roots += [at for at in more if at not in roots and at < len(parts)]
    for root in sorted(roots, key=lambda at: (at != deepest, at)):
        yield str(TREE.joinpath(*parts[:root])), ".".join(parts[root:])


@cache
def is_imported(package: str) -> bool:
    """Answer whether files of the tree import a package by its name: nobody starts inside of it then."""
    wanted = re.compile(rf"^(?:from|import) {package}\b".encode(), re.MULTILINE)
    return any(wanted.search(path.read_bytes()) for path in TREE.rglob("*.py") if path.is_file())


def _is_package(parts: list[str]) -> bool:
    return bool(parts) and Path(*parts, "__init__.py").is_file()


def import_file(path: str) -> tuple[str, str]:
    """Import a file under the first name that works; return what the first and the last try raised, or ""."""
    first = said = ""
    for root, name in iter_names(path):
        said = in_fork(root, name)
        if not said:
            break
        first = first or said
    return first, said


def in_fork(root: str, name: str) -> str:
    """Import a module in a child, and return what it raised as one line, or ""."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        said = "ended the process"
        try:
            signal.setitimer(signal.ITIMER_PROF, int(sys.argv[1]))
            signal.alarm(10 * int(sys.argv[1]))
            for stream, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
                os.dup2(os.open(os.devnull, flags), stream)
            sys.path[:0] = [root, str(TREE)]
            sys.meta_path.append(StandIns())
            sys.addaudithook(guard)
            __import__(name)
            said = ""
        except BaseException as error:
            said = f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
        finally:
            os.write(write, said.encode(errors="replace"))
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    return said or ("" if status == 0 else f"ended with {status}")


def main() -> None:
    """Load once what most trees use, then import each file."""
    names = json.load(sys.stdin)
    sys.path.pop(0)
    for package in ("fastapi", "httpx", "httpx2", "starlette", "pydantic"):
        __import__(package)
    sys.stdout.write(json.dumps({name: import_file(name) for name in names}) + "\n")


if __name__ == "__main__":
    main()
