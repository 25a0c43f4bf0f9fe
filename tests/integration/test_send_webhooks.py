"""Events on their way to merchants: each sent to its own endpoint, and again until it is taken."""

import json
import time
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from checkout.merchant_queue import LONGEST_DELAY_OF_SQS
from checkout.merchant_webhooks import DELAYS, LONGEST_DELAY, MOST_JITTER, TRIES
from checkout.providers.circuit_breaker import OPEN_FOR, TROUBLES_TO_OPEN
from checkout.timestamps import from_millis, to_millis
from tests.contract.loopback import Connection, Double, http, says
from tests.integration import merchants, scenes
from tests.integration.cloud import Cloud
from tests.integration.journal import Journal
from tests.integration.merchants import (
    FUNCTION,
    KEY,
    MERCHANT,
    OK,
    SAMPLE,
    MerchantEvents,
    event_for,
    ports,
    put_endpoint,
    received,
    whsec,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "::1"])

CANARY = "c4n4ry"


def hurry(cloud: Cloud, seconds: float = 0.3) -> None:
    """An endpoint gets so long for its answer."""
    ports(cloud).endpoints._limit = seconds


def test_an_event_is_sent_signed_and_is_done(
    queue: MerchantEvents, shop: Double, port: int, journal: Journal
) -> None:
    put_endpoint(port)
    queue.put(SAMPLE)
    assert (queue.deliver(), queue.left) == (1, (0, 0))
    (got,) = received(shop)
    assert got.verified() == json.loads(SAMPLE)
    assert got.body == SAMPLE.encode()
    assert got.headers["webhook-id"] == json.loads(SAMPLE)["id"]
    assert journal.values("MerchantWebhooks", outcome="delivered") == [1]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
def test_what_is_not_taken_comes_again_with_the_same_id_and_body(
    queue: MerchantEvents, shop: Double, port: int, status: int
) -> None:
    put_endpoint(port)
    shop.scripts["/x"] = says(http(status, b"", "Location: /elsewhere"))
    queue.put(SAMPLE)
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert queue.deliver() == 0, "it is hidden"
    shop.scripts["/x"] = OK
    queue.later()
    assert (queue.deliver(), queue.left) == (1, (0, 0))
    first, second = received(shop)
    assert first.verified() == second.verified() == json.loads(SAMPLE)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_delays_grow_and_after_the_last_try_it_is_a_dead_letter(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int
) -> None:
    put_endpoint(port)
    shop.scripts["/x"] = says(http(500, b""))
    queue.put(SAMPLE)
    longest = LONGEST_DELAY.total_seconds()
    for least in DELAYS:
        assert (queue.deliver(), queue.left) == (1, (1, 0))
        (due,) = queue.due
        delay = (from_millis(due) - cloud.clock.now()).total_seconds()
        seconds = least.total_seconds()
        # But for the millisecond that it is written in.
        assert min(seconds, longest) - 1 <= delay <= min(seconds * (1 + MOST_JITTER), longest) + 1
        queue.later()
    assert (queue.deliver(), queue.left) == (1, (0, 1))
    assert (queue.dead, len(shop.requests)) == ([SAMPLE], TRIES)


def test_what_waits_is_not_in_flight_and_not_tried_before_it_is_due(
    queue: MerchantEvents, shop: Double, port: int, journal: Journal
) -> None:
    """SQS delays for a quarter of an hour at most: it is looked at, and waits on."""
    put_endpoint(port)
    shop.scripts["/x"] = says(http(503, b"", "Retry-After: 3000"))
    queue.put(SAMPLE)
    queue.deliver()
    for waited in (0, 1, 2):
        assert (queue.in_flight, queue.left) == (0, (1, 0))
        assert queue.delays[waited] == LONGEST_DELAY_OF_SQS.total_seconds()
        queue.pass_by(LONGEST_DELAY_OF_SQS)
        assert queue.deliver() == 1
    assert 295 <= queue.delays[-1] <= 300
    assert len(shop.requests) == 1
    shop.scripts["/x"] = OK
    queue.later()
    assert (queue.deliver(), queue.left) == (1, (0, 0))
    first, second = received(shop)
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert [each["tries"] for each in journal.named("merchant webhook tried")] == [1, 2]


def test_a_message_with_strange_attributes_is_a_failure_and_stays(
    queue: MerchantEvents, journal: Journal
) -> None:
    strange = {"tried": {"DataType": "String", "StringValue": CANARY}}
    queue.put(SAMPLE, attributes=strange)
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert journal.values("MerchantWebhookFailures") == [1]
    assert CANARY not in str(journal.all)


def test_what_eventbridge_has_given_up_can_be_moved_back(
    queue: MerchantEvents, shop: Double, port: int
) -> None:
    """It puts attributes on it, and its envelope around it."""
    put_endpoint(port)
    shop.scripts["/x"] = OK
    given_up = {"detail-type": "session.cancelled", "detail": json.loads(SAMPLE)}
    of_its_own = {"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}}
    queue.put(json.dumps(given_up), attributes=of_its_own)
    assert (queue.deliver(), queue.left) == (1, (0, 0))
    (got,) = received(shop)
    assert got.verified() == json.loads(SAMPLE)


def test_what_sqs_has_given_up_begins_anew_when_it_is_moved_back(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int
) -> None:
    """The function has failed at it: it has its attributes still."""
    put_endpoint(port)
    shop.scripts["/x"] = says(http(500, b""))
    due = to_millis(cloud.clock.now())
    numbers = {"tried": TRIES - 1, "due": due}
    attributes = {
        name: {"DataType": "Number", "StringValue": str(each)} for name, each in numbers.items()
    }
    cloud.clock.advance(timedelta(hours=1))
    queue.put(SAMPLE, attributes=attributes)
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert queue.delays[-1] <= DELAYS[0].total_seconds() * (1 + MOST_JITTER) + 1


def test_the_dead_endpoint_of_one_merchant_keeps_no_message_in_flight(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int
) -> None:
    shop.scripts["/dead"] = says(http(503, b""))
    put_endpoint(port, "/dead", "dead")
    put_endpoint(port, "/x", "alive")
    queue.put(*(event_for("dead", number) for number in range(30)))
    for _ in range(4):
        while queue.deliver():
            pass
        assert (queue.in_flight, queue.left) == (0, (30, 0))
        queue.put(event_for("alive", 99))
        assert queue.deliver() == 1
        queue.later()
    assert shop.asked["/x"] == 4


def test_what_was_given_up_begins_anew_when_it_is_moved_back(
    queue: MerchantEvents, shop: Double, port: int
) -> None:
    put_endpoint(port)
    shop.scripts["/x"] = says(http(500, b""))
    queue.put(SAMPLE)
    for _ in range(TRIES):
        queue.deliver()
        queue.later()
    queue.put(*queue.dead)
    assert queue.deliver() == 1
    assert queue.delays[-1] <= DELAYS[0].total_seconds() * (1 + MOST_JITTER) + 1


def test_a_wish_to_wait_is_heard(queue: MerchantEvents, shop: Double, port: int) -> None:
    put_endpoint(port)
    shop.scripts["/x"] = says(http(503, b"", "Retry-After: 90"))
    queue.put(SAMPLE)
    queue.deliver()
    assert queue.delays == [90]


def test_one_that_is_gone_is_given_up_at_once(
    queue: MerchantEvents, shop: Double, port: int, journal: Journal
) -> None:
    put_endpoint(port)
    shop.scripts["/x"] = says(http(410, b""))
    queue.put(SAMPLE)
    assert (queue.deliver(), queue.left) == (1, (0, 1))
    assert (queue.dead, len(shop.requests)) == ([SAMPLE], 1)
    assert journal.values("MerchantWebhooks", outcome="gone") == [1]


@pytest.mark.parametrize("way", ["silent", "drips", "reset", "nobody"])
def test_one_without_an_answer_is_left_in_time_and_asked_again(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int, way: str, journal: Journal
) -> None:
    shop.scripts |= {
        "/silent": lambda connection: connection.say_nothing(),
        "/drips": lambda connection: connection.drip(http(200, b"", "a: " + "b" * 9000)),
        "/reset": Connection.reset,
    }
    put_endpoint(1 if way == "nobody" else port, f"/{way}")
    hurry(cloud)
    queue.put(SAMPLE)
    began = time.monotonic()
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    assert time.monotonic() - began < 5
    assert journal.values("MerchantWebhooks", outcome="unreachable") == [1]


@pytest.mark.parametrize("body", ["not JSON", "{}", json.dumps({"id": CANARY})])
def test_a_poison_message_is_put_aside_at_once_and_holds_up_no_other(
    queue: MerchantEvents, shop: Double, port: int, body: str, journal: Journal
) -> None:
    put_endpoint(port)
    queue.put(body, SAMPLE)
    assert (queue.deliver(), queue.left) == (2, (0, 1))
    assert (queue.dead, len(received(shop))) == ([body], 1)
    assert journal.values("MalformedMerchantEvents") == [1]
    assert CANARY not in str(journal.lines)


def test_what_is_delivered_twice_has_the_same_id_and_body(
    queue: MerchantEvents, shop: Double, port: int
) -> None:
    put_endpoint(port)
    queue.put(SAMPLE, SAMPLE)
    assert (queue.deliver(), queue.left) == (2, (0, 0))
    one, two = received(shop)
    assert (one.headers["webhook-id"], one.body) == (two.headers["webhook-id"], two.body)


def test_a_batch_is_sent_all_at_once(queue: MerchantEvents, shop: Double, port: int) -> None:
    """Each endpoint answers only when all ten have been called."""
    together = Barrier(10)

    def answer(connection: Connection) -> None:
        together.wait(10)
        OK(connection)

    shop.scripts["/x"] = answer
    put_endpoint(port)
    queue.put(*(event_for(number=number) for number in range(10)))
    assert (queue.deliver(), queue.left) == (10, (0, 0))


def test_a_dead_endpoint_takes_nobody_elses_time(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int
) -> None:
    shop.scripts["/dead"] = lambda connection: connection.say_nothing()
    put_endpoint(port, "/dead", "dead")
    put_endpoint(port, "/x", "alive")
    hurry(cloud, 1.0)
    queue.put(*(event_for("dead", number) for number in range(9)), event_for("alive", 10))
    began = time.monotonic()
    assert queue.deliver() == 10
    assert time.monotonic() - began < 4
    assert (shop.asked["/x"], queue.left) == (1, (9, 0))


def test_one_that_is_silent_is_held_back_for_a_while_and_then_tried(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int, journal: Journal
) -> None:
    put_endpoint(port)
    shop.scripts["/x"] = says(http(503, b""))
    for number in range(TROUBLES_TO_OPEN):
        queue.put(event_for(number=number))
        queue.deliver()
    queue.put(event_for(number=90), event_for("other", 91))
    assert queue.deliver() == 2
    assert (len(shop.requests), queue.left) == (TROUBLES_TO_OPEN, (TROUBLES_TO_OPEN + 1, 0))
    assert journal.values("MerchantWebhooks", outcome="held_back") == [1]
    shop.scripts["/x"] = OK
    cloud.clock.advance(OPEN_FOR + timedelta(seconds=1))
    queue.later()
    queue.deliver()
    queue.later()
    queue.deliver()
    assert queue.left == (0, 0)


def test_an_endpoint_that_refuses_single_events_is_not_held_back(
    queue: MerchantEvents, shop: Double, port: int
) -> None:
    put_endpoint(port)
    shop.scripts["/x"] = says(http(500, b""))
    for number in range(TROUBLES_TO_OPEN + 3):
        queue.put(event_for(number=number))
        queue.deliver()
    assert len(shop.requests) == TROUBLES_TO_OPEN + 3


def test_a_function_without_time_left_changes_nothing(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int
) -> None:
    """Its answer came too late: the message comes again, from where it was."""
    put_endpoint(port)
    may_answer = Event()

    def late(connection: Connection) -> None:
        may_answer.wait(10)
        connection.say(http(500, b""))

    shop.scripts["/x"] = late
    function = cloud.function(FUNCTION)
    function._timeout = int(function.bootstrap.REPORT_RESERVE.total_seconds()) + 1
    queue.put(SAMPLE)
    assert (queue.deliver(), queue.left) == (1, (1, 0))
    may_answer.set()
    shop.wait_until_left()
    assert queue.delays == []


def test_a_queue_that_does_not_answer_costs_a_delay_and_nothing_else(
    cloud: Cloud, queue: MerchantEvents, shop: Double, port: int, journal: Journal
) -> None:
    put_endpoint(port)
    for status in (500, 410):
        shop.scripts["/x"] = says(http(status, b""))

        def unreachable(**_: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://sqs")

        events = ports(cloud).queue._client.meta.events
        events.register("before-send.sqs", unreachable)
        queue.put(event_for(number=status))
        assert queue.deliver() == 1
        events.unregister("before-send.sqs", unreachable)
    assert queue.left == (2, 0)
    assert journal.values("MerchantWebhookFailures") == [1, 1]
    # The calls were made, and are told.
    tried = [each["outcome"] for each in journal.named("merchant webhook tried")]
    assert tried == ["refused", "gone"]
    shop.scripts["/x"] = OK
    queue.later()
    assert (queue.deliver(), queue.left) == (2, (0, 0))


def test_what_is_logged_of_a_try_says_whose_and_which_and_no_more(
    queue: MerchantEvents, shop: Double, port: int, journal: Journal
) -> None:
    shop.scripts["/c4n4ry-of-a-path"] = says(http(500, b"c4n4ry-of-an-answer"))
    put_endpoint(port, "/c4n4ry-of-a-path")
    queue.put(SAMPLE)
    queue.deliver()
    told, (line,) = json.loads(SAMPLE), [
        each for each in journal.lines if each["message"] == "merchant webhook tried"
    ]  # fmt: skip
    assert {name: line[name] for name in ("merchant_id", "event_id", "status", "tries")} == {
        "merchant_id": MERCHANT,
        "event_id": told["id"],
        "status": 500,
        "tries": 1,
    }
    assert (line["outcome"], line["session_id"]) == ("refused", told["data"]["sessionId"])
    assert CANARY not in str(journal.lines)
    assert whsec(KEY) not in str(journal.lines)


def test_the_sample_event_is_for_a_merchant_without_an_endpoint(cloud: Cloud) -> None:
    merchants.prepare(cloud)
    event = {"Records": [scenes.event("send_webhooks")["Records"][0]]}
    assert cloud.function(FUNCTION)(event) == {"batchItemFailures": []}
