"""The container engine, and the way from its containers to a server on this machine's loopback.

Nothing of the project needs containers but `sam local invoke`, which runs a function in one.
"""

import http.client
import ipaddress
import json
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DEFAULT_SOCKET = "/var/run/docker.sock"
# Of Linux (ip(7)); Python has no name for it.
IP_FREEBIND = 15
DESKTOP_HOST = "host.docker.internal"
CHUNK = 65536

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def engine_socket() -> Path | None:
    """Where the engine listens; None if there is none."""
    address = os.environ.get("DOCKER_HOST") or f"unix://{DEFAULT_SOCKET}"
    path = Path(address.removeprefix("unix://"))
    return path if address.startswith("unix://") and path.is_socket() else None


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _ask(engine: Path, path: str) -> Any:
    connection = _Connection(engine)
    connection.request("GET", path)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def _is_in_a_virtual_machine(engine: Path) -> bool:
    return "Docker Desktop" in str(_ask(engine, "/info").get("OperatingSystem"))


def bridge_of(engine: Path) -> tuple[str, Network]:
    """This machine's address in the network that containers are in, and that network."""
    config = _ask(engine, "/networks/bridge")["IPAM"]["Config"][0]
    network = ipaddress.ip_network(config["Subnet"])
    return config.get("Gateway") or str(network[1]), network


class _Door(socketserver.ThreadingTCPServer):
    """Passes each connection on to a port of the loopback, if it comes from a container."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: str, inside: Network, port: int) -> None:
        self._inside = inside
        self.port = port
        super().__init__((address, 0), _Passage)

    def server_bind(self) -> None:
        # The bridge may not be there yet: an engine makes it for its first container.
        self.socket.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        super().server_bind()

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        # The kernel takes a packet for the bridge's address from any network; a container's own
        # address cannot be borrowed, since our half of the handshake goes to the bridge.
        return ipaddress.ip_address(client_address[0]) in self._inside


class _Passage(socketserver.BaseRequestHandler):
    server: _Door

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.port)) as inner:
            back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
            back.start()
            _copy(self.request, inner)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()


@contextmanager
def door_to(port: int, engine: Path) -> Iterator[str]:
    """The `host:port` under which containers reach 127.0.0.1:`port` for as long as it is open."""
    if _is_in_a_virtual_machine(engine):
        yield f"{DESKTOP_HOST}:{port}"
        return
    with _Door(*bridge_of(engine), port) as door:
        thread = threading.Thread(target=door.serve_forever, daemon=True)
        thread.start()
        try:
            yield "{}:{}".format(*door.server_address[:2])
        finally:
            door.shutdown()
