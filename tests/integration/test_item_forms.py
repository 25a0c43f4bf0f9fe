"""Old and new code share the table, the queue and the workers while one replaces the other.

So today's code reads every form that any version has written, and what a later one will add; drives
it; and drops nothing of it. tests/samples keeps one of each. CONTRIBUTING.md has the rule.
"""

from __future__ import annotations

import copy
import json
import time
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import pytest

from checkout import bootstrap
from checkout.fan_out import order_from_message, outcomes_from_message
from checkout.reports import report_from_message
from checkout.storage.items import partition_key, session_item_key, session_key_of
from tests.integration import item_forms, scenes, stack
from tests.integration.item_forms import FUTURE, KEY, newest, samples
from tests.template.cloudformation import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.sessions import SessionKey
    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud
    from tests.integration.item_forms import Forms

Item = dict[str, Any]

ADVICE = (
    "today's code writes another form than the newest sample of tests/samples has. Never change a "
    "form that is deployed: add a sample of the next version there, keep the older ones, and see "
    "'Changing an item's form' in CONTRIBUTING.md"
)
ENDED = {"SETTLED", "FAILED", "CANCELLED"}
IN_FLIGHT = ("attached", "sent", "awaited", "requested", "refused")
TO_BE_CANCELLED = ("open", "locked", "locked without a reason", "pending")
KINDS = ("session", "transaction", "answer", "report", "order", "outcome")
# What the samples of a later release have beside what is known.
UNKNOWN = {
    name: value
    for name, value in samples("session")[FUTURE]["new"].items()
    if name.endswith("TheFuture")
}
TODAY = session_key_of(newest("session")["new"]["PK"]["S"])


def versions(kind: str) -> list[str]:
    return list(samples(kind))


# Of a session and its transactions: each version, and the oldest beside what is to come.
TOGETHER = [
    *zip_longest(versions("session"), versions("transaction"), fillvalue=FUTURE),
    ("1", FUTURE),
    (FUTURE, "1"),
]


def put(client: DynamoDBClient, session: Item, transactions: Forms) -> SessionKey:
    """In the table; the session's attempts are these transactions, under ids of their own."""
    key = scenes.new_key()
    pk = {"S": partition_key(key)}
    ids = [item["SK"]["S"].partition("#")[2] for item in transactions.values()]
    items = [{**session, "attempts": {"SS": ids}}, *transactions.values()]
    for item in items:
        client.put_item(TableName=stack.TABLE, Item={**copy.deepcopy(item), "PK": pk})
    return key


def items_of(client: DynamoDBClient, key: SessionKey) -> list[Item]:
    return client.query(
        TableName=stack.TABLE,
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": partition_key(key)}},
    )["Items"]


def typed(form: Any) -> Any:
    """A form without its values: what is there, and of which type."""
    if isinstance(form, dict):
        return {name: typed(value) for name, value in form.items()}
    return [typed(each) for each in form] if isinstance(form, list) else type(form).__name__


def attributes(forms: Forms) -> Any:
    return {form: typed(item) for form, item in forms.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_today_has_the_form_of_the_newest_sample(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient, kind: str
) -> None:
    write: dict[str, Callable[[], Forms]] = {
        "session": lambda: item_forms.sessions(store, client),
        "transaction": lambda: item_forms.transactions(store, client),
        "answer": lambda: item_forms.answers(cloud, store, client),
        "report": item_forms.reports,
        "order": lambda: item_forms.orders(store),
        "outcome": lambda: item_forms.outcomes(cloud, store),
    }
    assert attributes(write[kind]()) == attributes(newest(kind)), f"{kind}: {ADVICE}"


def test_every_sample_is_of_a_kind_that_is_tested() -> None:
    found = {path.stem.rpartition("_")[0] for path in (ROOT / "tests" / "samples").iterdir()}
    assert found == set(KINDS)


@pytest.mark.parametrize(("of_session", "of_transactions"), TOGETHER)
def test_every_form_is_read(
    cloud: Cloud, client: DynamoDBClient, of_session: str, of_transactions: str
) -> None:
    transactions = samples("transaction")[of_transactions]
    for session in samples("session")[of_session].values():
        answer = scenes.get(cloud, put(client, session, transactions))
        assert answer.status == 200
        assert answer.body["status"] == session["status"]["S"]
        told = {each["transactionId"]: each["status"] for each in answer.body["transactions"]}
        assert told == {
            each["SK"]["S"].partition("#")[2]: each["status"]["S"] for each in transactions.values()
        }


@pytest.mark.parametrize("form", TO_BE_CANCELLED)
@pytest.mark.parametrize(("of_session", "of_transactions"), TOGETHER)
def test_every_form_is_cancelled_to_the_end_and_nothing_unknown_is_lost(
    cloud: Cloud, client: DynamoDBClient, of_session: str, of_transactions: str, form: str
) -> None:
    transactions = samples("transaction")[of_transactions]
    key = put(client, samples("session")[of_session][form], transactions)

    answer = scenes.cancel(cloud, key)

    assert (answer.status, answer.body["status"]) == (200, "CANCELLED")
    after = items_of(client, key)
    assert {each["status"]["S"] for each in after} == ENDED
    ids = {transactions[each]["SK"]["S"].partition("#")[2] for each in IN_FLIGHT}
    # What was never sent has failed; all others the provider has cancelled.
    assert set(answer.cancelled) == ids - {transactions["attached"]["SK"]["S"].partition("#")[2]}
    for item, of in ((after[0], of_session), *((each, of_transactions) for each in after[1:])):
        strange = {name: value for name, value in item.items() if name.endswith("TheFuture")}
        assert strange == (UNKNOWN if of == FUTURE else {})


@pytest.mark.parametrize("of_transactions", versions("transaction"))
def test_a_session_whose_last_old_transaction_ends_is_completed_by_the_stream(
    cloud: Cloud, client: DynamoDBClient, of_transactions: str
) -> None:
    forms = samples("transaction")[of_transactions]
    key = put(client, newest("session")["pending"], {"settled": forms["settled"]})
    record = scenes.stream_record(key)
    record["dynamodb"] |= {"OldImage": forms["awaited"], "NewImage": forms["settled"]}
    assert scenes.deliver(cloud, record) == []
    (session, _) = items_of(client, key)
    assert session["status"] == {"S": "CANCELLED"}


@pytest.mark.parametrize("version", versions("answer"))
def test_a_remembered_answer_of_any_version_is_given_again(
    cloud: Cloud, client: DynamoDBClient, version: str
) -> None:
    record = samples("answer")[version]["answered"]
    lasting = {**record, "expiration": {"N": str(int(time.time()) + 60)}}
    client.put_item(TableName=stack.IDEMPOTENCY_TABLE, Item=lasting)
    answer = scenes.cancel(cloud, TODAY, idempotency_key=KEY)
    assert answer.status == 200
    assert answer.text == json.loads(record["data"]["S"])["answer"]
    assert "Item" not in client.get_item(TableName=stack.TABLE, Key=session_item_key(TODAY))


@pytest.mark.parametrize("version", versions("report"))
def test_a_report_of_any_version_is_read_from_the_queue(version: str) -> None:
    message = samples("report")[version]["told"]
    told = report_from_message(json.dumps(message))
    assert (told.provider, told.account, told.report.reference) == ("stripe", "main", "pi_1")
    assert told.report.status == "SETTLED"
    assert told.report.own_reference == message.get("ownReference", "")


@pytest.mark.parametrize("version", versions("order"))
def test_an_order_of_any_version_is_carried_out(
    cloud: Cloud, client: DynamoDBClient, version: str
) -> None:
    message = samples("order")[version]["to a worker"]
    (transaction,) = order_from_message(message).transactions
    sent = {
        **newest("transaction")["sent"],
        "SK": {"S": f"TRANSACTION#{transaction.transaction_id}"},
    }
    key = put(client, newest("session")["locked"], {"sent": sent})
    until = int((bootstrap.utc_now().timestamp() + 60) * 1000)
    order = {**message, "merchantId": key.merchant_id, "sessionId": key.session_id}
    answer = cloud.function("CancelWithSandboxFunction")({**order, "leaseUntil": until})
    assert [each["outcome"] for each in answer["outcomes"]] == ["CANCELLED"]


@pytest.mark.parametrize("version", versions("outcome"))
def test_an_outcome_of_any_version_is_read(version: str) -> None:
    (outcome,) = outcomes_from_message([samples("outcome")[version]["of a transaction"]])
    assert outcome.cancelled
    assert (outcome.late_settlement, outcome.running) == (False, False)
