"""docs/openapi.json names each header and parameter by which a webhook is known to be genuine."""

import contextlib
from collections.abc import Iterator, Mapping

import pytest

from checkout.errors import CheckoutError
from checkout.providers.webhook import Delivery
from local.openapi import proofs
from tests.contract.desks.base import ACCOUNT
from tests.contract.desks.every import DESKS
from tests.unit.clock import NOON

NONE: dict[str, str] = {}
# OpenAPI tells of it as security, not as a parameter.
NO_PARAMETER = {"authorization"}


class Asked(Mapping[str, str]):
    """Holds whatever it is asked for, and remembers it."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return "x"

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@pytest.fixture
def asked() -> tuple[Asked, Asked]:
    """The headers and the parameters that the readers of all providers look at."""
    headers, query = Asked(), Asked()
    for make in DESKS.values():
        with make().open() as desk:
            # Mollie asks for a token where there is no signature.
            for found in (headers, NONE):
                with contextlib.suppress(CheckoutError):
                    desk.reader().read(Delivery(ACCOUNT, b"{}", found, query, NOON))
    return headers, query


def test_the_document_names_what_the_readers_look_at(asked: tuple[Asked, Asked]) -> None:
    headers, query = asked
    assert headers.names - NO_PARAMETER == {name.lower() for name in proofs.HEADERS}
    assert query.names == set(proofs.QUERY)
