"""What the authorizer tells API Gateway: which routes a token's scopes allow."""

from fnmatch import fnmatchcase

import pytest

from checkout.authorization import policy

API = "arn:aws:execute-api:eu-west-1:123456789012:abcdef"
CANCEL = f"{API}/live/POST/v1/checkout/session/cancel"
READ = f"{API}/live/GET/v1/checkout/session/01a205a2-86b6-7e4c-bc7e-3936cad28d08"
WEBHOOK = f"{API}/live/POST/v1/webhooks/stripe/default"
OTHER_STAGE = CANCEL.replace("/live/", "/other/")
OTHER_API = CANCEL.replace("abcdef", "ghijkl")


def allowed(scopes: set[str], called: str, prefix: str = "checkout/") -> set[str]:
    """Which of all routes the policy of a call allows."""
    (statement,) = policy("shop-1", scopes, prefix, called)["policyDocument"]["Statement"]
    if statement["Effect"] != "Allow":
        return set()
    everything = (CANCEL, READ, WEBHOOK, OTHER_STAGE, OTHER_API)
    return {arn for arn in everything if any(fnmatchcase(arn, p) for p in statement["Resource"])}


@pytest.mark.parametrize("called", [CANCEL, READ])
def test_a_policy_holds_for_all_routes_and_whichever_was_called_first(called: str) -> None:
    """API Gateway keeps it for the token: one for a single route would refuse the next one."""
    assert allowed({"checkout/sessions.cancel"}, called) == {CANCEL}
    assert allowed({"checkout/sessions.read"}, called) == {READ}
    assert allowed({"checkout/sessions.cancel", "checkout/sessions.read"}, called) == {CANCEL, READ}


@pytest.mark.parametrize("scopes", [set(), {"openid"}, {"sessions.cancel"}, {"checkout/sessions"}])
def test_without_a_scope_of_ours_everything_is_denied(scopes: set[str]) -> None:
    (statement,) = policy("shop-1", scopes, "checkout/", CANCEL)["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", f"{API}/live/*")


def test_the_issuer_may_name_scopes_with_another_prefix_or_none() -> None:
    assert allowed({"sessions.cancel"}, CANCEL, "") == {CANCEL}
    assert allowed({"api://checkout/sessions.read"}, CANCEL, "api://checkout/") == {READ}


def test_the_function_is_told_the_merchant_and_nothing_else() -> None:
    answer = policy("shop-1", {"checkout/sessions.read"}, "checkout/", READ)
    assert (answer["principalId"], answer["context"]) == ("shop-1", {"merchantId": "shop-1"})
