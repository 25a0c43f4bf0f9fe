"""Merchants: app clients of the user pool. A merchant's id is its client id."""

from local.aws import Aws
from local.stack import Merchant

SCOPES = ["checkout/sessions.cancel", "checkout/sessions.read"]


def make(aws: Aws, user_pool_id: str, name: str, scopes: list[str] = SCOPES) -> Merchant:
    client = aws.cognito.create_user_pool_client(
        UserPoolId=user_pool_id,
        ClientName=name,
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=scopes,
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    return Merchant(client["ClientId"], client["ClientSecret"])


def remove(aws: Aws, user_pool_id: str, merchant: Merchant) -> None:
    aws.cognito.delete_user_pool_client(UserPoolId=user_pool_id, ClientId=merchant.client_id)
