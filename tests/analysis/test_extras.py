"""Which packages a project requires for an extra only, or on some platforms."""

from __future__ import annotations

import pytest

from httpx_fixer.analysis.extras import is_extra

EXTRA = """
[project]
dependencies = ["fastapi"]

[project.optional-dependencies]
rates = ["httpx[http2]>=0.27"]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EXTRA, True),
        (EXTRA.replace('"fastapi"', '"HTTPX>=0.27"'), False),
        (EXTRA.replace("httpx[", "httpx-sse["), False),
        ('[tool.poetry.dependencies]\nhttpx = { version = "^0.27", optional = true }\n', True),
        (
            '[tool.poetry.dependencies]\nhttpx = { version = "^0.27", extras = ["http2"] }\n# optional\n',
            False,
        ),
        ('[tool.poetry.dependencies]\nhttpx = "^0.27"  # not optional\n', False),
        ('[dependency-groups]\ndev = ["httpx"]  # optional\n', False),
        ("[project\nhttpx optional", False),
        ("[project]\ndependencies = [\"httpx; platform_system != 'Emscripten'\"]\n", True),
        ("[project]\ndependencies = ['httpx', \"tzdata; sys_platform == 'win32'\"]\n", False),
    ],
)
def test_extra(text: str, *, expected: bool) -> None:
    assert is_extra(text.encode(), "httpx") is expected
