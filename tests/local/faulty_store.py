"""A DynamoDB that fails when it is told to: in front of the emulator's, for one function."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from local.function_variables import further_variables
from local.stack import Stack


class Fate(Enum):
    PASS = "passed on and answered"
    DROP = "never arrives"
    LOSE = "is carried out, and its answer is lost"


# Of an operation, e.g. `UpdateItem`, and how many requests there were before it.
Fates = Callable[[str, int], Fate]


class FaultyStore(ThreadingHTTPServer):
    """`operations` are those of all requests that arrived, retries included.

    `afterwards` is called with each that was carried out, before its answer goes back.
    """

    daemon_threads = True

    def __init__(self, upstream: str, fates: Fates) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.upstream = urlsplit(upstream)
        self.fates = fates
        self.operations: list[str] = []
        self.afterwards: Callable[[str, int], None] = lambda operation, number: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is no news: we are made to be left."""


class _Request(BaseHTTPRequestHandler):
    server: FaultyStore
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        number = len(self.server.operations)
        fate = self.server.fates(operation, number)
        self.server.operations.append(operation)
        if fate is Fate.DROP:
            self.close_connection = True
            return
        status, answer = self._pass_on(body)
        self.server.afterwards(operation, number)
        if fate is Fate.LOSE:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=30)
        # The host decides nothing here: the emulator goes by the target.
        kept = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request("POST", self.path, body, kept)
        with connection.getresponse() as answer:
            return answer.status, answer.read()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing."""


@contextmanager
def faulty_store(stack: Stack, function: str, fates: Fates) -> Iterator[FaultyStore]:
    """Give the function, e.g. `cancel-session`, a store with such fates for as long."""
    assert stack.endpoint_url, "only the emulator's functions can be led astray"
    with FaultyStore(stack.endpoint_url, fates) as store:
        threading.Thread(target=store.serve_forever, daemon=True).start()
        proxy = {"AWS_ENDPOINT_URL_DYNAMODB": store.url}
        try:
            with further_variables(stack, [function], lambda _: proxy):
                yield store
        finally:
            store.shutdown()
