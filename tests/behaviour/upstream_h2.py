"""An HTTP/2 server on the loopback, without TLS, that answers like `Upstream` and counts connections."""

from __future__ import annotations

import asyncio
import threading
import time
from types import TracebackType
from typing import Any, Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamReset
from h2.exceptions import ProtocolError


class UpstreamH2:
    """The server; `/endless` sends until the stream or the connection is gone, all else is short."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0
        self.open = 0
        self.paths: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_idle(self, seconds: float = 3.0) -> bool:
        """Wait until no connection is open, and answer whether that came about."""
        deadline = time.monotonic() + seconds
        while self.open and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self.open

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False))
        connection.initiate_connection()
        endless: set[int] = set()
        pump = asyncio.create_task(self._pump(connection, writer, endless))
        try:
            while data := await reader.read(65536):
                for event in connection.receive_data(data):
                    self._react(connection, event, endless)
                writer.write(connection.data_to_send())
        except (ConnectionError, ProtocolError):
            pass
        finally:
            self.open -= 1
            pump.cancel()
            writer.close()
            await asyncio.gather(pump, writer.wait_closed(), return_exceptions=True)

    def _react(self, connection: H2Connection, event: Any, endless: set[int]) -> None:
        match event:
            case RequestReceived():
                path = dict(event.headers)[b":path"].decode()
                self.paths.append(path)
                connection.send_headers(event.stream_id, [(":status", "200")])
                if path == "/endless":
                    endless.add(event.stream_id)
                else:
                    connection.send_data(event.stream_id, path.encode(), end_stream=True)
            case DataReceived():
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamReset():
                endless.discard(event.stream_id)

    async def _pump(self, connection: H2Connection, writer: asyncio.StreamWriter, endless: set[int]) -> None:
        while True:
            for stream in list(endless):
                if connection.local_flow_control_window(stream) > 4:
                    connection.send_data(stream, b"more")
            writer.write(connection.data_to_send())
            await asyncio.sleep(0.002)
