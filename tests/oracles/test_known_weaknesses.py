"""`make audit-known` with pip-audit as it is, against an advisory service that we play."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from local import listeners
from local.console import Problem
from local.known_weaknesses import NOT_LOOKED_UP, PROBE, audit
from tests.doubles.server import Call, Double, Reply

TODAY = date(2026, 11, 26)
PINS = [("boto3", "1.44.5"), ("botocore", "1.44.5"), ("botocore", "1.40.0")]
ID, ALIAS = "GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"
ACCEPTED = """
[[accepted]]
id = "{id}"
package = "botocore"
reason = "in a tool only"
until = {until}
"""


def advisory(name: str, version: str) -> dict[str, Any]:
    """In OSV's own form."""
    about = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "versions": [version],
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9.9"}]}],
    }
    return {"id": ID, "aliases": [ALIAS], "summary": "planted", "affected": [about]}


@dataclass
class Osv:
    """Knows of the weak pins; answers `status`."""

    weak: list[tuple[str, str]] = field(default_factory=lambda: [PROBE])
    status: int = 200

    def respond(self, call: Call) -> Reply:
        pin = (call.json["package"]["name"], call.json["version"])
        found = {"vulns": [advisory(*pin)]} if pin in self.weak else {}
        return Reply(self.status, found)


@pytest.fixture
def osv() -> Osv:
    return Osv()


@pytest.fixture
def double(osv: Osv) -> Iterator[Double]:
    double = Double(osv.respond)
    with double.listening():
        yield double


def told(double: Double, accepted: str = "") -> str:
    """What it complains of, and fails for."""
    with pytest.raises(Problem) as caught:
        audit(PINS, accepted, TODAY, double.base_url)
    assert caught.value.exit_code == 1
    return str(caught.value)


def test_where_none_is_known_nothing_is_said_and_every_pin_was_asked_for(double: Double) -> None:
    audit(PINS, "", TODAY, double.base_url)
    asked = [(each.json["package"]["name"], each.json["version"]) for each in double.calls]
    assert sorted(asked) == sorted([*PINS, PROBE])


def test_a_weakness_of_a_pinned_package_is_named(double: Double, osv: Osv) -> None:
    osv.weak.append(PINS[2])
    said = told(double)
    assert f"botocore 1.40.0: {ALIAS}, {ID} (fixed in 9.9.9)" in said
    assert "1.44.5" not in said


def test_an_accepted_one_is_not_until_its_day(double: Double, osv: Osv) -> None:
    osv.weak.append(PINS[2])
    audit(PINS, ACCEPTED.format(id=ALIAS, until="2026-11-27"), TODAY, double.base_url)
    assert f"{ID} was accepted until 2026-11-26" in told(
        double, ACCEPTED.format(id=ID, until="2026-11-26")
    )


@pytest.mark.parametrize("status", [404, 429, 500])
def test_a_service_that_does_not_answer_well_is_told(double: Double, osv: Osv, status: int) -> None:
    osv.status = status
    assert NOT_LOOKED_UP in told(double)
    assert double.calls


def test_a_service_that_cannot_be_reached_is_told() -> None:
    url = f"http://127.0.0.1:{listeners.any_free_port()}"
    with pytest.raises(Problem, match=f"{NOT_LOOKED_UP}.*(refused|retries)"):
        audit(PINS, "", TODAY, url)


def test_a_service_that_knows_of_no_weakness_at_all_was_not_asked(double: Double, osv: Osv) -> None:
    osv.weak.clear()
    assert f"{NOT_LOOKED_UP}: not even those of urllib3" in told(double)
