"""An AWS that answers at once and has nothing: for the time that our own code takes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

HOST = "127.0.0.1"
NOTHING: dict[str, Any] = {"Items": [], "Count": 0, "ScannedCount": 0}
# By the operation; any other one is answered with an empty object.
ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "Query": (200, NOTHING),
    "GetItem": (200, {}),
    "PutItem": (200, {}),
    "UpdateItem": (400, {"__type": "x#ConditionalCheckFailedException", "message": "no item"}),
    "GetSecretValue": (400, {"__type": "ResourceNotFoundException", "message": "none"}),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece: in two, the second waits for the first to be acknowledged.
    wbufsize = 65_536

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        status, answer = ANSWERS.get(operation, (200, {}))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def listening() -> Iterator[str]:
    """Its URL."""
    with ThreadingHTTPServer((HOST, 0), _Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
