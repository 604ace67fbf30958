"""Fingerprints stay while other code moves, and tell sites apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from httpx_fixer import pipeline
from httpx_fixer.settings import Settings

SITE = """\
import httpx


async def count(client: httpx.AsyncClient, url: str) -> int:
    request = client.build_request("GET", url)
    response = await client.send(request, stream=True)
    return response.status_code
"""
TWO = SITE + SITE.partition("\n\n")[2].replace("def count", "def length")


def _fingerprints(directory: Path, text: str, name: str = "x.py") -> list[str]:
    (directory / name).write_text(text)
    report = pipeline.run(directory, (directory / name,), Settings(), with_changes=False)
    return [diagnostic.fingerprint for diagnostic in report.diagnostics]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import httpx\n", "import httpx\nimport os\n\nNAME = os.name\n"),
        ("send(request, stream=True)", "send(\n        request,\n        stream=True,\n    )"),
        ("send(request, stream=True)", "send(request, stream=True)  # the status is all we want"),
        ("    response =", "    assert url\n    response ="),
    ],
)
def test_fingerprint_stays(tmp_path: Path, old: str, new: str) -> None:
    before = _fingerprints(tmp_path, SITE)
    assert len(before) == 1
    assert _fingerprints(tmp_path, SITE.replace(old, new)) == before


@pytest.mark.parametrize(
    ("old", "new"), [("def count", "def number"), ("(request, ", "(request, follow_redirects=True, ")]
)
def test_other_site_has_another_fingerprint(tmp_path: Path, old: str, new: str) -> None:
    assert _fingerprints(tmp_path, SITE.replace(old, new)) != _fingerprints(tmp_path, SITE)


def test_other_file_has_another_fingerprint(tmp_path: Path) -> None:
    assert _fingerprints(tmp_path, SITE) != _fingerprints(tmp_path, SITE, "y.py")


def test_site_in_another_function_does_not_count(tmp_path: Path) -> None:
    both = _fingerprints(tmp_path, TWO)
    assert len(set(both)) == 2
    assert both[0] == _fingerprints(tmp_path, SITE)[0]


def test_like_sites_of_one_function_are_numbered(tmp_path: Path) -> None:
    line = "    response = await client.send(request, stream=True)\n"
    twice = SITE.replace(line, line + "    print(response.status_code)\n" + line)
    found = _fingerprints(tmp_path, twice)
    assert len(set(found)) == 2
    assert found[0] == _fingerprints(tmp_path, SITE)[0]
