"""`make smoke` on the deployed stack: it passes where all is well, and tells what is not."""

from dataclasses import replace
from typing import Any

import pytest

from local import merchants, smoke
from local.function_variables import functions_of, further_variables
from local.stack import Stack


def everything(stack: Stack) -> list[list[dict[str, Any]]]:
    """All items of all tables."""
    names = (stack.table, stack.idempotency_table, stack.ledger_table)
    pages = [stack.aws.dynamodb.get_paginator("scan").paginate(TableName=name) for name in names]
    return [sorted((item for page in found for item in page["Items"]), key=str) for found in pages]


def clients_named(stack: Stack, name: str) -> list[str]:
    if stack.issuer:
        return []
    pages = stack.aws.cognito.get_paginator("list_user_pool_clients")
    return [
        client["ClientId"]
        for page in pages.paginate(UserPoolId=stack.user_pool_id)
        for client in page["UserPoolClients"]
        if client["ClientName"] == name
    ]


def test_a_stack_that_is_well_passes(stack: Stack) -> None:
    assert smoke.smoke(stack) == []


def test_in_prod_no_table_is_written_and_no_provider_is_called(stack: Stack) -> None:
    before = everything(stack)
    assert smoke.smoke(replace(stack, ledger_table="")) == []
    assert everything(stack) == before


def test_no_merchant_is_left_behind_not_even_by_a_run_that_was_killed(stack: Stack) -> None:
    merchants.make(stack, smoke.MERCHANT)
    assert smoke.smoke(replace(stack, ledger_table="")) == []
    assert clients_named(stack, smoke.MERCHANT) == []


def test_where_certificates_are_asked_for_a_merchant_without_one_has_to_be_refused(
    stack: Stack,
) -> None:
    asking = {"CLIENT_CERTIFICATES": "required"}
    with further_variables(stack, ["cancel-session", "get-session"], lambda _: asking):
        assert smoke.smoke(stack) == []
    with further_variables(stack, ["cancel-session"], lambda _: asking):
        assert smoke.smoke(stack) == ["a merchant without a certificate is refused"]


def test_a_stack_that_is_not_there_fails_at_each_check(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = replace(stack, base_url=f"{stack.base_url}x")
    found = smoke.smoke(elsewhere)
    assert len(found) >= 5
    told = capsys.readouterr().err
    assert all(f"FAILED  {each}" in told for each in found)


def test_the_functions_of_a_stack_are_its_own(stack: Stack) -> None:
    assert {"cancel-session", "reconcile", "cancel-with-stripe"} <= set(functions_of(stack))
