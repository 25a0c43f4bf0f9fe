"""What merchants are told: the signature, an endpoint's secret, and when the next try is."""

import base64
import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from checkout.errors import MalformedRecordError
from checkout.events import EventType
from checkout.merchant_webhooks import (
    DELAYS,
    LONGEST_DELAY,
    MOST_JITTER,
    MOST_SECRETS,
    OVERLOADED,
    TRIES,
    Attempt,
    Endpoint,
    Outcome,
    answered,
    event_of_message,
    headers_of,
    next_try,
)
from tests.template.cloudformation import ROOT
from tests.unit.clock import NOON

(SAMPLE,) = json.loads((ROOT / "events" / "send_webhooks.json").read_text())["Records"]
EVENT = event_of_message(SAMPLE["body"])
KEY, OTHER = b"k" * 24, b"o" * 64
URL = "https://shop.example/hooks?of=ours"
REFUSED = Attempt(Outcome.REFUSED, 500)


def whsec(key: bytes) -> str:
    return f"whsec_{base64.b64encode(key).decode()}"


def secret(**changes: Any) -> str:
    found = {"url": URL, "secrets": [whsec(KEY)], **changes}
    return json.dumps({name: value for name, value in found.items() if value is not None})


def now() -> datetime:
    return datetime.now(UTC)


def test_the_signature_is_as_standard_webhooks_has_it() -> None:
    """Of the specification's own example, whose key is in it."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    event = event_of_message(SAMPLE["body"].replace(EVENT.event_id, "msg_p5jXN8AQM9LWM0D4loKWxJek"))
    headers = headers_of(replace(event, body=body), [key], datetime.fromtimestamp(1614265330, UTC))
    assert headers == {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("length", [24, 25, 26, 32, 64])
def test_the_official_library_takes_what_we_sign_and_signs_the_same(length: int) -> None:
    key = secrets.token_bytes(length)
    at = now()
    headers = headers_of(EVENT, [key], at)
    official = Webhook(whsec(key))
    assert official.verify(EVENT.body, headers) == json.loads(EVENT.body)
    signed = official.sign(msg_id=EVENT.event_id, timestamp=at, data=EVENT.body.decode())
    assert headers["webhook-signature"] == signed


def test_it_refuses_another_body_id_time_or_key() -> None:
    headers = headers_of(EVENT, [KEY], now())
    official = Webhook(whsec(KEY))
    later = str(int(headers["webhook-timestamp"]) + 1)
    for body, changed, receiver in (
        (EVENT.body + b" ", {}, official),
        (EVENT.body, {"webhook-id": "another"}, official),
        (EVENT.body, {"webhook-timestamp": later}, official),
        (EVENT.body, {}, Webhook(whsec(OTHER))),
    ):
        with pytest.raises(WebhookVerificationError):
            receiver.verify(body, {**headers, **changed})


def test_during_a_rotation_both_secrets_are_good() -> None:
    headers = headers_of(EVENT, [KEY, OTHER], now())
    assert len(headers["webhook-signature"].split(" ")) == 2
    for key in (KEY, OTHER):
        Webhook(whsec(key)).verify(EVENT.body, headers)


def test_a_time_stamp_is_of_whole_seconds() -> None:
    assert headers_of(EVENT, [KEY], NOON)["webhook-timestamp"] == str(int(NOON.timestamp()))


def test_the_body_is_the_message_byte_for_byte() -> None:
    assert EVENT.body == SAMPLE["body"].encode()
    odd = json.dumps(json.loads(SAMPLE["body"]), indent=3)
    assert event_of_message(odd).body == odd.encode()


def test_what_eventbridge_could_not_hand_on_is_read_out_of_its_envelope() -> None:
    whole = {"detail-type": EVENT.type, "source": "cancel-a-session"}
    told = event_of_message(json.dumps({**whole, "detail": json.loads(SAMPLE["body"])}))
    assert told == EVENT


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": 1},
        {"id": "a.b"},
        {"id": "a\r\nb"},
        {"id": "x" * 101},
        {"type": ["session.cancelled"]},
        {"type": None},
        {"data": None},
        {"data": []},
        {"data": {"merchantId": "", "sessionId": "s"}},
        {"data": {"merchantId": 1, "sessionId": "s"}},
        {"data": {"merchantId": "\ud800", "sessionId": "s"}},
        {"data": {"merchantId": "m"}},
    ],
)
def test_a_message_that_is_no_event_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError):
        event_of_message(json.dumps({**json.loads(SAMPLE["body"]), **change}))


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "null", "1", "[" * 100_000])
def test_a_message_that_is_no_object_is_malformed(text: str) -> None:
    with pytest.raises(MalformedRecordError):
        event_of_message(text)


def test_an_endpoint_is_its_url_its_keys_and_its_types() -> None:
    assert Endpoint.parse(secret()) == Endpoint(URL, (KEY,))
    few = Endpoint.parse(secret(secrets=[whsec(OTHER), whsec(KEY)], types=["session.cancelled"]))
    assert few == Endpoint(URL, (OTHER, KEY), frozenset({EventType.SESSION_CANCELLED}))


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "shop.example",
        "http://shop.example/",
        "http://127.0.0.1.example/",
        "http://localhost/",
        "ftp://shop.example/",
        "https:///hooks",
        "https://:443/",
        "https://user:password@shop.example/",
        "https://user@shop.example/",
        "https://shop.example\\@other.example/",
        "https://shop.example/#part",
        "https://shop.example/a b",
        "https://shop.example/\r\nHost: other",
        "https://shöp.example/",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop.example:x/",
        "https://[::1/",
        "https://shop.example/" + "x" * 2000,
    ],
)
def test_a_url_is_https_without_credentials_or_the_secret_is_malformed(url: Any) -> None:
    with pytest.raises(ValueError, match=r"^url must be https") as caught:
        Endpoint.parse(secret(url=url))
    assert caught.value.__context__ is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://[::1]/x", "https://a:8443/"])
def test_http_is_for_this_machine_alone(url: str) -> None:
    assert Endpoint.parse(secret(url=url)).url == url


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        whsec(KEY),
        [1],
        [base64.b64encode(KEY).decode()],
        ["whsec_"],
        ["whsec_not base64"],
        ["whsec_ÄÄÄÄ"],
        [whsec(b"k" * 23)],
        [whsec(b"k" * 65)],
        [whsec(KEY), "whsec_"],
        [whsec(KEY)] * (MOST_SECRETS + 1),
    ],
)
def test_secrets_that_are_none_of_standard_webhooks_are_malformed(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"^secrets must be") as caught:
        Endpoint.parse(secret(secrets=wrong))
    assert caught.value.__context__ is None


@pytest.mark.parametrize("types", [[], ["session.canceled"], [1], [[]], "session.cancelled", {}])
def test_types_that_there_are_not_are_malformed(types: Any) -> None:
    with pytest.raises(ValueError, match=r"^types must be"):
        Endpoint.parse(secret(types=types))


@pytest.mark.parametrize("text", ["", "x", "[]", "null", "[" * 100_000])
def test_a_secret_that_is_no_object_is_malformed(text: str) -> None:
    with pytest.raises(ValueError, match=r"^the secret must be a JSON object$") as caught:
        Endpoint.parse(text)
    assert caught.value.__context__ is None


def test_an_endpoint_wants_its_types_or_all_that_there_will_ever_be() -> None:
    told = {each.value: replace(EVENT, type=each.value) for each in EventType}
    told["session.reopened"] = replace(EVENT, type="session.reopened")
    whole, some = Endpoint.parse(secret()), Endpoint.parse(secret(types=["session.cancelled"]))
    assert [kind for kind, event in told.items() if whole.wants(event)] == list(told)
    assert [kind for kind, event in told.items() if some.wants(event)] == ["session.cancelled"]


def test_neither_url_nor_keys_are_shown_with_an_endpoint() -> None:
    shown = repr(Endpoint.parse(secret()))
    assert "shop.example" not in shown
    assert "kkkk" not in shown


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((each, Outcome.DELIVERED) for each in (200, 202, 204, 299)),
        *((each, Outcome.REFUSED) for each in (101, 199, 300, 301, 302, 308, 400, 401, 404, 409)),
        *((each, Outcome.REFUSED) for each in (411, 429, 500, 502, 503, 504, 599)),
        (410, Outcome.GONE),
    ],
)
def test_what_an_answer_means(status: int, outcome: Outcome) -> None:
    attempt = answered(status)
    assert (attempt.outcome, attempt.status) == (outcome, status)
    assert attempt.is_done == (outcome is Outcome.DELIVERED)
    assert attempt.is_silence == (status in OVERLOADED)


def test_what_nobody_wants_is_done_and_silence_is_not() -> None:
    assert Attempt(Outcome.NOT_WANTED).is_done
    for each in (Outcome.UNREACHABLE, Outcome.HELD_BACK, Outcome.UNREADABLE, Outcome.GONE):
        assert not Attempt(each).is_done
    assert Attempt(Outcome.UNREACHABLE).is_silence
    assert not Attempt(Outcome.HELD_BACK).is_silence


def test_each_delay_is_longer_than_the_one_before_until_sqs_knows_no_longer_one() -> None:
    delays = [next_try(REFUSED, tries, 0.0) for tries in range(1, TRIES)]
    assert delays[:-1] == list(DELAYS[:-1])
    assert delays[-1] == LONGEST_DELAY
    known = [each for each in delays if each]
    assert known == sorted(set(known))
    assert timedelta(hours=29) < sum(known, timedelta(0)) < timedelta(hours=30)


@pytest.mark.parametrize("tries", range(1, TRIES))
def test_chance_makes_a_delay_longer_by_a_fifth_at_most(tries: int) -> None:
    least, most = (next_try(REFUSED, tries, jitter) for jitter in (0.0, 1.0))
    assert least
    assert most == min(least * (1 + MOST_JITTER), LONGEST_DELAY)


def test_after_the_last_try_there_is_none() -> None:
    assert next_try(REFUSED, TRIES, 0.5) is None
    assert next_try(Attempt(Outcome.REFUSED, 429, 5), TRIES + 1, 0.5) is None


@pytest.mark.parametrize(
    ("asked", "tries", "seconds"),
    [(None, 1, 5), (0, 1, 5), (1, 1, 5), (90, 1, 90), (90, 3, 300), (99_999, 1, 43_200)],
)
def test_a_wish_to_wait_is_heard_if_it_is_longer_and_not_too_long(
    asked: int | None, tries: int, seconds: int
) -> None:
    delay = next_try(answered(429, asked), tries, 0.0)
    assert delay == timedelta(seconds=seconds)
