"""An HTTP server in as few steps as it takes: what it uses of the processor is measured with ours.

`http.server` reads headers as an e-mail's, which takes longer than all the rest.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, TCPServer, ThreadingMixIn
from threading import Thread
from typing import cast

HOST = "127.0.0.1"
# From the head and the body of a request to the status and the body of its answer.
Respond = Callable[[str, bytes], tuple[int, bytes]]


class _Handler(StreamRequestHandler):
    # An answer leaves in one piece: in two, the second waits for the first to be acknowledged.
    wbufsize = 65_536
    disable_nagle_algorithm = True

    def handle(self) -> None:
        respond = cast(_Server, self.server).respond
        while head := self._head():
            length = header(head, "content-length")
            status, body = respond(head, self.rfile.read(int(length or 0)))
            start = f"HTTP/1.1 {status} x\r\nContent-Type: application/x-amz-json-1.0\r\n"
            self.wfile.write(f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            self.wfile.flush()

    def _head(self) -> str:
        """Empty where the other side has closed the connection."""
        lines = []
        for line in iter(self.rfile.readline, b"\r\n"):
            if not line:
                return ""
            lines.append(line)
        return b"".join(lines).decode("latin-1")


def header(head: str, name: str) -> str:
    """`name` is in lower case. Empty: there is none."""
    at = head.lower().find(f"\n{name}: ")
    return head[at + len(name) + 3 :].partition("\r\n")[0] if at >= 0 else ""


class _Server(TCPServer):
    allow_reuse_address = True
    # A hundred may come at once.
    request_queue_size = 256

    def __init__(self, respond: Respond) -> None:
        super().__init__((HOST, 0), _Handler)
        self.respond = respond

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"


class _ThreadingServer(ThreadingMixIn, _Server):
    daemon_threads = True


@contextmanager
def serving(respond: Respond, *, one_at_a_time: bool = False) -> Iterator[str]:
    """Its URL."""
    with (_Server if one_at_a_time else _ThreadingServer)(respond) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server.url
        finally:
            server.shutdown()
