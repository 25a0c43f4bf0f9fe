"""The report of an export, by DuckDB: it says what the project's own code says of each session."""

import gzip
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import deserialize, session_key_of
from checkout.transactions import SessionSnapshot, Transaction
from examples.reporting import sample
from local import environments
from local.places import ROOT, tool
from tests.integration import item_forms
from tests.template.blocks import blocks

EXAMPLE = ROOT / "examples" / "reporting"
PAGE = (ROOT / "docs" / "reporting.md").read_text()
OTHER = "(other reasons)"
Table = Counter[tuple[str, str, str]]


def report(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    python = tool("reporting", "python")
    command = [str(python), "-m", "examples.reporting.report", str(folder), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def export_of(folder: Path, *items: dict[str, Any]) -> Path:
    """An export of these items, as DynamoDB types them."""
    folder.mkdir()
    lines = "".join(json.dumps({"Item": each}) + "\n" for each in items)
    (folder / "0.json.gz").write_bytes(gzip.compress(lines.encode()))
    return folder


def rows(folder: Path) -> list[dict[str, Any]]:
    done = report(folder, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def payments(found: list[dict[str, Any]]) -> Table:
    return Counter(
        {(each["reason"], each["provider"], each["outcome"]): each["payments"] for each in found}
    )


def outcome(snapshot: SessionSnapshot, each: Transaction) -> str:
    if snapshot.settled_after_cancel(each):
        return "money arrived"
    if each.in_flight:
        return "still in flight"
    known = {"CANCELLED": "cancelled", "SETTLED": "paid before", "REFUNDED": "paid before"}
    return known.get(each.status.value, "ended otherwise")


def expected(store: CheckoutStore, keys: list[SessionKey]) -> Table:
    """The same by our own code, session by session."""
    cancelled = [each for each in map(store.read_session, keys) if each.session.cancel_requested_at]
    reasons = {each.session.key: " ".join((each.session.reason or "").lower().split()) or
               "(none given)" for each in cancelled}  # fmt: skip
    ranked = sorted(Counter(reasons.values()).items(), key=lambda each: (-each[1], each[0]))
    shown = {reason for reason, _ in ranked[:8]}
    return Counter(
        (
            reasons[snapshot.session.key] if reasons[snapshot.session.key] in shown else OTHER,
            each.provider,
            outcome(snapshot, each),
        )
        for snapshot in cancelled
        for each in snapshot.transactions
        if each.transaction_id in snapshot.session.attempts
    )


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Table]]:
    """The example's own sample: its export, and what has to be reported of it."""
    environments.ensure(["reporting"])
    folder = tmp_path_factory.mktemp("export")
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", "none")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with patch.context(), mock_aws():
        client = boto3.client("dynamodb", region_name=sample.REGION)
        store = CheckoutStore(client, sample.TABLE)
        sample.write(client, folder)
        found = client.scan(TableName=sample.TABLE)["Items"]
        items = [deserialize(each) for each in found if each["SK"]["S"] == "SESSION"]
        yield folder, expected(store, [session_key_of(each["PK"]) for each in items])
    patch.undo()


def test_the_report_says_what_our_own_code_says_of_each_session(weeks: tuple[Path, Table]) -> None:
    folder, wanted = weeks
    found = payments(rows(folder))
    assert {each for _, _, each in wanted} == {
        "cancelled", "paid before", "ended otherwise", "still in flight", "money arrived",
    }  # fmt: skip
    assert +found == wanted


def test_the_page_shows_what_is_reported_of_the_sample(weeks: tuple[Path, Table]) -> None:
    folder, _ = weeks
    printed = report(folder).stdout.splitlines()
    excerpt = re.search(r"```text\n(reason .*?)```", PAGE, re.DOTALL)
    assert excerpt
    shown = excerpt[1].splitlines()
    cut = shown.index("...")
    assert shown[:cut] == printed[:cut]
    assert shown[cut + 1 :] == printed[-len(shown[cut + 1 :]) :]


def test_the_picture_is_drawn_with_a_bar_for_every_outcome(
    weeks: tuple[Path, Table], tmp_path: Path
) -> None:
    folder, wanted = weeks
    picture = tmp_path / "picture.svg"
    assert report(folder, str(picture)).returncode == 0
    committed = (ROOT / "docs" / "reporting.svg").read_text()
    for text in {each for row in wanted for each in row}:
        assert f">{text}</text>" in picture.read_text()
        assert f">{text}</text>" in committed


def session(number: int, reason: Any = None, **more: Any) -> dict[str, Any]:
    item = {
        "PK": {"S": f"MERCHANT#m#SESSION#{number}"},
        "SK": {"S": "SESSION"},
        "status": {"S": "CANCELLED"},
        "cancelRequestedAt": {"S": "2026-10-01T12:00:00.000Z"},
        "reason": {"S": reason} if reason else {"NULL": True},
        "attempts": {"SS": ["one"]},
    }
    return item | more


def payment(number: int, payment_id: str = "one", **more: Any) -> dict[str, Any]:
    item = {
        "PK": {"S": f"MERCHANT#m#SESSION#{number}"},
        "SK": {"S": f"TRANSACTION#{payment_id}"},
        "provider": {"S": "stripe"},
        "status": {"S": "CANCELLED"},
    }
    return item | more


def settled(second: str) -> dict[str, Any]:
    return {"S": f"2026-10-01T{second}.000Z"}


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, "cancelled"),
        ({"status": {"S": "PROCESSING"}}, "still in flight"),
        ({"status": {"S": "SOMETHING_NEW"}}, "still in flight"),
        ({"status": {"S": "FAILED"}}, "ended otherwise"),
        ({"status": {"S": "SETTLED"}, "settledAt": settled("11:00:00")}, "paid before"),
        ({"status": {"S": "SETTLED"}, "settledAt": settled("12:00:01")}, "money arrived"),
        ({"settledAfterCancel": {"BOOL": True}, "settledAt": settled("11:59:56")},
         "money arrived"),
        ({"settledAfterCancel": {"BOOL": True}, "settledAt": settled("11:00:00")},
         "money arrived"),
        ({"status": {"S": "FAILED"}, "settledAfterCancel": {"BOOL": False},
          "settledAt": settled("12:00:01")}, "ended otherwise"),
        ({"status": {"S": "SETTLED"}, "settledAt": settled("11:59:00"),
          "cancellation": {"S": "PENDING"}}, "money arrived"),
    ],
)  # fmt: skip
def test_an_outcome_is_told_by_the_status_and_by_when_the_money_came(
    tmp_path: Path, more: dict[str, Any], wanted: str
) -> None:
    environments.ensure(["reporting"])
    folder = export_of(tmp_path / "export", session(1), payment(1, **more))
    assert payments(rows(folder)) == {("(none given)", "stripe", wanted): 1}


def test_reasons_are_counted_together_whatever_their_case_and_their_blanks(tmp_path: Path) -> None:
    environments.ensure(["reporting"])
    written = ["Changed my mind", " changed\tmy  MIND ", "changed my mind"]
    items = [item for n, each in enumerate(written) for item in (session(n, each), payment(n))]
    folder = export_of(tmp_path / "export", *items)
    assert payments(rows(folder)) == {("changed my mind", "stripe", "cancelled"): 3}


def test_an_attempt_that_was_refused_and_a_session_that_is_open_are_not_counted(
    tmp_path: Path,
) -> None:
    environments.ensure(["reporting"])
    is_open = {k: v for k, v in session(2).items() if k not in ("cancelRequestedAt", "reason")}
    folder = export_of(
        tmp_path / "export", session(1, attempts={"SS": ["other"]}), payment(1), is_open, payment(2)
    )
    (row,) = rows(folder)
    assert (row["outcome"], row["payments"], row["sessions"]) == ("nothing to cancel", 0, 1)


def test_items_of_every_release_can_be_read(tmp_path: Path) -> None:
    environments.ensure(["reporting"])
    forms = [
        form
        for kind in ("session", "transaction")
        for version in item_forms.samples(kind).values()
        for form in version.values()
    ]
    assert len(forms) > 20
    assert rows(export_of(tmp_path / "export", *forms)) != []


def test_what_is_no_export_is_told_in_a_sentence(tmp_path: Path) -> None:
    environments.ensure(["reporting"])
    nothing = report(tmp_path)
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (2, 1)
    (tmp_path / "0.json.gz").write_bytes(gzip.compress(b"no JSON"))
    assert report(tmp_path).returncode == 1


def test_athena_is_told_of_the_same_columns() -> None:
    column = re.compile(r"^    (\w+):? STRUCT[(<](\w+):? (.+?)[)>],?$", re.MULTILINE)
    names = {"VARCHAR": "STRING", "VARCHAR[]": "ARRAY<STRING>", "BOOLEAN": "BOOLEAN"}
    here = column.findall((EXAMPLE / "tables_duckdb.sql").read_text())
    there = column.findall((EXAMPLE / "tables_athena.sql").read_text())
    assert [(name, kind, names[of]) for name, kind, of in here] == there
    assert len(here) == 10


def test_the_pages_other_sql_runs_on_an_export(weeks: tuple[Path, Table]) -> None:
    folder, _ = weeks
    others = [
        each.text
        for each in blocks()
        if each.language == "sql" and not each.text.startswith("-- Replace")
    ]
    assert len(others) >= 1
    code = (
        "import duckdb, json, sys\n"
        "database = duckdb.connect()\n"
        "given = json.load(sys.stdin)\n"
        "database.execute('SET VARIABLE files = ?', [given['files']])\n"
        "database.execute(given['tables'])\n"
        "print([len(database.execute(each).fetchall()) for each in given['queries']])\n"
    )
    given = {
        "files": [str(path) for path in folder.glob("*.gz")],
        "tables": (EXAMPLE / "tables_duckdb.sql").read_text(),
        "queries": others,
    }
    done = subprocess.run(
        [str(tool("reporting", "python")), "-c", code],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(json.loads(done.stdout))
