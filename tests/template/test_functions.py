"""The functions: their code, their environment, their logs, and which stages have them."""

import tomllib
from dataclasses import fields
from typing import Any

import pytest

from checkout.provider_cancellation import MAX_PARALLEL_CALLS
from checkout.providers import registry
from checkout.settings import (
    CallersSettings,
    EdgeSettings,
    EventSettings,
    FanOutSettings,
    IdempotencySettings,
    IssuerSettings,
    MerchantWebhookSettings,
    OperationsSettings,
    ProviderSettings,
    RecoverySettings,
    ReportQueueSettings,
    SandboxSettings,
    Settings,
    StoreSettings,
    WorkerSettings,
)
from tests.template.cloudformation import (
    REAL,
    ROOT,
    functions,
    of_type,
    properties,
    resource,
    template,
    variables,
)

FOLDERS = {
    "CancelSessionFunction": "cancel_session",
    "GetSessionFunction": "get_session",
    "ListSessionsFunction": "list_sessions",
    "CancelWithSandboxFunction": "cancel_transactions",
    "CancelWithSandboxBFunction": "cancel_transactions",
    "CancelWithSandboxCFunction": "cancel_transactions",
    "CompleteCancellationsFunction": "complete_cancellations",
    "ReconcileFunction": "reconcile",
    "ReceiveWebhookFunction": "receive_webhook",
    "MatchReportsFunction": "match_reports",
    "AuthorizeFunction": "authorize",
    "PublishEventsFunction": "publish_events",
    "SendWebhooksFunction": "send_webhooks",
    "OperateFunction": "operate",
    "OperatorCancelFunction": "cancel_session",
    **dict.fromkeys(REAL, "cancel_transactions"),
}
WORKER: list[type[Settings]] = [StoreSettings, WorkerSettings, SandboxSettings]
REAL_WORKER: list[type[Settings]] = [StoreSettings, WorkerSettings, ProviderSettings]
SETTINGS: dict[str, list[type[Settings]]] = {
    "CancelSessionFunction": [
        StoreSettings,
        CallersSettings,
        EdgeSettings,
        FanOutSettings,
        IdempotencySettings,
    ],
    "GetSessionFunction": [StoreSettings, EdgeSettings],
    "ListSessionsFunction": [StoreSettings, EdgeSettings],
    "CancelWithSandboxFunction": WORKER,
    "CancelWithSandboxBFunction": WORKER,
    "CancelWithSandboxCFunction": WORKER,
    "CompleteCancellationsFunction": [StoreSettings],
    "ReconcileFunction": [StoreSettings, FanOutSettings, RecoverySettings],
    "ReceiveWebhookFunction": [StoreSettings, ProviderSettings, ReportQueueSettings],
    "MatchReportsFunction": [StoreSettings, ProviderSettings],
    # The table's name is every function's, and nothing that these may touch.
    "AuthorizeFunction": [StoreSettings, IssuerSettings],
    "PublishEventsFunction": [StoreSettings, EventSettings],
    "SendWebhooksFunction": [StoreSettings, MerchantWebhookSettings],
    "OperateFunction": [StoreSettings, OperationsSettings],
    "OperatorCancelFunction": [StoreSettings, FanOutSettings, CallersSettings],
    **dict.fromkeys(REAL, REAL_WORKER),
}
FOR_LIBRARIES = {
    "AWS_RETRY_MODE",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
}
STAGES = ("dev", "local", "staging", "prod")
OF_MERCHANT_WEBHOOKS = (
    "MerchantEventsRule", "SendWebhooksFunction", "SendWebhooksRole", "SendWebhooksLogs",
    "MerchantEventsQueue", "MerchantEventsQueuePolicy", "MerchantEventsDeadLetterQueue",
    "MerchantEventsDeadLetterQueuePolicy", "MerchantEventsGivenUpAlarm",
    "MerchantEventsBacklogAlarm", "MerchantEventsInFlightAlarm", "MerchantEndpointTroublesAlarm",
    "MerchantEventsUndeliveredAlarm", "MerchantEventsLostAlarm", "MerchantWebhookErrorsAlarm",
)  # fmt: skip
SANDBOX = [name for name in FOLDERS if "Sandbox" in name]
PROVIDERS = {"sandbox", "sandbox-b", "sandbox-c"}


def common() -> dict[str, Any]:
    found: dict[str, Any] = template()["Globals"]["Function"]
    return found


def test_every_function_is_built_from_its_folder_with_the_layer() -> None:
    assert {name: each["Properties"]["CodeUri"] for name, each in functions().items()} == {
        name: f"functions/{folder}" for name, folder in FOLDERS.items()
    }
    assert common()["Handler"] == "app.handler"
    assert common()["Layers"] == [{"Ref": "CheckoutLayer"}]


@pytest.mark.parametrize("folder", sorted(set(FOLDERS.values())))
def test_a_functions_folder_is_its_code_and_nothing_else(folder: str) -> None:
    inside = {path.name for path in (ROOT / "functions" / folder).iterdir()}
    assert inside - {"__pycache__"} == {"app.py"}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_function_is_told_what_its_settings_read_and_nothing_else(name: str) -> None:
    read = {each.name.upper() for settings in SETTINGS[name] for each in fields(settings)}
    assert variables(name) - FOR_LIBRARIES == read
    assert variables(name) >= FOR_LIBRARIES


@pytest.mark.parametrize("name", FOLDERS)
def test_a_functions_name_says_what_it_does(name: str) -> None:
    ((kind, value),) = properties(name)["FunctionName"].items()
    words = name.removesuffix("Function")
    dashed = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in words)
    assert (kind, value) == ("Fn::Sub", f"${{AWS::StackName}}{dashed}")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_function_logs_to_a_group_of_its_own(name: str) -> None:
    group = properties(name)["LoggingConfig"]["LogGroup"]["Ref"]
    assert group == name.removesuffix("Function") + "Logs"
    function_name = properties(name)["FunctionName"]["Fn::Sub"]
    assert properties(group)["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{function_name}"}
    assert resource(group).get("Condition") == resource(name).get("Condition")


def test_every_log_is_kept_as_long_and_under_the_key_that_the_parameters_say() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert set(groups) == {
        *(name.removesuffix("Function") + "Logs" for name in FOLDERS),
        "CancelTransactionsLogs",
        "AccessLogGroup",
    }
    for each in groups.values():
        assert each["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert each["Properties"]["KmsKeyId"] == {
            "Fn::If": ["HasLogKey", {"Ref": "LogKmsKeyArn"}, {"Ref": "AWS::NoValue"}]
        }
        assert (each["DeletionPolicy"], each["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_every_call_is_traced_without_the_xray_sdk() -> None:
    assert common()["Tracing"] == "Active"
    assert properties("CancelTransactionsMachine")["Tracing"] == {"Enabled": True}
    assert properties("CheckoutApi")["TracingEnabled"] is True
    locked = (ROOT / "layers" / "checkout" / "requirements.txt").read_text()
    assert "xray" not in locked


@pytest.mark.parametrize("name", SANDBOX)
def test_the_sandboxes_are_in_every_stage_but_prod(name: str) -> None:
    assert resource(name)["Condition"] == "HasSandbox"
    assert template()["Conditions"]["HasSandbox"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "prod"]}]
    }


def test_the_sandbox_has_three_names() -> None:
    names = [properties(name)["Environment"]["Variables"]["PROVIDER"] for name in SANDBOX]
    assert len(names) == len(PROVIDERS)
    assert set(names) == PROVIDERS


def test_every_provider_of_the_registry_has_its_function() -> None:
    assert {*REAL.values()} | PROVIDERS == set(registry.PROVIDERS)
    for name, provider in REAL.items():
        assert properties(name)["Environment"]["Variables"]["PROVIDER"] == provider


def test_a_provider_gets_no_more_calls_at_once_than_a_worker_has_threads() -> None:
    for name in (*REAL, *SANDBOX):
        parallel = properties(name)["Environment"]["Variables"]["PARALLEL_CALLS"]
        assert 1 <= int(parallel) <= MAX_PARALLEL_CALLS


CONSOLE = {
    "OperatorPool": "HasConsole",
    "OperatorScopes": "HasConsole",
    "OperatorDomain": "HasConsole",
    "ConsoleClient": "HasConsole",
    "OperateFunction": "HasConsole",
    "OperateLogs": "HasConsole",
    "OperatorCancelFunction": "HasConsole",
    "OperatorCancelLogs": "HasConsole",
    "OperateErrorsAlarm": "HasConsole",
    "OperatorCancelErrorsAlarm": "HasConsole",
    "GatewayMayOperate": "HasConsole",
    "GatewayMayCancelForOperators": "HasConsole",
    "ConsoleBucket": "HasConsoleOnAws",
    "ConsoleBucketPolicy": "HasConsoleOnAws",
    "ConsoleAccess": "HasConsoleOnAws",
    "OperationsCachePolicy": "HasConsoleOnAws",
    "ConsoleHeaders": "HasConsoleOnAws",
    "ConsoleDistribution": "HasConsoleOnAws",
}


def test_everything_else_is_in_every_stage() -> None:
    conditions = {
        name: each["Condition"]
        for name, each in template()["Resources"].items()
        if "Condition" in each and "Sandbox" not in name
    }
    assert conditions == {
        "UseKey": "HasKey",
        "MerchantPool": "HasUserPool",
        "MerchantScopes": "HasUserPool",
        "MerchantDomain": "HasUserPool",
        "JwtLayer": "HasIssuer",
        "AuthorizeFunction": "HasIssuer",
        "AuthorizeLogs": "HasIssuer",
        "GatewayMayAuthorize": "HasIssuer",
        "AccessLogGroup": "HasAccessLogs",
        **CONSOLE,
        "ApiDomain": "HasDomain",
        "ApiOfTheDomain": "HasDomain",
        "WebAcl": "HasFirewall",
        "WebAclOfTheApi": "HasFirewall",
        "OperationsDashboard": "HasDashboard",
        **dict.fromkeys(OF_MERCHANT_WEBHOOKS, "HasMerchantWebhooks"),
        # The emulator can make none of these; what they are about is in every stage.
        **dict.fromkeys(of_type("AWS::CloudWatch::CompositeAlarm"), "OnAws"),
        **dict.fromkeys(of_type("AWS::Logs::QueryDefinition"), "OnAws"),
        "NewVersionErrorsAlarm": "OnAws",
        "NewWorkerErrorsAlarm": "OnAws",
    }


def test_runtime_and_processor_are_parameters() -> None:
    assert common()["Runtime"] == {"Ref": "PythonRuntime"}
    assert common()["Architectures"] == [{"Ref": "Architecture"}]
    parameters = template()["Parameters"]
    assert parameters["PythonRuntime"]["Default"] == "python3.13"
    assert parameters["Architecture"]["Default"] == "arm64"


@pytest.mark.parametrize(
    ("profile", "stage"), [("default", "dev"), *((each, each) for each in STAGES)]
)
def test_each_profile_deploys_its_stage_under_a_name_of_its_own(profile: str, stage: str) -> None:
    profiles = tomllib.loads((ROOT / "samconfig.toml").read_text())
    overrides = profiles[profile]["deploy"]["parameters"]["parameter_overrides"]
    parameters = dict(each.split("=", 1) for each in overrides)
    assert parameters["Stage"] == stage
    assert parameters.keys() <= template()["Parameters"].keys()
    names = {each: profiles[each]["global"]["parameters"]["stack_name"] for each in STAGES}
    assert len(set(names.values())) == len(names)
    assert profiles["default"]["global"] == profiles["dev"]["global"]


def test_the_real_stack_is_protected_and_deployed_only_after_a_look() -> None:
    prod = tomllib.loads((ROOT / "samconfig.toml").read_text())["prod"]["deploy"]["parameters"]
    assert {"PointInTimeRecovery=true", "DeletionProtection=true"} <= set(
        prod["parameter_overrides"]
    )
    assert prod["confirm_changeset"] is True


def test_every_stage_has_a_profile_and_says_how_a_new_version_gets_its_calls() -> None:
    assert set(template()["Parameters"]["Stage"]["AllowedValues"]) == {*STAGES}
    profiles = tomllib.loads((ROOT / "samconfig.toml").read_text())
    tried_first = {
        name
        for name in STAGES
        if "Canary=true" in profiles[name]["deploy"]["parameters"]["parameter_overrides"]
    }
    assert tried_first == {"staging", "prod"}
    assert template()["Parameters"]["Canary"]["Default"] == "false"
