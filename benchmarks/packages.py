"""The pinned packages of `corpus.toml`: downloaded, checked and unpacked; nothing of them is built or run."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

PINS = Path(__file__).with_name("corpus.toml")
_CODE = frozenset({".py", ".pyi"})
_SETTINGS = frozenset({"", ".cfg", ".in", ".ini", ".lock", ".toml", ".txt", ".yaml", ".yml"})
"""What says how a project is built, started and checked; "" is `Dockerfile`, `Procfile`, `.flake8`."""
_OF_ONE = 20 * 2**20
"""Bytes: twice the largest module of any package here. Settings may have a tenth of it."""
_OF_ALL = 2**30
"""Bytes: a few times what the largest package unpacks to."""
_COUNT = 50_000
_PYTHONS = ("3.14", "3.12", "3.10")
"""The client leaves out what is for other Pythons than this; not all packages allow the newest."""


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned file of the package index: the source distribution, a wheel where there is none."""

    name: str
    version: str
    sha256: str
    is_wheel: bool


@dataclass(frozen=True, slots=True)
class _Member:
    """A regular file in an archive."""

    path: str
    size: int
    read: Callable[[], bytes]


def read_pins() -> list[Package]:
    """Read `corpus.toml`."""
    table = tomllib.loads(PINS.read_text("utf-8"))
    return [
        Package(one["name"], one["version"], one.get("sdist") or one["wheel"], "wheel" in one)
        for one in table["package"]
    ]


def fetch(package: Package, cache: Path) -> Path:
    """Download a package unless it is there, and unpack what of it is read; return where that is."""
    kind = "wheels" if package.is_wheel else "sdists"
    tree = cache / kind / "trees" / f"{package.name}-{package.version}"
    if tree.is_dir():
        return tree
    files = cache / kind / "files"
    files.mkdir(parents=True, exist_ok=True)
    archive = _find_file(files, package) or _download(files, package)
    tree.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as directory:
        unpacked = Path(directory) / "tree"
        unpacked.mkdir()
        unpack(archive, unpacked)
        unpacked.rename(tree)
    return tree


def _find_file(files: Path, package: Package) -> Path | None:
    stem = f"{package.name}-{package.version}".lower().replace("-", "_").replace(".", "_")
    for path in sorted(files.iterdir()):
        is_named = path.name.lower().replace("-", "_").replace(".", "_").startswith(stem)
        if is_named and hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256:
            return path
    return None


def _download(files: Path, package: Package) -> Path:
    """Let a client that only downloads fetch the file: pip would run the build of a source distribution."""
    kind = "--only-binary" if package.is_wheel else "--no-binary"
    wanted = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "unearth", kind, wanted, "--download", str(files)]
    for python in _PYTHONS:
        done = subprocess.run([*command, "--python-version", python], capture_output=True, check=False)
        found = _find_file(files, package) if done.returncode == 0 else None
        if found is not None:
            return found
    raise SystemExit(f"{wanted}: the file that is pinned is not to be had: {done.stderr.decode().strip()}")


def unpack(archive: Path, place: Path, most: int = _OF_ALL) -> None:
    """Write what is read of an archive below `place`: code and settings that are regular files.

    Links are left out. Raises `SystemExit` for a path that leads out of `place`, and for more than
    `most` bytes in all.
    """
    size = count = 0
    for member in _iter_members(archive):
        size, count = size + member.size, count + 1
        if size > most or count > _COUNT:
            raise SystemExit(f"{archive.name}: unpacks to more than a package holds")
        path = PurePosixPath(member.path)
        if path.is_absolute() or ".." in path.parts or "\\" in member.path or ":" in member.path:
            raise SystemExit(f"{archive.name}: `{member.path}` leads out of the directory")
        is_code = path.suffix in _CODE
        if is_code or path.suffix in _SETTINGS:
            if member.size > (_OF_ONE if is_code else _OF_ONE // 10):
                continue
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(member.read())


def _iter_members(archive: Path) -> Iterator[_Member]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for info in wheel.infolist():
                if not info.is_dir():
                    yield _Member(info.filename, info.file_size, partial(wheel.read, info))
        return
    with tarfile.open(archive, "r:*") as source:
        for entry in source:
            if entry.isreg():
                # All is below one directory, `name-version`.
                path = entry.name.removeprefix("./").partition("/")[2]
                yield _Member(path, entry.size, partial(_read, source, entry))


def _read(source: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = source.extractfile(entry)
    assert file is not None
    return file.read()
