"""A report as a message of the queue, and when one contradicts what is known."""

import json
from itertools import product

import pytest

from checkout.errors import MalformedRecordError
from checkout.providers.webhook import Report
from checkout.reports import ProviderReport, Recorded, report_from_message, report_to_message
from checkout.transactions import IN_FLIGHT, TERMINAL, TransactionStatus
from tests.unit.clock import NOON
from tests.unit.samples import transaction_id, transaction_key

S = TransactionStatus
MONEY = {S.SETTLED, S.REFUNDED}
NO_MONEY = TERMINAL - MONEY
MESSAGE = {
    "provider": "bank",
    "account": "account-1",
    "reference": "ref_1",
    "ownReference": "",
    "status": "SETTLED",
    "cancelRefused": False,
    "ask": False,
    "ends": False,
    "amount": None,
    "receivedAt": "2026-03-01T12:00:00.000Z",
}


def recorded(reported: S | None, status: S, late: bool = False) -> Recorded:
    return Recorded(transaction_key(), reported, status, late)


@pytest.mark.parametrize(
    "report",
    [
        Report("ref_1", S.SETTLED),
        Report("ref_1", cancel_refused=True),
        Report("ref \u20ac #1", ask=True),
        Report("ref_1", S.REFUNDED, amount=500),
        Report("ref_1", ask=True, ends=True),
        Report("", S.CANCELLED, own_reference=transaction_id(1)),
    ],
)
def test_a_report_comes_out_of_its_message_as_it_went_in(report: Report) -> None:
    told = ProviderReport("bank", "account-1", report, NOON)
    assert report_from_message(report_to_message(told)) == told


def test_a_message_holds_what_was_verified_and_no_payload() -> None:
    told = ProviderReport("bank", "account-1", Report("ref_1", S.SETTLED), NOON)
    assert json.loads(report_to_message(told)) == MESSAGE


# Later ones are absent in what an older release has put on the queue.
FROM_THE_FIRST = set(MESSAGE) - {"ownReference", "ends"}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "not JSON",
        "[]",
        "null",
        '"text"',
        "{}",
        *(
            json.dumps({k: v for k, v in MESSAGE.items() if k != name})
            for name in sorted(FROM_THE_FIRST)
        ),
        json.dumps({**MESSAGE, "status": "PAID"}),
        json.dumps({**MESSAGE, "receivedAt": "noon"}),
        json.dumps({**MESSAGE, "receivedAt": None}),
    ],
)
def test_a_message_that_is_none_of_ours_is_malformed(message: str) -> None:
    with pytest.raises(MalformedRecordError) as caught:
        report_from_message(message)
    assert caught.value.part == "report"


@pytest.mark.parametrize(
    ("reported", "status"), [*product(MONEY, NO_MONEY), *product(NO_MONEY, MONEY)]
)
def test_an_end_with_money_and_one_without_contradict_each_other(reported: S, status: S) -> None:
    assert recorded(reported, status).contradicts


@pytest.mark.parametrize(
    ("reported", "status"),
    [
        *product(MONEY, MONEY),
        *product(NO_MONEY, NO_MONEY),
        *product(IN_FLIGHT, S),
        *product(S, IN_FLIGHT),
        *product([None], S),
    ],
)
def test_nothing_else_does(reported: S | None, status: S) -> None:
    assert not recorded(reported, status).contradicts


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_only_money_that_the_stream_does_not_see_is_counted_by_who_records_it(status: S) -> None:
    assert recorded(S.SETTLED, status, late=True).uncounted_money is (status not in MONEY)
    assert not recorded(S.SETTLED, status).uncounted_money
