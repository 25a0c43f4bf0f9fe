"""What is made in the init phase, and that nothing there keeps a function from answering."""

import pytest
from botocore.exceptions import NoRegionError

from checkout import bootstrap
from checkout.errors import MisconfiguredError


class Part:
    """Fails with `error`, if there is one; counts how often it was made."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.made = 0

    def __call__(self) -> object:
        self.made += 1
        if self._error:
            raise self._error
        return self


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (None, 0),
        (MisconfiguredError("no table"), 0),  # told by the call that needs it
        (NoRegionError(), 0),
        (ValueError("a secret"), 1),
    ],
)
def test_every_part_is_made_whatever_becomes_of_the_others(
    error: Exception | None, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Part(error), Part()
    bootstrap.prepare(first, second)
    assert (first.made, second.made) == (1, 1)
    assert len(caplog.records) == logged
    assert "a secret" not in str([vars(each) for each in caplog.records])


def test_what_could_not_be_made_is_made_by_the_call_that_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bootstrap.forget()
    monkeypatch.delenv("TABLE_NAME", raising=False)
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-west-1")
    bootstrap.prepare(bootstrap.checkout_store)
    with pytest.raises(MisconfiguredError, match="TABLE_NAME"):
        bootstrap.checkout_store()
    monkeypatch.setenv("TABLE_NAME", "checkout")
    assert bootstrap.checkout_store() is bootstrap.checkout_store()
    bootstrap.forget()


@pytest.mark.parametrize(
    ("memory", "wanted", "at_once"),
    [("192", "50", 16), ("192", "10", 10), ("1769", "50", 50), ("128", "50", 10), ("8", "50", 1)],
)
def test_a_worker_makes_as_many_calls_as_its_provider_and_its_memory_bear(
    memory: str, wanted: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVIDER", "adyen")
    monkeypatch.setenv("PARALLEL_CALLS", wanted)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory)
    assert bootstrap.parallel_calls() == at_once


def test_outside_of_lambda_the_provider_alone_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER", "adyen")
    monkeypatch.setenv("PARALLEL_CALLS", "50")
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", raising=False)
    assert bootstrap.parallel_calls() == 50
    monkeypatch.setenv("PARALLEL_CALLS", "many")
    with pytest.raises(MisconfiguredError, match="PARALLEL_CALLS"):
        bootstrap.parallel_calls()
