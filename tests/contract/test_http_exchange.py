"""One exchange: what is sent, what comes back, what an error tells, and how long it may take."""

import contextlib
import json
import socket
import ssl
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from checkout.errors import (
    MisconfiguredError,
    ProviderFailedError,
    ProviderTrouble,
    ProviderTroubleError,
    ProviderUnreachableError,
    UnreadableAnswerError,
)
from checkout.providers.http import ANSWER_LIMIT, Answer, HttpExchange, Request
from tests.contract.certificates import Certificate
from tests.contract.loopback import HOST, Connection, Double, exchange, http, says

GOOD = b'{"status": "cancelled"}'
SECRET = "a secret of the payer"
TIMEOUT = 10.0


@pytest.fixture(autouse=True)
def _metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CancelASession")


@pytest.fixture
def double() -> Double:
    return Double({})


@pytest.fixture
def port(double: Double) -> Iterator[int]:
    with double.listening() as port:
        yield port


def send(port: int, path: str = "/x", timeout: float = TIMEOUT, **parts: Any) -> Answer:
    url = f"http://{HOST}:{port}{path}"
    return exchange().send(Request(**{"method": "GET", "headers": {}, "url": url} | parts), timeout)


def trouble(port: int, path: str = "/x", timeout: float = TIMEOUT) -> ProviderTroubleError:
    with pytest.raises(ProviderTroubleError) as caught:
        send(port, path, timeout)
    return caught.value


def test_a_request_goes_out_as_it_is(double: Double, port: int) -> None:
    double.scripts["/v1/payments/p-1/void?full=1"] = says(http(200, GOOD))
    headers = {"Authorization": "Bearer key", "Idempotency-Key": "t-1-0"}
    send(port, "/v1/payments/p-1/void?full=1", method="POST", headers=headers, body=b'{"a": 1}')

    head, _, body = double.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /v1/payments/p-1/void?full=1 HTTP/1.1"
    assert body == b'{"a": 1}'
    assert set(lines) == {
        f"Host: {HOST}:{port}",
        "Accept-Encoding: identity",
        "Authorization: Bearer key",
        "Idempotency-Key: t-1-0",
        "Content-Length: 8",
        "Connection: close",
    }


def test_a_post_without_a_body_says_so(double: Double, port: int) -> None:
    double.scripts["/x"] = says(http(200, GOOD))
    send(port, method="POST")
    assert b"Content-Length: 0\r\n" in double.requests[0]


@pytest.mark.parametrize("status", [200, 201, 202, 400, 403, 404, 409, 422])
@pytest.mark.parametrize("document", [{"status": "cancelled"}, {}, [], [{"a": None}]])
def test_an_answer_is_its_status_and_its_json(
    double: Double, port: int, status: int, document: Any
) -> None:
    double.scripts["/x"] = says(http(status, json.dumps(document).encode()))
    assert send(port) == Answer(status, document)


def test_an_answer_in_chunks_is_read_to_its_end(double: Double, port: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    double.scripts["/x"] = says(head + b"3\r\n[1,\r\n3\r\n 2]\r\n0\r\n\r\n")
    assert send(port).json == [1, 2]


def test_an_answer_of_no_content_has_no_json(double: Double, port: int) -> None:
    double.scripts["/x"] = says(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert send(port) == Answer(204, None)


def test_an_answer_whose_end_is_the_connections_end_is_read(double: Double, port: int) -> None:
    def hang_up(connection: Connection) -> None:
        connection.say(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD)
        connection.sock.close()

    double.scripts["/x"] = hang_up
    assert send(port).json == json.loads(GOOD)


@pytest.mark.parametrize("too_many", [0, 1])
def test_the_limit_counts_every_byte(double: Double, port: int, too_many: int) -> None:
    head = http(200, b"", length=ANSWER_LIMIT)
    body = GOOD + b" " * (ANSWER_LIMIT + too_many - len(head) - len(GOOD))
    answer = http(200, body, length=len(body))
    answer = answer.replace(b"Whatever", b"W" * (8 + len(head) + len(body) - len(answer)))
    assert len(answer) == ANSWER_LIMIT + too_many
    double.scripts["/x"] = says(answer)
    if too_many:
        assert trouble(port).code is ProviderTrouble.TOO_LARGE
    else:
        assert send(port).status == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7", 7),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("Retry-After: -1", None),
        ("Retry-After: " + "9" * 5000, None),
        ("Retry-After:", None),
        ("X-Other: 7", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_provider_that_cannot_answer_now_may_say_when(
    double: Double, port: int, status: int, header: str, seconds: int | None
) -> None:
    double.scripts["/x"] = says(http(status, b"busy", header))
    error = trouble(port)
    assert isinstance(error, ProviderFailedError)
    assert (error.status, error.retry_after) == (status, seconds)


SECRETIVE = {
    "not JSON": (http(200, SECRET.encode()), UnreadableAnswerError),
    "no HTTP": (SECRET.encode() + b"\r\n\r\n", ProviderUnreachableError),
    "a bad chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + SECRET.encode() + b"\r\n",
        ProviderUnreachableError,
    ),
    "not UTF-8": (http(200, SECRET.encode() + b"\xff"), UnreadableAnswerError),
    "5xx": (http(500, SECRET.encode()), ProviderFailedError),
    "a redirect": (http(302, b"", f"Location: https://{SECRET}"), UnreadableAnswerError),
}


@pytest.mark.parametrize("case", SECRETIVE)
def test_an_error_holds_nothing_of_the_answer(double: Double, port: int, case: str) -> None:
    answer, expected = SECRETIVE[case]
    double.scripts["/x"] = says(answer)
    error = trouble(port)
    assert type(error) is expected
    assert (error.__cause__, error.__context__) == (None, None)
    text = "".join(traceback.format_exception(error))
    assert SECRET not in text + repr(vars(error)) + repr(error.args)


def test_a_port_that_nobody_listens_on_is_no_connection() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    assert trouble(port).code is ProviderTrouble.NO_CONNECTION


def test_a_name_that_nobody_knows_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", unknown)
    assert trouble(1).code is ProviderTrouble.NO_CONNECTION


def test_an_address_that_refuses_leaves_the_next_one_to_be_tried(
    double: Double, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((HOST, 0)) as server:
        closed = server.getsockname()[1]
    found = [(0, 0, 0, "", (HOST, each)) for each in (closed, port)]
    monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", lambda *_, **__: found)
    double.scripts["/x"] = says(http(200, GOOD))
    assert send(port).status == 200


def test_addresses_that_are_silent_share_the_time_to_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, given = [0.0], []

    def silent(address: Any, timeout: float) -> Any:
        given.append(timeout)
        now[0] += timeout
        raise TimeoutError

    found = [(0, 0, 0, "", (HOST, each)) for each in (1, 2, 3, 4)]
    monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr("checkout.providers.bounded_socket.create_connection", silent)
    patient = HttpExchange(ssl.create_default_context(), lambda: now[0])
    with pytest.raises(ProviderUnreachableError) as caught:
        patient.send(Request("GET", f"http://{HOST}/", {}), 8.0)
    assert caught.value.code is ProviderTrouble.TIMED_OUT
    assert given == pytest.approx([0.5] * 4)


def test_a_name_that_took_all_the_time_to_be_found_is_not_called(
    double: Double, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, found = [0.0], socket.getaddrinfo

    def slowly(*args: Any, **named: Any) -> Any:
        now[0] += 2.0
        return found(*args, **named)

    monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", slowly)
    hurried = HttpExchange(ssl.create_default_context(), lambda: now[0])
    with pytest.raises(ProviderUnreachableError):
        hurried.send(Request("GET", f"http://{HOST}:{port}/x", {}), 8.0)
    assert double.requests == []


@pytest.mark.parametrize(
    "url", ["http://api.example.com/", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/", "x"]
)
def test_credentials_are_never_sent_in_clear_text(url: str) -> None:
    with pytest.raises(MisconfiguredError):
        exchange().send(Request("GET", url, {}), TIMEOUT)


def encrypted(tmp_path: Path, address: str) -> tuple[Double, Certificate]:
    certificate = Certificate(tmp_path, address)
    return Double({"/x": says(http(200, GOOD))}, certificate.server()), certificate


def send_encrypted(port: int, tls: ssl.SSLContext, timeout: float = TIMEOUT) -> Answer:
    url = f"https://{HOST}:{port}/x"
    return HttpExchange(tls, time.monotonic).send(Request("GET", url, {}), timeout)


def test_a_certificate_that_is_theirs_and_trusted_is_accepted(tmp_path: Path) -> None:
    double, certificate = encrypted(tmp_path, HOST)
    with double.listening() as port:
        assert send_encrypted(port, certificate.client()).json == json.loads(GOOD)


def test_a_certificate_of_another_address_is_refused_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    double, certificate = encrypted(tmp_path, "127.0.0.2")
    with double.listening() as port, pytest.raises(ProviderUnreachableError) as caught:
        send_encrypted(port, certificate.client())
    assert caught.value.code is ProviderTrouble.TLS_FAILED
    assert double.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    double, _ = encrypted(tmp_path, HOST)
    with double.listening() as port, pytest.raises(ProviderUnreachableError) as caught:
        send_encrypted(port, ssl.create_default_context())
    assert caught.value.code is ProviderTrouble.TLS_FAILED


def test_a_server_that_never_agrees_on_encryption_is_left_in_time(double: Double) -> None:
    with socket.create_server((HOST, 0)) as silent:
        began = time.monotonic()
        with pytest.raises(ProviderUnreachableError) as caught:
            send_encrypted(silent.getsockname()[1], ssl.create_default_context(), 0.3)
        took = time.monotonic() - began
    assert caught.value.code is ProviderTrouble.TIMED_OUT
    assert 0.3 <= took < 2.0


def test_a_server_that_agrees_on_encryption_byte_by_byte_is_left_in_time() -> None:
    def drip(server: socket.socket) -> None:
        sock, _ = server.accept()
        # A record of 16 KB of a handshake begins, and never ends.
        with sock, contextlib.suppress(OSError):
            Connection(sock, b"", Event()).drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 16_000)

    with socket.create_server((HOST, 0)) as server:
        Thread(target=drip, args=(server,), daemon=True).start()
        began = time.monotonic()
        with pytest.raises(ProviderUnreachableError):
            send_encrypted(server.getsockname()[1], ssl.create_default_context(), 0.5)
        assert time.monotonic() - began < 2.0


def test_the_time_to_connect_is_no_longer_for_a_patient_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checkout.providers.exchange.CONNECT_LIMIT", 0.2)
    with socket.create_server((HOST, 0)) as silent:
        began = time.monotonic()
        with pytest.raises(ProviderUnreachableError):
            send_encrypted(silent.getsockname()[1], ssl.create_default_context())
        assert time.monotonic() - began < TIMEOUT / 2


def test_an_encrypted_answer_that_drips_is_left_in_time(tmp_path: Path) -> None:
    double, certificate = encrypted(tmp_path, HOST)
    double.scripts["/x"] = lambda connection: connection.drip(http(200, b" " * 5000 + GOOD))
    with double.listening() as port, pytest.raises(ProviderUnreachableError) as caught:
        send_encrypted(port, certificate.client(), 0.5)
    assert caught.value.code is ProviderTrouble.TIMED_OUT
