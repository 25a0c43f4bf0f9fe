"""What stands before the functions: the firewall and the access log, both by parameter."""

import json
import re
from typing import Any

import pytest

from checkout.operator_request import operator_of
from tests.template.cloudformation import properties, resource, template

# API Gateway's names of what a request carries besides its address, and of whose it is.
TELLING = ("header", "body", "querystring", "requestOverride", "authorizer.principalId", "apiKey")


def access_format() -> str:
    chosen = properties("CheckoutApi")["AccessLogSetting"]["Fn::If"]
    assert (chosen[0], chosen[2]) == ("HasAccessLogs", {"Ref": "AWS::NoValue"})
    text: str = chosen[1]["Format"]["Fn::Sub"][0]
    return text


def test_the_access_log_is_json_without_tokens_bodies_or_queries() -> None:
    text = access_format()
    named = set(re.findall(r"\$context\.([A-Za-z.]+)", text))
    assert not [each for each in named for part in TELLING if part.lower() in each.lower()]
    filled = re.sub(r"\$context\.[A-Za-z.]+(\$\{Merchant\})?", "x", text)
    assert set(json.loads(filled)) == {
        "requestId", "at", "address", "method", "path", "status", "milliseconds", "merchant",
        "subject", "trace",
    }  # fmt: skip


def test_the_access_log_names_the_merchant_whoever_issues_the_tokens() -> None:
    _, names = properties("CheckoutApi")["AccessLogSetting"]["Fn::If"][1]["Format"]["Fn::Sub"]
    cognitos = {"Fn::Sub": "claims.${MerchantClaim}"}
    assert names == {"Merchant": {"Fn::If": ["HasIssuer", "merchantId", cognitos]}}


def test_the_access_log_tells_which_operator_called_as_the_records_do() -> None:
    """`operator_of` reads the same claim."""
    assert json.loads(access_format())["subject"] == "$context.authorizer.claims.sub"
    claims = {"sub": "an operator"}
    event = {"requestContext": {"authorizer": {"claims": claims}}}
    assert operator_of(event) == claims["sub"]


def rules() -> dict[str, Any]:
    found = {each["Name"]: each for each in properties("WebAcl")["Rules"]}
    assert [each["Priority"] for each in found.values()] == list(range(len(found)))
    return found


def test_the_firewall_stands_before_the_one_stage() -> None:
    assert properties("WebAclOfTheApi")["WebACLArn"] == {"Fn::GetAtt": ["WebAcl", "Arn"]}
    target = properties("WebAclOfTheApi")["ResourceArn"]["Fn::Sub"]
    assert target.endswith("/restapis/${CheckoutApi}/stages/${CheckoutApi.Stage}")
    assert properties("WebAcl")["Scope"] == "REGIONAL"
    assert resource("WebAcl")["Condition"] == resource("WebAclOfTheApi")["Condition"]


@pytest.mark.parametrize(
    ("rule", "key", "limit"),
    [
        ("one-address", "IP", "FirewallRequestsPerAddress"),
        ("one-token", "CUSTOM_KEYS", "FirewallRequestsPerToken"),
    ],
)
def test_each_address_and_each_token_has_a_limit(rule: str, key: str, limit: str) -> None:
    statement = rules()[rule]["Statement"]["RateBasedStatement"]
    assert (statement["AggregateKeyType"], statement["Limit"]) == (key, {"Ref": limit})
    assert statement["EvaluationWindowSec"] == 300
    assert rules()[rule]["Action"] == {"Block": {}}


def test_a_token_is_told_by_its_header() -> None:
    statement = rules()["one-token"]["Statement"]["RateBasedStatement"]
    (header,) = [each["Header"]["Name"] for each in statement["CustomKeys"]]
    assert header == "authorization"


def test_the_common_rules_leave_webhooks_alone() -> None:
    group = rules()["common"]["Statement"]["ManagedRuleGroupStatement"]
    assert (group["VendorName"], group["Name"]) == ("AWS", "AWSManagedRulesCommonRuleSet")
    spared = group["ScopeDownStatement"]["NotStatement"]["Statement"]["ByteMatchStatement"]
    assert spared["PositionalConstraint"] == "CONTAINS"
    path = properties("ReceiveWebhookFunction")["Events"]["Report"]["Properties"]["Path"]
    assert spared["SearchString"] == path.partition("{")[0]


def test_the_firewall_keeps_no_samples_of_requests() -> None:
    acl = properties("WebAcl")
    visible = [acl["VisibilityConfig"], *(each["VisibilityConfig"] for each in acl["Rules"])]
    assert not any(each["SampledRequestsEnabled"] for each in visible)


def test_both_are_off_by_default() -> None:
    parameters = template()["Parameters"]
    assert (parameters["AccessLogs"]["Default"], parameters["Firewall"]["Default"]) == (
        "false", "false",
    )  # fmt: skip


def test_webhooks_have_a_limit_of_their_own() -> None:
    (path,) = {
        event["Properties"]["Path"]
        for event in properties("ReceiveWebhookFunction")["Events"].values()
    }
    all_methods, webhooks = properties("CheckoutApi")["MethodSettings"]
    # CloudFormation's form: "/" and then the path with each slash written as ~1.
    escaped = "/" + path.replace("/", "~1")
    assert (webhooks["ResourcePath"], webhooks["HttpMethod"]) == (escaped, "POST")
    for each in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
        assert webhooks[each] == {"Ref": "WebhookRequestsPerSecond"}
        assert all_methods[each] != webhooks[each]


def test_a_domain_of_ones_own_leads_to_the_stage_over_tls_1_2() -> None:
    domain = properties("ApiDomain")
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert domain["RegionalCertificateArn"] == {"Ref": "CertificateArn"}
    mapping = properties("ApiOfTheDomain")
    assert mapping["DomainName"] == {"Ref": "ApiDomain"}
    assert (mapping["RestApiId"], mapping["Stage"]) == (
        {"Ref": "CheckoutApi"},
        {"Ref": "CheckoutApi.Stage"},
    )
    assert resource("ApiDomain")["Condition"] == resource("ApiOfTheDomain")["Condition"]


def test_with_a_truststore_certificates_are_asked_for_and_nobody_comes_round_it() -> None:
    """API Gateway asks on the domain; at its own address the merchants' functions do."""
    names = ("TruststoreUri", "TruststoreVersion")
    trust = {name: {"Ref": name} for name in names}
    asked = {"Fn::If": ["HasMutualTls", trust, {"Ref": "AWS::NoValue"}]}
    assert properties("ApiDomain")["MutualTlsAuthentication"] == asked
    for function in ("CancelSessionFunction", "GetSessionFunction", "ListSessionsFunction"):
        told = properties(function)["Environment"]["Variables"]["CLIENT_CERTIFICATES"]
        assert told == {"Fn::If": ["HasMutualTls", "required", "none"]}


@pytest.mark.parametrize(
    ("rule", "given", "needed"),
    [
        ("DomainHasCertificate", "DomainName", "CertificateArn"),
        ("MutualTlsHasDomain", "TruststoreUri", "DomainName"),
        ("MutualTlsHasDomain", "TruststoreUri", "TruststoreVersion"),
        ("IssuerHasAudience", "JwtIssuer", "JwtAudience"),
    ],
)
def test_what_needs_another_parameter_says_so_before_anything_is_made(
    rule: str, given: str, needed: str
) -> None:
    found = template()["Rules"][rule]
    assert found["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": given}, ""]}]}
    given_too = {"Fn::Not": [{"Fn::Equals": [{"Ref": needed}, ""]}]}
    (told,) = [each for each in found["Assertions"] if each["Assert"] == given_too]
    assert f"{given} needs {needed}" in told["AssertDescription"]
