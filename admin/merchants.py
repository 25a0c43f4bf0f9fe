"""Merchants of a stack: clients of its user pool. A merchant's id is its client id.

A client has one secret, or two for as long as its secret is being rotated: Cognito takes both.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from admin.exits import FAILED, IMPOSSIBLE, NOT_FOUND, UNUSABLE
from admin.target import Target
from local.console import Problem
from local.merchants import SCOPES, make_client
from local.stack import Merchant

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import ClientSecretDescriptorTypeTypeDef as Descriptor

PREFIX = "checkout/"
# What Cognito takes for a client's name, and for its id.
NAME = re.compile(r"[\w\s+=,.@-]{1,128}")
CLIENT_ID = re.compile(r"[\w+]{1,128}")
MOST_SECRETS = 2
# The emulator's word for a call that it does not have.
NOT_BUILT = frozenset({"InvalidAction", "UnknownOperationException", "NotImplemented"})
NO_SUCH = "ResourceNotFoundException"


@dataclass(frozen=True)
class Registered:
    """A client without its secrets. Not every emulator tells when it was made."""

    client_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime | None


def pool_of(target: Target) -> str:
    """Raises Problem (exit code 4): its tokens are not Cognito's."""
    if not target.stack.user_pool_id:
        raise Problem(
            f"'{target.name}' takes the tokens of an OpenID issuer of its own (JwtIssuer): its"
            " merchants are made there (docs/deployment.md, 'Tokens of your own issuer').",
            IMPOSSIBLE,
        )
    return target.stack.user_pool_id


def scopes_named(asked: Sequence[str]) -> list[str]:
    """As the user pool has them, all if none is named. Raises Problem (exit code 2)."""
    known = {scope.removeprefix(PREFIX): scope for scope in SCOPES}
    wanted = [each.removeprefix(PREFIX) for each in asked]
    for each in wanted:
        if each not in known:
            raise Problem(f"There is no scope '{each}': choose of {', '.join(known)}.", UNUSABLE)
    return sorted({known[each] for each in wanted}) or sorted(SCOPES)


def create(target: Target, name: str, scopes: list[str]) -> Merchant:
    """Raises Problem: of a stack without a user pool, and for a name that Cognito does not take."""
    pool = pool_of(target)
    if not NAME.fullmatch(name) or not name.strip():
        raise Problem(
            "A merchant's name is 1 to 128 letters, digits, spaces and any of + = , . @ - _",
            UNUSABLE,
        )
    return make_client(target.aws, pool, name, scopes)


def registered(target: Target, tell: Callable[[int, int, int], None]) -> Iterator[Registered]:
    pool, client = pool_of(target), target.aws.cognito
    pages = client.get_paginator("list_user_pool_clients").paginate(UserPoolId=pool)
    ids = [each["ClientId"] for page in pages for each in page["UserPoolClients"]]
    for number, client_id in enumerate(ids, start=1):
        try:
            yield described(target, client_id)
        except Problem:
            continue  # deleted by somebody, since it was listed
        finally:
            tell(len(ids), number, number)


def described(target: Target, client_id: str) -> Registered:
    """Raises Problem (exit code 3): there is none."""
    with _known(target, client_id) as pool:
        found = target.aws.cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client_id)[
            "UserPoolClient"
        ]
    scopes = tuple(sorted(found.get("AllowedOAuthScopes", ())))
    return Registered(client_id, found["ClientName"], scopes, found.get("CreationDate"))


def delete(target: Target, client_id: str) -> None:
    """Raises Problem (exit code 3): there is none."""
    with _known(target, client_id) as pool:
        target.aws.cognito.delete_user_pool_client(UserPoolId=pool, ClientId=client_id)


def add_secret(target: Target, client_id: str) -> Merchant:
    """A second secret; the first one stays good. Raises Problem: there are two, or it cannot."""
    with _known(target, client_id) as pool:
        if len(_secrets(target, pool, client_id)) >= MOST_SECRETS:
            raise _two_already(client_id)
        try:
            made = target.aws.cognito.add_user_pool_client_secret(
                UserPoolId=pool, ClientId=client_id
            )["ClientSecretDescriptor"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "LimitExceededException":
                raise _two_already(client_id) from None  # somebody else was faster
            raise
    return Merchant(client_id, made["ClientSecretValue"])


def drop_old_secret(target: Target, client_id: str) -> datetime:
    """The older of two; when it was made. Raises Problem (exit code 1): there is only one."""
    with _known(target, client_id) as pool:
        found = sorted(_secrets(target, pool, client_id), key=_made_on)
        if len(found) < MOST_SECRETS:
            raise Problem(
                f"'{client_id}' has one secret alone, which stays: add the new one first,"
                " with rotate-secret and no --finish.",
                FAILED,
            )
        target.aws.cognito.delete_user_pool_client_secret(
            UserPoolId=pool,
            ClientId=client_id,
            ClientSecretId=found[0]["ClientSecretId"],
        )
    return _made_on(found[0])


def _made_on(each: "Descriptor") -> datetime:
    return each["ClientSecretCreateDate"]


def _secrets(target: Target, pool: str, client_id: str) -> "list[Descriptor]":
    """Of at most two, which are told without their values."""
    answer = target.aws.cognito.list_user_pool_client_secrets(UserPoolId=pool, ClientId=client_id)
    return answer["ClientSecrets"]


def _two_already(client_id: str) -> Problem:
    return Problem(
        f"'{client_id}' has two secrets, and can have no third: once nobody uses the older one,"
        " remove it with rotate-secret --finish.",
        FAILED,
    )


@contextmanager
def _known(target: Target, client_id: str) -> Iterator[str]:
    """The pool, for calls about one client of it. Raises Problem: no such client, no such call."""
    pool = pool_of(target)
    if not CLIENT_ID.fullmatch(client_id):
        raise _unknown(target, client_id)
    try:
        yield pool
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == NO_SUCH:
            raise _unknown(target, client_id) from None
        if code in NOT_BUILT:
            raise Problem(
                f"The user pool of '{target.name}' cannot rotate a secret, which Cognito on AWS can"
                " (the local emulator has no second secret). Nothing was changed.",
                IMPOSSIBLE,
            ) from None
        raise


def _unknown(target: Target, client_id: str) -> Problem:
    return Problem(
        f"There is no merchant '{client_id}' in '{target.name}':"
        " 'checkout-admin merchant list' names them.",
        NOT_FOUND,
    )
