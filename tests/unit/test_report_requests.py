"""The requests that a provider's report makes."""

from typing import Any

import pytest

from checkout.storage import report_requests
from checkout.storage.items import serialize, transaction_keys_from
from checkout.transactions import IN_FLIGHT
from tests.unit.requests import placeholders, plain
from tests.unit.samples import KEY, transaction_id, transaction_key

REFUSAL = report_requests.record_cancel_refusal(transaction_key())
FIND = report_requests.transactions_of("bank", "ref_1")


@pytest.mark.parametrize("request_", [REFUSAL, FIND])
def test_every_placeholder_that_is_used_is_declared_and_the_other_way_round(
    request_: dict[str, Any],
) -> None:
    used, declared = placeholders(request_)
    assert used == declared


def test_a_transaction_is_found_by_its_provider_and_reference() -> None:
    assert FIND["IndexName"] == "by-provider-reference"
    assert plain(FIND["ExpressionAttributeValues"]) == {":key": "bank#ref_1"}


def test_what_the_index_holds_is_read_as_keys() -> None:
    partition = f"MERCHANT#{KEY.merchant_id}#SESSION#{KEY.session_id}"
    item = {"PK": partition, "SK": f"TRANSACTION#{transaction_id(1)}", "providerKey": "bank#ref_1"}
    assert transaction_keys_from([serialize(item)]) == [transaction_key()]


def test_a_transaction_is_read_as_it_was_last_written() -> None:
    assert report_requests.read_transaction(transaction_key())["ConsistentRead"] is True


def test_only_a_cancellation_that_was_accepted_and_is_waited_for_is_refused_later() -> None:
    assert REFUSAL["ConditionExpression"] == (
        "#status IN (:created, :processing, :authorized) AND cancellationDetail = :requested"
    )
    values = plain(REFUSAL["ExpressionAttributeValues"])
    assert {values[name] for name in (":created", ":processing", ":authorized")} == IN_FLIGHT
    assert values[":requested"] == "REQUESTED"


def test_a_later_refusal_asks_for_a_new_key() -> None:
    attempt = "cancelAttempt = if_not_exists(cancelAttempt, :none) + :one"
    assert attempt in REFUSAL["UpdateExpression"]
