"""A server on the loopback that takes its time: endless, slow, short and broken bodies."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType

CHUNKS = (b"alpha\n", b"beta\n", b"gamma\n")
"""The body of `/slow`, and what `/endless` says again and again, with an event after each."""
EVENTS = b"data: started\n\ndata: error\n\ndata: ended\n\n"
_MUCH = 300
"""How many lines `/endless` says at once: some code collects 64 KiB before it passes them on."""
LATE_S = 0.1
"""What `/late` takes before it answers."""
_HEAD = (
    b"HTTP/1.1 %s\r\nX-Kind: %s\r\nContent-Type: text/event-stream\r\nETag: W/1\r\nServer: slow\r\n"
    b"Location: /short\r\nX-Nonce: 1\r\nX-Version: 1\r\nDate: today\r\nRetry-After: 0\r\n%s\r\n\r\n"
)


class SlowUpstream:
    """Serves in a thread of its own while it is entered.

    `/slow` sends three chunks, `/endless` never ends, `/broken` stops in the middle of a chunk,
    `/short` answers at once, `/late` after a while, and `/dropped` never; `/stalled` falls silent after
    its first chunk, `/missing` is as `/slow` but for its status, 404, and
    `/events` sends `EVENTS`.
    """

    def __enter__(self) -> SlowUpstream:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(5)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        serving = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._answer(head.split()[1].decode(), writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        kind = path.strip("/")
        if kind == "dropped":
            raise ConnectionError
        if kind == "late":
            await asyncio.sleep(LATE_S)
        status = b"404 Not Found" if kind == "missing" else b"200 OK"
        chunks = (EVENTS,) if kind == "events" else CHUNKS
        size = sum(map(len, chunks))
        is_whole = kind in {"", "events", "slow", "missing"}
        framing = b"Content-Length: %d" % size if is_whole else b"Transfer-Encoding: chunked"
        writer.write(_HEAD % (status, kind.encode(), framing))
        count = 0
        while kind != "short" and (kind == "endless" or count < len(chunks)):
            chunk = chunks[count % len(chunks)]
            if kind == "endless":
                chunk = chunk * _MUCH + b"data: more\n\n"
            writer.write(chunk if is_whole else b"%x\r\n%s\r\n" % (len(chunk), chunk))
            await writer.drain()
            await asyncio.sleep(60 if kind == "stalled" else 0.002)
            count += 1
        if kind == "broken":
            writer.write(b"ff\r\nhalf")
            raise ConnectionError
        if not is_whole:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
