"""What `make audit` looks at."""

from local import audit
from local.places import ROOT


def test_every_package_of_the_layer_is_looked_at() -> None:
    locked = "a-b==1.2 \\\n    --hash=sha256:x\n    # via c\nd==3 ; python_version < '3.12' \\\n"
    assert audit.packages(locked) == ["a-b", "d"]
    shipped = {name: set(audit.packages(lock.read_text())) for name, lock in audit.LOCKS.items()}
    assert shipped["checkout"] >= {"aws-lambda-powertools", "botocore", "urllib3"}
    assert shipped["jwt"] >= {"cryptography", "pyjwt"}
    assert {path.parent.name for path in (ROOT / "layers").glob("*/requirements.txt")} == {*shipped}


def test_no_licence_that_ships_is_one_that_has_to_be_passed_on() -> None:
    assert not [each for each in audit.SHIPPED if "GPL" in each or "MPL" in each]


def test_every_tool_has_its_check() -> None:
    names = [each.name for each in audit.checks()]
    assert names == [
        "checkov", "licences that ship", "licences of the tools", "secrets", "SBOM of checkout",
        "SBOM of jwt",
    ]  # fmt: skip


def test_secrets_are_looked_for_in_the_code_and_not_in_the_tests() -> None:
    files = audit.tracked()
    assert {"template.yaml", "layers/checkout/checkout/api.py", "README.md"} <= set(files)
    assert not [each for each in files if each.startswith(audit.SPARED)]


def test_every_suppression_has_its_reason_above_it() -> None:
    lines = (ROOT / ".checkov.yaml").read_text().splitlines()
    skipped = lines[lines.index("skip-check:") + 1 :]
    assert skipped[0].strip().startswith("#")
    assert len([each for each in skipped if "CKV" in each]) == 8
