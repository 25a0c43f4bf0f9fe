"""An issuer's keys: read by discovery, kept, read anew when they change, and not too often."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from checkout.errors import ProviderTrouble, ProviderUnreachableError
from checkout.issuer import (
    COOL_DOWN,
    FRESH,
    KEPT,
    PAUSE,
    PAUSE_WITHOUT_KEYS,
    IssuerUnavailableError,
    SigningKeys,
)
from checkout.providers.http import Answer, Request
from tests.unit.clock import Clock

ISSUER = "https://tokens.example.com/tenant"
DISCOVERY, KEYS = f"{ISSUER}/.well-known/openid-configuration", "https://keys.example.com/jwks"


def rsa(key_id: str, **more: Any) -> dict[str, Any]:
    return {"kty": "RSA", "kid": key_id, "n": "n" * 342, "e": "AQAB", **more}


@dataclass
class Issuer:
    """Answers like one; `down` as one that does not answer."""

    keys: list[Any] = field(default_factory=lambda: [rsa("k1")])
    name: str = ISSUER
    down: bool = False
    asked: list[str] = field(default_factory=list)
    place: str = KEYS
    status: int = 200
    # Called by each question: what passes meanwhile.
    meanwhile: Callable[[], None] = lambda: None

    def send(self, request: Request, timeout: float) -> Answer:
        assert (request.method, request.body) == ("GET", None)
        # Both documents, and the name's lookup, within the 10 s that API Gateway waits.
        assert 2 * timeout < 9
        self.asked.append(request.url)
        self.meanwhile()
        if self.down:
            raise ProviderUnreachableError(ProviderTrouble.TIMED_OUT)
        found: dict[str, dict[str, Any]] = {
            DISCOVERY: {"issuer": self.name, "jwks_uri": self.place},
            KEYS: {"keys": self.keys},
        }
        return Answer(self.status, found[request.url])

    @property
    def reads(self) -> int:
        return self.asked.count(DISCOVERY)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> SigningKeys:
    return SigningKeys(ISSUER, issuer, clock)


def test_keys_are_found_where_the_issuers_own_document_says(
    keys: SigningKeys, issuer: Issuer
) -> None:
    assert keys.find("k1", "RSA") == rsa("k1")
    assert issuer.asked == [DISCOVERY, KEYS]


def test_they_are_read_once_and_kept(keys: SigningKeys, issuer: Issuer, clock: Clock) -> None:
    keys.find("k1", "RSA")
    clock.sleep(FRESH.total_seconds() - 1)
    assert keys.find("k1", "RSA") is not None
    assert issuer.reads == 1


def test_a_key_that_was_withdrawn_is_trusted_for_a_quarter_of_an_hour_at_most(
    keys: SigningKeys, issuer: Issuer, clock: Clock
) -> None:
    keys.find("k1", "RSA")
    issuer.keys = [rsa("k2")]
    clock.sleep(FRESH.total_seconds())
    assert keys.find("k1", "RSA") is None


def test_a_new_key_is_found_before_the_old_ones_are_stale(
    keys: SigningKeys, issuer: Issuer, clock: Clock
) -> None:
    keys.find("k1", "RSA")
    issuer.keys = [rsa("k1"), rsa("k2")]
    clock.sleep(COOL_DOWN.total_seconds())
    assert keys.find("k2", "RSA") == rsa("k2")


def test_made_up_keys_make_the_issuer_be_asked_once_a_minute_and_not_more(
    keys: SigningKeys, issuer: Issuer, clock: Clock
) -> None:
    for number in range(180):
        assert keys.find(f"made-up-{number}", "RSA") is None
        clock.sleep(1)
    assert issuer.reads == 3


def test_while_the_issuer_is_down_what_is_known_serves_on(
    keys: SigningKeys, issuer: Issuer, clock: Clock
) -> None:
    keys.find("k1", "RSA")
    issuer.down = True
    clock.sleep(KEPT.total_seconds() - 1)
    assert keys.find("k1", "RSA") == rsa("k1")
    clock.sleep(1 + PAUSE.total_seconds())
    with pytest.raises(IssuerUnavailableError):
        keys.find("k1", "RSA")


def test_an_issuer_that_is_down_is_not_asked_at_every_call(
    keys: SigningKeys, issuer: Issuer, clock: Clock
) -> None:
    issuer.down = True
    for _ in range(10):
        with pytest.raises(IssuerUnavailableError):
            keys.find("k1", "RSA")
    assert issuer.reads == 1

    issuer.down = False
    clock.sleep(PAUSE_WITHOUT_KEYS.total_seconds())
    assert keys.find("k1", "RSA") == rsa("k1")


def test_a_slow_issuer_that_is_down_is_not_waited_for_at_every_call(
    keys: SigningKeys, issuer: Issuer, clock: Clock
) -> None:
    keys.find("k1", "RSA")
    clock.sleep(FRESH.total_seconds())
    issuer.down, issuer.meanwhile = True, lambda: clock.sleep(2 * PAUSE.total_seconds())
    began = clock()
    for _ in range(10):
        assert keys.find("k1", "RSA") == rsa("k1")
    assert clock() - began == 2 * PAUSE


@pytest.mark.parametrize("place", ["", "http://keys.example.com/jwks", "http://127.0.0.1/jwks"])
def test_keys_of_an_issuer_with_tls_come_over_tls(
    keys: SigningKeys, issuer: Issuer, place: str
) -> None:
    issuer.place = place
    with pytest.raises(IssuerUnavailableError):
        keys.find("k1", "RSA")


def test_a_document_of_an_error_is_none(keys: SigningKeys, issuer: Issuer) -> None:
    issuer.status = 404
    with pytest.raises(IssuerUnavailableError):
        keys.find("k1", "RSA")


def test_a_document_that_names_another_issuer_is_not_believed(
    keys: SigningKeys, issuer: Issuer
) -> None:
    issuer.name = ISSUER + "/"
    with pytest.raises(IssuerUnavailableError):
        keys.find("k1", "RSA")


UNUSABLE = [
    {"kty": "oct", "kid": "k1", "k": "c2VjcmV0"},
    rsa("k1", use="enc"),
    rsa("k1", d="the private half"),
    rsa("k1", key_ops=["sign"]),
    rsa("k1", n="n" * 341),
    {"kid": "k1"},
    "k1",
    None,
]


@pytest.mark.parametrize("unusable", UNUSABLE)
def test_a_key_that_does_not_sign_is_none(
    keys: SigningKeys, issuer: Issuer, unusable: object
) -> None:
    issuer.keys = [unusable, rsa("k2")]
    assert keys.find("k1", "RSA") is None
    assert keys.find("k2", "RSA") == rsa("k2")


@pytest.mark.parametrize("nothing", [[], [None], [{"kty": "oct"}]])
def test_an_issuer_without_any_key_is_no_answer(
    keys: SigningKeys, issuer: Issuer, nothing: list[Any]
) -> None:
    """Or a token server that is being set up would lock everybody out for a quarter of an hour."""
    issuer.keys = nothing
    with pytest.raises(IssuerUnavailableError):
        keys.find("k1", "RSA")


def test_a_token_without_a_key_id_means_the_only_key_of_its_type(
    keys: SigningKeys, issuer: Issuer, clock: Clock
) -> None:
    issuer.keys = [rsa("k1"), {"kty": "EC", "kid": "k2"}]
    assert keys.find(None, "RSA") == rsa("k1")
    issuer.keys = [rsa("k1"), rsa("k3")]
    clock.sleep(FRESH.total_seconds())
    assert keys.find(None, "RSA") is None


def test_a_key_of_another_type_is_not_found_by_its_id(keys: SigningKeys) -> None:
    assert keys.find("k1", "EC") is None
