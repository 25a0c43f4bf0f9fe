"""Which stack a command is about: the running local one, or one on AWS."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from admin.exits import UNUSABLE
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.whole_table import WholeTable
from local import lifecycle
from local.aws import Aws
from local.console import Problem
from local.deploy import outputs
from local.places import Places
from local.stack import Stack


@dataclass(frozen=True)
class Target:
    """A stack's names, and the clients of the account that it is in."""

    stack: Stack
    aws: Aws

    @property
    def name(self) -> str:
        return self.stack.stack_name

    @property
    def store(self) -> CheckoutStore:
        return CheckoutStore(self.aws.dynamodb, self.stack.table)

    @property
    def whole_table(self) -> WholeTable:
        return WholeTable(self.aws.dynamodb, self.stack.table)


def find(stack: str | None, profile: str | None, region: str | None) -> Target:
    """Raises Problem (exit code 2), and botocore's errors for what AWS refuses."""
    if stack is None:
        if profile is not None or region is not None:
            # Whoever gives them means AWS: it must not become the local stack silently.
            raise Problem(
                "--profile and --region are for a stack on AWS: name it with --stack.", UNUSABLE
            )
        local = lifecycle.require(Places.from_environment())
        return Target(local, local.aws)
    return on_aws(stack, Aws(None, profile, region))


def on_aws(name: str, aws: Aws) -> Target:
    """Raises Problem (exit code 2): there is no such stack there, or it is none of this service."""
    client = aws.cloudformation
    where = client.meta.region_name
    try:
        found = outputs(aws, name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise Problem(
            f"There is no stack '{name}' in {where} of this account:"
            " see --stack, --region and --profile.",
            UNUSABLE,
        ) from None
    try:
        return Target(Stack.from_outputs(name, found), aws)
    except KeyError as missing:
        raise Problem(
            f"The stack '{name}' in {where} is not one of this service, or not deployed yet:"
            f" it has no output {missing.args[0]}.",
            UNUSABLE,
        ) from None
