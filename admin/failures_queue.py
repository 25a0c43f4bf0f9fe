"""The queue of what the stream's function has given up on, in SQS."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.console import Problem

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS takes no more in one call.
AT_ONCE = 10
# Long enough to look at everything. Whoever dies meanwhile has the messages come back after it.
HIDDEN_SECONDS = 15 * 60
# A receive that does not wait asks only some of SQS's servers, and may find none where there are.
WAIT_SECONDS = 1


@dataclass(frozen=True)
class SqsFailuresQueue:
    """Raises the errors of botocore. The port is FailuresQueue, in checkout.redrive."""

    client: "SQSClient"
    url: str

    def receive(self, limit: int) -> list[str]:
        receipts: list[str] = []
        while len(receipts) < limit:
            answer = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(AT_ONCE, limit - len(receipts)),
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=WAIT_SECONDS,
            )
            if not answer.get("Messages"):
                break
            receipts += [each["ReceiptHandle"] for each in answer["Messages"]]
        return receipts

    def delete(self, receipts: Sequence[str]) -> None:
        left = 0
        for some in _batches(receipts):
            answer = self.client.delete_message_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": each} for number, each in enumerate(some)
                ],
            )
            left += len(answer.get("Failed", ()))
        if left:
            raise Problem(f"All is done, but {left} messages could not be deleted: run it again.")

    def give_back(self, receipts: Sequence[str]) -> None:
        """What cannot be given back comes back by itself, only later."""
        for some in _batches(receipts):
            self.client.change_message_visibility_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": each, "VisibilityTimeout": 0}
                    for number, each in enumerate(some)
                ],
            )


def _batches(receipts: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(receipts), AT_ONCE):
        yield receipts[at : at + AT_ONCE]
