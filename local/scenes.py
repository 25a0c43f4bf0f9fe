"""The demo's scenes: each does one thing over HTTP, shows it, and checks what it claims."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from cancel_a_session_client.models import (
    CancelAnswer,
    CancelAnswerStatus,
    Error,
    SessionAnswer,
    SessionStatus,
    TransactionAnswer,
)
from local import show
from local.stage import Stage, at_once, cancel_and_show
from local.typed_calls import Cancellation

WATCH_SECONDS = 30.0


def everything_cancelled(stage: Stage) -> None:
    session_id, answer = cancel_and_show(
        stage, "1. Three providers, and each can cancel",
        "sandbox:ok_1", "sandbox-b:ok_2", "sandbox-c:slow_200_3",
    )  # fmt: skip
    said = answer.parsed
    stage.promises.check(
        "200 CANCELLED, and every payment is cancelled",
        isinstance(said, CancelAnswer)
        and said.status is CancelAnswerStatus.CANCELLED
        and len(said.cancelled_transaction_ids) == 3
        and set(stage.statuses(session_id).values()) == {"CANCELLED"},
        said,
    )
    again = stage.merchant.cancel(session_id).parsed
    stage.promises.check(
        "the same again is 200 CANCELLED, with both lists empty",
        isinstance(again, CancelAnswer)
        and again.status is CancelAnswerStatus.CANCELLED
        and not again.cancelled_transaction_ids + again.pending_transaction_ids,
        again,
    )


def nothing_attempted(stage: Stage) -> None:
    _, answer = cancel_and_show(stage, "2. A session that nobody has tried to pay")
    held = _said(answer).status is CancelAnswerStatus.CANCELLED
    stage.promises.check("200 CANCELLED, at once", held, answer.parsed)


def not_all_can_be_cancelled(stage: Stage) -> None:
    session_id, answer = cancel_and_show(
        stage, "3. One had settled, one is refused, one provider is down",
        "sandbox:settled_1", "sandbox-b:refused_2", "sandbox-c:down_3",
    )  # fmt: skip
    said = answer.parsed
    statuses = Counter(stage.statuses(session_id).values())
    stage.promises.check(
        "200 PENDING_CANCELLATION, with the two that are still in flight",
        isinstance(said, CancelAnswer)
        and said.status is CancelAnswerStatus.PENDING_CANCELLATION
        and len(said.pending_transaction_ids) == 2,
        said,
    )
    stage.promises.check(
        "what had settled stays SETTLED, and nothing counts as cancelled on a guess",
        statuses["SETTLED"] == 1 and not statuses["CANCELLED"],
        dict(statuses),
    )


def five_at_once(stage: Stage) -> None:
    print(f"\n{show.heading('4. Five cancellations of one session at the same time')}", flush=True)
    # Five environments of the function are started first: on a small machine that takes seconds,
    # and the first call would be over before the last one is heard.
    _cancel_five_times(stage, stage.side.new_id())
    session_id = stage.session(*(f"sandbox:slow_1500_{number}" for number in range(3)))
    answers = _cancel_five_times(stage, session_id)
    statuses = sorted(int(answer.status_code) for answer in answers)
    voids = stage.voids(session_id)
    retry = {
        answer.headers.get("Retry-After", "") for answer in answers if answer.status_code == 409
    }
    print(f"   answers {statuses}, Retry-After {sorted(retry)}, voids of each payment {voids}")
    one_drives = statuses == [200, 409, 409, 409, 409] and "" not in retry
    stage.promises.check("one drives, the others get 409 with Retry-After", one_drives, statuses)
    stage.promises.check("the provider saw one void of each payment", voids == [1, 1, 1], voids)


def _cancel_five_times(stage: Stage, session_id: str) -> list[Cancellation]:
    return at_once([partial(stage.merchant.cancel, session_id)] * 5)


def not_yours(stage: Stage) -> None:
    session_id = stage.session("sandbox:ok_1")
    print(f"\n{show.heading('5. A session of another merchant')}")
    theirs, none = stage.other.cancel(session_id), stage.other.cancel(stage.side.new_id())
    message = theirs.parsed.message if isinstance(theirs.parsed, Error) else theirs.parsed
    print(f"   POST cancel: {theirs.status_code} {message}")
    stage.promises.check(
        "404, word for word as for a session that never was",
        theirs.status_code == none.status_code == 404 and theirs.content == none.content,
        (theirs.status_code, none.status_code, none.parsed),
    )
    untouched = set(stage.statuses(session_id).values()) == {"PENDING"}
    stage.promises.check("and nothing has happened to it", untouched)


def race(stage: Stage) -> None:
    """Attempts start while the session is cancelled: each comes before the lock or is refused."""
    session_id = stage.session("sandbox:ok_0")
    print(f"\n{show.heading('6. Payment attempts that race with the cancellation')}")
    said, results = _cancel_among_attempts(stage, session_id)
    results.append(stage.attempt(session_id, 9))
    refused = [text for text in results if text]
    print(f"   9 attempts: {len(results) - len(refused)} before the lock, {len(refused)} refused")
    print(f"   the last one: {results[-1] or 'was accepted'}")
    stage.promises.check(
        "an attempt after the lock is refused, and told the session's status",
        results[-1].startswith("SessionLockedError"),
        results[-1],
    )
    stage.promises.check(
        "all those before the lock are in the answer, with the one that was there",
        len(said.cancelled_transaction_ids + said.pending_transaction_ids)
        == 1 + len(results) - len(refused),
        said,
    )
    _cancel_the_rest(stage, session_id, said)


def _cancel_among_attempts(stage: Stage, session_id: str) -> tuple[CancelAnswer, list[str]]:
    """The cancellation's answer, and what became of each of eight attempts."""
    attempts = [partial(stage.attempt, session_id, number) for number in range(1, 9)]
    answers: list[Cancellation] = []

    def cancel() -> str:
        time.sleep(0.02)  # or else it would nearly always come first
        answers.append(stage.merchant.cancel(session_id))
        return "the cancellation"

    calls: list[Callable[[], str]] = [*attempts[:4], cancel, *attempts[4:]]
    results = at_once(calls)
    results.remove("the cancellation")
    return _said(answers[0]), results


def _cancel_the_rest(stage: Stage, session_id: str, said: CancelAnswer) -> None:
    """The provider may not have had an attempt's payment yet when the cancellation asked for it."""
    if said.pending_transaction_ids:
        number = len(said.pending_transaction_ids)
        print(f"   {number} pending: its payment reached the provider after the cancellation had")
        print("   asked; the merchant repeats the call (the service itself would try later)")
        said = _said(stage.merchant.cancel(session_id))
    ends = set(stage.statuses(session_id).values()) - {"FAILED"}
    held = said.status is CancelAnswerStatus.CANCELLED and ends == {"CANCELLED"}
    stage.promises.check("and all of them are cancelled", held, (said, ends))


def by_itself(stage: Stage) -> None:
    session_id, answer = cancel_and_show(
        stage, "7. One is confirmed later, one cannot be stopped: watch it, without another call",
        "sandbox:ok_1", "sandbox-b:async_2_2", "sandbox-c:unstoppable_5_SETTLED_3",
    )  # fmt: skip
    held = _said(answer).status is CancelAnswerStatus.PENDING_CANCELLATION
    stage.promises.check("200 PENDING_CANCELLATION, with two in flight", held, answer.parsed)
    seen = _watched(stage, session_id)
    held = seen.status is SessionStatus.CANCELLED
    stage.promises.check("it became CANCELLED by itself", held, seen)
    stage.promises.check(
        "and the money that arrived all the same is told",
        [each.settled_after_cancel for each in seen.transactions] == [False, False, True],
        seen,
    )
    _told(stage, session_id)


def _told(stage: Stage, session_id: str) -> None:
    """What was heard of the session on the event bus."""
    expected = Counter(
        {
            "session.cancellation_pending": 1,
            "transaction.cancelled": 2,
            "transaction.settled_after_cancel": 1,
            "session.cancelled": 1,
        }
    )
    deadline = time.monotonic() + WATCH_SECONDS
    while True:
        events = stage.listener.of(session_id)
        heard = Counter(each["type"] for each in events)
        if heard == expected or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    print("   heard on the event bus: " + ", ".join(sorted(each["type"] for each in events)))
    stage.promises.check("each change was told as an event, once", heard == expected, heard)


def _watched(stage: Stage, session_id: str) -> SessionAnswer:
    """As it is once it is cancelled, or when the time is over; shows each change."""
    began, shown = time.monotonic(), ""
    while True:
        seen = stage.merchant.get(session_id).parsed
        if not isinstance(seen, SessionAnswer):
            raise TypeError(f"the session could not be read: {seen}")
        now = f"{seen.status:<22}{_briefly(seen.transactions)}"
        if now != shown:
            print(f"   {time.monotonic() - began:4.1f} s  {now}", flush=True)
            shown = now
        late = time.monotonic() > began + WATCH_SECONDS
        if seen.status is SessionStatus.CANCELLED or late:
            return seen
        time.sleep(0.25)


def _briefly(transactions: Sequence[TransactionAnswer]) -> str:
    said = [
        f"{each.status} ({each.pending_reason})" if each.pending_reason else each.status
        for each in transactions
    ]
    return ", ".join(said)


def _said(answer: Cancellation) -> CancelAnswer:
    if not isinstance(answer.parsed, CancelAnswer):
        raise TypeError(f"the session could not be cancelled: {answer.parsed}")
    return answer.parsed


SCENES: tuple[Callable[[Stage], None], ...] = (
    everything_cancelled,
    nothing_attempted,
    not_all_can_be_cancelled,
    five_at_once,
    not_yours,
    race,
    by_itself,
)
