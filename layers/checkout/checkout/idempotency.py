"""`Idempotency-Key`: the first answer again, byte for byte, on Powertools' idempotency.

Only successes are remembered: whatever raises had no effect to repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)

from checkout.errors import (
    CheckoutError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    StoreUnavailableError,
)
from checkout.observability import log_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 24 * 60 * 60
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class KeyedCall:
    """A key means something for one merchant only; `body` is compared by meaning."""

    merchant_id: str
    key: str
    body: dict[str, Any]


class IdempotentAnswers:
    def __init__(self, client: DynamoDBClient, table: str) -> None:
        # One for all calls: each new one leaves a handler on the shared client for ever. It keeps
        # the first configuration that it is used with, which is why there is only this one use.
        self._records = DynamoDBPersistenceLayer(table_name=table, boto3_client=client)

    def once(self, call: KeyedCall, context: LambdaContext, action: Callable[[], str]) -> str:
        """The answer of the first call with this key, which runs `action`.

        Raises IdempotencyConflictError, IdempotencyInProgressError, StoreUnavailableError, and
        whatever `action` raises.
        """
        first = _FirstCall(action)
        try:
            return self._decorated(first, context)(call=_to_json(call))["answer"]
        except IdempotencyValidationError:
            raise IdempotencyConflictError from None
        except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
            raise IdempotencyInProgressError(RETRY_AFTER_SECONDS) from None
        except IdempotencyPersistenceLayerError as error:
            # What the action came to must not be lost with the record of it.
            log_failure("idempotency record failed", error)
            return first.result(StoreUnavailableError(type(error).__name__))

    def _decorated(
        self, first: _FirstCall, context: LambdaContext
    ) -> Callable[..., dict[str, str]]:
        config = IdempotencyConfig(
            event_key_jmespath="[merchantId, key]",
            payload_validation_jmespath="body",
            expires_after_seconds=KEPT_SECONDS,
            hash_function="sha256",
            lambda_context=context,
        )
        decorate = idempotent_function(
            data_keyword_argument="call",
            persistence_store=self._records,
            config=config,
            key_prefix="cancel_session",
        )
        decorated: Callable[..., dict[str, str]] = decorate(first.run)
        return decorated


class _FirstCall:
    """Runs the action, and keeps what it came to."""

    def __init__(self, action: Callable[[], str]) -> None:
        self._action = action
        self._answer: str | None = None
        self._error: Exception | None = None

    def run(self, call: dict[str, Any]) -> dict[str, str]:
        del call  # what the record is kept under
        try:
            self._answer = self._action()
        except Exception as error:
            self._error = error
            raise
        return {"answer": self._answer}

    def result(self, otherwise: CheckoutError) -> str:
        if self._answer is None:
            raise self._error or otherwise
        return self._answer


def _to_json(call: KeyedCall) -> dict[str, Any]:
    return {"merchantId": call.merchant_id, "key": call.key, "body": call.body}
