"""When ruff would say that a comment which silences it is one too many."""

from __future__ import annotations

import pytest

from httpx_fixer.analysis.linters import is_noqa_unwanted


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("pyproject.toml", '[tool.ruff.lint]\nselect = ["E", "F", "RUF"]\n', False),
        ("pyproject.toml", '[tool.ruff.lint]\nselect = ["E", "RUF100"]\n', True),
        ("pyproject.toml", '[tool.ruff]\nselect = ["ALL"]\nignore = ["F401"]\n', True),
        ("pyproject.toml", '[tool.ruff]\nselect = ["ALL"]\nignore = ["F401", "RUF"]\n', False),
        ("pyproject.toml", '[tool.ruff.lint]\nextend-select = ["RUF100"]\n', False),
        ("pyproject.toml", '[tool.ruff]\nselect = ["E"]\n', False),
        ("pyproject.toml", '[tool.other]\nselect = ["RUF"]\n', False),
        ("ruff.toml", 'lint.select = ["F", "RUF"]\nlint.per-file-ignores."__init__.py" = ["F401"]\n', False),
        ("ruff.toml", 'lint.select = ["F", "RUF"]\n[lint.per-file-ignores]\n"app/*.py" = ["F"]\n', True),
        (".ruff.toml", 'select = ["RUF"]\nper-file-ignores."!tests/*" = ["F401"]\n', True),
        ("app/ruff.toml", 'lint.select = ["RUF100"]\n', True),
        ("ruff.toml", "RUF [broken", False),
    ],
)
def test_comment_is_unwanted_where_nothing_looks(name: str, text: str, wanted: bool) -> None:
    files = {name: text.encode()}
    assert is_noqa_unwanted(lambda path: files.get(path, b""), "app/rivers.py", "F401") is wanted


def test_nearest_settings_count() -> None:
    files = {
        "ruff.toml": b'lint.select = ["RUF100"]\n',
        "app/pyproject.toml": b"[tool.ruff]\nline-length = 90\n",
    }
    assert not is_noqa_unwanted(lambda path: files.get(path, b""), "app/rivers.py", "F401")
