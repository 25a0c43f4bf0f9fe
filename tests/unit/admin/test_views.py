"""What is drawn, at every width and without colours; and that a terminal cannot be steered."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.table import Table
from rich.text import Text

from admin import pending_view, session_view, terminal
from admin.explanation import Circumstances
from admin.waiting import Unreadable, Waiting
from checkout.timeline import timeline
from checkout.transactions import SessionSnapshot, TransactionStatus
from tests.unit import providers
from tests.unit.samples import KEY
from tests.unit.world import World, a_world

ESCAPE = "\x1b"
DAY = timedelta(days=1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def world() -> World:
    """Of three payments one is cancelled, one refused, one settled all the same."""
    world = a_world()
    world.open_with("bank", "card", "wallet")
    world.providers["card"].answer = providers.REFUSED
    world.providers["wallet"].answer = providers.REQUESTED
    world.clock.sleep(90)
    world.drive()
    world.clock.sleep(5)
    world.report(3, TransactionStatus.SETTLED)
    return world


def around(world: World, age: timedelta = DAY) -> Circumstances:
    now = world.clock() + age
    return Circumstances("shop", now, now + timedelta(minutes=5), age, DAY)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> "Show":
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return Show(monkeypatch)


class Show:
    """Draws to a pipe, or to a terminal of some width."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def __call__(
        self, parts: Sequence[Table | Text], width: int | None = None, *, no_color: str = ""
    ) -> str:
        out = io.StringIO() if width is None else Terminal()
        self._patch.setattr("sys.stdout", out)
        self._patch.setenv("NO_COLOR", no_color)
        if width is not None:
            self._patch.setenv("COLUMNS", str(width))
        terminal.show(*parts)
        return out.getvalue()


def words(text: str) -> list[str]:
    return re.sub(rf"{ESCAPE}\[[0-9;]*m", "", text).split()


def plain_lines(text: str) -> list[str]:
    return re.sub(rf"{ESCAPE}\[[0-9;]*m", "", text).splitlines()


def test_to_a_pipe_every_moment_is_a_line_without_colour(world: World, shown: Show) -> None:
    snapshot = world.store.read_session(KEY)
    text = shown(session_view.drawn(snapshot, around(world)))
    assert ESCAPE not in text
    lines = text.splitlines()
    for each in timeline(snapshot):
        assert sum(line.endswith(each.sentence) for line in lines) >= 1
    assert all(line == line.rstrip() for line in lines)
    assert [line for line in lines if line.endswith(" UTC")] == ["2026-03-01 UTC"]


@pytest.mark.parametrize("width", [80, 200])
def test_on_a_terminal_no_line_is_wider_and_no_word_is_lost(
    world: World, shown: Show, width: int
) -> None:
    parts = session_view.drawn(world.store.read_session(KEY), around(world))
    pipe, screen = shown(parts), shown(parts, width)
    assert max(map(len, plain_lines(screen))) <= width
    assert sorted(words(screen)) == sorted(words(pipe))
    assert ESCAPE in screen
    assert len(plain_lines(screen)) > len(plain_lines(pipe)) or width == 200


def test_with_no_color_a_terminal_gets_none(world: World, shown: Show) -> None:
    parts = session_view.drawn(world.store.read_session(KEY), around(world))
    assert ESCAPE not in shown(parts, 80, no_color="1")


def test_moments_are_aligned_and_told_from_the_opening_on(world: World, shown: Show) -> None:
    snapshot = world.store.read_session(KEY)
    lines = shown(session_view.drawn(snapshot, around(world))).splitlines()
    drawn = [line for line in lines if re.match(r"\d\d:\d\d:\d\d\.\d{3} +\+", line)]
    told = timeline(snapshot)
    assert len(drawn) == len(told) == 10
    columns = {line.rindex(each.sentence) for line, each in zip(drawn, told, strict=True)}
    assert len(columns) == 1
    (locked,) = (line for line in drawn if "is locked" in line)
    assert locked.startswith("12:01:30.000    +1 min 30 s  ")


def test_what_is_in_flight_is_explained_below(world: World, shown: Show) -> None:
    text = shown(session_view.drawn(world.store.read_session(KEY), around(world)))
    assert re.search(r"#2 card +waits for +the provider refuses, .* \(REFUSED\)", text)
    assert "you may    ask the provider" in text
    assert text.count("waits for") == 1


def test_a_session_that_is_not_being_cancelled_waits_for_nothing(shown: Show) -> None:
    world = a_world()
    world.open_with("bank")
    snapshot = world.store.read_session(KEY)
    text = shown(session_view.drawn(snapshot, around(world)))
    assert "waits for" not in text
    assert session_view.as_document(snapshot, around(world))["waitsFor"] == []


def test_a_payment_whose_item_is_not_there_is_told_of_and_not_taken_for_ended(
    world: World, shown: Show
) -> None:
    snapshot = world.store.read_session(KEY)
    bank, card, wallet = snapshot.transactions
    lost = replace(snapshot, transactions=(bank, wallet))
    text = shown(session_view.drawn(lost, around(world)))
    assert f"waits for  attached payments that are not in the table: {card.transaction_id}" in text
    assert "its completion" not in text
    drained = replace(snapshot, transactions=(bank, replace(card, status=bank.status), wallet))
    assert "waits for  its completion" in shown(session_view.drawn(drained, around(world)))


def waiting(world: World, age: timedelta) -> Waiting:
    snapshot = world.store.read_session(KEY)
    return Waiting(snapshot, world.clock() + DAY, age, DAY)


@pytest.mark.parametrize("width", [80, 200, None])
def test_a_session_that_waits_is_told_whole(world: World, shown: Show, width: int | None) -> None:
    parts = pending_view.drawn("shop", world.clock() + DAY, [waiting(world, DAY)])
    text = shown(parts, width)
    assert KEY.session_id in text
    for each in ("merchant-1,", "driven", "(REFUSED)", "card,", "account-1,", "ref_2,", "12:01:30"):
        assert each in words(text)
    assert (ESCAPE in text) is (width is not None)


def test_nothing_that_waits_is_nothing_on_stdout(shown: Show) -> None:
    assert shown([]) == ""


def test_what_cannot_be_read_is_named_as_far_as_it_has_a_name() -> None:
    assert pending_view.told(Unreadable(None, "an item")) == "an item"
    named = pending_view.told(Unreadable(KEY, "an item"))
    assert named == f"an item: session {KEY.session_id} of merchant merchant-1"


def test_what_others_sent_cannot_steer_the_terminal(world: World, shown: Show) -> None:
    evil = "[red]pi[/red]\x1b[2J\x1b]0;title\x07\r\n\u202e"
    snapshot = world.store.read_session(KEY)
    first, *others = snapshot.transactions
    first = replace(first, provider_reference=evil, provider=evil)
    text = shown(
        session_view.drawn(SessionSnapshot(snapshot.session, (first, *others)), around(world))
    )
    assert not {ESCAPE, "\x07", "\r", "\u202e"} & set(text)
    assert "[red]pi[/red]�[2J�]0;title" in text


def test_the_documents_are_json_of_the_same(world: World) -> None:
    snapshot = world.store.read_session(KEY)
    document = json.loads(json.dumps(session_view.as_document(snapshot, around(world))))
    assert [each["sentence"] for each in document["timeline"]] == [
        each.sentence for each in timeline(snapshot)
    ]
    (pending,) = document["waitsFor"]
    assert (pending["pendingReason"], pending["provider"]) == ("REFUSED", "card")
    each = waiting(world, DAY - timedelta(seconds=1))
    listed = pending_view.as_document("shop", each.due_at, [each], [Unreadable(None, "x")])
    (session,) = json.loads(json.dumps(listed))["sessions"]
    assert (session["ageSeconds"], session["giveUpSeconds"], session["stuck"]) == (
        86399,
        86400,
        False,
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (0.4124, "412 ms"),
        (5, "5.0 s"),
        (59.96, "1 min"),
        (182, "3 min 2 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (36 * 3600, "36 h"),
        (76 * 3600, "3 d 4 h"),
    ],
)
def test_a_duration_is_said_in_two_units_at_most(seconds: float, said: str) -> None:
    assert terminal.lasted(timedelta(seconds=seconds)) == said
