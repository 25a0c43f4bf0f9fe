"""What providers and merchants' endpoints are called with alike: whom it asks for, and where."""

import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from checkout.providers.exchange import BoundedExchange, Call, NoConnectionError
from tests.contract.certificates import Certificate
from tests.contract.loopback import HOST, Double, http, says


def status(response: HTTPResponse) -> int:
    return response.status


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, HOST)


@pytest.fixture
def double(scheme: str, certificate: Certificate) -> Double:
    tls = certificate.server()
    return Double({"/x": says(http(200, b""))}, tls if scheme == "https" else None)


@pytest.fixture
def exchange(double: Double, certificate: Certificate) -> BoundedExchange:
    return BoundedExchange(certificate.client(), time.monotonic, 1000)


@pytest.fixture
def ports(double: Double, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Those that are asked for. Each of them leads to the double."""
    asked: list[int] = []
    with double.listening() as listening:

        def look_up(_: str, port: int, **__: Any) -> list[Any]:
            asked.append(port)
            return [(0, 0, 0, "", (HOST, listening))]

        monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", look_up)
        yield asked


@pytest.mark.parametrize("port", [None, 80, 443, 8443])
def test_the_port_is_named_unless_it_is_the_schemes_own(
    exchange: BoundedExchange, double: Double, ports: list[int], scheme: str, port: int | None
) -> None:
    """RFC 9110, 4.2: that of http is 80, and of https 443."""
    own = {"http": 80, "https": 443}[scheme]
    url = f"{scheme}://{HOST}{f':{port}' if port else ''}/x"
    assert exchange.run(Call("GET", urlsplit(url), {}), 5.0, status) == 200
    assert ports == [port or own]
    (request,) = double.requests
    host = HOST if port in (None, own) else f"{HOST}:{port}"
    assert f"\r\nHost: {host}\r\n".encode() in request


def test_what_was_broken_off_may_have_been_sent(
    exchange: BoundedExchange, double: Double, ports: list[int], scheme: str
) -> None:
    double.scripts["/x"] = lambda connection: connection.reset()
    call = Call("GET", urlsplit(f"{scheme}://{HOST}/x"), {})
    with pytest.raises(ConnectionResetError):
        exchange.run(call, 5.0, status)


def test_what_was_never_sent_says_so(
    exchange: BoundedExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr("checkout.providers.bounded_socket.getaddrinfo", unknown)
    with pytest.raises(NoConnectionError):
        exchange.run(Call("GET", urlsplit("https://shop.example/"), {}), 5.0, status)


def test_a_name_that_no_server_can_have_is_called_by_nobody(exchange: BoundedExchange) -> None:
    call = Call("GET", urlsplit(f"https://{'a' * 64}.example/"), {})
    with pytest.raises(NoConnectionError):
        exchange.run(call, 5.0, status)
