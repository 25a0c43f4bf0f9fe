"""The search of what was logged finds what is planted, of every kind and in every place."""

import json

import pytest

from tests.doubles import adyen, mpesa, stripe
from tests.local.canaries import Canary, found

PLANTED = {
    "reason": "changed my mind: canary",
    "idempotency key": "c0ffee00-0000-4000-8000-00000000cafe",
    "merchant's secret": "made-by-the-user-pool-1",
    "provider's secret": stripe.KEY,
    "payload": "c4n4ry-of-the-payload",
}
CANARIES = [Canary(kind, text) for kind, text in PLANTED.items()]
UNSEARCHED = {"token": "eyJraWQiOiJrIn0.e30.sig", "card number": "4242 4242 4242 4242"}
# A line of the logger, one of a metric (EMF), and what Lambda prints of an error.
CLEAN = [
    *(
        json.dumps(each)
        for each in (
            {
                "level": "INFO",
                "message": "cancellation answered",
                "timestamp": "2026-11-26 10:28:54,581+0000",
                "session_id": "01a21766-ab7e-73a5-b1ca-e648a95b136d",
            },
            {"_aws": {"Timestamp": 1795690487098, "CloudWatchMetrics": []}, "StuckSessions": [1.0]},
        )
    ),
    '[ERROR] KeyError: "x" Traceback (most recent call last): File "/var/task/app.py", line 4000',
    'arn:aws:lambda:eu-west-1:423456789012:function:f "5123456789012" 4000000000000001',
]


def test_a_log_without_any_is_clean() -> None:
    assert found("\n".join(CLEAN), CANARIES) == []


@pytest.mark.parametrize("line", range(len(CLEAN)))
@pytest.mark.parametrize(("kind", "text"), [*PLANTED.items(), *UNSEARCHED.items()])
def test_each_kind_is_found_in_every_line(kind: str, text: str, line: int) -> None:
    planted = [*CLEAN]
    planted[line] = planted[line].replace('"', f'"{text} ', 1) + f" {text}"
    assert found("\n".join(planted), CANARIES) == [kind]


def test_all_kinds_are_told_at_once_and_their_texts_are_not() -> None:
    everything = json.dumps({**PLANTED, **UNSEARCHED})
    told = found(everything, CANARIES)
    assert told == sorted({**PLANTED, **UNSEARCHED})
    assert not [text for text in PLANTED.values() if text in str(told)]


@pytest.mark.parametrize(
    "number", ["4242424242424242", "5555-5555-5555-4444", "378282246310005", "2223003122003222"]
)
def test_a_card_number_is_known_by_its_check_digit(number: str) -> None:
    # American Express begins with a 3, as other lengths do.
    assert found(f'{{"x":"{number}"}}', []) == ["card number"]
    assert found(f'{{"x":"{number[:-1]}{(int(number[-1]) + 1) % 10}"}}', []) == []


def test_what_would_be_found_by_chance_is_no_canary() -> None:
    for text in ("", "ok_1", "123456"):
        with pytest.raises(ValueError, match="too short"):
            Canary("reason", text)


def test_every_secret_of_the_doubles_is_long_enough_to_be_looked_for() -> None:
    secrets = (stripe.KEY, stripe.WEBHOOK_SECRET, adyen.KEY, adyen.HMAC_KEY, *mpesa.CONSUMER)
    assert [Canary("provider's secret", each).text for each in secrets] == list(secrets)
