"""What the functions read from their environment, and nothing else does."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self

from checkout.errors import MisconfiguredError


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is the environment variable of the same name in upper case."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises MisconfiguredError, which names what is missing."""
        wanted = {each.name: each.name.upper() for each in fields(cls)}
        required = {each.name for each in fields(cls) if each.default is MISSING}
        found = {name: environment[key] for name, key in wanted.items() if environment.get(key)}
        if missing := sorted(wanted[name] for name in required - found.keys()):
            raise MisconfiguredError(f"environment lacks {', '.join(missing)}")
        return cls(**found)


@dataclass(frozen=True, slots=True)
class StoreSettings(Settings):
    table_name: str


@dataclass(frozen=True, slots=True)
class EdgeSettings(Settings):
    """`merchant_claim` names the token's claim that is the merchant id.

    `client_certificates` is "required" or "none": see `http_request`.
    """

    merchant_claim: str = "client_id"
    client_certificates: str = "none"


@dataclass(frozen=True, slots=True)
class CallersSettings(Settings):
    """`callers` is "merchants" or "operators": see `cancel_calls`."""

    callers: str = "merchants"


@dataclass(frozen=True, slots=True)
class IssuerSettings(Settings):
    """Whose access tokens are accepted, and for whom they have to be (their claim `aud`).

    A scope's name begins with `jwt_scope_prefix`.
    """

    jwt_issuer: str
    jwt_audience: str
    merchant_claim: str
    jwt_scope_prefix: str = ""


@dataclass(frozen=True, slots=True)
class FanOutSettings(Settings):
    """The worker of a provider is the function `<worker_prefix><provider>`."""

    state_machine_arn: str
    worker_prefix: str


@dataclass(frozen=True, slots=True)
class IdempotencySettings(Settings):
    idempotency_table_name: str


@dataclass(frozen=True, slots=True)
class RecoverySettings(Settings):
    """`give_up_hours` is read by `GiveUpAges.parse`."""

    recovery_starts_per_second: str
    give_up_hours: str


@dataclass(frozen=True, slots=True)
class OperationsSettings(Settings):
    """`give_up_hours` is the recovery's own: a session is stuck for both at the same age."""

    stack_name: str
    give_up_hours: str


@dataclass(frozen=True, slots=True)
class WorkerSettings(Settings):
    """`parallel_calls` is how many calls the provider gets at once from one worker, at most."""

    provider: str
    parallel_calls: str = "50"


@dataclass(frozen=True, slots=True)
class ProviderSettings(Settings):
    """An account's secret is named `<secrets_prefix><provider>/<account>`."""

    secrets_prefix: str


@dataclass(frozen=True, slots=True)
class ReportQueueSettings(Settings):
    unmatched_reports_queue_url: str


@dataclass(frozen=True, slots=True)
class EventSettings(Settings):
    """`event_origin` is the CloudEvents `source` of all that this stack tells."""

    event_bus_name: str
    event_origin: str
    event_failures_queue_url: str


@dataclass(frozen=True, slots=True)
class MerchantWebhookSettings(Settings):
    """A merchant's endpoint is the secret `<merchant_secrets_prefix><merchant>`.

    `private_endpoints` is "allowed" where addresses of private networks may be called.
    """

    merchant_secrets_prefix: str
    merchant_events_queue_url: str
    merchant_events_dead_letter_queue_url: str
    private_endpoints: str = "refused"


@dataclass(frozen=True, slots=True)
class SandboxSettings(Settings):
    sandbox_ledger_table_name: str
