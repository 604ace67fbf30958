"""Which coroutines are programs that go on until they are stopped."""

from __future__ import annotations

import pytest
from small_projects import build_project


@pytest.mark.parametrize(
    ("returns", "is_program"),
    [
        ("", True),
        (" -> None", True),
        (" -> int", True),
        (' -> "None"', True),
        (" -> list[str]", False),
        (" -> tuple[list[str], int]", False),
    ],
)
def test_coroutine_that_is_said_to_return_what_it_found_is_no_program(returns: str, is_program: bool) -> None:
    project = build_project(
        {
            "main.py": f"""
            import asyncio

            async def main(stop: asyncio.Event){returns}:
                while not stop.is_set():
                    await asyncio.sleep(1)

            def run(stop: asyncio.Event):
                return asyncio.run(main(stop))
            """
        }
    )
    assert bool(project.programs.coroutines) is is_program
