"""Whose access token it is, and what it allows: JSON Web Tokens of one issuer, RFC 7519 and 9068.

Only the function `authorize` imports this: PyJWT is in a layer of its own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import jwt

from checkout.errors import CheckoutError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from checkout.issuer import Jwk

# Asymmetric ones, each with the type of its key. With a shared secret among them, who knows the
# public key could sign: RFC 8725, section 2.1.
KEY_TYPES = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
# How far the issuer's clock and ours may be apart.
CLOCK_SKEW_SECONDS = 60
# In the year 5138.
_END_OF_TIME = 1e11
# A part of the table's keys, and of the access log's JSON, which API Gateway does not escape.
_MERCHANT_ID = re.compile(r"(?!.*[\"\\\\])[!-~]{1,128}")
# RFC 9068, section 2.1. A logout token, say, is signed by the same key.
_TYPES = ("JWT", "AT+JWT", "APPLICATION/AT+JWT")
_LONGEST_TOKEN = 8192


class Refusal(StrEnum):
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    NO_MERCHANT = "no merchant"


class TokenRefusedError(CheckoutError):
    """Get another token. `why` is for the log: the caller is not told what was nearly right."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(f"token refused: {why.value}")
        self.why = why


_REFUSALS = (
    (jwt.InvalidIssuerError, Refusal.ISSUER),
    (jwt.InvalidAudienceError, Refusal.AUDIENCE),
    (jwt.InvalidAlgorithmError, Refusal.ALGORITHM),
    (jwt.InvalidSignatureError, Refusal.SIGNATURE),
)


class KeySource(Protocol):
    def find(self, key_id: str | None, key_type: str) -> Jwk | None:
        """Raises IssuerUnavailableError."""


@dataclass(frozen=True, slots=True)
class Expected:
    """`merchant_claim` names the claim that is the merchant's id."""

    issuer: str
    audience: str
    merchant_claim: str


@dataclass(frozen=True, slots=True)
class Caller:
    merchant_id: str
    scopes: frozenset[str]


def verified(authorization: str, keys: KeySource, expected: Expected, now: datetime) -> Caller:
    """The caller whose header `Authorization` it is.

    Raises TokenRefusedError, IssuerUnavailableError.
    """
    claims = _signed_claims(_bearer_token(authorization), keys, expected)
    _check_times(claims, now.timestamp())
    merchant_id = claims.get(expected.merchant_claim)
    if not isinstance(merchant_id, str) or not _MERCHANT_ID.fullmatch(merchant_id):
        raise TokenRefusedError(Refusal.NO_MERCHANT)
    return Caller(merchant_id, _scopes(claims))


def _bearer_token(authorization: str) -> str:
    """RFC 6750, section 2.1."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or len(token) > _LONGEST_TOKEN or not token.isascii():
        raise TokenRefusedError(Refusal.MALFORMED)
    return token


def _signed_claims(token: str, keys: KeySource, expected: Expected) -> dict[str, Any]:
    algorithm, key_id = _header(token)
    found = keys.find(key_id, KEY_TYPES[algorithm])
    if found is None:
        raise TokenRefusedError(Refusal.UNKNOWN_KEY)
    try:
        return jwt.decode(
            token,
            _key(found, algorithm),
            algorithms=[algorithm],
            issuer=expected.issuer,
            audience=expected.audience,
            # Times are checked below, by the clock that was given.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        why = _refusal(error)
    raise TokenRefusedError(why)


def _header(token: str) -> tuple[str, str | None]:
    """The algorithm and the key's id. Whatever else it says, such as where to get a key, is not
    looked at: RFC 8725, section 3.10."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        header = {}
    algorithm, key_id = header.get("alg"), header.get("kid")
    readable = isinstance(algorithm, str) and isinstance(key_id, str | None)
    if not readable or str(header.get("typ", "JWT")).upper() not in _TYPES:
        raise TokenRefusedError(Refusal.MALFORMED)
    if algorithm not in KEY_TYPES:
        raise TokenRefusedError(Refusal.ALGORITHM)
    return algorithm, key_id


def _key(found: Jwk, algorithm: str) -> jwt.PyJWK:
    """Raises jwt.PyJWTError. A key that names its algorithm verifies that one only."""
    if (found.get("alg") or algorithm) != algorithm:
        raise jwt.InvalidAlgorithmError
    return jwt.PyJWK(dict(found), algorithm)


def _refusal(error: jwt.PyJWTError) -> Refusal:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return Refusal.AUDIENCE if error.claim == "aud" else Refusal.ISSUER
    return next((why for kind, why in _REFUSALS if isinstance(error, kind)), Refusal.MALFORMED)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    # Each is accepted only if it compares as it should: a NaN compares as nothing.
    if not now < _time(claims, "exp", -math.inf) + CLOCK_SKEW_SECONDS:
        raise TokenRefusedError(Refusal.EXPIRED)
    for name in ("nbf", "iat"):
        if not _time(claims, name, math.inf) <= now + CLOCK_SKEW_SECONDS:
            raise TokenRefusedError(Refusal.NOT_YET_VALID)


def _time(claims: Mapping[str, Any], name: str, unreadable: float) -> float:
    """Seconds since 1970. Only the end has to be said."""
    value = claims.get(name, unreadable if name == "exp" else 0)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # No end of time: neither infinity, nor what is too large for a clock.
    return value if is_number and abs(value) < _END_OF_TIME else unreadable


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """RFC 8693, section 4.2: one text. Some issuers say `scp`, or `roles`, and some give a list."""
    found = next((claims[name] for name in ("scope", "scp", "roles") if name in claims), "")
    words = found.split() if isinstance(found, str) else found
    if not isinstance(words, list):
        return frozenset()
    return frozenset(each for each in words if isinstance(each, str))
