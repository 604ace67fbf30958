"""A real browser without a window, driven over the WebDriver protocol."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

_CAPABILITIES = {
    "browserName": "chrome",
    "goog:loggingPrefs": {"browser": "ALL"},
    "goog:chromeOptions": {
        "args": ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    },
}


@dataclass
class Browser:
    """One window; `run` speaks JavaScript to the page, `press` types."""

    session: httpx.Client

    def open(self, file: Path) -> None:
        self._post("url", {"url": file.as_uri()})

    def run(self, script: str, *arguments: object) -> Any:
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def press(self, keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._tell("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, *, dark: bool = False, printing: bool = False) -> None:
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._tell("Emulation.setEmulatedMedia", {"media": "print" if printing else "", "features": features})

    def picture(self, file: Path) -> None:
        answer = self.session.get("screenshot").raise_for_status().json()
        file.write_bytes(b64decode(answer["value"]))

    def complaints(self) -> list[str]:
        """Return what the browser wrote to its console: errors, and what the page's own policy forbids."""
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"})]

    def _tell(self, command: str, values: object) -> None:
        self._post("goog/cdp/execute", {"cmd": command, "params": values})

    def _post(self, command: str, values: object) -> Any:
        return self.session.post(command, json=values).raise_for_status().json()["value"]


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser, or skip the test where none is installed."""
    driver = shutil.which("chromedriver")
    if driver is None or not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("no browser: the Debian packages chromium and chromium-driver are not installed")
    process = subprocess.Popen(
        (driver, "--port=0"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        line = next(line for line in process.stdout if "started successfully on port" in line)
        port = line.strip().rstrip(".").rpartition(" ")[2]
        base = f"http://127.0.0.1:{port}/session/"
        with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
            capabilities = {"capabilities": {"alwaysMatch": _CAPABILITIES}}
            answer = client.post(base.removesuffix("/"), json=capabilities).raise_for_status().json()
            client.base_url = httpx.URL(f"{base}{answer['value']['sessionId']}/")
            try:
                yield Browser(client)
            finally:
                client.delete(str(client.base_url).removesuffix("/"))
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
