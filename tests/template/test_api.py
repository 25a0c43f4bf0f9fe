"""The REST API: its routes, who may call them, and what it does not write down."""

import pytest

from tests.template.cloudformation import ROOT, functions, of_type, properties, template

ROUTES = {
    "CancelSessionFunction": ("post", "/v1/checkout/session/cancel", "checkout/sessions.cancel"),
    "GetSessionFunction": ("get", "/v1/checkout/session/{sessionId}", "checkout/sessions.read"),
}


WEBHOOK = "ReceiveWebhookFunction"


def test_there_are_two_routes_for_merchants_and_one_for_providers() -> None:
    routed = {
        name
        for name, function in functions().items()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }
    assert routed == {*ROUTES, WEBHOOK}


@pytest.mark.parametrize("function", ROUTES)
def test_a_route_wants_a_token_with_its_scope(function: str) -> None:
    method, path, scope = ROUTES[function]
    (event,) = properties(function)["Events"].values()
    assert event["Properties"] == {
        "RestApiId": {"Ref": "CheckoutApi"},
        "Method": method,
        "Path": path,
        "Auth": {"Authorizer": "Merchants", "AuthorizationScopes": [scope]},
    }


def test_only_the_route_of_webhooks_wants_no_token() -> None:
    (event,) = properties(WEBHOOK)["Events"].values()
    assert event["Properties"] == {
        "RestApiId": {"Ref": "CheckoutApi"},
        "Method": "post",
        "Path": "/v1/webhooks/{provider}/{account}",
        "Auth": {"Authorizer": "NONE"},
    }


def test_a_route_that_forgot_its_authorizer_would_have_one() -> None:
    auth = properties("CheckoutApi")["Auth"]
    assert auth["DefaultAuthorizer"] == "Merchants"
    assert auth["Authorizers"]["Merchants"]["UserPoolArn"] == {
        "Fn::GetAtt": ["MerchantPool", "Arn"]
    }


def test_the_scopes_of_the_routes_are_those_of_the_resource_server() -> None:
    server = properties("MerchantScopes")
    scopes = {f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"]}
    assert scopes == {scope for _, _, scope in ROUTES.values()}


def test_nobody_signs_up_for_a_merchants_account() -> None:
    pool = properties("MerchantPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert not of_type("AWS::Cognito::UserPoolClient"), "merchants are data, not resources"


def test_the_stage_is_throttled_and_logs_neither_bodies_nor_tokens() -> None:
    api = properties("CheckoutApi")
    (settings,) = api["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "RequestBurst"}
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)


def test_no_page_of_another_origin_may_call_it() -> None:
    """CORS is off: the API's, its routes', its own errors', and what the functions answer."""
    assert "Cors" not in properties("CheckoutApi")
    assert "Cors" not in template()["Globals"].get("Api", {})
    assert not of_type("AWS::Serverless::HttpApi")
    methods = [
        event["Properties"]["Method"]
        for function in functions().values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    ]
    assert sorted(methods) == ["get", "post", "post"]
    sources = [ROOT / "template.yaml", *(ROOT / "layers" / "checkout" / "checkout").rglob("*.py")]
    assert not [each for each in sources if "access-control-" in each.read_text().lower()]


def test_the_api_is_regional_and_has_one_stage() -> None:
    api = properties("CheckoutApi")
    assert api["EndpointConfiguration"] == {"Type": "REGIONAL"}
    assert api["OpenApiVersion"] == "3.0.1", "without it SAM adds a stage named Stage"
    assert api["StageName"] == "live"
    assert template()["Outputs"]["ApiStageName"]["Value"] == {"Ref": "CheckoutApi.Stage"}
