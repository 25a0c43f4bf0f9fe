"""A worker loads its own adapter and no other: each would be time of every cold start."""

import json
import subprocess
import sys

import pytest

from checkout.providers.registry import PROVIDERS
from tests.template.cloudformation import ROOT

# As functions/cancel_transactions does it, in an environment of its own.
SCRIPT = """
import json, os, sys
os.environ |= json.loads(sys.argv[1])
sys.path[:0] = json.loads(sys.argv[2])
import app
from checkout import bootstrap
bootstrap.provider(), bootstrap.checkout_store(), bootstrap.parallel_calls()
print(json.dumps(sorted(sys.modules)))
"""
VARIABLES = {
    "TABLE_NAME": "checkout",
    "SANDBOX_LEDGER_TABLE_NAME": "ledger",
    "SECRETS_PREFIX": "stack/",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "CancelASession",
}
PATHS = [str(ROOT / "functions" / "cancel_transactions"), str(ROOT / "layers" / "checkout")]
PACKAGES = set(PROVIDERS.values())
# What is of use to who takes webhooks, and to the API.
NOT_FOR_WORKERS = {"checkout.webhooks", "checkout.providers.webhook", "checkout.http_request"}


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_worker_loads_its_own_adapter_and_no_other(name: str) -> None:
    variables = json.dumps({**VARIABLES, "PROVIDER": name})
    command = [sys.executable, "-c", SCRIPT, variables, json.dumps(PATHS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert loaded & PACKAGES == {PROVIDERS[name]}
    assert not loaded & NOT_FOR_WORKERS
