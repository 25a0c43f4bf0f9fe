"""The conditional writes with a part of their condition taken out, or all of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from checkout.storage import session_requests, transaction_requests
from tests.exploration.forms import Request, forms, same_form
from tests.integration.mutants import ALWAYS, WHOLE, parts_of, replaced


@dataclass(frozen=True)
class Mutant:
    """`part` of the condition of one form of a write always holds."""

    builder: str
    form: str
    part: str

    def __str__(self) -> str:
        form = f" ({self.form})" if self.form else ""
        return f"{self.builder}{form}: without {self.part}"

    @contextmanager
    def active(self) -> Iterator[None]:
        own = hasattr(session_requests, self.builder)
        module = session_requests if own else transaction_requests
        build = getattr(module, self.builder)
        wanted = forms()[self.builder][self.form]

        def otherwise(*arguments: Any) -> Request:
            request: Request = build(*arguments)
            if not same_form(request, wanted):
                return request
            return replaced(request, self.part, ALWAYS)

        with patch.object(module, self.builder, otherwise):
            yield


def mutants() -> list[Mutant]:
    """Every part that is not the only one, and every whole condition; one of each write."""
    found: list[Mutant] = []
    for builder, requests in forms().items():
        seen: list[Request] = []
        for form, request in requests.items():
            if any(same_form(request, other) for other in seen):
                continue
            seen.append(request)
            parts = sorted(parts_of(request))
            several = parts if len(parts) > 1 else []
            found += [Mutant(builder, form, part) for part in (*several, WHOLE)]
    return found
