"""`make smoke` on the deployed stack: it passes where all is well, and tells what is not."""

from dataclasses import replace

import pytest

from local import smoke
from local.stack import Stack


def test_a_stack_that_is_well_passes(stack: Stack) -> None:
    assert smoke.smoke(stack) == []


def test_in_prod_nothing_is_written_and_no_provider_is_called(stack: Stack) -> None:
    assert smoke.smoke(replace(stack, ledger_table="")) == []


def test_a_stack_that_is_not_there_fails_at_each_check(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = replace(stack, base_url=f"{stack.base_url}x")
    found = smoke.smoke(elsewhere)
    assert len(found) >= 5
    told = capsys.readouterr().err
    assert all(f"FAILED  {each}" in told for each in found)
