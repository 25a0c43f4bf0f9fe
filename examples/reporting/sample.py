"""Weeks of made-up cancellations, exported: `python -m examples.reporting.sample <folder>`.

The items are written by the project's own storage code on moto, and exported by the operation of
DynamoDB that AWS has: the forms are the real ones, the numbers are not. The same each time.
"""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import boto3
from moto import mock_aws

from checkout.completion import complete_if_drained
from checkout.ids import RANDOM_BYTES, uuid7
from checkout.lease import CancelRequest, new_lock
from checkout.payments import begin_transaction, open_session, record_reference, record_status
from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus

TABLE, BUCKET, REGION = "checkout", "exports", "eu-west-1"
SEED, SESSIONS = 7, 100
BEGAN = datetime(2026, 10, 1, tzinfo=UTC)
MERCHANT = "first-shop"
# As people and shops write them; None is a cancellation without a reason.
REASONS = ("changed my mind", "Changed my mind ", "changed  my mind", None, "payment took too long",
           "found it cheaper", "wrong address", "duplicate order", "session timed out",
           "suspected fraud", "out of stock", "CHANGED MY MIND", "coupon did not work",
           "ordered by mistake", "shipping is too expensive", "test")  # fmt: skip
REASON_WEIGHTS = (20, 8, 4, 15, 12, 9, 7, 6, 5, 5, 4, 3, 2, 2, 2, 1)
PROVIDERS = ("stripe", "adyen", "mollie", "mpesa")
PROVIDER_WEIGHTS = (45, 25, 20, 10)
CANCELLED = ProviderAnswer(CancelOutcome.CANCELLED)
SETTLED = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.SETTLED)
FAILED = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.FAILED)
# What a provider answers, and how often of a hundred; the last cannot be cancelled in progress.
ANSWERS = {
    "stripe": ((CANCELLED, 92), (SETTLED, 5), (FAILED, 3)),
    "adyen": ((CANCELLED, 86), (SETTLED, 6), (FAILED, 4),
              (ProviderAnswer(CancelOutcome.REQUESTED), 4)),
    "mollie": ((CANCELLED, 80), (FAILED, 8), (ProviderAnswer(CancelOutcome.UNKNOWN), 12)),
    "mpesa": ((ProviderAnswer(CancelOutcome.UNSUPPORTED), 40), (FAILED, 30), (SETTLED, 30)),
}  # fmt: skip


class Weeks:
    """Plays one session after the other, with a clock and ids of its own."""

    def __init__(self, store: CheckoutStore, random: Random) -> None:
        self._store, self._random, self._now = store, random, BEGAN

    def _new_id(self) -> str:
        return uuid7(self._now, self._random.randbytes(RANDOM_BYTES))

    def _later(self, seconds: float) -> datetime:
        self._now += timedelta(seconds=seconds)
        return self._now

    def play(self) -> None:
        key = SessionKey(MERCHANT, self._new_id())
        open_session(self._store, key, self._now)
        weights = (5, 70, 20, 5)
        made = [self._pay(key) for _ in range(self._random.choices(range(4), weights)[0])]
        if self._random.random() < 0.85:
            self._cancel(key, made)
        self._later(self._random.uniform(600, 9000))

    def _pay(self, key: SessionKey) -> Attempt:
        (provider,) = self._random.choices(PROVIDERS, PROVIDER_WEIGHTS)
        money = Money(self._random.randrange(500, 20_000), "EUR")
        attempt = Attempt(TransactionKey(key, self._new_id()), provider, "default", money)
        begin_transaction(self._store, attempt, lambda: self._now)
        record_reference(self._store, attempt.key, provider, attempt.key.transaction_id)
        self._later(self._random.uniform(1, 60))
        if self._random.random() < 0.06:
            ended = self._random.choice([TransactionStatus.SETTLED, TransactionStatus.FAILED])
            record_status(self._store, attempt.key, ended, self._now)
        return attempt

    def _cancel(self, key: SessionKey, made: list[Attempt]) -> None:
        (reason,) = self._random.choices(REASONS, REASON_WEIGHTS)
        request = CancelRequest(MERCHANT, reason)
        lock = new_lock(self._new_id(), self._later(5), self._random.random(), request)
        self._store.lock_for_cancellation(key, lock)
        in_flight = {each.key for each in self._store.read_session(key).in_flight}
        for each in made:
            if each.key in in_flight:
                answers, weights = zip(*ANSWERS[each.provider], strict=True)
                (answer,) = self._random.choices(answers, weights)
                self._store.record_outcome(
                    each.key, OutcomeRecord(lock.driver, answer, self._later(0.2))
                )
        self._store.release_lease(key, lock.driver, self._now)
        complete_if_drained(self._store, key, self._now)
        self._learn(key)

    def _learn(self, key: SessionKey) -> None:
        """Of what waits, most ends by itself within the hour, and is reported."""
        for each in self._store.read_session(key).in_flight:
            if self._random.random() < 0.7:
                ends = (TransactionStatus.SETTLED, TransactionStatus.CANCELLED)
                record_status(self._store, each.key, self._random.choice(ends), self._later(900))
        complete_if_drained(self._store, key, self._now)


def make_table(client: Any) -> str:
    """The table's ARN. Its indexes are no part of an export."""
    key = [("PK", "HASH"), ("SK", "RANGE")]
    made = client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in key],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in key],
    )
    client.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    arn: str = made["TableDescription"]["TableArn"]
    return arn


def exported_files(client: Any, table_arn: str) -> Iterator[tuple[str, bytes]]:
    """The names and contents that the export of the whole table has in its bucket."""
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    began = client.export_table_to_point_in_time(
        TableArn=table_arn, S3Bucket=BUCKET, S3Prefix="checkout", ExportFormat="DYNAMODB_JSON"
    )
    arn = began["ExportDescription"]["ExportArn"]
    while client.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"] != "COMPLETED":
        time.sleep(0.05)
    for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        if "/data/" in each["Key"]:
            yield each["Key"], s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()


def write(client: Any, folder: Path) -> None:
    """Play the weeks on a table of its own, and write the export's files into `folder`."""
    arn = make_table(client)
    weeks = Weeks(CheckoutStore(client, TABLE), Random(SEED))  # noqa: S311 - made-up numbers
    for _ in range(SESSIONS):
        weeks.play()
    for number, (_, content) in enumerate(exported_files(client, arn)):
        (folder / f"{number}.json.gz").write_bytes(content)


def main() -> None:
    # Nobody's account: moto answers, and the SDK wants to sign all the same.
    os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with mock_aws():
        write(boto3.client("dynamodb", region_name=REGION), folder)


if __name__ == "__main__":
    main()
