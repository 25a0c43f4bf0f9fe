"""What the command says of a run."""

from admin.redriving import as_document, summary
from checkout.redrive import MOST_MESSAGES, Redriven
from local.stack import Stack

OUTPUTS = {
    "BaseUrl": "https://api", "TokenUrl": "https://token", "TableName": "t", "UserPoolId": "u",
    "IdempotencyTableName": "i", "StateMachineArn": "m", "CompletionFailuresQueueUrl": "q",
    "EventBusName": "b",
    "RestApiId": "a", "ApiStageName": "live",
}  # fmt: skip


def test_an_empty_queue_is_said_with_what_can_be_done_all_the_same() -> None:
    said = summary(Redriven(0, 0, 0, 0), asked_for_all=False)
    assert said.startswith("The queue is empty")
    assert "--all" in said


def test_what_was_done_is_said_in_one_line() -> None:
    said = summary(Redriven(messages=4, looked_at=12, completed=3, unread=0), asked_for_all=False)
    assert said == "Messages: 4; waiting sessions looked at: 12; of these completed: 3."


def test_asked_for_all_it_tells_of_the_sessions_without_a_message() -> None:
    assert "looked at: 5" in summary(Redriven(0, 5, 0, 0), asked_for_all=True)


def test_what_could_not_be_looked_at_is_said_with_what_became_of_the_messages() -> None:
    said = summary(Redriven(messages=4, looked_at=12, completed=3, unread=2), asked_for_all=False)
    assert said.endswith(" Could not be looked at: 2. The messages stay in the queue.")


def test_late_money_that_nobody_had_told_of_is_said() -> None:
    said = summary(Redriven(4, 12, 3, 0, settled=2), asked_for_all=False)
    assert said.endswith(" Paid after the cancellation, and not told of before: 2.")


def test_more_messages_than_one_run_takes_are_said() -> None:
    said = summary(Redriven(MOST_MESSAGES, 12, 3, 0), asked_for_all=False)
    assert said.endswith("run it again.")


def test_a_stack_of_prod_has_its_names_and_no_ledger() -> None:
    stack = Stack.from_outputs("shop", OUTPUTS)
    assert (stack.table, stack.completion_failures_queue_url, stack.ledger_table) == ("t", "q", "")
    assert (stack.base_url, stack.token_url, stack.merchants) == (
        "https://api",
        "https://token",
        (),
    )


def test_on_the_emulator_the_addresses_are_of_the_emulator() -> None:
    stack = Stack.from_outputs("shop", OUTPUTS, "http://127.0.0.1:4566")
    assert stack.base_url == "http://127.0.0.1:4566/restapis/a/live/_user_request_"
    assert stack.token_url == "http://127.0.0.1:4566/oauth2/token"


def test_the_document_has_all_of_a_run() -> None:
    done = Redriven(MOST_MESSAGES, 12, 3, 1, 2)
    assert as_document("shop", done) == {
        "stack": "shop",
        "messages": MOST_MESSAGES,
        "lookedAt": 12,
        "completed": 3,
        "settled": 2,
        "unread": 1,
        "more": True,
    }
