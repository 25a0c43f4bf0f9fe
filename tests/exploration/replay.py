"""An actor as a function of the answers it has got so far.

Between two answers our code is deterministic: time, ids and chance come in as arguments. So an
actor needs no thread. It is run again from its beginning with the answers it has got, and where
it asks for one more it is suspended: that request is its next step.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Transaction, TransactionStatus
from tests.exploration.table import refused

START = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = "checkout"


def moment(now: int) -> datetime:
    """`now` in milliseconds since the start of the world."""
    return START + timedelta(milliseconds=now)


def to_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Request:
    """A step to come: a call of the store or of a provider, or anything that others may see."""

    operation: str
    body: Any

    @property
    def form(self) -> str:
        return f"{self.operation} {to_json(self.body)}"

    def __str__(self) -> str:
        """As a trace tells it: what is written to which item, and what it depends on."""
        if self.operation != "update_item":
            return self.form
        condition = self.body.get("ConditionExpression", "anything")
        said = f"{self.body['UpdateExpression']} IF {condition}"
        for name, value in sorted(self.body["ExpressionAttributeValues"].items(), reverse=True):
            said = said.replace(name, str(next(iter(value.values()))))
        return f"{self.body['Key']['SK']['S']}: {said}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`content` has one entry: what it is, and what it says. `now` is when it came."""

    content: dict[str, Any]
    now: int


class Suspended(BaseException):
    """Nothing of ours can catch it, as nothing can catch the death of a process."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


class Hands:
    """What an actor does its steps with, and the only time it knows."""

    def __init__(self, began: int, answers: Sequence[Answer]) -> None:
        self._answers: Iterator[Answer] = iter(answers)
        self._now = began
        self.store_failed = False

    def ask(self, operation: str, body: Any) -> dict[str, Any]:
        answer = next(self._answers, None)
        if answer is None:
            raise Suspended(Request(operation, body))
        self._now = answer.now
        return answer.content

    def now(self) -> datetime:
        return moment(self._now)

    @property
    def store(self) -> CheckoutStore:
        return CheckoutStore(_StoreClient(self), TABLE)  # type: ignore[arg-type] # what it calls


Program = Callable[[Hands], Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """Where an actor stands: before its next request, or at its end with a result.

    `broken` tells of an error that nobody expected.
    """

    request: Request | None = None
    result: Any = None
    broken: str | None = None


def situation(program: Program, began: int, answers: Sequence[Answer]) -> Situation:
    try:
        return Situation(result=program(Hands(began, answers)))
    except Suspended as suspended:
        return Situation(request=suspended.request)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told as a violation
        return Situation(broken=f"{type(error).__name__}: {error}")


class _StoreClient:
    """DynamoDB's client, of one actor."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def put_item(self, **request: Any) -> Any:
        return self._call("put_item", request)

    def update_item(self, **request: Any) -> Any:
        return self._call("update_item", request)

    def query(self, **request: Any) -> Any:
        return self._call("query", request)

    def get_item(self, **request: Any) -> Any:
        return self._call("get_item", request)

    def _call(self, operation: str, request: dict[str, Any]) -> Any:
        answer = self._hands.ask(operation, request)
        if "refused" in answer:
            raise refused(operation, answer["refused"])
        if "unavailable" in answer:
            self._hands.store_failed = True
            raise ConnectTimeoutError(endpoint_url="dynamodb")
        return answer["done"]


def _throttled() -> ClientError:
    response: Any = {
        "Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return ClientError(response, "StartSyncExecution")


class MachineClient:
    """Step Functions' client, of one driver."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def start_sync_execution(
        self,
        *,
        stateMachineArn: str,  # noqa: N803
        name: str,
        input: str,  # noqa: A002
    ) -> Any:
        answer = self._hands.ask("fan out", json.loads(input))
        if "throttled" in answer:
            raise _throttled()
        if "groups" not in answer:
            raise ReadTimeoutError(endpoint_url="states")
        return {"status": "SUCCEEDED", "output": json.dumps(answer["groups"])}


@dataclass(frozen=True, slots=True)
class AskedProvider:
    """The adapter to the bank, in the hands of one worker."""

    hands: Hands
    name: str
    driver: str
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        body = {"id": transaction.transaction_id, "driver": self.driver, "key": idempotency_key}
        answer = self.hands.ask("void", body)
        status = answer["status"]
        return ProviderAnswer(
            CancelOutcome(answer["outcome"]), TransactionStatus(status) if status else None
        )

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        body = {"id": transaction.transaction_id, "driver": self.driver}
        answer = self.hands.ask("retrieve", body)
        status = answer["status"]
        return ProviderStatus(TransactionStatus(status) if status else None, answer["found"])
