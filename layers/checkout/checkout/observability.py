"""The only logger, and the only way to count something.

Log messages are constants with fields. No body, reason, token or secret is ever a field.
"""

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()


def count(name: str, number: int = 1) -> None:
    """Add to a CloudWatch metric, if there is something to add."""
    if number:
        with single_metric(name=name, unit=MetricUnit.Count, value=number):
            pass
