"""What is known to take in code of the project, though nothing knows when it starts and ends."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.rules._hosts import serves_others


@pytest.mark.parametrize(
    ("text", "is_host"),
    [
        ("import streamlit as st", True),
        ("import streamlit_authenticator", False),
        ("from gradio import Blocks", True),
        ("import gradio_client", False),
        ("from ray import serve", True),
        ("from ray import data", False),
        ("from ray import data, serve", True),
        ("import tornado.web", True),
        ("import tornado.gen", False),
        ("from temporalio import activity, workflow", True),
        ("from temporalio.client import Client", False),
        ("import azure.functions as func", True),
        ('"""\n    import streamlit\n"""', False),
        ("def application(environ, start_response):\n    return []", True),
        ("class Gate:\n    async def __call__(self, scope, receive, send):\n        pass", True),
        ("async def app(scope: Scope, receive: Receive, send: Send) -> None:\n    pass", True),
        ("def receive(scope):\n    pass", False),
        ("sio = socketio.AsyncServer()", True),
        ("uvicorn.run(build_app())", True),
        ("logging.getLogger('uvicorn')", False),
        ("sio = socketio.AsyncClient()", False),
        ("class Prices(prices_pb2_grpc.PricesServicer):\n    pass", True),
    ],
)
def test_host_is_known_by_its_imports_or_by_what_a_server_calls(text: str, is_host: bool) -> None:
    project = build_project({"app.py": f"{text}\nimport helper\n", "helper.py": ""})
    assert serves_others(project, "helper.py") is is_host


@pytest.mark.parametrize("path", ["examples/page.py", "docs/page.py", "src/demo/page.py", "tests/page.py"])
def test_host_that_is_there_to_be_read_is_none(path: str) -> None:
    project = build_project({path: "import streamlit\nimport helper\n", "helper.py": ""})
    assert not serves_others(project, "helper.py")


def test_module_of_the_project_that_has_the_name_of_a_host_is_none() -> None:
    files = {"app.py": "from panel import draw\nimport helper\n", "helper.py": ""}
    assert serves_others(build_project(files), "helper.py")
    assert not serves_others(build_project({**files, "panel.py": "def draw(): ..."}), "helper.py")
