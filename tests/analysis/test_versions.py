"""Which version of a package a file is run with, by the lock and requirement files above it."""

from __future__ import annotations

import pytest

from httpx_fixer.analysis.versions import Versions
from httpx_fixer.source import Skip, SkipReason

UV = '[[package]]\nname = "fastapi"\nversion = "0.115.2"\nsource = { registry = "https://pypi.org/simple" }\n'
PIPFILE = """\
{
    "default": {
        "fastapi": {
            "hashes": ["sha256:0"],
            "version": "==0.99.1"
        }
    }
}
"""


def _version(files: dict[str, str], near: str = "", package: str = "fastapi") -> str | None:
    def read(path: str) -> bytes | Skip:
        if path not in files:
            return Skip(path, SkipReason.UNREADABLE, "no such file")
        return files[path].encode()

    found = Versions(read).pinned(package, near)
    return None if found is None else ".".join(map(str, found))


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [
        ("uv.lock", UV, "0.115.2"),
        ("poetry.lock", '[[package]]\nname = "fastapi"\nversion = "0.95.0"\ndescription = "..."\n', "0.95.0"),
        (
            "pdm.lock",
            '[[package]]\nname = "fastapi"\nversion = "0.100.0"\nrequires_python = ">=3.7"\n',
            "0.100.0",
        ),
        ("Pipfile.lock", PIPFILE, "0.99.1"),
        ("requirements.txt", "httpx\nfastapi==0.111.0  # pinned\n", "0.111.0"),
        ("requirements.txt", "fastapi[all]>=0.100,<1\n", "0.100"),
        ("requirements.txt", "# fastapi==0.1\nfastapi-offline==1.7.3\n", None),
        ("requirements/prod.txt", "FastAPI~=0.110.1\n", "0.110.1"),
        ("pyproject.toml", '[project]\ndependencies = ["httpx", "fastapi>=0.103"]\n', "0.103"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = "^0.95"\n', "0.95"),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nfastapi = {version = "^0.95.1", extras = ["all"]}\n',
            "0.95.1",
        ),
        ("Pipfile", '[packages]\nfastapi = "==0.98.0"\n', "0.98.0"),
        ("pyproject.toml", '[project]\ndependencies = ["fastapi"]\n', None),
    ],
)
def test_version_is_read(name: str, text: str, version: str | None) -> None:
    assert _version({name: text}) == version


def test_nearest_requirement_counts() -> None:
    files = {
        "requirements.txt": "fastapi==0.115.0\n",
        "services/orders/requirements.txt": "fastapi==0.92.0\n",
        "services/users/requirements.txt": "httpx==0.28.1\n",
    }
    assert _version(files, "services/orders/app/main.py") == "0.92.0"
    assert _version(files, "services/users/app/main.py") == "0.115.0"
    assert _version(files, "main.py") == "0.115.0"


def test_lock_of_the_workspace_counts_before_a_range_of_a_member() -> None:
    files = {
        "uv.lock": UV,
        "services/orders/pyproject.toml": '[project]\ndependencies = [\n    "fastapi>=0.90",\n]\n',
    }
    assert _version(files, "services/orders/app/main.py") == "0.115.2"


def test_pin_of_a_member_counts_before_the_lock_of_the_workspace() -> None:
    files = {"uv.lock": UV, "services/orders/requirements.txt": "fastapi==0.92.0\n"}
    assert _version(files, "services/orders/app/main.py") == "0.92.0"


def test_lock_of_a_member_counts_before_its_range() -> None:
    files = {"api/poetry.lock": UV, "api/pyproject.toml": 'fastapi = "^0.90"\n'}
    assert _version(files, "api/main.py") == "0.115.2"


def test_names_are_compared_as_the_index_does() -> None:
    assert _version({"requirements.txt": "prometheus_client==0.20\n"}, package="prometheus-client") == "0.20"


@pytest.mark.parametrize(
    ("name", "text", "oldest"),
    [
        ("pyproject.toml", '[project]\nrequires-python = ">=3.9,<4"\n', (3, 9)),
        ("pyproject.toml", '[project]\nrequires-python = "<4.0,>=3.10"\n', (3, 10)),
        ("pyproject.toml", '[project]\nrequires-python = "!=3.9.0, >=3.8"\n', (3, 8)),
        ("pyproject.toml", '[tool.poetry.dependencies]\nhttpx = "*"\npython = "^3.10 | ^3.9"\n', (3, 9)),
        ("pyproject.toml", '[tool.hatch.envs.test]\npython = "3.8"\n', None),
        ("setup.cfg", "[options]\npython_requires = >=3.7\n", (3, 7)),
        ("setup.py", "setup(python_requires='>=3.8')\n", (3, 8)),
        ("pyproject.toml", '[project]\nrequires-python = "<3.13"\n', None),
        ("pyproject.toml", '[project]\nname = "mill"\n', None),
    ],
)
def test_oldest_python_is_what_the_nearest_project_file_allows(
    name: str, text: str, oldest: tuple[int, ...] | None
) -> None:
    files = {f"mill/{name}": text.encode(), "pyproject.toml": b'[project]\nrequires-python = ">=3.6"\n'}

    def read(path: str) -> bytes | Skip:
        return files.get(path, Skip(path, SkipReason.UNREADABLE, ""))

    assert Versions(read).oldest_python("mill/grain/sacks.py") == (oldest or (3, 6))


@pytest.mark.parametrize(
    ("name", "text", "is_below"),
    [
        ("requirements.txt", "httpx==0.18.2\n", True),
        ("requirements.txt", "httpx==0.21.0\n", False),
        ("requirements.txt", "httpx~=0.20.0\n", True),
        ("requirements.txt", "httpx~=0.20\n", False),
        ("requirements.txt", "httpx[http2]>=0.15.4,<0.21  # old\n", True),
        ("requirements.txt", "httpx>=0.15.4,<0.25.0\n", False),
        ("requirements.txt", "httpx>=0.13\n", False),
        ("requirements.txt", "httpx\n", False),
        ("uv.lock", '[[package]]\nname = "httpx"\nversion = "0.19.0"\n', True),
        ("uv.lock", '[[package]]\nname = "httpx"\nversion = "0.28.1"\n', False),
        ("pyproject.toml", '[tool.poetry.dependencies]\nhttpx = "^0.18.1"\n', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\nhttpx = "^0.23"\n', False),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nhttpx = {version = "^0.20", extras = ["http2"]}\n',
            True,
        ),
        ("Pipfile", '[packages]\nhttpx = "==0.20.0"\n', True),
        ("Pipfile", '[packages]\nhttpx = "==0.24.0"\n', False),
    ],
)
def test_version_is_held_below(name: str, text: str, is_below: bool) -> None:
    def read(path: str) -> bytes | Skip:
        return text.encode() if path == name else Skip(path, SkipReason.UNREADABLE, "no such file")

    assert Versions(read).is_held_below("httpx", (0, 21), "shop/main.py") is is_below
