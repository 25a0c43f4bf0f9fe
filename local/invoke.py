"""Makes `sam local invoke` reach the running local stack: `make invoke`.

sam gives a container only the variables that the template declares, and for a `Ref` of a table its
logical name. So this writes a copy of the built template with the variables that the functions
were deployed with, the emulator's endpoint among them, and opens the session that events/ is about.
The emulator listens on loopback, which no container reaches (sam ignores `--docker-network host`,
its issue 3609): while this runs there is a door to it, for containers only.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from checkout.bootstrap import utc_now
from checkout.errors import SessionExistsError, SessionLockedError, TransactionExistsError
from checkout.payments import begin_transaction, open_session, record_reference
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Attempt, Money, TransactionKey
from local import containers
from local import stack as stacks
from local.build import this_machine
from local.console import Problem, run, say
from local.function_variables import deployed
from local.places import BUILD, LOCAL, ROOT, Places
from local.stack import Stack

FUNCTION = "AWS::Serverless::Function"
PATHS = ("CodeUri", "ContentUri", "DefinitionUri")

# Else StartSyncExecution would go to a host named sync-<address>.
REACH_EMULATOR = {"AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}


def _deployed_variables(stack: Stack) -> dict[str, dict[str, str]]:
    """The environment of each function, by its logical id."""
    return {
        resource: stack.aws.functions.get_function_configuration(FunctionName=name)["Environment"][
            "Variables"
        ]
        for resource, name in deployed(stack).items()
    }


def template_for(stack: Stack, built: Path, endpoint_url: str) -> dict[str, Any]:
    """The built template, for this machine and against this stack."""
    template: dict[str, Any] = yaml.safe_load((built / "template.yaml").read_text())
    for assignment in this_machine().parameters:
        name, _, value = assignment.partition("=")
        template["Parameters"][name]["Default"] = value
    deployed = _deployed_variables(stack)
    for name, resource in template["Resources"].items():
        values = resource.get("Properties", {})
        for path in PATHS:
            if path in values:
                values[path] = str(built / values[path])
        if resource["Type"] == FUNCTION and name in deployed:
            variables = {**deployed[name], **REACH_EMULATOR, "AWS_ENDPOINT_URL": endpoint_url}
            values["Environment"] = {"Variables": variables}
    return template


def _sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


def open_sample_session(stack: Stack) -> SessionKey:
    """The session of events/, with its transaction, as far as it is not there already."""
    order = _sample("cancel_transactions")
    (payment,) = order["transactions"]
    store = CheckoutStore(stack.aws.dynamodb, stack.table)
    key = SessionKey(order["merchantId"], order["sessionId"])
    transaction = TransactionKey(key, payment["transactionId"])
    money = Money(payment["amount"], payment["currency"])
    attempt = Attempt(transaction, order["provider"], payment["providerAccount"], money)
    with suppress(SessionExistsError):
        open_session(store, key, utc_now())
    with suppress(SessionLockedError, TransactionExistsError):
        begin_transaction(store, attempt, utc_now)
        record_reference(store, transaction, order["provider"], payment["providerReference"])
    return key


@contextmanager
def prepared(stack: Stack, home: Path) -> Iterator[Path]:
    """The template for `sam local invoke`, which works for as long.

    Raises:
        Problem: there is no container engine.
    """
    engine = containers.engine_socket()
    if engine is None or stack.endpoint_url is None:
        raise Problem(
            "sam local invoke needs a container engine: start Docker, or set DOCKER_HOST."
        )
    port = int(stack.endpoint_url.rpartition(":")[2])
    open_sample_session(stack)
    with containers.door_to(port, engine) as address:
        file = home / "invoke.yaml"
        template = template_for(stack, BUILD, f"http://{address}")
        file.write_text(yaml.safe_dump(template, sort_keys=False))
        yield file


def main() -> None:
    places = Places.from_environment()
    with prepared(stacks.read(places.stack_json), places.home) as file:
        say("Ready. In another terminal, for any function and its file in events/:")
        say("  .local/env/sam/bin/sam local invoke GetSessionFunction -e events/get_session.json")
        if file.parent != LOCAL:
            say(f"with --template-file {file}")
        say("Ctrl-C ends it.")
        signal.pause()


if __name__ == "__main__":
    run(main)
