"""Who listens on which TCP port, read from /proc as ss does. Without /proc nothing is known."""

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

LISTEN = "0A"
PROC = Path("/proc")


@dataclass(frozen=True)
class Listener:
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int
    inode: str


def parse(table: str) -> list[Listener]:
    """The listening rows of /proc/net/tcp or tcp6."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [_listener(row[1], row[9]) for row in rows if row[3] == LISTEN]


def _listener(local: str, inode: str) -> Listener:
    address, _, port = local.partition(":")
    # The kernel prints each 32-bit word in the machine's byte order, little-endian on both of ours.
    words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
    return Listener(ipaddress.ip_address(b"".join(words)), int(port, 16), inode)


def listeners() -> list[Listener]:
    tables = [PROC / "net" / "tcp", PROC / "net" / "tcp6"]
    return [each for path in tables if path.exists() for each in parse(path.read_text())]


def _sockets(pid: str) -> set[str]:
    try:
        links = {str(link.readlink()) for link in (PROC / pid / "fd").iterdir()}
    except OSError:
        return set()
    return {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}


def _session_of(pid: str) -> int:
    try:
        return int((PROC / pid / "stat").read_text().rpartition(")")[2].split()[3])
    except (OSError, ValueError):
        return 0


def of_session(leader: int) -> list[Listener]:
    """What a process that we started, and everything that it started, listens on."""
    pids = [path.name for path in PROC.glob("[0-9]*") if _session_of(path.name) == leader]
    inodes = set().union(*(_sockets(pid) for pid in pids))
    return [each for each in listeners() if each.inode in inodes]


def owner(port: int) -> str:
    """Name and pid of who listens on `port`, as far as this user may see it; or an empty string."""
    inodes = {each.inode for each in listeners() if each.port == port}
    for path in PROC.glob("[0-9]*"):
        if inodes & _sockets(path.name):
            return f"{(path / 'comm').read_text().strip()}, process {path.name}"
    return ""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
