"""Archives of the corpus: only regular files of code and settings come out, and only below the directory."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from packages import Package, fetch, read_pins, unpack


def _write_tar(path: Path, *members: tuple[str, bytes | str]) -> Path:
    """Write an archive; a member whose content is a string is a link to it."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return path


def _list(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if not path.is_dir()}


def test_code_and_settings_are_unpacked(tmp_path: Path) -> None:
    members = ("app.py", "tests/test_app.py", "pyproject.toml", "Dockerfile", "logo.png", "README.md")
    archive = _write_tar(tmp_path / "shop-1.tar.gz", *((f"shop-1/{name}", b"x = 1\n") for name in members))
    unpack(archive, tmp_path / "out")
    assert _list(tmp_path / "out") == {"app.py", "tests/test_app.py", "pyproject.toml", "Dockerfile"}


def test_links_are_left_out(tmp_path: Path) -> None:
    archive = _write_tar(
        tmp_path / "shop-1.tar.gz",
        ("shop-1/home", "/"),
        ("shop-1/app.py", "/etc/passwd"),
        ("shop-1/b.py", b""),
    )
    unpack(archive, tmp_path / "out")
    assert _list(tmp_path / "out") == {"b.py"}


_EVIL = ("shop-1/../../evil.py", "shop-1//evil.py", "shop-1/a/..\\evil.py", "shop-1/c:evil.py")


@pytest.mark.parametrize("name", _EVIL)
def test_path_that_leads_out_is_an_error(tmp_path: Path, name: str) -> None:
    archive = _write_tar(tmp_path / "shop-1.tar.gz", (name, b"x = 1\n"))
    with pytest.raises(SystemExit, match="leads out"):
        unpack(archive, tmp_path / "out")
    assert _list(tmp_path) == {"shop-1.tar.gz"}


def test_path_of_a_wheel_that_leads_out_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "shop-1-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("../evil.py", "")
    with pytest.raises(SystemExit, match="leads out"):
        unpack(archive, tmp_path / "out")


def test_archive_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    archive = _write_tar(tmp_path / "shop-1.tar.gz", ("shop-1/a.py", b"x = 1\n"), ("shop-1/b.py", b"x = 2\n"))
    with pytest.raises(SystemExit, match="more than a package holds"):
        unpack(archive, tmp_path / "out", most=11)


def test_file_that_is_there_is_not_downloaded(tmp_path: Path) -> None:
    files = tmp_path / "sdists" / "files"
    files.mkdir(parents=True)
    archive = _write_tar(files / "shop_api-1.0.tar.gz", ("shop_api-1.0/a.py", b"x = 1\n"))
    package = Package("shop-api", "1.0", hashlib.sha256(archive.read_bytes()).hexdigest(), is_wheel=False)
    assert _list(fetch(package, tmp_path)) == {"a.py"}
    archive.unlink()
    assert _list(fetch(package, tmp_path)) == {"a.py"}


def test_pins_are_of_single_files() -> None:
    pins = read_pins()
    assert len(pins) >= 60
    assert {len(one.sha256) for one in pins} == {64}
    assert len({one.name for one in pins}) == len(pins)
    assert len([one.name for one in pins if one.is_wheel]) <= 1
