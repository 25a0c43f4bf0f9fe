"""Merchants of a stack: clients of its user pool, or of the token server it has been given.

A merchant's id is its client id.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from local import token_server
from local.stack import Merchant

if TYPE_CHECKING:
    from local.aws import Aws
    from local.stack import Stack

READ, CANCEL = "checkout/sessions.read", "checkout/sessions.cancel"
SCOPES = [CANCEL, READ]


def make(stack: Stack, name: str, scopes: list[str] = SCOPES) -> Merchant:
    if stack.issuer:
        return _register(stack.issuer, name, scopes)
    return make_client(stack.aws, stack.user_pool_id, name, scopes)


def remove(stack: Stack, merchant: Merchant) -> None:
    """What the token server of a test remembers ends with it."""
    if not stack.issuer:
        stack.aws.cognito.delete_user_pool_client(
            UserPoolId=stack.user_pool_id, ClientId=merchant.client_id
        )


def make_client(aws: Aws, user_pool_id: str, name: str, scopes: list[str]) -> Merchant:
    client = aws.cognito.create_user_pool_client(
        UserPoolId=user_pool_id,
        ClientName=name,
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=scopes,
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    return Merchant(client["ClientId"], client["ClientSecret"])


def _register(issuer: str, name: str, scopes: list[str]) -> Merchant:
    made = Merchant(f"{name}-{secrets.token_hex(8)}", secrets.token_hex(16))
    registered = {"clientId": made.client_id, "clientSecret": made.client_secret}
    token_server.call(issuer, "/merchants", {**registered, "scope": " ".join(scopes)})
    return made
