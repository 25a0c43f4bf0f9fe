"""The call of a merchant's endpoint: what goes out, what an answer means, whom it never calls."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkout.merchant_endpoints import (
    ANSWER_LIMIT,
    SEND_LIMIT,
    MerchantEndpoints,
    is_public,
    trusting_context,
)
from checkout.merchant_webhooks import Attempt, Outcome
from checkout.providers.exchange import CONNECT_LIMIT
from tests.contract.certificates import Certificate
from tests.contract.loopback import HOST, Connection, Double, http, says

BODY = b'{"id": "e-1"}'
UNREACHABLE = Attempt(Outcome.UNREACHABLE)
# What a test waits for, and a merchant's endpoint gets ten seconds.
SHORT = 0.4


def anywhere(address: str) -> bool:
    return True


@pytest.fixture
def double() -> Double:
    return Double({})


@pytest.fixture
def port(double: Double) -> Iterator[int]:
    with double.listening() as port:
        yield port


def post(port: int, path: str = "/x", scheme: str = "http", **parts: Any) -> Attempt:
    tls = parts.pop("tls", None) or trusting_context()
    endpoints = MerchantEndpoints(tls, time.monotonic, **{"may_call": anywhere, **parts})
    return endpoints.post(f"{scheme}://{HOST}:{port}{path}", {"webhook-id": "e-1"}, BODY)


def test_the_body_goes_out_byte_for_byte_to_the_path_and_query(double: Double, port: int) -> None:
    double.scripts["/hooks?of=ours"] = says(http(204, b""))
    assert post(port, "/hooks?of=ours") == Attempt(Outcome.DELIVERED, 204)
    (request,) = double.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hooks?of=ours HTTP/1.1"
    assert set(lines[1:]) == {
        f"Host: {HOST}:{port}",
        "Accept-Encoding: identity",
        f"Content-Length: {len(BODY)}",
        "webhook-id: e-1",
        "User-Agent: cancel-a-session",
        "Connection: close",
    }
    assert body == BODY


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Outcome.DELIVERED), (400, Outcome.REFUSED), (410, Outcome.GONE), (500, Outcome.REFUSED)],
)
def test_an_answer_means_what_its_status_says_whatever_its_body(
    double: Double, port: int, status: int, outcome: Outcome
) -> None:
    double.scripts["/x"] = says(http(status, b"<html>no JSON</html>"))
    assert post(port) == Attempt(outcome, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_redirected(double: Double, port: int, status: int) -> None:
    double.scripts["/x"] = says(http(status, b"", f"Location: http://{HOST}:{port}/elsewhere"))
    assert post(port) == Attempt(Outcome.REFUSED, status)
    assert double.asked == {"/x": 1}


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [("30", 30), ("0", 0), ("-1", None), ("x", None), ("1" * 6, None), ("\u0661", None)],
)
def test_a_wish_to_wait_is_told_in_seconds(
    double: Double, port: int, wish: str, seconds: int | None
) -> None:
    double.scripts["/x"] = says(http(429, b"", f"Retry-After: {wish}"))
    assert post(port) == Attempt(Outcome.REFUSED, 429, seconds)


def test_the_body_of_an_answer_is_not_waited_for(double: Double, port: int) -> None:
    double.scripts["/x"] = says(http(200, b"only a part", length=10**9))
    began = time.monotonic()
    assert post(port) == Attempt(Outcome.DELIVERED, 200)
    assert time.monotonic() - began < SEND_LIMIT / 2
    double.wait_until_left()


def test_a_head_without_an_end_is_left(double: Double, port: int) -> None:
    double.scripts["/x"] = says(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * (ANSWER_LIMIT // 6 + 1))
    assert post(port) == UNREACHABLE
    double.wait_until_left()


@pytest.mark.parametrize("answer", [b"", b"220 smtp\r\n", b"HTTP/1.1 2", b"HTTP/1.1 ok OK\r\n\r\n"])
def test_what_is_no_http_is_no_answer(double: Double, port: int, answer: bytes) -> None:
    def say_and_leave(connection: Connection) -> None:
        connection.say(answer)
        connection.reset()

    double.scripts["/x"] = say_and_leave
    assert post(port) == UNREACHABLE


def test_one_that_is_silent_is_left_in_time(double: Double, port: int) -> None:
    double.scripts["/x"] = lambda connection: connection.say_nothing()
    began = time.monotonic()
    assert post(port, limit=SHORT) == UNREACHABLE
    assert SHORT <= time.monotonic() - began < 5
    double.wait_until_left()


def test_one_that_drips_is_left_in_time(double: Double, port: int) -> None:
    double.scripts["/x"] = lambda connection: connection.drip(http(200, b"", "a: " + "b" * 5000))
    began = time.monotonic()
    assert post(port, limit=SHORT) == UNREACHABLE
    assert SHORT <= time.monotonic() - began < 5
    double.wait_until_left()


def test_a_port_that_nobody_listens_on_is_no_connection() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    assert post(port) == UNREACHABLE


def test_connecting_has_two_seconds_of_the_ten() -> None:
    assert (CONNECT_LIMIT, SEND_LIMIT) == (2.0, 10.0)


def test_a_handshake_that_never_ends_is_left_after_the_time_to_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checkout.providers.exchange.CONNECT_LIMIT", SHORT)
    with socket.create_server((HOST, 0)) as silent:
        began = time.monotonic()
        assert post(silent.getsockname()[1], scheme="https") == UNREACHABLE
        assert time.monotonic() - began < SEND_LIMIT / 2


@pytest.mark.parametrize(
    ("address", "trusted", "outcome"),
    [
        (HOST, True, Outcome.DELIVERED),
        (HOST, False, Outcome.UNREACHABLE),
        ("127.0.0.2", True, Outcome.UNREACHABLE),
    ],
)
def test_its_certificate_has_to_be_trusted_and_its_own(
    tmp_path: Path, address: str, trusted: bool, outcome: Outcome
) -> None:
    certificate = Certificate(tmp_path, address)
    double = Double({"/x": says(http(200, b""))}, certificate.server())
    tls = certificate.client() if trusted else trusting_context()
    with double.listening() as port:
        assert post(port, scheme="https", tls=tls).outcome is outcome
    assert len(double.requests) == (outcome is Outcome.DELIVERED)


def test_encryption_is_of_this_decade_and_verified() -> None:
    context = trusting_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",  # noqa: S104
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:93.184.216.34", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_the_open_internets_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_a_private_address_is_not_connected_to(double: Double, port: int) -> None:
    double.scripts["/x"] = says(http(200, b""))
    assert post(port, may_call=is_public) == Attempt(Outcome.UNREADABLE)
    assert double.open == set()
    assert double.requests == []


def found(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """What the name is from now on; and the names that were looked up."""
    asked = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", (each, port)) for each in addresses]

    monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", look_up)
    return asked


def test_a_name_of_which_one_address_is_private_is_not_called(
    double: Double, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(monkeypatch, "93.184.216.34", HOST)
    assert post(port, may_call=is_public) == Attempt(Outcome.UNREADABLE)
    assert double.requests == []


def test_the_address_that_was_asked_about_is_the_one_that_is_called(
    double: Double, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that means another address at its next look-up gets no next look-up."""
    double.scripts["/x"] = says(http(200, b""))
    asked, allowed = found(monkeypatch, HOST), []
    connected: list[Any] = []
    connect = socket.create_connection

    def watched(address: Any, timeout: float) -> socket.socket:
        connected.append(address)
        return connect(address, timeout)

    def may_call(address: str) -> bool:
        allowed.append(address)
        return True

    monkeypatch.setattr("checkout.providers.bounded_socket.create_connection", watched)
    endpoints = MerchantEndpoints(trusting_context(), time.monotonic, may_call)
    attempt = endpoints.post(f"http://shop.example:{port}/x", {}, BODY)
    assert attempt.outcome is Outcome.DELIVERED
    assert asked == ["shop.example"]
    assert [each[0] for each in connected] == allowed == [HOST]


def test_a_name_that_nobody_knows_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", unknown)
    assert post(1) == UNREACHABLE


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "\u0430"])
def test_a_name_that_no_server_can_have_is_no_connection(host: str) -> None:
    endpoints = MerchantEndpoints(trusting_context(), time.monotonic)
    assert endpoints.post(f"https://{host}/", {}, BODY) == UNREACHABLE
