"""The REST API: its routes, who may call them, and what it does not write down."""

import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from checkout import authorization
from tests.template.cloudformation import ROOT, functions, of_type, properties, template

ROUTES = {
    "CancelSessionFunction": ("post", "/v1/checkout/session/cancel", "checkout/sessions.cancel"),
    "GetSessionFunction": ("get", "/v1/checkout/session/{sessionId}", "checkout/sessions.read"),
    "ListSessionsFunction": ("get", "/v1/checkout/sessions", "checkout/sessions.read"),
}


WEBHOOK = "ReceiveWebhookFunction"


def test_there_are_three_routes_for_merchants_and_one_for_providers() -> None:
    routed = {
        name
        for name, function in functions().items()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }
    assert routed == {*ROUTES, WEBHOOK}


def definition() -> dict[str, Any]:
    """Our half of the API's definition; SAM adds the functions' routes to it."""
    found: dict[str, Any] = properties("CheckoutApi")["DefinitionBody"]
    return found


def security_of(route: dict[str, Any]) -> Any:
    return definition()["paths"][route["Path"]][route["Method"]]["security"]


def scope_of(route: dict[str, Any]) -> str:
    """That Cognito's authorizer asks for. Our own looks at scopes by itself."""
    condition, ours, (cognitos,) = security_of(route)["Fn::If"]
    assert (condition, ours) == ("HasIssuer", [{"Merchants": []}])
    (scope,) = cognitos["Merchants"]
    return str(scope)


@pytest.mark.parametrize("function", ROUTES)
def test_a_route_wants_a_token_with_its_scope(function: str) -> None:
    method, path, scope = ROUTES[function]
    (event,) = properties(function)["Events"].values()
    route = {"RestApiId": {"Ref": "CheckoutApi"}, "Method": method, "Path": path}
    assert event["Properties"] == route
    assert scope_of(route) == scope


def test_our_own_authorizer_wants_the_same_scopes_of_the_same_routes() -> None:
    allowed = {f"checkout/{name}": route for name, route in authorization.ROUTES.items()}
    for method, path, scope in ROUTES.values():
        called = f"{method.upper()}{path}"
        assert [name for name, route in allowed.items() if fnmatchcase(called, route)] == [scope]


def test_only_the_route_of_webhooks_wants_no_token() -> None:
    (event,) = properties(WEBHOOK)["Events"].values()
    route = {
        "RestApiId": {"Ref": "CheckoutApi"},
        "Method": "post",
        "Path": "/v1/webhooks/{provider}/{account}",
    }
    assert event["Properties"] == route
    assert security_of(route) == []


def test_no_route_has_forgotten_to_say_who_may_call_it() -> None:
    routed = {
        (event["Properties"]["Path"], event["Properties"]["Method"])
        for function in functions().values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }
    secured = {
        (path, method)
        for path, methods in definition()["paths"].items()
        for method in methods
        # Those of the operators: test_operations.py.
        if "/operations/" not in path
    }
    assert secured == routed
    assert properties("CheckoutApi")["MergeDefinitions"] is True
    assert all(
        "security" in each
        for path, methods in definition()["paths"].items()
        if "/operations/" not in path
        for each in methods.values()
    )


def authorizer() -> tuple[dict[str, Any], dict[str, Any]]:
    """With an issuer, and without."""
    scheme = definition()["components"]["securitySchemes"]["Merchants"]
    kind = scheme["x-amazon-apigateway-authtype"]
    assert kind == {"Fn::If": ["HasIssuer", "custom", "cognito_user_pools"]}
    condition, ours, cognitos = scheme["x-amazon-apigateway-authorizer"]["Fn::If"]
    assert condition == "HasIssuer"
    return ours, cognitos


def test_tokens_are_cognitos_unless_there_is_an_issuer() -> None:
    _, cognitos = authorizer()
    pool = {"Fn::GetAtt": ["MerchantPool", "Arn"]}
    assert cognitos == {"type": "cognito_user_pools", "providerARNs": [pool]}
    assert template()["Conditions"]["HasUserPool"] == {"Fn::Equals": [{"Ref": "JwtIssuer"}, ""]}


def test_our_own_authorizer_is_asked_about_what_may_be_a_token_and_once_a_minute() -> None:
    ours, _ = authorizer()
    assert ours["type"] == "token"
    assert ours["authorizerResultTtlInSeconds"] == 60
    # By the alias, like every function.
    _, names = ours["authorizerUri"]["Fn::Sub"]
    assert names == {"Authorize": {"Ref": "AuthorizeFunction.Alias"}}
    assert properties("GatewayMayAuthorize")["FunctionName"] == {"Ref": "AuthorizeFunction.Alias"}
    form = ours["identityValidationExpression"]
    assert re.fullmatch(form, "bearer eyJ.e30.c2ln")
    for other in (
        "",
        "Bearer ",
        "Basic eyJ.e30.c2ln",
        "Bearer a.b",
        "Bearer a.b.",
        "Bearer a b.c.d",
    ):
        assert not re.fullmatch(form, other)


def test_an_issuer_is_reached_over_tls_or_on_loopback() -> None:
    pattern = template()["Parameters"]["JwtIssuer"]["AllowedPattern"]
    for good in ("", "https://tokens.example.com/", "http://127.0.0.1:8080"):
        assert re.search(pattern, good)
    for bad in (
        "http://tokens.example.com",
        "http://127.0.0.1.example.com:80",
        "tokens.example.com",
    ):
        assert not re.search(pattern, bad)


def test_a_change_of_the_issuer_is_deployed() -> None:
    """SAM makes a new deployment only if the text of the template has changed."""
    assert properties("CheckoutApi")["AlwaysDeploy"] is True


def test_the_scopes_of_the_routes_are_those_of_the_resource_server() -> None:
    server = properties("MerchantScopes")
    scopes = {f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"]}
    assert scopes == {scope for _, _, scope in ROUTES.values()}


def test_nobody_signs_up_for_a_merchants_account() -> None:
    pool = properties("MerchantPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    clients = of_type("AWS::Cognito::UserPoolClient").values()
    pools = [each["Properties"]["UserPoolId"] for each in clients]
    assert pools == [{"Ref": "OperatorPool"}], "merchants are data, not resources"


def test_the_stage_is_throttled_and_logs_neither_bodies_nor_tokens() -> None:
    api = properties("CheckoutApi")
    settings = api["MethodSettings"][0]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "RequestBurst"}
    for each in api["MethodSettings"]:
        assert (each["LoggingLevel"], each["DataTraceEnabled"]) == ("OFF", False)


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
    assert sorted(methods) == ["get", "get", "post", "post"]
    sources = [ROOT / "template.yaml", *(ROOT / "layers" / "checkout" / "checkout").rglob("*.py")]
    assert not [each for each in sources if "access-control-" in each.read_text().lower()]


def test_the_api_is_regional_and_has_one_stage() -> None:
    api = properties("CheckoutApi")
    assert api["EndpointConfiguration"] == {"Type": "REGIONAL"}
    assert api["OpenApiVersion"] == "3.0.1", "without it SAM adds a stage named Stage"
    assert api["StageName"] == "live"
    assert template()["Outputs"]["ApiStageName"]["Value"] == {"Ref": "CheckoutApi.Stage"}
