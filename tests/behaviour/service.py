"""A service of the user's, started for real under uvicorn in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

_SERVE = """\
import gc, signal, sys
import uvicorn

# uvicorn raises the signal again once it has stopped; without this the process would end there,
# before Python says what was left open.
signal.signal(signal.SIGTERM, lambda *_: None)
config = uvicorn.Config(sys.argv[1], host="127.0.0.1", port=0, lifespan="on", log_level="info")
listening = config.bind_socket()
print(listening.getsockname()[1], flush=True)
uvicorn.Server(config).run(sockets=[listening])
listening.close()
gc.collect()
"""


@dataclass(frozen=True)
class Service:
    """A running service; `said` holds its standard error."""

    process: subprocess.Popen[str]
    port: int
    said: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self, *, seconds: float = 8.0) -> int:
        """Ask the service to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def serve(
    directory: Path, application: str, environment: Mapping[str, str], *, program: str = _SERVE
) -> Iterator[Service]:
    """Start an application, wait until it answers `/health`, and leave no process behind.

    `program` says its port, serves and ends on SIGTERM; by default it does so with uvicorn.
    """
    handle, name = tempfile.mkstemp(".txt", "stderr-", directory)
    os.close(handle)
    said = Path(name)
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", program, application]
    env = {**os.environ, **environment, "PYTHONPATH": str(directory)}
    with (
        said.open("w") as errors,
        subprocess.Popen(
            command, cwd=directory, env=env, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            service = Service(process, _read_port(process.stdout), said)
            _await_health(service)
            yield service
        finally:
            process.kill()


def _read_port(stdout: IO[str] | None) -> int:
    assert stdout is not None
    return int(stdout.readline() or 0)


def _await_health(service: Service, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            if httpx.get(f"{service.url}/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError(service.said.read_text())
