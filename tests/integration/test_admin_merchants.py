"""Merchants, made and listed and deleted in a user pool of moto's, and their secrets rotated."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from moto import mock_aws

from admin import merchants
from admin.merchants import Registered
from admin.target import Target
from local.aws import Aws
from local.console import Problem
from tests.integration.pool_secrets import PoolSecrets
from tests.unit.local_stack.test_commands import STACK

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
READ, CANCEL = "checkout/sessions.read", "checkout/sessions.cancel"


def a_target(pool: str) -> Target:
    stack = replace(STACK, stack_name="shop", token_url="https://token", user_pool_id=pool)
    return Target(stack, Aws(None, region="eu-west-1"))


@pytest.fixture
def target() -> Iterator[Target]:
    with mock_aws():
        there = a_target("")
        client = there.aws.cognito
        pool = client.create_user_pool(PoolName="shop-merchants")["UserPool"]["Id"]
        client.create_resource_server(
            UserPoolId=pool,
            Identifier="checkout",
            Name="checkout",
            Scopes=[
                {"ScopeName": name, "ScopeDescription": name}
                for name in ("sessions.cancel", "sessions.read")
            ],
        )
        yield Target(a_target(pool).stack, there.aws)


@pytest.fixture
def secrets(target: Target) -> PoolSecrets:
    found = PoolSecrets(NOW)
    found.register(target.aws.cognito.meta.events)
    return found


def listed(target: Target) -> list[Registered]:
    return list(merchants.registered(target, lambda *_: None))


def test_a_merchant_gets_tokens_by_its_credentials_and_for_its_scopes_alone(
    target: Target,
) -> None:
    made = merchants.create(target, "first shop", [READ])
    client = target.aws.cognito.describe_user_pool_client(
        UserPoolId=target.stack.user_pool_id, ClientId=made.client_id
    )["UserPoolClient"]
    assert client["ClientSecret"] == made.client_secret
    assert client["AllowedOAuthFlows"] == ["client_credentials"]
    assert client["AllowedOAuthFlowsUserPoolClient"]
    assert client["AllowedOAuthScopes"] == [READ]


def test_all_merchants_are_listed_beyond_a_page_and_without_secrets(target: Target) -> None:
    made = {merchants.create(target, f"shop {n}", [CANCEL, READ]).client_id for n in range(65)}
    told: list[tuple[int, int, int]] = []
    found = list(merchants.registered(target, lambda *each: told.append(each)))
    assert {each.client_id for each in found} == made
    assert {each.scopes for each in found} == {(CANCEL, READ)}
    assert {each.name for each in found} == {f"shop {n}" for n in range(65)}
    assert told == [(65, n, n) for n in range(1, 66)]


def test_a_merchant_is_deleted_and_no_other(target: Target) -> None:
    first, second = (merchants.create(target, name, [READ]).client_id for name in "ab")
    merchants.delete(target, first)
    assert [each.client_id for each in listed(target)] == [second]
    for again in (merchants.delete, merchants.described):
        with pytest.raises(Problem, match="no merchant") as found:
            again(target, first)
        assert found.value.exit_code == 3


@pytest.mark.parametrize("name", ["", "  ", "a\nb\x00", "sh*p", "x" * 129, "a/b"])
def test_a_name_that_cognito_does_not_take_is_refused_before_it_is_asked(
    target: Target, name: str
) -> None:
    with pytest.raises(Problem, match="1 to 128") as found:
        merchants.create(target, name, [READ])
    assert found.value.exit_code == 2
    assert listed(target) == []


def test_scopes_are_named_with_or_without_their_prefix() -> None:
    assert merchants.scopes_named([]) == [CANCEL, READ]
    assert merchants.scopes_named(["sessions.read", READ]) == [READ]
    with pytest.raises(Problem, match="choose of sessions") as found:
        merchants.scopes_named(["sessions.read", "admin"])
    assert found.value.exit_code == 2


def test_a_secret_is_rotated_in_two_steps_and_both_are_good_in_between(
    target: Target, secrets: PoolSecrets
) -> None:
    client_id = merchants.create(target, "shop", [READ]).client_id
    secrets.client(client_id)
    added = merchants.add_secret(target, client_id)
    assert (added.client_id, added.client_secret) == (client_id, "value-2")
    assert [each["ClientSecretValue"] for each in secrets.clients[client_id]] == [
        "value-1",
        "value-2",
    ]
    made_on = merchants.drop_old_secret(target, client_id)
    assert made_on == secrets.clients[client_id][0]["ClientSecretCreateDate"].replace(day=2)
    assert [each["ClientSecretValue"] for each in secrets.clients[client_id]] == ["value-2"]


def test_a_third_secret_is_refused_and_says_what_to_do(
    target: Target, secrets: PoolSecrets
) -> None:
    secrets.client("abc")
    merchants.add_secret(target, "abc")
    with pytest.raises(Problem, match="--finish") as found:
        merchants.add_secret(target, "abc")
    assert found.value.exit_code == 1
    assert secrets.made == 2


def test_who_comes_second_to_a_second_secret_is_told_the_same(
    target: Target, secrets: PoolSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.client("abc")
    merchants.add_secret(target, "abc")
    # What was true when it was looked.
    monkeypatch.setattr(merchants, "_secrets", lambda *_: [])
    with pytest.raises(Problem, match="--finish"):
        merchants.add_secret(target, "abc")


def test_the_only_secret_is_never_removed(target: Target, secrets: PoolSecrets) -> None:
    secrets.client("abc")
    with pytest.raises(Problem, match="one secret") as found:
        merchants.drop_old_secret(target, "abc")
    assert found.value.exit_code == 1
    assert len(secrets.clients["abc"]) == 1


@pytest.mark.parametrize("client_id", ["nobody", "", "no-body", "a b", "../x"])
def test_a_merchant_that_there_is_not_has_no_secret_to_rotate(
    target: Target, secrets: PoolSecrets, client_id: str
) -> None:
    for rotate in (merchants.add_secret, merchants.drop_old_secret):
        with pytest.raises(Problem, match="no merchant") as found:
            rotate(target, client_id)
        assert found.value.exit_code == 3


def test_a_pool_that_cannot_rotate_says_so_and_makes_no_new_client(
    target: Target, secrets: PoolSecrets
) -> None:
    client_id = merchants.create(target, "shop", [READ]).client_id
    secrets.built = False
    for rotate in (merchants.add_secret, merchants.drop_old_secret):
        with pytest.raises(Problem, match="Nothing was changed") as found:
            rotate(target, client_id)
        assert found.value.exit_code == 4
    assert [each.client_id for each in listed(target)] == [client_id]


def test_a_stack_with_an_issuer_of_its_own_says_where_its_merchants_are_made() -> None:
    own = a_target("")
    calls = (
        lambda: merchants.create(own, "shop", [READ]),
        lambda: listed(own),
        lambda: merchants.add_secret(own, "abc"),
        lambda: merchants.drop_old_secret(own, "abc"),
        lambda: merchants.delete(own, "abc"),
    )
    for call in calls:
        with pytest.raises(Problem, match="JwtIssuer") as found:
            call()
        assert found.value.exit_code == 4
