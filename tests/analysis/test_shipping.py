"""Which new files would not reach the place where a project runs."""

from __future__ import annotations

import pytest
from small_projects import build_project

CODE = {"bot.py": "", "src/plugins/one.py": "", "src/__init__.py": ""}


@pytest.mark.parametrize(
    ("name", "text", "path", "expected"),
    [
        ("Dockerfile", "COPY bot.py .env /app/\nCOPY src /app/src/\n", "http_client.py", True),
        ("Dockerfile", "COPY bot.py .env /app/\nCOPY src /app/src/\n", "src/http_client.py", False),
        ("Dockerfile", "COPY ./bot.py \\\n  ./src/ /app/\n", "src/http_client.py", False),
        ("Dockerfile", 'COPY ["bot.py", "/app/"]\n', "http_client.py", True),
        ("Dockerfile", "COPY bot.py .\nCOPY . .\n", "http_client.py", False),
        ("Dockerfile", "COPY *.py ./\nCOPY bot.py ./\n", "http_client.py", False),
        ("Dockerfile", "COPY pyproject.toml ./\nCOPY --from=build /app /app\n", "http_client.py", False),
        ("docker/Dockerfile", "ADD --chown=app bot.py /app/\n", "http_client.py", True),
        ("docker/desk.dockerfile", "COPY bot.py /app/\nCOPY src /app/src/\n", "http_client.py", True),
        ("pyproject.toml", '[tool.setuptools]\npy-modules = ["bot"]\n', "http_client.py", True),
        ("pyproject.toml", '[tool.setuptools]\npy-modules = ["bot"]\n', "src/http_client.py", False),
        ("setup.py", "setup(py_modules=['other'])\n", "http_client.py", False),
    ],
)
def test_file_is_left_out(name: str, text: str, path: str, *, expected: bool) -> None:
    project = build_project({"pyproject.toml": "[project]\nname = 'desk'\n", **CODE, name: text})
    assert project.packaging.is_left_out(path) is expected
