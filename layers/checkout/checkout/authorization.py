"""What a Lambda authorizer answers to API Gateway: which routes this caller may call.

The policy names every route that the scopes allow, and not only the one that was called: API
Gateway keeps it for the token, and asks it of the token's next calls.
"""

from collections.abc import Collection
from typing import Any

# By the name of the scope, after the issuer's own prefix.
ROUTES = {
    "sessions.cancel": "POST/v1/checkout/session/cancel",
    "sessions.read": "GET/v1/checkout/*",
}


def policy(
    merchant_id: str, scopes: Collection[str], scope_prefix: str, method_arn: str
) -> dict[str, Any]:
    """`method_arn` is of the call: arn:aws:execute-api:region:account:api/stage/method/path."""
    api, stage, _ = method_arn.split("/", 2)
    allowed = [route for name, route in ROUTES.items() if scope_prefix + name in scopes]
    statement = _allow(f"{api}/{stage}", allowed) if allowed else _deny(f"{api}/{stage}")
    return {
        "principalId": merchant_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"merchantId": merchant_id},
    }


def _allow(stage: str, routes: list[str]) -> dict[str, Any]:
    resources = [f"{stage}/{route}" for route in routes]
    return {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resources}


def _deny(stage: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": f"{stage}/*"}
