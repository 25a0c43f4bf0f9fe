"""The requests that a provider's report makes: finding its transaction, and a refused cancellation.

The status that it tells is written as every other, by `transaction_requests.record_status`.
"""

from checkout.storage.expressions import Request, update_if
from checkout.storage.items import provider_key, serialize, transaction_item_key
from checkout.transactions import PendingReason, TransactionKey, TransactionStatus


def transactions_of(provider: str, reference: str) -> Request:
    return {
        "IndexName": "by-provider-reference",
        "KeyConditionExpression": "providerKey = :key",
        "ExpressionAttributeValues": serialize({":key": provider_key(provider, reference)}),
    }


def read_transaction(key: TransactionKey) -> Request:
    return {"Key": transaction_item_key(key), "ConsistentRead": True}


def record_cancel_refusal(key: TransactionKey) -> Request:
    # What has ended is not waited for, whatever an item says of why it was.
    in_flight = "#status IN (:created, :processing, :authorized)"
    # The same report again finds the refusal. After the next acceptance it would use up one more
    # key, which costs a call and voids nothing twice.
    accepted = "cancellationDetail = :requested"
    return update_if(
        transaction_item_key(key),
        condition=f"{in_flight} AND {accepted}",
        # The next drive's key is a new one: under the old one the provider would say again that it
        # has accepted the cancellation.
        update=(
            "SET cancellationDetail = :refused,"
            " cancelAttempt = if_not_exists(cancelAttempt, :none) + :one"
        ),
        values={
            ":created": TransactionStatus.PENDING.value,
            ":processing": TransactionStatus.PROCESSING.value,
            ":authorized": TransactionStatus.AUTHORIZED.value,
            ":requested": PendingReason.REQUESTED.value,
            ":refused": PendingReason.REFUSED.value,
            ":none": 0,
            ":one": 1,
        },
    )
