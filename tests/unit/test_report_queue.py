"""Keeping reports in SQS: all of them, or the provider has to send them again."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from checkout.errors import ReportsLostError
from checkout.report_queue import SqsReportQueue
from checkout.reports import ProviderReport, report_from_message
from tests.unit.reporting import settled, told

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass
class Sqs:
    """Takes ten messages in one call, and none of those whose body has a text of `refused`."""

    refused: str = "no such text"
    bodies: list[str] = field(default_factory=list)

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> Any:  # noqa: N803
        ids = {each["Id"] for each in Entries}
        assert QueueUrl == "queue"
        assert len(ids) == len(Entries) <= 10
        failed = [each["Id"] for each in Entries if self.refused in each["MessageBody"]]
        self.bodies += [each["MessageBody"] for each in Entries if each["Id"] not in failed]
        return {"Failed": [{"Id": each, "Code": "InternalError"} for each in failed]}


def queue_of(sqs: Sqs) -> SqsReportQueue:
    return SqsReportQueue(cast("SQSClient", sqs), "queue")


def reports(count: int) -> list[ProviderReport]:
    return told(*(settled(number) for number in range(count)))


@pytest.mark.parametrize("count", [0, 1, 10, 11, 250])
def test_each_report_is_kept_once(count: int) -> None:
    sqs = Sqs()
    queue_of(sqs).keep(reports(count))
    assert [report_from_message(each) for each in sqs.bodies] == reports(count)


def test_one_message_that_sqs_does_not_take_makes_all_of_them_come_again() -> None:
    with pytest.raises(ReportsLostError):
        queue_of(Sqs(refused="ref_7")).keep(reports(20))
