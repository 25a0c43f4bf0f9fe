"""The saved queries ask for what the functions log, and for nothing else."""

import re
from datetime import timedelta
from typing import Any

import pytest

from checkout.storage.dynamodb import CheckoutStore
from tests.integration import scenes, webhooks
from tests.integration.cloud import Cloud
from tests.integration.journal import Journal, Line
from tests.integration.wire import Trouble, named
from tests.template.cloudformation import ROOT, functions, of_type, properties, resource

QUERIES = of_type("AWS::Logs::QueryDefinition")
# Logs Insights' own.
WORDS = {"and", "as", "asc", "by", "count", "desc", "latest", "or"}
COMMANDS = {"fields", "filter", "limit", "sort", "stats"}
WORD = re.compile(r"@?[A-Za-z_][\w.]*")


def text(query: str) -> str:
    """Without its comments."""
    lines = properties(query)["QueryString"].splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def groups(query: str) -> set[str]:
    given = properties(query)["LogGroupNames"]
    return {(each.get("Fn::If") or [None, each])[1]["Ref"] for each in given}


def messages(query: str) -> set[str]:
    return set(re.findall(r'message = "([^"]+)"', text(query)))


def fields(query: str) -> set[str]:
    """What it names, but for what it gives a name itself."""
    without_texts = re.sub(r'"[^"]*"|bin\(\w+\)', "", text(query))
    given = set(re.findall(r"\bas (\w+)", without_texts))
    named = set(WORD.findall(without_texts)) - WORDS - COMMANDS - given
    return {each.partition(".")[0] for each in named if not each.startswith("@")}


@pytest.fixture
def logged(cloud: Cloud, store: CheckoutStore, journal: Journal) -> list[Line]:
    """A cancellation that is stuck for a day, a trouble, and a webhook that is refused."""
    webhooks.prepare()
    forged = webhooks.signed(webhooks.told("payment_intent.canceled"), secret="whsec_other")
    assert webhooks.receive(cloud, forged).status == 401
    key, _ = scenes.session_with(store, "ok_1", "async_999999_1")
    scenes.cancel(cloud, key)
    cloud.clock.advance(timedelta(hours=25))
    cloud.function("ReconcileFunction")(scenes.event("reconcile"))
    cloud.wire.meddle = Trouble(named("Query"), 400, "AccessDeniedException")
    scenes.deliver(cloud, scenes.stream_record(key))
    return journal.lines


@pytest.mark.parametrize("query", QUERIES)
def test_every_field_that_a_query_names_is_logged(query: str, logged: list[Line]) -> None:
    wanted = messages(query)
    of_it = [each for each in logged if not wanted or each["message"] in wanted]
    known = {name for each in of_it for name in each}
    assert fields(query)
    assert fields(query) - known == set()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_about_a_message_looks_where_it_is_logged(query: str) -> None:
    of_groups = {
        _group(name)["Ref"]: each["Properties"]["CodeUri"] for name, each in functions().items()
    }
    for message in messages(query):
        folders = {of_groups[group] for group in groups(query)}
        assert all(f'"{message}"' in (ROOT / each / "app.py").read_text() for each in folders)


def test_the_story_is_looked_for_in_every_functions_log_but_those_before_and_beside_it() -> None:
    """No token is about a session yet, and reading one is no part of its cancellation."""
    logs = {each["Ref"] for each in map(_group, functions())}
    assert groups("StoryQuery") == logs - {
        "AuthorizeLogs", "GetSessionLogs", "ListSessionsLogs", "OperateLogs",
    }  # fmt: skip
    assert {"correlation_id", "request_id", "session_id"} <= fields("StoryQuery")


def _group(function: str) -> dict[str, Any]:
    group: dict[str, Any] = properties(function)["LoggingConfig"]["LogGroup"]
    return group


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_in_the_folder_of_its_stack(query: str) -> None:
    assert properties(query)["Name"]["Fn::Sub"].startswith("${AWS::StackName}/")
    assert resource(query)["Condition"] == "OnAws"
    optional = [each["Fn::If"] for each in properties(query)["LogGroupNames"] if "Fn::If" in each]
    for condition, group, otherwise in optional:
        assert condition == resource(group["Ref"])["Condition"]
        assert otherwise == {"Ref": "AWS::NoValue"}
    assert all(
        "Sandbox" not in each for each in groups(query) - {each[1]["Ref"] for each in optional}
    )
