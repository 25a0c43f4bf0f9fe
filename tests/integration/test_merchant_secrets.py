"""Where merchants want their events: a secret each, kept for a minute, that may be wrong."""

import json
from pathlib import Path

import pytest

from checkout.errors import CredentialsError, ProviderTrouble
from tests.contract.certificates import Certificate
from tests.contract.loopback import HOST, Double
from tests.integration import stack
from tests.integration.cloud import Cloud
from tests.integration.journal import Journal
from tests.integration.merchants import (
    FUNCTION,
    KEY,
    MERCHANT,
    NEW_KEY,
    OK,
    SAMPLE,
    MerchantEvents,
    event_for,
    looked_up,
    ports,
    put_endpoint,
    put_secret,
    received,
    whsec,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "::1"])

CANARY = "c4n4ry"


def forget_endpoints(cloud: Cloud) -> None:
    """As after the minute for which they are kept."""
    cloud.function(FUNCTION).app.merchant_bootstrap.delivery_ports.cache_clear()


def test_a_merchant_without_an_endpoint_is_told_nothing_and_not_looked_up_for_each_event(
    queue: MerchantEvents, journal: Journal
) -> None:
    for number in range(3):
        queue.put(event_for(number=number))
        assert (queue.deliver(), queue.left) == (1, (0, 0))
    assert looked_up() == [f"shop-merchant-webhooks/{MERCHANT}"]
    assert journal.values("MerchantWebhooks", outcome="not_wanted") == [1, 1, 1]
    assert journal.values("MerchantEndpointTroubles") == []


@pytest.mark.parametrize("merchant", ["a b", "|", "ü", "x" * 257])
def test_a_merchant_of_whom_there_can_be_no_secret_has_no_endpoint(
    queue: MerchantEvents, merchant: str
) -> None:
    queue.put(event_for(merchant))
    assert (queue.deliver(), queue.left) == (1, (0, 0))
    assert looked_up() == []


def test_only_the_types_that_it_wants_are_sent(
    queue: MerchantEvents, shop: Double, port: int
) -> None:
    put_endpoint(port, types=["session.cancelled"])
    queue.put(event_for(number=1), event_for(number=2, type="session.cancelled"))
    assert (queue.deliver(), queue.left) == (2, (0, 0))
    (got,) = received(shop)
    assert got.verified()["type"] == "session.cancelled"


def test_each_event_goes_to_its_own_merchant_alone(
    queue: MerchantEvents, shop: Double, port: int
) -> None:
    shop.scripts |= {"/one": OK, "/two": OK}
    put_endpoint(port, "/one", "one")
    put_endpoint(port, "/two", "two", secrets=[whsec(NEW_KEY)])
    queue.put(event_for("one", 1), event_for("two", 2))
    queue.deliver()
    paths = [each.split(b" ")[1] for each in shop.requests]
    by_path = dict(zip(paths, received(shop), strict=True))
    assert by_path[b"/one"].verified(KEY)["data"]["merchantId"] == "one"
    assert by_path[b"/two"].verified(NEW_KEY)["data"]["merchantId"] == "two"


def test_secrets_are_rotated_without_a_webhook_that_nobody_can_verify(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int
) -> None:
    for number, keys in enumerate(([KEY], [NEW_KEY, KEY], [NEW_KEY])):
        put_endpoint(port, secrets=[whsec(each) for each in keys])
        forget_endpoints(cloud)
        queue.put(event_for(number=number))
        queue.deliver()
    old, both, new = received(shop)
    old.verified(KEY)
    both.verified(KEY)
    both.verified(NEW_KEY)
    new.verified(NEW_KEY)


def test_a_secret_is_read_once_a_minute_and_not_for_each_event(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int
) -> None:
    put_endpoint(port)
    now = [1000.0]
    ports(cloud).endpoint_of.__self__._monotonic = lambda: now[0]
    for number, at in enumerate((1000.0, 1059.0, 1061.0)):
        now[0] = at
        queue.put(event_for(number=number))
        queue.deliver()
    assert len(received(shop)) == 3
    assert len(looked_up()) == 2


def test_that_there_is_none_is_kept_as_long(cloud: Cloud, queue: MerchantEvents) -> None:
    now = [1000.0]
    ports(cloud).endpoint_of.__self__._monotonic = lambda: now[0]
    for number, at in enumerate((1000.0, 1059.0, 1061.0)):
        now[0] = at
        queue.put(event_for(number=number))
        queue.deliver()
    assert len(looked_up()) == 2


@pytest.mark.parametrize(
    "secret",
    [
        CANARY,
        "{}",
        json.dumps({"url": f"https://{CANARY}.example/"}),
        json.dumps({"url": f"http://{CANARY}.example/", "secrets": [whsec(KEY)]}),
        json.dumps({"url": "https://a.example/", "secrets": [CANARY]}),
    ],
)
def test_a_malformed_endpoint_keeps_its_events_and_is_counted(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int, secret: str, journal: Journal
) -> None:
    put_secret(MERCHANT, secret)
    queue.put(SAMPLE)
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert journal.values("MerchantEndpointTroubles") == [1]
    assert journal.values("CredentialTroubles") == []
    put_endpoint(port)
    forget_endpoints(cloud)
    queue.later()
    assert (queue.deliver(), queue.left) == (1, (0, 0))
    assert received(shop)[0].verified()
    assert CANARY not in str(journal.lines)


def test_a_secret_that_cannot_be_read_now_keeps_its_events(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int, journal: Journal
) -> None:
    put_endpoint(port)

    def refuse(name: str) -> str:
        raise CredentialsError(ProviderTrouble.CREDENTIALS_UNREADABLE)

    ports(cloud).endpoint_of.__self__._store.read = refuse
    queue.put(SAMPLE)
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert (shop.requests, journal.values("MerchantEndpointTroubles")) == ([], [1])


def test_a_private_address_is_not_called_where_it_is_not_said_to_be_allowed(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int, monkeypatch: pytest.MonkeyPatch,
    journal: Journal,
) -> None:  # fmt: skip
    def on_aws(function: str) -> dict[str, str]:
        return {**stack.environment(function), "PRIVATE_ENDPOINTS": "refused"}

    monkeypatch.setattr("tests.integration.functions.environment", on_aws)
    put_endpoint(port)
    queue.put(SAMPLE)
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert (shop.requests, journal.values("MerchantEndpointTroubles")) == ([], [1])


def test_over_https_with_a_certificate_that_is_trusted(
    queue: MerchantEvents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = Certificate(tmp_path, HOST)
    shop = Double({"/x": OK}, certificate.server())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate._file))
    with shop.listening() as port:
        put_endpoint(port, url=f"https://{HOST}:{port}/x")
        queue.put(SAMPLE)
        assert (queue.deliver(), queue.left) == (1, (0, 0))
    assert received(shop)[0].verified()


def test_over_https_with_another_certificate_nothing_is_sent(
    queue: MerchantEvents, tmp_path: Path
) -> None:
    shop = Double({"/x": OK}, Certificate(tmp_path, HOST).server())
    with shop.listening() as port:
        put_endpoint(port, url=f"https://{HOST}:{port}/x")
        queue.put(SAMPLE)
        assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert shop.requests == []
