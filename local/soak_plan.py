"""What is done to one session of a soak, drawn from the seed: how it is paid and cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from local.payments import PROVIDERS, Payment

MOST_PAYMENTS = 6
# Of a hundred payments. Those that never end by themselves are reported as ended by a webhook.
KINDS: Mapping[str, int] = {
    "ok": 42, "slow": 14, "async": 13, "unstoppable": 10, "settled": 8,
    "flaky": 6, "refused": 4, "down": 2, "hang": 1,
}  # fmt: skip
ENDLESS = frozenset({"refused", "down", "hang"})
# The part of the other payments whose payer is faster, so that a settlement comes in the middle.
OVERTAKEN = 0.06
ACCOUNTS = ("default", "other")
OWN_ENDS = ("SETTLED", "FAILED", "EXPIRED", "CANCELLED")


@dataclass(frozen=True)
class Report:
    """A provider's webhook: the payment's status, so long after the provider was called for it."""

    seconds: float
    status: str


@dataclass(frozen=True)
class Plan:
    """`racing` are attempts that start with the cancellations, of which `at_once` come together.

    `checkout_ends` is how the payment service ends the session at the same moment, if it does.
    `reports` are by a payment's reference.
    """

    payments: tuple[Payment, ...]
    racing: tuple[Payment, ...]
    at_once: int
    keyed: bool
    repeats: int
    checkout_ends: str
    reports: Mapping[str, Report]


def plan(random: Random) -> Plan:
    drawn = [_payment(random) for _ in range(random.randint(0, MOST_PAYMENTS))]
    # Some of them come late.
    racing = [each for each in drawn if random.random() < 0.15]
    payments = [each for each in drawn if each not in racing]
    return Plan(
        tuple(payments),
        tuple(racing),
        at_once=random.choices((1, 2, 3), (78, 14, 8))[0],
        keyed=random.random() < 0.3,
        repeats=random.choices((0, 1, 2), (70, 20, 10))[0],
        checkout_ends=random.choices(("", "COMPLETED", "EXPIRED"), (94, 3, 3))[0],
        reports=_reports(random, drawn),
    )


def kind_of(payment: Payment) -> str:
    return payment.reference.partition("_")[0]


def _payment(random: Random) -> Payment:
    kind = random.choices(list(KINDS), list(KINDS.values()))[0]
    details = {
        "slow": f"_{random.choice((50, 200, 800))}",
        "async": f"_{random.randint(0, 4)}",
        "unstoppable": f"_{random.randint(1, 12)}_{random.choice(OWN_ENDS)}",
        "flaky": "_1",
    }
    # Told apart by its last part.
    reference = f"{kind}{details.get(kind, '')}_{random.getrandbits(40):x}"
    # A circuit is an account's: those that are out of order open theirs, and no other.
    account = "out-of-order" if kind in ("down", "hang") else random.choice(ACCOUNTS)
    return Payment(random.choice(PROVIDERS), reference, account)


def _reports(random: Random, payments: Sequence[Payment]) -> dict[str, Report]:
    reports: dict[str, Report] = {}
    for payment in payments:
        kind = kind_of(payment)
        if kind in ENDLESS:
            reports[payment.reference] = Report(random.uniform(1, 20), random.choice(OWN_ENDS))
        elif kind in ("ok", "slow", "async") and random.random() < OVERTAKEN:
            reports[payment.reference] = Report(random.uniform(0, 1.5), "SETTLED")
    return reports
