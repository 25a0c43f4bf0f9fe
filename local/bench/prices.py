"""What AWS asks for, in us-east-1, without free tiers and without the steps for large volumes.

Each price says where it is published and when it was read there, so that an old one can be seen.
"""

from dataclasses import dataclass

MILLION = 1_000_000
# Read on AWS's pages and on copies of them, at some time from the first month to the last.
IN_2025_26 = "2025-07 to 2026-09"
IN_NOVEMBER = "2026-11 (stored copy)"


@dataclass(frozen=True, slots=True)
class Price:
    """`dollars` for `number` of the unit."""

    what: str
    dollars: float
    number: int
    unit: str
    source: str
    read: str

    @property
    def each(self) -> float:
        return self.dollars / self.number


_GATEWAY = "aws.amazon.com/api-gateway/pricing"
_LAMBDA = "aws.amazon.com/lambda/pricing"
_MACHINE = "aws.amazon.com/step-functions/pricing"
_TABLE = "aws.amazon.com/dynamodb/pricing/on-demand"
_STREAM = "docs.aws.amazon.com/amazondynamodb CostOptimization_StreamsUsage"
_QUEUE = "aws.amazon.com/sqs/pricing"
_WATCH = "aws.amazon.com/cloudwatch/pricing"
_TRACES = "aws.amazon.com/xray/pricing"

REST_REQUEST = Price("REST API", 3.50, MILLION, "request", _GATEWAY, IN_2025_26)
HTTP_REQUEST = Price("HTTP API", 1.00, MILLION, "request", _GATEWAY, IN_2025_26)
LAMBDA_REQUEST = Price("Lambda", 0.20, MILLION, "request", _LAMBDA, IN_2025_26)
ARM_TIME = Price("Lambda, arm64", 0.0000133334, 1, "GB-second", _LAMBDA, IN_2025_26)
X86_TIME = Price("Lambda, x86_64", 0.0000166667, 1, "GB-second", _LAMBDA, IN_2025_26)
DURABLE_OPERATION = Price("Lambda durable", 8.00, MILLION, "operation", _LAMBDA, "2026-09-20")
EXPRESS_REQUEST = Price("Express", 1.00, MILLION, "request", _MACHINE, IN_2025_26)
EXPRESS_TIME = Price("Express", 0.00001667, 1, "GB-second", _MACHINE, IN_2025_26)
TRANSITION = Price("Standard", 25.00, MILLION, "transition", _MACHINE, IN_2025_26)
WRITE_UNIT = Price("DynamoDB", 0.625, MILLION, "write unit, 1 KB", _TABLE, IN_2025_26)
READ_UNIT = Price("DynamoDB", 0.125, MILLION, "read unit, 4 KB", _TABLE, IN_2025_26)
STREAM_READ = Price("Stream", 0.00, MILLION, "read by Lambda", _STREAM, IN_NOVEMBER)
# Nothing of a cancellation that goes well crosses a queue; here for what does not.
QUEUE_REQUEST = Price("SQS standard", 0.40, MILLION, "request", _QUEUE, "general knowledge")
LOG_BYTE = Price("CloudWatch Logs", 0.50, 1000**3, "byte", _WATCH, IN_NOVEMBER)
TRACE = Price("X-Ray", 5.00, MILLION, "trace recorded", _TRACES, IN_NOVEMBER)

PRICES = (
    REST_REQUEST,
    HTTP_REQUEST,
    LAMBDA_REQUEST,
    ARM_TIME,
    X86_TIME,
    DURABLE_OPERATION,
    EXPRESS_REQUEST,
    EXPRESS_TIME,
    TRANSITION,
    WRITE_UNIT,
    READ_UNIT,
    STREAM_READ,
    QUEUE_REQUEST,
    LOG_BYTE,
    TRACE,
)
