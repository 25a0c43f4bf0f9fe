"""The function behind the providers' webhooks, with anything sent to it: never a 5xx."""

import base64
import copy
import json
from contextlib import suppress
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkout.providers.registry import PROVIDERS
from tests.contract.desks.base import ACCOUNT
from tests.contract.desks.every import DESKS
from tests.contract.webhook_samples import SAMPLES, Sample, places
from tests.integration import scenes, stack
from tests.integration.cloud import Cloud
from tests.integration.webhooks import RECEIVE, prepare
from tests.unit.clock import NOON

fuzzed = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
# PayPal is asked whether it has signed, over a network that is not there.
SIGNED = sorted(set(SAMPLES) - {"paypal"})
ODD: tuple[Any, ...] = ("\ud800", 10**400, None)


@pytest.fixture(autouse=True)
def _accounts(cloud: Cloud) -> None:
    """One at every provider."""
    prepare()
    cloud.clock.stop(NOON)
    for name, desk in DESKS.items():
        secret = json.dumps({**desk().secret, "baseUrl": "http://127.0.0.1:9"})
        where = f"{stack.environment(RECEIVE)['SECRETS_PREFIX']}{name}/{ACCOUNT}"
        boto3.client("secretsmanager").create_secret(Name=where, SecretString=secret)


def receive(
    cloud: Cloud, provider: str, body: str | bytes | None, **facts: Any
) -> tuple[int, dict[str, Any]]:
    """The answer's status, and the body of an error."""
    event = scenes.event("receive_webhook")
    if isinstance(body, bytes):
        event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    else:
        event["body"] = body
    event["pathParameters"] = {"provider": provider, "account": ACCOUNT}
    answer = cloud.function(RECEIVE)({**event, **facts})
    assert answer["headers"]["x-request-id"]
    taken = answer["statusCode"] == 200
    kind = "text/plain" if taken and provider == "adyen" else "application/json"
    assert answer["headers"]["Content-Type"] == kind
    if taken:
        return 200, {}
    error: dict[str, Any] = json.loads(answer["body"])
    assert (set(error), error["statusCode"]) == (
        {"message", "error", "statusCode"},
        answer["statusCode"],
    )
    return answer["statusCode"], error


def send(cloud: Cloud, sample: Sample, document: Any) -> int:
    """Signed."""
    body = sample.write(document).encode()
    headers, query = sample.sign(body)
    many = {name: [value] for name, value in headers.items()}
    several = {name: [value] for name, value in query.items()}
    facts = {"multiValueHeaders": many, "multiValueQueryStringParameters": several}
    return receive(cloud, sample.provider, body, **facts)[0]


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_document_with_anything_in_it_is_taken_or_refused(cloud: Cloud, name: str) -> None:
    sample = SAMPLES[name]
    assert send(cloud, sample, sample.document) == 200
    for number in range(len(places(sample.document))):
        for odd in ODD:
            document = copy.deepcopy(sample.document)
            holder, key = places(document)[number]
            holder[key] = odd
            with suppress(AttributeError, KeyError, TypeError):
                sample.seal(document)
            assert send(cloud, sample, document) in (200, 400, 401)


@fuzzed
@given(
    provider=st.sampled_from([*PROVIDERS, "nobody"]) | TEXT,
    body=st.none() | TEXT | st.binary(max_size=40),
    headers=st.dictionaries(TEXT | st.just("stripe-signature"), TEXT, max_size=3),
    query=st.dictionaries(st.just("token") | TEXT, TEXT, max_size=2),
)
def test_what_a_stranger_sends_is_refused(
    cloud: Cloud,
    provider: str,
    body: str | bytes | None,
    headers: dict[str, str],
    query: dict[str, str],
) -> None:
    many = {name: [value] for name, value in headers.items()}
    several = {name: [value] for name, value in query.items()}
    status, _ = receive(
        cloud,
        provider,
        body,
        headers=headers,
        multiValueHeaders=many,
        queryStringParameters=query,
        multiValueQueryStringParameters=several,
    )
    assert status in (400, 401, 404)


@fuzzed
@given(text=st.text(st.characters(codec=None), max_size=12), account=TEXT)
def test_a_body_or_an_account_that_is_none_is_refused(
    cloud: Cloud, text: str, account: str
) -> None:
    path = {"provider": "stripe", "account": account}
    status, _ = receive(cloud, "stripe", text, isBase64Encoded=True, pathParameters=path)
    assert status in (400, 401, 404)
