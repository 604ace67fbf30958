import pytest
from fastapi.testclient import TestClient

from bookshop.main import app


@pytest.fixture
def client():
    return TestClient(app)
