"""What merchants are told: events, signed and sent to an endpoint of theirs until it takes them.

By Standard Webhooks (https://www.standardwebhooks.com). "Webhooks" alone are those that providers
send to us; these are merchant webhooks.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from checkout.errors import MalformedRecordError
from checkout.events import EventType

# Between one try and the next one. What is not taken after all of them waits for a human.
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=12),
)
TRIES = len(DELAYS) + 1
# Also if an endpoint wishes to wait for longer, and whatever chance adds.
LONGEST_DELAY = timedelta(hours=12)
# The part of a delay that chance adds to it, so that what failed together does not come together.
MOST_JITTER = 0.2

SECRET_PREFIX = "whsec_"  # noqa: S105 - what each begins with
# Of Standard Webhooks, in bytes.
SHORTEST_KEY, LONGEST_KEY = 24, 64
# The one that is in use, and those of a rotation.
MOST_SECRETS = 5
# A structured CloudEvent (CloudEvents 1.0, HTTP Protocol Binding).
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
GONE = 410
# With these an endpoint, or what is before it, asks for less.
OVERLOADED = frozenset({429, 502, 503, 504})
LOOPBACK = frozenset({"127.0.0.1", "::1"})

# Fit for a header. Without a full stop, which would leave open what was signed.
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_URL = re.compile(r"[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class MerchantEvent:
    """`body` is what is signed and sent: the same bytes in each try.

    `type` may be one of a newer release, while it replaces this one.
    """

    event_id: str
    type: str
    merchant_id: str
    session_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a merchant wants its events. `keys` sign them all. No `types`: whichever there are."""

    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    types: frozenset[str] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError, which names the field and never what is in it."""
        found = _object(text)
        keys = _keys(found.get("secrets"))
        return cls(_url(found.get("url")), keys, _types(found.get("types")))

    def wants(self, event: MerchantEvent) -> bool:
        return self.types is None or event.type in self.types


class Outcome(StrEnum):
    """Of one try; the last three make no further one."""

    REFUSED = "refused"  # answered, and not with 2xx
    UNREACHABLE = "unreachable"  # or no answer in time
    HELD_BACK = "held_back"  # not sent: the endpoint is silent, or has asked to wait
    UNREADABLE = "unreadable"  # what we know of the endpoint is malformed, or cannot be read now
    GONE = "gone"  # 410: it wants nothing any more
    DELIVERED = "delivered"
    NOT_WANTED = "not_wanted"  # no endpoint, or not of this type


@dataclass(frozen=True, slots=True)
class Attempt:
    """`retry_after` is in seconds, if the endpoint said so."""

    outcome: Outcome
    status: int | None = None
    retry_after: int | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome in (Outcome.DELIVERED, Outcome.NOT_WANTED)

    @property
    def is_silence(self) -> bool:
        """The endpoint can do no more just now, whatever it is sent."""
        return self.outcome is Outcome.UNREACHABLE or self.status in OVERLOADED


def answered(status: int, retry_after: int | None = None) -> Attempt:
    if 200 <= status < 300:
        return Attempt(Outcome.DELIVERED, status)
    if status == GONE:
        return Attempt(Outcome.GONE, status)
    return Attempt(Outcome.REFUSED, status, retry_after)


def event_of_message(text: str) -> MerchantEvent:
    """A CloudEvent of ours; or the envelope of EventBridge with one, which it could not hand on.

    Raises MalformedRecordError.
    """
    try:
        told = json.loads(text)
        if "detail-type" in told:
            told = told["detail"]
            text = json.dumps(told)
        event_id, data = _text(told["id"]), told["data"]
        if not _ID.fullmatch(event_id):
            raise ValueError("no id")
        merchant, session = _text(data["merchantId"]), _text(data["sessionId"])
        return MerchantEvent(event_id, _text(told["type"]), merchant, session, text.encode())
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedRecordError("event") from error


def headers_of(event: MerchantEvent, keys: Sequence[bytes], at: datetime) -> dict[str, str]:
    """With one signature by each key. `at` is when this try is made."""
    seconds = int(at.timestamp())
    signed = f"{event.event_id}.{seconds}.".encode() + event.body
    return {
        "content-type": CONTENT_TYPE,
        "webhook-id": event.event_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{_signature(each, signed)}" for each in keys),
    }


def next_try(attempt: Attempt, tries: int, jitter: float) -> timedelta | None:
    """When, after that many tries; None after the last. `jitter` is from 0 to 1."""
    if tries >= TRIES:
        return None
    delay = DELAYS[max(tries, 1) - 1] * (1 + MOST_JITTER * jitter)
    asked = timedelta(seconds=attempt.retry_after or 0)
    return min(max(delay, asked), LONGEST_DELAY)


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (RecursionError, ValueError):
        # Outside of the handler: the error that says so holds the text.
        found = None
    if not isinstance(found, dict):
        raise ValueError("the secret must be a JSON object")
    return found


def _url(value: object) -> str:
    """https, and http to this machine, which is reached on a local stack only."""
    if isinstance(value, str) and _URL.fullmatch(value):
        try:
            url = urlsplit(value)
            if _is_fit(url) and url.port != 0:
                return value
        except ValueError:
            pass
    # Outside of the handler: its error may hold a part of it.
    raise ValueError("url must be https://, without credentials and without a fragment")


def _is_fit(url: SplitResult) -> bool:
    encrypted = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
    return encrypted and bool(url.hostname) and "@" not in url.netloc and not url.fragment


def _keys(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_SECRETS:
        raise ValueError(f"secrets must be a list of 1 to {MOST_SECRETS} texts")
    return tuple(_key(each) for each in value)


def _key(value: object) -> bytes:
    key = b""
    if isinstance(value, str) and value.startswith(SECRET_PREFIX):
        try:
            key = base64.b64decode(value.removeprefix(SECRET_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ValueError(
            f"secrets must be whsec_ and {SHORTEST_KEY} to {LONGEST_KEY} bytes, base64"
        )
    return key


def _types(value: object) -> frozenset[str] | None:
    if value is None:
        return None
    known = [each.value for each in EventType]
    if not isinstance(value, list) or not value or any(each not in known for each in value):
        raise ValueError("types must be a list of types of events")
    return frozenset(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    value.encode()  # a ValueError of half of a surrogate pair, which no name can hold
    return value
