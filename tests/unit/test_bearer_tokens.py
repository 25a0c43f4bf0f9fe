"""Which access tokens are taken, and each classic attack on them."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from checkout.bearer_tokens import Expected, Refusal, TokenRefusedError, verified

ISSUER, AUDIENCE = "https://tokens.example.com/", "checkout-api"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
EXPECTED = Expected(ISSUER, AUDIENCE, "client_id")
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "subject",
    "client_id": "shop-1",
    "scope": "openid checkout/sessions.cancel",
    "iat": SECONDS,
    "exp": SECONDS + 600,
}


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:  # one key for each name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key: rsa.RSAPrivateKey, key_id: str, **more: str) -> dict[str, Any]:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": key_id, **more}


@dataclass
class Keys:
    """As the issuer publishes them, looked up exactly."""

    published: list[dict[str, Any]] = field(
        default_factory=lambda: [public(rsa_key("issuer"), "k1")]
    )

    def find(self, key_id: str | None, key_type: str) -> Mapping[str, Any] | None:
        found = [k for k in self.published if (k["kid"], k["kty"]) == (key_id, key_type)]
        return found[0] if found else None


def sign(claims: Mapping[str, Any], header: Mapping[str, Any] | None = None, **signed: Any) -> str:
    key, algorithm = signed.get("key", rsa_key("issuer")), signed.get("algorithm", "RS256")
    return "Bearer " + jwt.encode(dict(claims), key, algorithm, {"kid": "k1", **(header or {})})


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any], signature: str = "") -> str:
    return f"Bearer {segment(header)}.{segment(claims)}.{signature}"


def refused(authorization: str, keys: Keys | None = None) -> Refusal:
    with pytest.raises(TokenRefusedError) as refusal:
        verified(authorization, keys or Keys(), EXPECTED, NOW)
    return refusal.value.why


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def test_a_token_says_who_calls_and_what_for() -> None:
    caller = verified(sign(CLAIMS), Keys(), EXPECTED, NOW)

    assert caller.merchant_id == "shop-1"
    assert caller.scopes == {"openid", "checkout/sessions.cancel"}


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_schemes_case_does_not_count(scheme: str) -> None:
    token = sign(CLAIMS).removeprefix("Bearer ")
    assert verified(f"{scheme} {token}", Keys(), EXPECTED, NOW).merchant_id == "shop-1"


def other_keys() -> dict[str, tuple[Any, dict[str, Any]]]:
    curve, edwards = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    return {
        "PS256": (rsa_key("issuer"), public(rsa_key("issuer"), "k1")),
        "RS512": (rsa_key("issuer"), public(rsa_key("issuer"), "k1")),
        "ES256": (curve, jwt.algorithms.ECAlgorithm.to_jwk(curve.public_key(), as_dict=True)),
        "EdDSA": (edwards, jwt.algorithms.OKPAlgorithm.to_jwk(edwards.public_key(), as_dict=True)),
    }


@pytest.mark.parametrize("algorithm", ["PS256", "RS512", "ES256", "EdDSA"])
def test_any_asymmetric_algorithm_of_the_issuers_is_taken(algorithm: str) -> None:
    key, jwk = other_keys()[algorithm]
    keys = Keys([{**jwk, "kid": "k1"}])
    token = sign(CLAIMS, key=key, algorithm=algorithm)
    assert verified(token, keys, EXPECTED, NOW).merchant_id == "shop-1"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_algorithm_none_is_refused(algorithm: str, signature: str) -> None:
    token = unsigned({"alg": algorithm, "kid": "k1"}, CLAIMS, signature)
    assert refused(token) is Refusal.ALGORITHM


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused(algorithm: str) -> None:
    """Key confusion. By hand, since PyJWT does not even sign so."""
    pem = (
        rsa_key("issuer")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    signing = f"{segment({'alg': algorithm, 'kid': 'k1'})}.{segment(CLAIMS)}"
    of_size = getattr(jwt.algorithms.HMACAlgorithm, f"SHA{algorithm[2:]}")
    hmac = jwt.algorithms.HMACAlgorithm(of_size)
    mac = base64.urlsafe_b64encode(hmac.sign(signing.encode(), pem)).rstrip(b"=").decode()
    assert refused(f"Bearer {signing}.{mac}") is Refusal.ALGORITHM


def test_a_shared_secret_among_the_issuers_keys_verifies_nothing() -> None:
    secret = base64.urlsafe_b64encode(b"s" * 64).rstrip(b"=").decode()
    keys = Keys([{"kty": "oct", "k": secret, "kid": "k1", "alg": "HS256"}])
    assert refused(sign(CLAIMS, key=b"s" * 64, algorithm="HS256"), keys) is Refusal.ALGORITHM


@pytest.mark.parametrize("key_id", ["../../dev/null", "k1' OR '1'='1", "k1\x00", "", "x" * 4000])
def test_an_injected_key_id_is_only_a_name_that_nobody_has(key_id: str) -> None:
    assert refused(sign(CLAIMS, {"kid": key_id})) is Refusal.UNKNOWN_KEY


@pytest.mark.parametrize("kind", ["logout+jwt", "", ["JWT"], 7, None])
def test_a_token_for_something_else_is_refused(kind: Any) -> None:
    assert refused(sign_anything(CLAIMS, typ=kind)) is Refusal.MALFORMED


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
def test_a_token_says_by_its_type_that_it_is_one(kind: str) -> None:
    token = sign_anything(CLAIMS, typ=kind)
    assert verified(token, Keys(), EXPECTED, NOW).merchant_id == "shop-1"


@pytest.mark.parametrize("key_id", [7, ["k1"], {"kid": "k1"}, True])
def test_a_key_id_that_is_no_text_is_malformed(key_id: Any) -> None:
    token = unsigned({"alg": "RS256", "kid": key_id}, CLAIMS, "AAAA")
    assert refused(token) is Refusal.MALFORMED


ATTACKERS: dict[str, Callable[[], dict[str, Any]]] = {
    "jwk": lambda: {"jwk": public(rsa_key("attacker"), "k1")},
    "jku": lambda: {"jku": "https://attacker.example/keys"},
    "x5u": lambda: {"x5u": "https://attacker.example/chain"},
}


@pytest.mark.parametrize("header", ATTACKERS.values(), ids=ATTACKERS)
def test_a_key_that_the_token_itself_brings_is_not_used(
    header: Callable[[], dict[str, Any]],
) -> None:
    assert refused(sign(CLAIMS, header(), key=rsa_key("attacker"))) is Refusal.SIGNATURE


def test_a_signature_of_another_key_is_refused() -> None:
    assert refused(sign(CLAIMS, key=rsa_key("attacker"))) is Refusal.SIGNATURE


def test_claims_that_were_changed_after_the_signature_are_refused() -> None:
    header, _, signature = sign(CLAIMS).split(".")
    changed = segment({**CLAIMS, "client_id": "shop-2"})
    assert refused(f"{header}.{changed}.{signature}") is Refusal.SIGNATURE


def test_a_key_that_names_no_algorithm_verifies_any_of_its_type() -> None:
    keys = Keys([{**public(rsa_key("issuer"), "k1"), "alg": None}])
    assert verified(sign(CLAIMS), keys, EXPECTED, NOW).merchant_id == "shop-1"


def test_a_key_verifies_the_algorithm_that_it_is_for_and_no_other() -> None:
    keys = Keys([public(rsa_key("issuer"), "k1", alg="RS256")])
    assert refused(sign(CLAIMS, algorithm="PS256"), keys) is Refusal.ALGORITHM


def test_what_has_to_be_understood_and_is_not_is_refused() -> None:
    """RFC 7515, section 4.1.11. PyJWT sees to it."""
    assert refused(sign_anything(CLAIMS, crit=["exp"])) is Refusal.MALFORMED
    assert refused(sign_anything(CLAIMS, crit=["b64"], b64=False)) is Refusal.MALFORMED


WRONG: dict[str, tuple[dict[str, Any], Refusal]] = {
    "another issuer": ({"iss": "https://tokens.example.com"}, Refusal.ISSUER),
    "issuers": ({"iss": [ISSUER]}, Refusal.ISSUER),
    "another audience": ({"aud": "somebody-else"}, Refusal.AUDIENCE),
    "audiences without ours": ({"aud": ["a", "b"]}, Refusal.AUDIENCE),
    "a part of our audience": ({"aud": "checkout"}, Refusal.AUDIENCE),
    "expired": ({"exp": SECONDS - 61}, Refusal.EXPIRED),
    "expired this moment, with the skew": ({"exp": SECONDS - 60}, Refusal.EXPIRED),
    "an expiry that is no number": ({"exp": "tomorrow"}, Refusal.EXPIRED),
    "an expiry that is no number at all": ({"exp": float("nan")}, Refusal.EXPIRED),
    "an expiry that never comes": ({"exp": float("inf")}, Refusal.EXPIRED),
    "an expiry beyond all clocks": ({"exp": 10**400}, Refusal.EXPIRED),
    "an expiry that is true": ({"exp": True}, Refusal.EXPIRED),
    "not yet valid": ({"nbf": SECONDS + 61}, Refusal.NOT_YET_VALID),
    "valid from no number": ({"nbf": float("nan")}, Refusal.NOT_YET_VALID),
    "issued later": ({"iat": SECONDS + 61}, Refusal.NOT_YET_VALID),
    "no text as a merchant": ({"client_id": 7}, Refusal.NO_MERCHANT),
    "an empty merchant": ({"client_id": ""}, Refusal.NO_MERCHANT),
    "a merchant with a line of a log": ({"client_id": "shop\n"}, Refusal.NO_MERCHANT),
    "a merchant that ends a JSON text": ({"client_id": 'shop"}'}, Refusal.NO_MERCHANT),
    "a merchant that no UTF-8 has": ({"client_id": "\ud800"}, Refusal.NO_MERCHANT),
    "a merchant that fits no key": ({"client_id": "m" * 129}, Refusal.NO_MERCHANT),
}


@pytest.mark.parametrize(("claims", "why"), WRONG.values(), ids=WRONG)
def test_a_well_signed_token_with_a_wrong_claim_is_refused(
    claims: dict[str, Any], why: Refusal
) -> None:
    assert refused(sign_anything({**CLAIMS, **claims})) is why


def sign_anything(claims: Mapping[str, Any], **header: Any) -> str:
    """Also what PyJWT would not encode."""
    signing = f"{segment({'alg': 'RS256', 'kid': 'k1', **header})}.{segment(claims)}"
    rs256 = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    signature = rs256.sign(signing.encode(), rsa_key("issuer"))
    return f"Bearer {signing}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("iss", Refusal.ISSUER),
        ("aud", Refusal.AUDIENCE),
        ("exp", Refusal.EXPIRED),
        ("client_id", Refusal.NO_MERCHANT),
    ],
)
def test_a_claim_that_is_needed_is_not_taken_as_given(name: str, why: Refusal) -> None:
    assert refused(sign(without(name))) is why


@pytest.mark.parametrize("name", ["nbf", "iat", "sub", "scope"])
def test_a_claim_that_is_not_needed_may_be_absent(name: str) -> None:
    assert verified(sign(without(name)), Keys(), EXPECTED, NOW).merchant_id == "shop-1"


def test_clocks_may_be_a_minute_apart() -> None:
    early = {**CLAIMS, "nbf": SECONDS + 60, "iat": SECONDS + 60}
    late = {**CLAIMS, "exp": SECONDS - 59}
    for claims in (early, late):
        assert verified(sign(claims), Keys(), EXPECTED, NOW).merchant_id == "shop-1"


MALFORMED = [
    "", "Bearer", "Bearer ", "Bearer x", "Bearer ..", "Bearer a.b.c", "Bearer " + "A" * 9000,
    "Basic YTpi", "Bearer  x.y.z", "Bearer ä.!.?", "Bearer \ud800.a.b",
]  # fmt: skip


@pytest.mark.parametrize("authorization", MALFORMED)
def test_what_is_no_token_is_malformed(authorization: str) -> None:
    assert refused(authorization) is Refusal.MALFORMED


def test_a_good_token_under_another_scheme_is_refused() -> None:
    assert refused(sign(CLAIMS).replace("Bearer", "Basic")) is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("scp", "a b"),
        ("scp", ["a", "b"]),
        ("roles", ["a", "b"]),
        ("scope", "a b"),
        ("scope", ["a", "b", 7]),
    ],
)
def test_scopes_come_as_issuers_write_them(claim: str, value: Any) -> None:
    token = sign_anything({**without("scope"), claim: value})
    assert verified(token, Keys(), EXPECTED, NOW).scopes == {"a", "b"}


SCOPE = "checkout/sessions.cancel"


@pytest.mark.parametrize("value", [None, "", [], 0, 5, True, 1.5, {SCOPE: False}, [[SCOPE]]])
def test_without_a_scope_nothing_is_allowed(value: Any) -> None:
    token = sign_anything({**CLAIMS, "scope": value})
    assert verified(token, Keys(), EXPECTED, NOW).scopes == set()


def test_a_refusal_says_nothing_of_the_token() -> None:
    with pytest.raises(TokenRefusedError) as refusal:
        verified(sign({**CLAIMS, "aud": "canary"}), Keys(), EXPECTED, NOW)
    assert str(refusal.value) == "token refused: audience"
    assert refusal.value.__context__ is None
