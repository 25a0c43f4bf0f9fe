"""API Gateway's authorizer, where the tokens are those of an OpenID issuer and not Cognito's."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from checkout import authorizer_bootstrap as bootstrap
from checkout.authorization import policy
from checkout.bearer_tokens import Caller, TokenRefusedError, verified
from checkout.bootstrap import prepare, utc_now
from checkout.observability import count, logger

prepare(bootstrap.signing_keys)


class UnauthorizedError(Exception):
    """Its text is the word that API Gateway answers with 401; to any other it answers 500."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    caller = _caller(event["authorizationToken"])
    prefix = bootstrap.settings().jwt_scope_prefix
    return policy(caller.merchant_id, caller.scopes, prefix, event["methodArn"])


def _caller(authorization: str) -> Caller:
    keys, expected = bootstrap.signing_keys(), bootstrap.expected_token()
    try:
        return verified(authorization, keys, expected, utc_now())
    except TokenRefusedError as error:
        logger.info("token refused", why=error.why.value)
        count("TokensRefused")
    raise UnauthorizedError
