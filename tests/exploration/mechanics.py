"""What a step does to the table, to the bank and to who makes it: each computed once.

Tables, ledgers, requests, answers and the situations of actors are known by numbers, equal ones by
the same. A step is then a look-up, except where it has never been made before.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError

from checkout.sessions import SessionStatus
from checkout.storage.items import SESSION, deserialize
from checkout.timestamps import to_millis
from checkout.transactions import MAY_BECOME, TERMINAL, TransactionStatus
from tests.exploration.expressions import Item
from tests.exploration.ledger import Ledger, Locked
from tests.exploration.replay import (
    START,
    Answer,
    Program,
    Request,
    Situation,
    moment,
    situation,
    to_json,
)
from tests.exploration.table import ItemKey, MemoryTable
from tests.integration.changes import Changes, demand
from tests.template.filter_pattern import matches, stream_pattern

T = TypeVar("T")
WRITES = ("put_item", "update_item")
Items = dict[ItemKey, Item]


class Numbered(Generic[T]):
    """Values by their numbers."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self.values: list[T] = []

    def number(self, form: Hashable, value: T) -> int:
        """Of the first value with this form."""
        number = self._numbers.setdefault(form, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number

    def __getitem__(self, number: int) -> T:
        return self.values[number]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Cast:
    """A program and its name in a trace; `kind` says what may befall it."""

    kind: str
    name: str
    program: Program
    token: str = ""
    provider: str = ""


@dataclass(frozen=True)
class Standing:
    """An actor after some answers: its next request, or its end."""

    cast: int
    began: int
    answers: tuple[Answer, ...]
    situation: Situation

    @cached_property
    def operation(self) -> str:
        """Its next one; empty at its end."""
        return self.situation.request.operation if self.situation.request else ""


@dataclass(frozen=True)
class View:
    """What one table says."""

    items: Items

    @cached_property
    def session(self) -> dict[str, Any]:
        return deserialize(self.items[_partition(self.items), SESSION])

    @cached_property
    def locked(self) -> Locked:
        attached = frozenset(self.session.get("attempts", ()))
        return Locked(self.session["status"], self.session.get("driver"), attached)

    @cached_property
    def due_at(self) -> int | None:
        """In milliseconds since the start of the world; None if nobody has to look."""
        if self.session["status"] != SessionStatus.PENDING_CANCELLATION:
            return None
        return int(self.session["dueAt"]) - to_millis(START)

    @cached_property
    def changes(self) -> Changes:
        changes = Changes()
        for (_, sort_key), item in self.items.items():
            if sort_key == SESSION:
                changes.session = deserialize(item)
            else:
                changes.transactions[sort_key.partition("#")[2]] = deserialize(item)
        return changes


def _partition(items: Items) -> str:
    return next(partition for partition, sort_key in items if sort_key == SESSION)


def _check_may_be_written(items: Items, request: Request) -> None:
    """Also where the write changes nothing: that is luck, two clocks that read the same."""
    key = request.body.get("Key")
    old = deserialize(items.get((key["PK"]["S"], key["SK"]["S"]), {})) if key else {}
    if key and key["SK"]["S"] == SESSION:
        demand(old.get("status") != SessionStatus.CANCELLED, "a cancelled session was written")
    elif old.get("status") in TERMINAL and "#status = :" in request.body["UpdateExpression"]:
        new = request.body["ExpressionAttributeValues"][":status"]["S"]
        before = TransactionStatus(old["status"])
        demand(new in MAY_BECOME[before], f"{before} was overwritten with {new}")


class Mechanics:
    """Everything that was computed, for one world and one state of the code.

    `limit` is how many attempts a session takes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.casts: Numbered[Cast] = Numbered()
        self.tables: Numbered[View] = Numbered()
        self.ledgers: Numbered[Ledger] = Numbered()
        self.answers: Numbered[dict[str, Any]] = Numbered()
        self.standings: Numbered[Standing] = Numbered()
        self._begun: dict[tuple[int, int], int] = {}
        self._gone_on: dict[tuple[int, int, int], int] = {}
        self._written: dict[tuple[int, int, int], tuple[int, int, int]] = {}
        self._banked: dict[tuple[int, int, int, int], tuple[int, int]] = {}
        self._requests: dict[int, int] = {}
        self._forms: Numbered[Request] = Numbered()
        self._pattern = stream_pattern()

    # Who acts.

    def cast(self, cast: Cast, order: object = None) -> int:
        """The same by the same name and the same `order`."""
        return self.casts.number((cast.name, to_json(order)), cast)

    def begin(self, cast: int, now: int) -> int:
        key = (cast, now)
        if key not in self._begun:
            self._begun[key] = self._stand(cast, now, ())
        return self._begun[key]

    def go_on(self, standing: int, answer: int, now: int) -> int:
        key = (standing, answer, now)
        if key not in self._gone_on:
            before = self.standings[standing]
            answers = (*before.answers, Answer(self.answers[answer], now))
            self._gone_on[key] = self._stand(before.cast, before.began, answers)
        return self._gone_on[key]

    def _stand(self, cast: int, began: int, answers: tuple[Answer, ...]) -> int:
        found = situation(self.casts[cast].program, began, answers)
        demand(not found.broken, f"{self.casts[cast].name} broke: {found.broken}")
        # What has ended is what it has come to. What goes on is all that it has heard.
        form: Hashable = len(self.standings)
        if found.request is None:
            form = (cast, to_json(found.result))
        standing = self.standings.number(form, Standing(cast, began, answers, found))
        if found.request:
            request = found.request
            self._requests[standing] = self._forms.number(request.form, request)
        return standing

    # What a step does.

    def answer(self, content: dict[str, Any]) -> int:
        return self.answers.number(to_json(content), content)

    def view(self, items: Items) -> int:
        form = to_json({"/".join(key): item for key, item in items.items()})
        return self.tables.number(form, View(items))

    def ledger(self, ledger: Ledger) -> int:
        return self.ledgers.number(ledger.form, ledger)

    def call_store(self, table: int, standing: int, now: int) -> tuple[int, int, int]:
        """The table afterwards, the answer, and how many records wake the stream's function."""
        key = (table, self._requests[standing], now)
        if key not in self._written:
            self._written[key] = self._call_store(table, self._forms[key[1]], now)
        return self._written[key]

    def writes(self) -> frozenset[tuple[str | None, str | None]]:
        """The conditions and updates that anybody has asked for so far."""
        bodies = (each.body for each in self._forms.values if each.operation in WRITES)
        return frozenset(
            (each.get("ConditionExpression"), each.get("UpdateExpression")) for each in bodies
        )

    def _call_store(self, table: int, request: Request, now: int) -> tuple[int, int, int]:
        before = self.tables[table]
        memory = MemoryTable(before.items)
        images: list[tuple[Item, Item]] = []
        memory.on_change = lambda old, new: images.append((old, new))
        content: dict[str, Any]
        try:
            content = {"done": getattr(memory, request.operation)(**request.body)}
        except ClientError as refusal:
            content = {"refused": refusal.response.get("Item")}
        else:
            _check_may_be_written(before.items, request)
        woken = 0
        for old, new in images:
            changes = View(before.items).changes
            changes.take_in(new, moment(now))
            demand(len(changes.attached) <= self._limit, "more attempts than a session takes")
            woken += self._wakes(old, new)
        return self.view(memory.items), self.answer(content), woken

    def _wakes(self, old: Item, new: Item) -> bool:
        name = "MODIFY" if old else "INSERT"
        record = {"eventName": name, "dynamodb": {"OldImage": old, "NewImage": new}}
        return matches(self._pattern, record)

    def call_bank(self, ledger: int, table: int, standing: int, now: int) -> tuple[int, int]:
        """The ledger afterwards, and the answer."""
        key = (ledger, table, self._requests[standing], now)
        if key not in self._banked:
            request = self._forms[key[2]]
            after = self.ledgers[ledger].copy()
            act = getattr(after, request.operation)
            content = act(request.body, now, self.tables[table].locked)
            self._banked[key] = self.ledger(after), self.answer(content)
        return self._banked[key]
