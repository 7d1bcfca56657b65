"""A server that takes S3 puts, parts and listings and only stores: the least a server can do, to measure clients.

It can be told to fail: `plan` gives for the n-th request a status (answered instead) or 0 (the connection is cut).
"""

import asyncio
import multiprocessing
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

Plan = Callable[[int, str, str], int | None]


class Sink:
    """The stored objects (bytes of small ones, sizes of large ones) and the requests seen."""

    def __init__(self, plan: Plan | None = None, *, keep: int = 2**20, page: int = 1000) -> None:
        self.objects: dict[str, tuple[int, str, bytes]] = {}
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.plan = plan
        self.open: set[Any] = set()
        self._parts: dict[str, dict[int, int]] = {}
        self._keep = keep
        self._page = page

    def answer(  # noqa: PLR0911 – a table of requests
        self, method: str, target: str, body: bytes, size: int
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for one request."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if method == "GET" and not key:
            return self._list(bucket, query)
        if method in ("GET", "HEAD"):
            if key not in self.objects:
                return 404, {}, b""
            length, tag, data = self.objects[key]
            headers = {"ETag": tag, "Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT"}
            return 200, headers | ({"Content-Length": str(length)} if method == "HEAD" else {}), data
        if method == "POST" and "uploads" in query:
            self._parts[key] = {}
            return 200, {}, _xml("InitiateMultipartUploadResult", Bucket=bucket, Key=key, UploadId="1")
        if method == "POST" and "uploadId" in query:
            tag = self._store(key, sum(self._parts.pop(key).values()), b"")
            return 200, {}, _xml("CompleteMultipartUploadResult", Bucket=bucket, Key=key, ETag=tag)
        if method == "PUT" and "partNumber" in query:
            self._parts[key][int(query["partNumber"][0])] = size
            return 200, {"ETag": f'"part-{query["partNumber"][0]}"'}, b""
        if method == "PUT":
            return 200, {"ETag": self._store(key, size, body)}, b""
        return 200 if method == "DELETE" else 405, {}, b""

    def _store(self, key: str, size: int, body: bytes) -> str:
        tag = f'"{len(self.requests)}-{size}"'
        self.objects[key] = (size, tag, body if size <= self._keep else b"")
        return tag

    def _list(self, bucket: str, query: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        prefix = query.get("prefix", [""])[0]
        after = query.get("continuation-token", query.get("start-after", [""]))[0]
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        page = keys[: self._page]
        rows = "".join(
            f"<Contents><Key>{escape(quote(key) if 'encoding-type' in query else key)}</Key>"
            f"<LastModified>2026-11-20T12:00:00.000Z</LastModified><ETag>{self.objects[key][1]}</ETag>"
            f"<Size>{self.objects[key][0]}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key in page
        )
        cut = len(page) < len(keys)
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if cut else ""
        head = f"<Name>{bucket}</Name><IsTruncated>{str(cut).lower()}</IsTruncated><KeyCount>{len(page)}</KeyCount>"
        return (
            200,
            {"Content-Type": "application/xml"},
            f"<ListBucketResult>{head}{rows}{more}</ListBucketResult>".encode(),
        )


class _Connection(asyncio.Protocol):
    """One keep-alive connection; bodies beyond what is kept are counted, not held."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._head = bytearray()
        self._body: list[bytes] = []
        self._missing = -1
        self._request = ("", "", 0)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._sink.open.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._sink.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        while data:
            if self._missing < 0:
                self._head += data
                end = self._head.find(b"\r\n\r\n")
                if end < 0:
                    return
                data = bytes(self._head[end + 4 :])
                self._begin(bytes(self._head[:end]).decode("latin-1"))
                self._head.clear()
            take, data = data[: self._missing], data[self._missing :]
            self._missing -= len(take)
            if self._request[2] <= self._sink._keep:
                self._body.append(take)
            if self._missing == 0:
                self._finish()

    def _begin(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._sink.headers.append(headers)
        self._missing = int(headers.get("content-length", "0"))
        self._request = (method, target, self._missing)
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _finish(self) -> None:
        method, target, size = self._request
        self._missing = -1
        body, self._body = b"".join(self._body), []
        sink = self._sink
        sink.requests.append(f"{method} {target}")
        told = sink.plan(len(sink.requests), method, target) if sink.plan else None
        if told == 0:
            self._transport.abort()
            return
        status, headers, data = (told, {}, b"") if told else sink.answer(method, target, body, size)
        headers = {"Content-Length": str(len(data)), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._transport.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + (b"" if method == "HEAD" else data))


def _xml(name: str, **fields: str) -> bytes:
    inner = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
    return f'<?xml version="1.0"?><{name}>{inner}</{name}>'.encode()


@contextmanager
def serve(sink: Sink) -> Generator[str]:
    """Serve from a thread of this process; yields the endpoint."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _Connection(sink), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:

        def end() -> None:
            # A connection accepted just now is still being made, by a task, and would be lost with the server.
            if not asyncio.all_tasks(loop):
                server.close()
                for transport in list(sink.open):
                    transport.abort()
            if server.is_serving() or sink.open:
                loop.call_later(0.005, end)
            else:
                loop.stop()

        loop.call_soon_threadsafe(end)
        thread.join()
        loop.close()


def _serve_process(port: Any, requests: Any, stop: Event) -> None:
    sink = Sink(keep=0)
    with serve(sink) as endpoint:
        port.send(endpoint)
        while not stop.wait(0.05):
            requests.value = len(sink.requests)


@contextmanager
def served_process() -> Generator[tuple[str, Callable[[], int]]]:
    """Serve from another process, which does not share the interpreter lock; yields endpoint and request count."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    count, stop = context.Value("i", 0), context.Event()
    process = context.Process(target=_serve_process, args=(there, count, stop))
    process.start()
    try:
        yield here.recv(), lambda: int(count.value)
    finally:
        stop.set()
        process.join(10)


if __name__ == "__main__":
    with serve(Sink()) as place:
        print(place)
        sys.stdin.read()
