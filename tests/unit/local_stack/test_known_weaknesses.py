"""Which packages `make audit-known` asks for, and what may be accepted."""

from datetime import date

import pytest

from local import known_weaknesses
from local.console import Problem
from local.known_weaknesses import Acceptance, Weakness, acceptances, complaints, locks, pins
from local.places import ROOT

TODAY = date(2026, 11, 26)
WEAK = Weakness("botocore", "1.44.5", frozenset({"GHSA-1", "CVE-1"}), ())
ONE = '[[accepted]]\nid = "GHSA-1"\npackage = "botocore"\n'


def acceptance(
    id: str = "CVE-1",  # noqa: A002 - as in the file
    package: str = "botocore",
    until: date = date.max,
) -> Acceptance:
    return Acceptance(id, package, "why", until)


def test_every_lock_is_looked_at_and_every_package_in_it() -> None:
    names = {str(each.relative_to(ROOT)) for each in locks()}
    assert "layers/checkout/requirements.txt" in names
    inputs = {f"requirements/{each.stem}.txt" for each in (ROOT / "requirements").glob("*.in")}
    assert inputs < names
    for lock in locks():
        hashed = lock.read_text().count("==")
        assert len([*pins(lock.read_text())]) <= hashed
        assert [*pins(lock.read_text())]


def test_a_pin_is_read_whatever_stands_behind_it() -> None:
    locked = (
        "# a==1\na[x]==1.2 \\\n    --hash=sha256:x\nb==2 ; python_version == '3.12' \\\nc==3; x\n"
    )
    assert [*pins(locked)] == [("a", "1.2"), ("b", "2"), ("c", "3")]


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        ONE + 'reason = "why"',
        ONE + "until = 2027-01-01",
        ONE + 'reason = " "\nuntil = 2027-01-01',
        ONE + 'reason = "why"\nuntil = "2027-01-01"',
        ONE + 'reason = "why"\nuntil = 2027-01-01T00:00:00Z',
        "[[accepted",
    ],
)
def test_nothing_is_accepted_without_a_reason_and_a_last_day(text: str) -> None:
    with pytest.raises(Problem):
        acceptances(text)


def test_what_is_accepted_today_has_both() -> None:
    acceptances(known_weaknesses.ACCEPTED.read_text())


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ([], ["botocore 1.44.5: CVE-1, GHSA-1 (not fixed yet)"]),
        ([acceptance()], []),
        ([acceptance(id="GHSA-1")], []),
        ([acceptance(), acceptance(id="CVE-2")], ["botocore: CVE-2 is accepted and not there"]),
        ([acceptance(), acceptance(package="boto3")], ["boto3: CVE-1 is accepted and not there"]),
        ([acceptance(until=TODAY)], ["botocore 1.44.5: ", "botocore: CVE-1 was accepted until"]),
    ],
)
def test_a_weakness_is_told_unless_it_is_accepted_and_so_is_what_is_accepted_for_nothing(
    accepted: list[Acceptance], expected: list[str]
) -> None:
    told = [*complaints([WEAK], accepted, TODAY)]
    assert [said[: len(begun)] for said, begun in zip(told, expected, strict=True)] == expected
