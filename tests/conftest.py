"""One tier a folder: its marker, and what it may reach over the network."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
OFFLINE = {"unit", "integration", "exploration", "template"}
ON_LOOPBACK = {"console", "contract", "oracles"}
LOOPBACK = ["127.0.0.1", "::1"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(TESTS).parts[0]
        item.add_marker(tier)
        if tier in OFFLINE and not item.get_closest_marker("allow_hosts"):
            item.add_marker(pytest.mark.disable_socket)
        elif tier in ON_LOOPBACK:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that cannot run has failed: nobody reads why it was skipped.

    But on AWS (STACK_NAME) those skip themselves that are about the emulator.
    """
    report = yield
    must_run = os.environ.get("CI") and not os.environ.get("STACK_NAME")
    if report.skipped and must_run and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report
