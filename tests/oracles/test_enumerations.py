"""Our maps of statuses and errors, against what the providers' own OpenAPI documents enumerate."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from checkout.providers.paypal.cancel import AUTHORIZATION, CAPTURE, ISSUES
from checkout.providers.stripe.cancel import CHECKOUT_SESSION, PAYMENT_INTENT, PAYMENT_STATUS
from tests.oracles.conftest import SPECS


@cache
def schemas(document: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SPECS / document).read_text())["components"]["schemas"]
    return found


def enumerated(document: str, schema: str, field: str = "status") -> set[str]:
    return set(schemas(document)[schema]["properties"][field]["enum"])


@pytest.mark.parametrize(
    ("schema", "statuses"), [("authorization_status", AUTHORIZATION), ("capture_status", CAPTURE)]
)
def test_paypals_statuses(schema: str, statuses: Iterable[str]) -> None:
    assert set(statuses) == enumerated("paypal-payments-v2.json", schema)


@pytest.mark.parametrize("schema", ["authorizations.void-422", "404", "409"])
def test_every_issue_of_a_void_at_paypal_has_a_meaning(schema: str) -> None:
    kinds = schemas("paypal-payments-v2.json")[schema]["properties"]["details"]["items"]["anyOf"]
    assert {issue for each in kinds for issue in each["properties"]["issue"]["enum"]} <= set(ISSUES)


@pytest.mark.parametrize(
    ("schema", "field", "statuses"),
    [
        ("payment_intent", "status", [*PAYMENT_INTENT]),
        ("checkout.session", "status", [*CHECKOUT_SESSION, "complete"]),
        ("checkout.session", "payment_status", [*PAYMENT_STATUS]),
    ],
)
def test_stripes_statuses(schema: str, field: str, statuses: Iterable[str]) -> None:
    assert set(statuses) == enumerated("stripe-trimmed.json", schema, field)
