"""The operators' routes, their pool, and the console: who may call what, and what is not kept."""

import re
from typing import Any

import pytest

from local.console_pages import FILES
from local.console_policy import POLICY
from tests.template.cloudformation import functions, of_type, properties, resource, template
from tests.template.test_api import definition

READ, CANCEL = "checkout-operations/read", "checkout-operations/cancel"
SESSION = "/v1/operations/merchants/{merchantId}/sessions/{sessionId}"
ROUTES = {
    ("get", "/v1/operations/sessions"): ("OperateFunction", READ),
    ("get", SESSION): ("OperateFunction", READ),
    ("post", f"{SESSION}/cancel"): ("OperatorCancelFunction", CANCEL),
}
NOTHING = {"Ref": "AWS::NoValue"}


def with_console(value: dict[str, Any]) -> Any:
    condition, there, otherwise = value["Fn::If"]
    assert (condition, otherwise) == ("HasConsole", NOTHING)
    return there


def operators_paths() -> dict[str, dict[str, Any]]:
    paths = definition()["paths"]
    return {each: with_console(paths[each]) for each in paths if "/operations/" in each}


def test_the_routes_are_there_with_the_console_only_and_want_an_operators_scope() -> None:
    found = {
        (method, path): operation
        for path, methods in operators_paths().items()
        for method, operation in methods.items()
    }
    assert set(found) == set(ROUTES)
    for route, (_, scope) in ROUTES.items():
        assert found[route]["security"] == [{"Operators": [scope]}]


def test_a_route_leads_to_its_function_by_the_alias_and_the_gateway_may_call_it() -> None:
    may = {each["Properties"]["FunctionName"]["Ref"] for each in of_type(PERMISSION).values()}
    for (method, path), (function, _) in ROUTES.items():
        integration = operators_paths()[path][method]["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        _, names = integration["uri"]["Fn::Sub"]
        assert names == {"Called": {"Ref": f"{function}.Alias"}}
        assert f"{function}.Alias" in may


PERMISSION = "AWS::Lambda::Permission"


def test_the_gateway_may_call_an_operators_function_by_operators_routes_only() -> None:
    for name, verb in (("GatewayMayOperate", "GET"), ("GatewayMayCancelForOperators", "POST")):
        source = properties(name)["SourceArn"]["Fn::Sub"]
        assert source.endswith(f":${{CheckoutApi}}/*/{verb}/v1/operations/*")
        assert properties(name)["Principal"] == "apigateway.amazonaws.com"


def test_an_operators_function_has_no_other_way_in() -> None:
    for name in ("OperateFunction", "OperatorCancelFunction"):
        assert "Events" not in properties(name)
        assert "FunctionUrlConfig" not in properties(name)


def test_no_scheme_opens_both_merchants_routes_and_operators() -> None:
    schemes = definition()["components"]["securitySchemes"]
    operators = with_console(schemes["Operators"])
    assert operators["x-amazon-apigateway-authtype"] == "cognito_user_pools"
    assert operators["x-amazon-apigateway-authorizer"] == {
        "type": "cognito_user_pools",
        "providerARNs": [{"Fn::GetAtt": ["OperatorPool", "Arn"]}],
    }
    assert "OperatorPool" not in str(schemes["Merchants"])
    for path, methods in definition()["paths"].items():
        if path not in operators_paths():
            assert "Operators" not in str(methods)


def test_with_an_issuer_of_the_merchants_own_there_is_the_pool_all_the_same() -> None:
    assert template()["Conditions"]["HasConsole"] == {"Fn::Equals": [{"Ref": "Console"}, "true"]}
    assert template()["Parameters"]["Console"]["Default"] == "false"
    for name in ("OperatorPool", "OperatorScopes", "OperatorDomain", "ConsoleClient"):
        assert resource(name)["Condition"] == "HasConsole"


def test_nobody_signs_up_as_an_operator_and_a_password_is_long() -> None:
    pool = properties("OperatorPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["MfaConfiguration"] == {"Fn::If": ["OnAws", "ON", "OFF"]}
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 14
    kinds = ("Lowercase", "Uppercase", "Numbers", "Symbols")
    assert all(policy[f"Require{each}"] is True for each in kinds)
    protected = {"Fn::If": ["ProtectsFromDeletion", "ACTIVE", "INACTIVE"]}
    assert pool["DeletionProtection"] == protected
    kept = resource("OperatorPool")
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_page_has_no_secret_and_one_way_to_sign_in() -> None:
    client = properties("ConsoleClient")
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == [READ, CANCEL]
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["TokenValidityUnits"]["AccessToken"] == "minutes"
    assert client["AccessTokenValidity"] <= 60
    server = properties("OperatorScopes")
    names = {f"{server['Identifier']}/{each['ScopeName']}" for each in server["Scopes"]}
    assert names == set(client["AllowedOAuthScopes"])


def test_a_code_is_sent_back_to_the_console_alone() -> None:
    client = properties("ConsoleClient")
    on_aws = {"Fn::Sub": "https://${ConsoleDistribution.DomainName}/"}
    (back,) = client["CallbackURLs"]
    assert back == {"Fn::If": ["OnAws", on_aws, {"Ref": "ConsoleUrl"}]}
    assert client["LogoutURLs"] == client["CallbackURLs"]
    pattern = template()["Parameters"]["ConsoleUrl"]["AllowedPattern"]
    assert re.search(pattern, "http://127.0.0.1:4567/console/")
    for other in ("http://127.0.0.1.example.com/console/", "https://example.com/console/"):
        assert not re.search(pattern, other)


def test_the_files_are_read_by_the_distribution_alone_and_over_tls() -> None:
    blocked = properties("ConsoleBucket")["PublicAccessBlockConfiguration"]
    assert (len(blocked), set(blocked.values())) == (4, {True})
    allow, deny = properties("ConsoleBucketPolicy")["PolicyDocument"]["Statement"]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "s3:GetObject")
    assert allow["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    source = allow["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Sub"]
    assert source.endswith(":distribution/${ConsoleDistribution}")
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    access = properties("ConsoleAccess")["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


def distribution() -> dict[str, Any]:
    found: dict[str, Any] = properties("ConsoleDistribution")["DistributionConfig"]
    return found


def test_the_distribution_passes_on_the_operators_routes_and_no_merchants() -> None:
    (behavior,) = distribution()["CacheBehaviors"]
    assert (behavior["PathPattern"], behavior["TargetOriginId"]) == ("/v1/operations/*", "api")
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert distribution()["DefaultCacheBehavior"]["TargetOriginId"] == "files"
    origins = {each["Id"]: each for each in distribution()["Origins"]}
    assert origins["api"]["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origins["api"]["OriginPath"] == {"Fn::Sub": "/${CheckoutApi.Stage}"}


def test_the_token_is_passed_on_and_no_answer_and_no_error_is_kept() -> None:
    (behavior,) = distribution()["CacheBehaviors"]
    assert behavior["CachePolicyId"] == {"Ref": "OperationsCachePolicy"}
    policy = properties("OperationsCachePolicy")["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"]) == (0, 0)
    # With 0 CloudFront takes no header into the key, and so would pass none on.
    assert policy["MaxTTL"] == 1
    passed = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert passed["HeadersConfig"]["Headers"] == ["Authorization"]
    assert passed["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in errors_of_cloudfront()}
    assert kept == dict.fromkeys((400, 403, 404, 500, 502, 503, 504), 0)


def errors_of_cloudfront() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = distribution()["CustomErrorResponses"]
    return found


def test_a_page_loads_and_asks_nothing_of_others_and_stands_in_no_frame() -> None:
    behaviors = [distribution()["DefaultCacheBehavior"], *distribution()["CacheBehaviors"]]
    assert all(each["ResponseHeadersPolicyId"] == {"Ref": "ConsoleHeaders"} for each in behaviors)
    config = properties("ConsoleHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert rules_of(policy())["default-src"] == rules_of(policy())["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy()
    assert config["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert all(each["Override"] is True for each in config.values())


def policy() -> str:
    config = properties("ConsoleHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    text: str = config["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    return text


def rules_of(text: str) -> dict[str, str]:
    found = [each.split(" ", 1) for each in text.split("; ")]
    rules = dict(found)
    assert len(rules) == len(found)
    return rules


def test_the_policy_is_the_local_servers_but_for_the_pool_that_gives_tokens() -> None:
    pool = " https://${OperatorDomain}.auth.${AWS::Region}.amazoncognito.com"
    assert policy().replace(pool, "", 1) == POLICY
    assert rules_of(policy())["connect-src"] == f"'self'{pool}"


def test_the_policy_in_the_page_says_nothing_else_than_the_headers() -> None:
    page = (FILES / "index.html").read_text()
    (text,) = re.findall(r"Content-Security-Policy\" content=\"([^\"]+)\"", page)
    sent = rules_of(policy())
    kinds = {name for name in rules_of(text) if name.endswith("-src")}
    meant = {**dict.fromkeys(kinds, sent["default-src"]), **sent}
    assert {name: meant.get(name) for name in rules_of(text)} == rules_of(text)


@pytest.mark.parametrize("name", ["ConsoleBucket", "ConsoleDistribution", "ConsoleHeaders"])
def test_the_emulator_serves_no_distribution(name: str) -> None:
    assert resource(name)["Condition"] == "HasConsoleOnAws"
    both = [{"Condition": "OnAws"}, {"Condition": "HasConsole"}]
    assert template()["Conditions"]["HasConsoleOnAws"] == {"Fn::And": both}


def test_the_operators_functions_are_conditional_and_no_merchants_is() -> None:
    with_condition = {n for n, each in functions().items() if each.get("Condition") == "HasConsole"}
    assert with_condition == {"OperateFunction", "OperatorCancelFunction"}
