"""What providers tell us by themselves: the port of the readers of their webhooks."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from checkout.errors import SignatureError
from checkout.transactions import TransactionStatus


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request of a provider, untouched.

    `body` are the bytes that were signed. The names in `headers` are in lower case. `query` holds
    the parameters of the URL.
    """

    account: str
    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What one event says of one payment, which `reference` names as the provider does.

    `status` is None where the event itself tells none. `cancel_refused`: the provider had accepted
    our cancellation, and now says that it came to nothing. `ask`: the provider has to be asked,
    because nobody has signed this or because it does not say enough; with `ends`, until it says
    that the payment has ended. `amount`, of a refund, is how much was refunded, in minor units: a
    part of a payment leaves it settled. `own_reference` is what the payment side has named it:
    with the transaction's id it is found also where no reference of the provider's is recorded.
    """

    reference: str
    status: TransactionStatus | None = None
    cancel_refused: bool = False
    ask: bool = False
    ends: bool = False
    amount: int | None = None
    own_reference: str = ""

    @property
    def tells(self) -> bool:
        """Whether it names a payment, and says something of it that is to be recorded or asked."""
        said = self.status is not None or self.cancel_refused or self.ask
        return said and bool(self.reference or self.own_reference)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The body of a 200, as the provider wants it."""

    text: str
    media_type: str = "application/json"


EMPTY = Acknowledgement("{}")


class WebhookReader(Protocol):
    @property
    def acknowledgement(self) -> Acknowledgement: ...

    def read(self, delivery: Delivery) -> list[Report]:
        """The reports in it; of an event that tells nothing of a payment, none.

        Raises SignatureError; InvalidRequestError for what is signed and cannot be read;
        ProviderTroubleError where it cannot be told now whom it is from.
        """


def sha256_hmac(secret: bytes, message: bytes) -> bytes:
    return hmac.new(secret, message, hashlib.sha256).digest()


def require_token(delivery: Delivery, tokens: Iterable[str]) -> None:
    """The parameter `token` of the URL of a webhook that is not signed. Raises SignatureError."""
    require_match([delivery.query.get("token", "")], tokens)


def require_body_hmac(delivery: Delivery, header: str, secrets: Iterable[str]) -> None:
    """`header` holds the HMAC-SHA256 of the raw body by one of them, in hexadecimal.

    Raises SignatureError.
    """
    expected = [sha256_hmac(each.encode(), delivery.body).hex() for each in secrets]
    require_match([delivery.headers.get(header, "")], expected)


def require_match(given: Iterable[str], expected: Iterable[str]) -> None:
    """Raises SignatureError unless one of `given` is one of `expected`. In constant time."""
    # What a stranger sends need not be encodable, and is then refused like anything else.
    candidates = [each.encode(errors="surrogatepass") for each in given]
    matches = [hmac.compare_digest(one, two.encode()) for two in expected for one in candidates]
    if not any(matches):
        raise SignatureError
