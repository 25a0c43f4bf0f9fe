"""The service over HTTP, on 127.0.0.1, with the standard library's server.

POST /checkouts                    201 {"sessionId": ...}
POST /checkouts/<id>/payments      201 {"paymentId": ...}; 409 if the checkout takes no payment
                                   any more; 503 if the table could not be reached: nothing was sent
"""

import json
import re
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from checkout.errors import SessionLockedError, SessionNotFoundError, StoreError
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Money
from examples.payment_service import after
from examples.payment_service.provider import PaymentProvider

PAYMENTS = re.compile(r"/checkouts/([0-9a-f-]{36})/payments")
PRICE = Money(1999, "EUR")


class PaymentService:
    """One merchant's. Each method answers with an HTTP status and a body."""

    def __init__(self, store: CheckoutStore, provider: PaymentProvider, merchant_id: str) -> None:
        self._store, self._provider, self._merchant_id = store, provider, merchant_id

    def open_checkout(self) -> tuple[int, dict[str, str]]:
        return 201, {"sessionId": after.open_checkout(self._store, self._merchant_id)}

    def pay(self, session_id: str) -> tuple[int, dict[str, str]]:
        session = SessionKey(self._merchant_id, session_id)
        try:
            return 201, {"paymentId": after.pay(self._store, self._provider, session, PRICE)}
        except after.NotSentError as error:
            return _refusal(error.__cause__)

    def answer(self, path: str) -> tuple[int, dict[str, str]]:
        if path == "/checkouts":
            return self.open_checkout()
        if found := PAYMENTS.fullmatch(path):
            return self.pay(found[1])
        return 404, {"message": "no such path"}


def _refusal(cause: BaseException | None) -> tuple[int, dict[str, str]]:
    if isinstance(cause, SessionLockedError):
        return 409, {"message": f"the checkout is {cause.status}", "status": cause.status}
    if isinstance(cause, SessionNotFoundError):
        return 404, {"message": "no such checkout"}
    if isinstance(cause, StoreError):
        return 503, {"message": "try again: nothing was sent"}
    return 409, {"message": "no payment was made: try again"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, service: PaymentService, *args: Any) -> None:
        self._service = service
        super().__init__(*args)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = self._service.answer(self.path)
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """A path has a session's id; a service logs in its own way."""


def server(service: PaymentService, port: int = 0) -> ThreadingHTTPServer:
    """Listens on 127.0.0.1 at once; `serve_forever` answers."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, service))
