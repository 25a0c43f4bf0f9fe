"""The layer: of botocore it carries the services that the code calls, and no other."""

import re

from tests.template.cloudformation import ROOT

LAYER = ROOT / "layers" / "checkout"


def test_the_layer_keeps_what_botocore_says_of_every_service_that_is_called() -> None:
    kept = re.findall(r"^AWS_SERVICES = (.+)$", (LAYER / "Makefile").read_text(), re.MULTILINE)
    sources = [*LAYER.rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    called = {
        name
        for path in sources
        for name in re.findall(r'(?:client|resource)\(\s*"([a-z0-9-]+)"', path.read_text())
    }
    assert [{*each.split()} for each in kept] == [called]
