"""What the tests of this folder have in common."""

import pytest

from tests.template.cloudformation import ROOT

SPECS = ROOT.parent / "shared" / "specs"
# The providers' own documents are large, and not part of this project.
collect_ignore = [] if SPECS.exists() else ["test_enumerations.py", "test_specs.py"]


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that each metric needs, which the template gives to every function."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CancelASession")
