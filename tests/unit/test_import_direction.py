"""Imports go one way: functions, wiring, adapters, use cases, domain, errors.

A module may import what stands lower than itself, and its own sub-package. So the domain can be
read without AWS, and each adapter be replaced without touching another.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "checkout"

# From the lowest up. A module has the rank of the longest name here that is a prefix of its own.
LAYERS = (
    # The domain.
    {"checkout.correlation", "checkout.durations", "checkout.errors", "checkout.parallel"},
    {"checkout.sessions", "checkout.timestamps"},
    {"checkout.ids", "checkout.lease", "checkout.transactions"},
    {"checkout.cancelled_sessions", "checkout.due_sessions", "checkout.timeline"},
    {"checkout.providers.base", "checkout.providers.documents", "checkout.providers.webhook"},
    {"checkout.fan_out", "checkout.reports"},
    # The use cases.
    {"checkout.completion", "checkout.events"},
    {"checkout.cancellation_store", "checkout.merchant_webhooks"},
    {"checkout.cancellation", "checkout.payments", "checkout.provider_cancellation"},
    # Those that find sessions, or transactions, by themselves.
    {
        "checkout.recovery",
        "checkout.redrive",
        "checkout.relisting",
        "checkout.republishing",
        "checkout.webhooks",
    },
    # What operators look at.
    {"checkout.waiting_sessions"},
    {"checkout.operations"},
    # What all adapters share.
    {"checkout.aws", "checkout.observability", "checkout.settings"},
    {"checkout.worker_answers"},
    # The adapters, which do not know each other: storage, HTTP, the ways to the workers, providers.
    {
        "checkout.api",
        "checkout.direct_fan_out",
        "checkout.event_bus",
        "checkout.http_request",
        "checkout.idempotency",
        "checkout.merchant_queue",
        "checkout.report_queue",
        "checkout.state_machine",
        "checkout.storage",
        "checkout.webhook_request",
    },
    # A call that is more than one request's form.
    {"checkout.listing", "checkout.published_events"},
    {"checkout.operator_request"},
    {"checkout.cancel_calls"},
    # What stands before every adapter, and what one calls its provider with.
    {
        "checkout.providers.circuit_breaker",
        "checkout.providers.bounded_socket",
        "checkout.providers.secret_fields",
    },
    {"checkout.providers.exchange"},
    {"checkout.providers.http", "checkout.providers.accounts", "checkout.merchant_endpoints"},
    {
        "checkout.providers.access_tokens",
        "checkout.providers.answers",
        "checkout.providers.secrets_manager",
    },
    {"checkout.providers.parts", "checkout.issuer", "checkout.merchant_deliveries"},
    # Whose token it is, which one function alone asks.
    {"checkout.authorization", "checkout.bearer_tokens"},
    # The adapters themselves, of which none knows another; and their list.
    {"checkout.providers"},
    {"checkout.providers.registry"},
    # What is said of a payment depends on what its adapter can do.
    {"checkout.explanation"},
    {"checkout.operator_answers"},
    # The wiring, and what is wired.
    {"checkout.bootstrap"},
    {
        "checkout.authorizer_bootstrap",
        "checkout.event_bootstrap",
        "checkout.merchant_bootstrap",
        "checkout.operator_bootstrap",
    },
    {"functions"},
)
USES_ONLY_THE_STANDARD_LIBRARY = 12
FIRST_PARTY = ("admin", "checkout", "functions", "local", "tests")


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def place(name: str) -> tuple[int, str] | None:
    """A module's rank, and the name in LAYERS that gives it."""
    found = [
        (len(entry), rank, entry)
        for rank, entries in enumerate(LAYERS)
        for entry in entries
        if inside(name, entry)
    ]
    return max(found)[1:] if found else None


def imports(name: str, source: str) -> Iterator[str]:
    """Every module that a source imports, wherever in it; `from a import b` may mean a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = name.split(".")[: -node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            if base in ("checkout", "functions"):
                yield from (f"{base}.{alias.name}" for alias in node.names)
            else:
                yield base


def may_import(importer: str, imported: str) -> bool:
    above, below = place(importer), place(imported)
    if above is None or below is None:
        return False
    own_package = importer.rpartition(".")[0]
    is_own = above == below and "." in own_package and inside(imported, own_package)
    return below[0] < above[0] or is_own


def violations(modules: Mapping[str, str]) -> list[str]:
    return [
        f"{name} imports {imported}"
        for name, source in modules.items()
        for imported in imports(name, source)
        if imported.partition(".")[0] in FIRST_PARTY and not may_import(name, imported)
    ]


def third_party(name: str, source: str) -> set[str]:
    roots = {imported.partition(".")[0] for imported in imports(name, source)}
    return roots - sys.stdlib_module_names - {*FIRST_PARTY}


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def our_modules() -> dict[str, str]:
    layer = {module_name(path, LAYER): path for path in (LAYER / "checkout").rglob("*.py")}
    apps = {module_name(path, ROOT): path for path in (ROOT / "functions").rglob("*.py")}
    return {name: path.read_text() for name, path in sorted({**layer, **apps}.items())}


def test_no_module_imports_one_that_stands_above_or_beside_it() -> None:
    assert violations(our_modules()) == []


def test_every_module_has_its_place() -> None:
    packages = {"checkout"}
    assert [name for name in our_modules() if place(name) is None and name not in packages] == []


def test_every_place_is_taken() -> None:
    known = [entry for entries in LAYERS for entry in entries]
    assert [
        entry for entry in known if not any(inside(name, entry) for name in our_modules())
    ] == []


def test_domain_and_use_cases_need_the_standard_library_only() -> None:
    found = {
        name: third_party(name, source)
        for name, source in our_modules().items()
        if (here := place(name)) and here[0] < USES_ONLY_THE_STANDARD_LIBRARY
    }
    assert len(found) > len(LAYERS[0])
    assert {name: names for name, names in found.items() if names} == {}


def test_nothing_is_done_by_importing_a_package() -> None:
    full = [path for path in (LAYER / "checkout").rglob("__init__.py") if path.read_text().strip()]
    assert full == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("checkout.errors", "from checkout.sessions import SessionStatus"),
        ("checkout.transactions", "import checkout.storage.items"),
        ("checkout.cancellation", "from checkout import api"),
        ("checkout.cancellation", "def late():\n    from checkout.storage.dynamodb import Store"),
        ("checkout.cancellation", "from checkout.payments import open_session"),
        ("checkout.fan_out", "if TYPE_CHECKING:\n    from checkout.cancellation import Ports"),
        ("checkout.providers.base", "from checkout.providers.registry import provider_named"),
        ("checkout.providers.stripe.client", "from checkout.providers.registry import named"),
        ("checkout.providers.stripe.client", "from checkout.providers.adyen.client import call"),
        ("checkout.providers.stripe.client", "from ..registry import provider_named"),
        ("checkout.api", "from checkout.storage.items import serialize"),
        ("checkout.storage.dynamodb", "from checkout.bootstrap import dynamodb"),
        ("checkout.bootstrap", "from functions.get_session.app import handler"),
        ("checkout.storage.dynamodb", "from local.stack import Stack"),
        ("checkout.timeline", "from admin.explanation import explained"),
        ("checkout.unheard_of", "from checkout.errors import CheckoutError"),
        ("functions.get_session.app", "from functions.cancel_session.app import handler"),
        ("functions.get_session.app", "from tests.unit import fakes"),
    ],
)
def test_an_import_in_the_wrong_direction_is_found(name: str, source: str) -> None:
    assert len(violations({name: source})) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("checkout.sessions", "from checkout.errors import CheckoutError"),
        ("checkout.storage.dynamodb", "from checkout.storage import items"),
        ("checkout.storage.dynamodb", "from . import items"),
        ("checkout.storage.dynamodb", "from checkout.cancellation import Cancellation"),
        ("checkout.providers.stripe.client", "from checkout.providers.stripe.cancel import map_it"),
        ("checkout.providers.stripe.client", "from checkout.providers.base import Provider"),
        ("checkout.providers.stripe.client", "from checkout.providers.http import HttpExchange"),
        ("checkout.providers.registry", "from checkout.providers.sandbox.cancel import Sandbox"),
        ("functions.get_session.app", "from checkout import bootstrap"),
        ("checkout.errors", "import json\nfrom botocore.exceptions import ClientError"),
    ],
)
def test_an_import_in_the_right_direction_is_not(name: str, source: str) -> None:
    assert violations({name: source}) == []


def test_a_library_in_the_domain_is_found() -> None:
    assert third_party("checkout.errors", "import json\nimport boto3.session") == {"boto3"}
