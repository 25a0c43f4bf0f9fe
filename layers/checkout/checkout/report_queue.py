"""The queue of reports that are kept for later, in SQS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from checkout.errors import ReportsLostError
from checkout.observability import log_failure
from checkout.reports import ProviderReport, report_to_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

# SQS takes no more in one call.
AT_ONCE = 10


class SqsReportQueue:
    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def keep(self, reports: Sequence[ProviderReport]) -> None:
        """Raises ReportsLostError, which leaves open whether some are kept: they come again."""
        for at in range(0, len(reports), AT_ONCE):
            self._send(reports[at : at + AT_ONCE])

    def _send(self, reports: Sequence[ProviderReport]) -> None:
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "MessageBody": report_to_message(each)}
                    for number, each in enumerate(reports)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            log_failure("reports were not kept", error)
            raise ReportsLostError from error
        # A 200 may hold refusals of single messages.
        if answer.get("Failed"):
            raise ReportsLostError
