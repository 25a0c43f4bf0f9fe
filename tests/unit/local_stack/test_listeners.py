"""Who listens where, as the kernel tells it."""

import ipaddress

from local.listeners import LISTEN, parse

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  inode"
REST = "00000000:00000000 00:00000000 00000000     0        0"


def row(local: str, state: str, inode: int) -> str:
    return f"   0: {local} 00000000:0000 {state} {REST} {inode} 1 0000000000000000 100 0 0 10 0"


def test_only_listening_sockets_count() -> None:
    found = parse("\n".join([HEAD, row("0100007F:11D6", LISTEN, 7), row("0100007F:9C40", "01", 8)]))
    assert [(each.port, each.inode) for each in found] == [(4566, "7")]


def test_loopback_is_told_from_everywhere() -> None:
    local = parse("\n".join([HEAD, row("0100007F:11D6", LISTEN, 1)]))[0]
    everywhere = parse("\n".join([HEAD, row("00000000:22B3", LISTEN, 2)]))[0]
    assert local.address == ipaddress.ip_address("127.0.0.1")
    assert local.address.is_loopback
    assert not everywhere.address.is_loopback


def test_version_6_addresses_are_read_too() -> None:
    local, everywhere = parse(
        "\n".join(
            [
                HEAD,
                row("00000000000000000000000001000000:0050", LISTEN, 1),
                row("00000000000000000000000000000000:0050", LISTEN, 2),
            ]
        )
    )
    assert local.address == ipaddress.ip_address("::1")
    assert not everywhere.address.is_loopback
