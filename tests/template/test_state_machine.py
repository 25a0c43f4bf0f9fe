"""The fan-out, read and checked as text. The integration tests run it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from statelint.linter import Linter  # type: ignore[import-untyped]

from tests.template.cloudformation import (
    ROOT,
    functions,
    of_type,
    properties,
    resource,
    state_machine,
)

TEXT = (ROOT / "statemachines" / "cancel_transactions.asl.json").read_text()
LAMBDAS_OWN = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Runtime.ExitError",
    "Lambda.Unknown",
}


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def state(name: str) -> dict[str, Any]:
    return dict(states(state_machine()))[name]


def problems(definition: dict[str, Any]) -> list[str]:
    return [str(each) for each in Linter().validate(definition)]


def test_statelint_finds_nothing() -> None:
    assert problems(json.loads(TEXT)) == []


def test_statelint_would_find_a_state_that_leads_nowhere() -> None:
    broken = json.loads(TEXT)
    broken["StartAt"] = "Nowhere"
    assert problems(broken) != []


def test_it_is_express_and_asks_for_nothing_that_express_lacks() -> None:
    assert properties("CancelTransactionsMachine")["Type"] == "EXPRESS"
    for _, each in states(state_machine()):
        assert each["Type"] in {"Map", "Task", "Pass"}
        assert each.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") != "DISTRIBUTED"
        assert not re.search(r"\.(sync|waitForTaskToken)", each.get("Resource", ""))


def test_every_placeholder_is_filled_in_by_the_template() -> None:
    placeholders = set(re.findall(r"\$\{(\w+)}", TEXT))
    assert placeholders == set(properties("CancelTransactionsMachine")["DefinitionSubstitutions"])


def test_a_worker_is_found_by_its_providers_name() -> None:
    called = state("CancelGroup")["Parameters"]["FunctionName.$"]
    assert called == "States.Format('${FunctionPrefix}cancel-with-{}:live', $.provider)"
    prefix = properties("CancelTransactionsMachine")["DefinitionSubstitutions"]["FunctionPrefix"]
    assert prefix == {"Fn::Sub": "${AWS::StackName}-"}


@pytest.mark.parametrize("name", [name for name in functions() if name.startswith("CancelWith")])
def test_a_worker_has_the_name_that_the_machine_calls(name: str) -> None:
    provider = properties(name)["Environment"]["Variables"]["PROVIDER"]
    assert properties(name)["FunctionName"] == {
        "Fn::Sub": f"${{AWS::StackName}}-cancel-with-{provider}"
    }


def test_a_worker_gets_its_group_and_what_all_groups_share() -> None:
    assert state("CancelGroups")["ItemSelector"] == {
        "merchantId.$": "$.merchantId",
        "sessionId.$": "$.sessionId",
        "driver.$": "$.driver",
        "leaseUntil.$": "$.leaseUntil",
        # Of the context, where it always is: a driver of an older release sends no id.
        "correlationId.$": "$$.Execution.Name",
        "provider.$": "$$.Map.Item.Value.provider",
        "transactions.$": "$$.Map.Item.Value.transactions",
    }
    assert state("CancelGroup")["Parameters"]["Payload.$"] == "$"


def test_all_groups_run_at_once() -> None:
    assert "MaxConcurrency" not in state("CancelGroups")


def test_what_the_worker_returns_is_what_its_group_yields() -> None:
    task = state("CancelGroup")
    assert task["OutputPath"] == "$.Payload"
    assert not {"ResultPath", "ResultSelector"} & task.keys()


def test_a_group_that_fails_says_which_error_and_fails_no_other() -> None:
    (catch,) = state("CancelGroup")["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    failed = state(catch["Next"])
    assert failed["Parameters"] == {"provider.$": "$.provider", "error.$": "$.failure.Error"}
    assert failed["End"] is True


def test_only_lambdas_own_errors_are_retried() -> None:
    retried = {name for each in state("CancelGroup")["Retry"] for name in each["ErrorEquals"]}
    assert retried == LAMBDAS_OWN


def test_its_log_holds_errors_without_what_merchants_and_providers_say() -> None:
    logging = properties("CancelTransactionsMachine")["Logging"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
    (destination,) = logging["Destinations"]
    group = destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]
    assert resource(group)["Type"] == "AWS::Logs::LogGroup"


def test_there_is_one_machine() -> None:
    assert list(of_type("AWS::Serverless::StateMachine")) == ["CancelTransactionsMachine"]
