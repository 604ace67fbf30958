"""Every request of httpx and httpx2 goes to one server, over pools of two connections."""

from __future__ import annotations

import inspect
import ssl
from functools import cache
from types import TracebackType
from typing import Any

import httpx
import httpx2

NOWHERE = "http://upstream.invalid"
"""What a client may have as its base; requests to the loopback itself go where they say."""
_TRANSPORTS: tuple[tuple[Any, str], ...] = (
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (httpx.HTTPTransport, "handle_request"),
    (httpx2.AsyncHTTPTransport, "handle_async_request"),
    (httpx2.HTTPTransport, "handle_request"),
)

_load_once = cache(ssl.create_default_context)


class Rerouting:
    """Sends what is requested while it is entered to a server at `url`, whatever was asked for.

    `path` takes the place of every path, "" leaves them. A pool gives up after 0.2 s without a free
    connection, and a read after `read_s`. Certificates are loaded once, which takes 20 ms.
    """

    def __init__(self, url: str, path: str = "", *, read_s: float = 5.0) -> None:
        self._url = httpx.URL(url)
        self._path = path
        self._times = {"connect": 5.0, "read": read_s, "write": 5.0, "pool": 0.2}
        self._pools: list[Any] = []
        self._originals = [(kind, name, getattr(kind, name)) for kind, name in _TRANSPORTS]
        self._load_certificates = ssl.create_default_context

    def __enter__(self) -> Rerouting:
        ssl.create_default_context = _load_once  # type: ignore[assignment]  # it takes the same
        for kind, name, original in self._originals:
            setattr(kind, name, self._build_handler(original))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ssl.create_default_context = self._load_certificates
        for transport, name, original in self._originals:
            setattr(transport, name, original)

    def _build_handler(self, original: Any) -> Any:
        def handle(transport: Any, request: Any) -> Any:
            if request.url.host != "127.0.0.1":
                self._reroute(transport._pool, request)
            return original(transport, request)

        return handle

    def _reroute(self, pool: Any, request: Any) -> None:
        path = self._path or request.url.path
        request.url = request.url.copy_with(
            scheme="http", host=self._url.host, port=self._url.port, path=path
        )
        request.headers.setdefault("host", "upstream.invalid")  # none where the client has no base
        request.extensions = {**request.extensions, "timeout": self._times}
        if all(pool is not known for known in self._pools):
            pool._max_connections = 2
            self._pools.append(pool)

    def count_open(self) -> int:
        """Return how many connections are busy: each is lost if nobody works on it any more."""
        connections = (one for pool in self._pools for one in pool.connections)
        return sum(not (one.is_idle() or one.is_closed()) for one in connections)

    async def close_all(self) -> None:
        """Close what is still open of every pool that was used, on the loop that used it."""
        for pool in self._pools:
            closing = pool.aclose() if hasattr(pool, "aclose") else pool.close()
            if inspect.isawaitable(closing):
                await closing
