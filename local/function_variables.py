"""The environment variables of deployed functions, changed for as long as something is tried."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError

from checkout.direct_fan_out import ALIAS
from local import workers
from local.stack import Stack
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import EnvironmentTypeDef

Variables = Mapping[str, str]


def deployed(stack: Stack) -> dict[str, str]:
    """The name of each function of the stack, by its resource in the template."""
    pages = stack.aws.cloudformation.get_paginator("list_stack_resources")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack.stack_name)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def functions_of(stack: Stack) -> list[str]:
    """What the stack has deployed, each by its own name, e.g. `cancel-session`."""
    return sorted(name.removeprefix(f"{stack.stack_name}-") for name in deployed(stack).values())


def _read(stack: Stack, function: str) -> dict[str, str]:
    name = f"{stack.stack_name}-{function}"
    found = stack.aws.functions.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
    return dict(found["Environment"]["Variables"])


def _deploy(stack: Stack, function: str, variables: Variables) -> None:
    """As a version of its own, to which the alias is turned: versions never change."""
    name, functions = f"{stack.stack_name}-{function}", stack.aws.functions
    environment: EnvironmentTypeDef = {"Variables": variables}
    functions.update_function_configuration(FunctionName=name, Environment=environment)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)
    wait_until(lambda: _read(stack, function) == variables, f"{function} is changed")


def add_variables(
    stack: Stack, functions: list[str], of_function: Callable[[str], Variables]
) -> dict[str, dict[str, str]]:
    """Give each function further variables; returns those that it had."""
    assert stack.endpoint_url, "only the emulator's functions can be led astray"
    before = {function: _read(stack, function) for function in functions}

    def change(function: str) -> None:
        _deploy(stack, function, {**before[function], **of_function(function)})

    # At once: the emulator takes its time to clear away what has run.
    with ThreadPoolExecutor() as pool:
        list(pool.map(change, functions))
    return before


@contextmanager
def further_variables(
    stack: Stack, functions: list[str], of_function: Callable[[str], Variables]
) -> Iterator[None]:
    """The same for as long as something is tried."""
    before = add_variables(stack, functions, of_function)

    def change_back(function: str) -> None:
        # At Ctrl-C the stack may have gone before us.
        with suppress(OSError, BotoCoreError):
            _deploy(stack, function, before[function])
            _end_stragglers(stack, function, of_function(function))

    try:
        yield
    finally:
        with ThreadPoolExecutor() as pool:
            list(pool.map(change_back, functions))


def _end_stragglers(stack: Stack, function: str, variables: Variables) -> None:
    """Whom the emulator started just then may have the old variables, and keeps them for ever."""

    def are_gone() -> bool:
        found = workers.with_variables(stack, function, variables)
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not found

    wait_until(are_gone, f"{function} has its own variables again")
