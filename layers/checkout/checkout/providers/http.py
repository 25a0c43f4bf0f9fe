"""One HTTP exchange with a provider: bounded in time and size, with JSON at its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from ssl import SSLError
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from checkout.errors import (
    CredentialsError,
    MisconfiguredError,
    ProviderFailedError,
    ProviderTrouble,
    ProviderTroubleError,
    ProviderUnreachableError,
    UnreadableAnswerError,
)
from checkout.observability import count
from checkout.providers.bounded_socket import countdown
from checkout.providers.exchange import BoundedExchange, Call, NoConnectionError, retry_after

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from ssl import SSLContext

# Bytes of an answer, headers included. What a provider says of one payment has a few thousand.
ANSWER_LIMIT = 1_000_000

NO_CONTENT = 204
TOO_MANY_REQUESTS = 429
LOOPBACK = frozenset({"127.0.0.1", "::1"})


# Tells the seconds that are left. Raises ProviderUnreachableError when there are none.
Budget = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Request:
    """Goes out as it is, but for the headers that HTTP itself needs.

    `unauthorized` are the statuses with which the provider refuses the credentials, `telling`
    those of 500 and above that come with a body which says more, `bodiless` those that say all by
    themselves and may come without one.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    unauthorized: frozenset[int] = frozenset({401})
    telling: frozenset[int] = frozenset()
    bodiless: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx, or a failure about the payment. `json` is None where there was no body."""

    status: int
    json: dict[str, Any] | list[Any] | None


class HttpExchange:
    """`monotonic` is in seconds."""

    def __init__(self, tls: SSLContext, monotonic: Callable[[], float]) -> None:
        self._exchange = BoundedExchange(tls, monotonic, ANSWER_LIMIT)
        self._monotonic = monotonic

    def send(self, request: Request, timeout: float) -> Answer:
        """One request and its answer, within `timeout` seconds. It is not repeated or redirected.

        Raises ProviderTroubleError, and counts it. Raises MisconfiguredError for a URL that would
        send credentials in clear text.
        """
        url = _checked(request.url)
        try:
            return self._send(url, request, timeout)
        except ProviderTroubleError as trouble:
            count("ProviderTroubles", kind=trouble.code.value)
            raise

    def budget(self, seconds: float) -> Budget:
        """For several exchanges, and the waits between them, that share `seconds`."""
        left = countdown(seconds, self._monotonic)

        def remaining() -> float:
            try:
                return left()
            except TimeoutError:
                raise ProviderUnreachableError(ProviderTrouble.TIMED_OUT) from None

        return remaining

    def trouble(self, code: ProviderTrouble, answer: Answer) -> ProviderTroubleError:
        """Counted, as trouble that only the body of an answer tells of."""
        count("ProviderTroubles", kind=code.value)
        if code is ProviderTrouble.UNAUTHORIZED:
            return CredentialsError(code, answer.status)
        return ProviderFailedError(code, answer.status)

    def _send(self, url: SplitResult, request: Request, timeout: float) -> Answer:
        call = Call(request.method, url, request.headers, request.body)
        try:
            return self._exchange.run(call, timeout, lambda answer: _read(answer, request))
        except TimeoutError:
            trouble = ProviderTrouble.TIMED_OUT
        except SSLError:
            trouble = ProviderTrouble.TLS_FAILED
        except NoConnectionError:
            trouble = ProviderTrouble.NO_CONNECTION
        except (OSError, HTTPException, UnicodeError):
            trouble = ProviderTrouble.BROKEN_OFF
        # Outside of the handlers: the text of what was caught may hold what the provider sent.
        raise ProviderUnreachableError(trouble)


def _checked(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        url = urlsplit("")
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise MisconfiguredError("a provider is called over https only")
    return url


def _read(response: HTTPResponse, request: Request) -> Answer:
    _check_head(response, request)
    body = response.read(ANSWER_LIMIT)
    if response.length:
        # Fewer bytes than were announced, which http.client lets pass.
        raise ProviderUnreachableError(ProviderTrouble.BROKEN_OFF, response.status)
    return Answer(response.status, _json(response.status, body, request.bodiless))


def _check_head(response: HTTPResponse, request: Request) -> None:
    status = response.status
    if status in request.unauthorized:
        raise CredentialsError(ProviderTrouble.UNAUTHORIZED, status)
    if status == TOO_MANY_REQUESTS:
        raise ProviderFailedError(ProviderTrouble.RATE_LIMITED, status, retry_after(response))
    if status >= 500 and status not in request.telling:
        raise ProviderFailedError(ProviderTrouble.SERVER_ERROR, status, retry_after(response))
    if 300 <= status < 400:
        raise UnreadableAnswerError(ProviderTrouble.REDIRECTED, status)
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        # Not unpacked: a megabyte may hold a gigabyte.
        raise UnreadableAnswerError(ProviderTrouble.ENCODED, status)


def _json(status: int, body: bytes, bodiless: frozenset[int]) -> dict[str, Any] | list[Any] | None:
    if status == NO_CONTENT or (not body and status in bodiless):
        return None
    document = _parsed(body)
    if isinstance(document, dict | list):
        return document
    raise UnreadableAnswerError(ProviderTrouble.NOT_JSON, status)


def _parsed(body: bytes) -> Any:
    """None where there is no JSON: the error that would say so holds the body."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    """NaN and Infinity, which are no JSON."""
    raise ValueError(constant)
