"""Every block of code in the pages holds: it runs, or it is what the code has, or AWS takes it.

None is left out. What can run here does; what needs a table is played in
tests/integration/test_doc_blocks.py, what needs a stack in tests/local/test_doc_blocks.py, and SQL
in tests/oracles/test_reporting.py.
"""

import ast
import json
import re
import subprocess
from collections.abc import Callable
from functools import cache
from textwrap import dedent
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from checkout.sessions import SessionStatus
from tests.template import programs, shell
from tests.template.blocks import Block, blocks, in_page
from tests.template.cloudformation import ROOT, parse
from tests.unit import event_schemas

# Output, and drawings: by page and first line, the test or the reason.
TEXTS = {
    ("README.md", "1. Three providers, and each can cancel"): "test_the_excerpt_of_the_demo...",
    ("README.md", "2026-11-26 UTC"): "tests/unit/admin compares every sentence of a timeline",
    ("docs/admin.md", "session   "): "tests/unit/admin compares every sentence of a timeline",
    ("docs/admin.md", "01a21850-"): "tests/unit/admin compares every explanation",
    ("docs/architecture.md", "merchant --HTTPS--> API Gateway"): "a drawing",
    ("docs/architecture.md", "condition  status = OPEN"): "told in words; the unit tests compare",
    ("docs/benchmarks.md", "ours, $ per million"): "`make bench` writes the page",
    ("docs/integrate.md", "one payment "): "test_the_excerpt_of_the_example...",
    ("docs/merchant-webhooks.md", "the event bus -> a rule"): "a drawing",
    ("docs/operations.md", "cancel_session --the lock's write"): "a drawing",
    ("docs/reporting.md", "reason "): "tests/oracles/test_reporting.py compares it",
}
# Executed with what they need, by test_doc_blocks.py in tests/integration, and in tests/local where
# it is a client's: by page and first line.
EXECUTED_PYTHON = {
    ("README.md", "from checkout.bootstrap import"): "test_the_readmes_lines...",
    ("README.md", "from cancel_a_session_client import"): "test_the_clients_lines...",
    ("clients/python/README.md", "from uuid import uuid4"): "test_the_clients_lines...",
    ("docs/adding-a-provider.md", "answer = exchange.send("): "test_an_adapters_lines...",
    ("docs/merchant-webhooks.md", "import base64"): "tests/template/test_merchant_webhooks.py",
}
# JSON that is no answer of the API: parsed, and no more.
OTHER_JSON: dict[tuple[str, str], str] = {
    ("docs/admin.md", '{"stack": "cancel-a-session"'): "docs/admin.schema.json has its form",
    ("docs/console.md", '{"authorizeUrl"'): "test_console_upload.py compares what is served",
    (
        "docs/deployment.md",
        '{"Sid": "MerchantEvents"',
    ): "test_merchant_webhooks.py looks whom it lets do what",
    ("docs/events.md", '{"specversion": "1.0"'): "test_published_events.py compares it",
}
LAYER = ROOT / "layers" / "checkout" / "checkout"


def listed(block: Block, table: dict[tuple[str, str], str]) -> bool:
    return any(block.page == page and block.first.startswith(first) for page, first in table)


@cache
def sources() -> str:
    """All Python and SQL of ours, each line without its indentation."""
    found = [*LAYER.rglob("*.py"), *(ROOT / "examples").rglob("*.py")]
    found += (ROOT / "examples").rglob("*.sql")
    return "\n".join(unindented(path.read_text()) for path in found)


def unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


@cache
def openapi() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    return read


def schema_of(document: dict[str, Any]) -> str | None:
    """The API's object that has just these fields: the one that needs the most of them."""
    fitting = [
        (len(schema.get("required", ())), name)
        for name, schema in openapi()["components"]["schemas"].items()
        if set(schema.get("required", ())) <= set(document) <= set(schema.get("properties", ()))
    ]
    return max(fitting)[1] if fitting else None


def check_sh(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True)  # noqa: PLW1510 - looked at below
    assert done.returncode == 0, done.stderr
    found = list(shell.commands(block.text))
    assert found
    for words in found:
        programs.check(words)


def check_json(block: Block) -> None:
    document = json.loads(block.text)
    if "Statement" in document:
        check_policy(document)
    elif "specversion" in document:
        assert event_schemas.problems(document) == []
    elif name := schema_of(document):
        schema = {"$ref": f"#/components/schemas/{name}", "components": openapi()["components"]}
        Draft202012Validator(schema).validate(document)
    else:
        assert listed(block, OTHER_JSON), "no object of docs/openapi.json: list it in OTHER_JSON"


def check_policy(document: dict[str, Any]) -> None:
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert re.fullmatch(r"(dynamodb|sts):[A-Z]\w+", action)


def check_python(block: Block) -> None:
    """An excerpt of our own code, the methods of a class of ours, or listed as executed."""
    if listed(block, EXECUTED_PYTHON) or unindented(block.text).strip() in sources():
        return
    tree = ast.parse(block.text)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes, "no excerpt of our code, and not in EXECUTED_PYTHON"
    assert len(classes) == len(tree.body)
    for each in classes:
        assert methods(each) == methods(our_class(each.name)), each.name


def methods(node: ast.ClassDef) -> dict[str, str]:
    """Each method's decorators and signature."""
    found: dict[str, str] = {}
    for each in node.body:
        if isinstance(each, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in each.decorator_list]
            returns = ast.unparse(each.returns) if each.returns else ""
            found[each.name] = f"{decorators} ({ast.unparse(each.args)}) -> {returns}"
    return found


def our_class(name: str) -> ast.ClassDef:
    trees = [ast.parse(path.read_text()) for path in LAYER.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    (found,) = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name]
    return found


def check_text(block: Block) -> None:
    assert listed(block, TEXTS), "nothing compares this text: list it in TEXTS, with a reason"


def check_sql(block: Block) -> None:
    """A file of ours; any other is run on DuckDB by tests/oracles/test_reporting.py."""
    known = unindented(block.text).strip() in sources()
    assert known or block.page == "docs/reporting.md", "no test runs the SQL of this page"


LOGS_WORDS = {"and", "or", "as", "by", "in", "like", "asc", "desc", "count", "sum", "max", "min"}
# Powertools' own: the level of a line, and what it may be.
LEVEL, LEVELS = "level", {"ERROR", "INFO", "WARNING"}
LOGS_COMMANDS = ("fields", "filter", "limit", "sort", "stats")


@cache
def logging_code() -> str:
    paths = [*LAYER.rglob("*.py"), *(ROOT / "functions").rglob("app.py")]
    return "\n".join(path.read_text() for path in paths)


def check_logs_insights(block: Block) -> None:
    """Its commands are known, its messages are logged, and so are its fields."""
    for part in re.split(r"\s*\|\s*", block.text.replace("\n", " ").strip()):
        assert part.startswith(LOGS_COMMANDS), part
    texts = set(re.findall(r'"([^"]+)"', block.text)) - LEVELS
    assert [each for each in texts if f'"{each}"' not in logging_code()] == []
    rest = re.sub(r'"[^"]*"|bin\(\w+\)', "", block.text)
    names = {each.partition(".")[0] for each in re.findall(r"[a-z_][\w.]*", rest)}
    fields = names - LOGS_WORDS - set(LOGS_COMMANDS) - {"message", LEVEL}
    assert [each for each in fields if not re.search(rf"\b{each}\b", logging_code())] == []


STATE = rf"(\[\*\]|{'|'.join(SessionStatus)})"
NODE = r"\w+(\[[^\[\]]+\]|\([^()]+\)|\{[^{}]+\})?"
# The lines that a kind of diagram may have; of states only those of a session.
DIAGRAMS = {
    "stateDiagram-v2": rf"{STATE} --> {STATE}(: [\w ()]+)?",
    "sequenceDiagram": r"(participant|actor) \w+( as .+)?|\w+ ?-?->>[+-]? ?\w+: .+|Note .+: .+"
                       r"|(loop|alt|else|opt|par|and) .+|end",
    "flowchart LR": rf"{NODE}( (-->|-\.->|---)(\|[^|]+\|)? {NODE})*",
    "flowchart TD": rf"{NODE}( (-->|-\.->|---)(\|[^|]+\|)? {NODE})*",
}  # fmt: skip


def check_mermaid(block: Block) -> None:
    """Each line is one that its kind of diagram has; a session's diagram has all its states."""
    kind, *lines = block.text.strip().splitlines()
    assert kind in DIAGRAMS, f"nothing here reads a {kind}"
    assert lines
    assert [each for each in lines if not re.fullmatch(DIAGRAMS[kind], each.strip())] == []
    if kind == "stateDiagram-v2":
        assert set(re.findall(r"[A-Z_]{2,}", block.text)) == set(SessionStatus)


def check_yaml(block: Block) -> None:
    """Resources for somebody's own template: of a kind that AWS has, with properties."""
    for name, resource in parse(block.text).items():
        assert re.fullmatch(r"AWS::\w+::\w+", resource["Type"]), name
        assert set(resource) <= {"Type", "Properties", "Condition", "DependsOn"}, name


CHECKS: dict[str, Callable[[Block], None]] = {
    "json": check_json,
    "logs-insights": check_logs_insights,
    "mermaid": check_mermaid,
    "python": check_python,
    "sh": check_sh,
    "sql": check_sql,
    "text": check_text,
    "yaml": check_yaml,
}


def check(block: Block) -> None:
    """Raises AssertionError, or the error of whoever reads the language."""
    assert block.language in CHECKS, f"{block} is '{block.language}': nothing here checks that"
    CHECKS[block.language](block)


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_every_block_of_code_holds(block: Block) -> None:
    check(block)


def test_the_blocks_are_found() -> None:
    assert len(blocks()) >= 60
    assert {each.language for each in blocks()} == set(CHECKS)


@pytest.mark.parametrize("table", [TEXTS, EXECUTED_PYTHON, OTHER_JSON])
def test_nothing_is_listed_that_is_not_there(table: dict[tuple[str, str], str]) -> None:
    for entry, reason in table.items():
        assert any(listed(block, {entry: reason}) for block in blocks()), entry


NOT_HELD = (AssertionError, SyntaxError, ValueError, ValidationError)
BAD = {
    "no language": ("", "make test"),
    "an unknown language": ("rust", "fn main() {}"),
    "a target that is not there": ("sh", "make no-such-target"),
    "a variable that nobody reads": ("sh", "make test NO_SUCH=1"),
    "an unknown program": ("sh", "sudo make test"),
    "no shell at all": ("sh", "if then"),
    "nothing to run": ("sh", "# words"),
    "no operation of AWS": ("sh", "aws dynamodb ask --table-name t"),
    "no option of it": ("sh", "aws dynamodb query --table t"),
    "a value of another form": ("sh", "aws dynamodb query --table-name t --key-conditions '[1]'"),
    "one that is needed is missing": ("sh", "aws dynamodb query --index-name due"),
    "a query that is none": ("sh", "aws sqs list-queues --query 'a[['"),
    "in a substitution": ("sh", 'make test ARGS="$(aws dynamodb ask)"'),
    "behind a pipe": ("sh", "make test | no-such-program"),
    "an option that our program lacks": ("sh", "bin/seed --no-such 1"),
    "a function that is not there": ("sh", ".local/env/sam/bin/sam local invoke No -e events/x"),
    "no JSON": ("json", "{"),
    "an answer with a wrong value": ("json", '{"message": "m", "error": "e", "statusCode": "4"}'),
    "an object of nobody": ("json", '{"what": 1}'),
    "code that is nowhere": ("python", "begin_transaction(store)"),
    "a method that is not there": ("python", "class Provider(Protocol):\n    def f(self): ..."),
    "text that nothing compares": ("text", "words"),
    "a query of no log": ("logs-insights", 'filter message = "never logged" | stats count()'),
    "a field of no log": ("logs-insights", "stats count() by no_such_field"),
    "SQL that nothing runs": ("sql", "SELECT 1"),
    "a state that is none": ("mermaid", "stateDiagram-v2\n    [*] --> NOWHERE"),
    "a state that is forgotten": ("mermaid", "stateDiagram-v2\n    [*] --> OPEN"),
    "an arrow that is none": ("mermaid", "sequenceDiagram\n    A => B: words"),
    "a box that is not closed": ("mermaid", "flowchart LR\n    A[one --> B"),
    "a diagram that nothing reads": ("mermaid", "pie\n    a: 1"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_block_that_does_not_hold_is_found(bad: str) -> None:
    language, text = BAD[bad]
    (block,) = in_page("docs/new.md", f"# New\n\n```{language}\n{text}\n```\n")
    with pytest.raises(NOT_HELD):
        check(block)


def test_a_fence_that_is_not_closed_is_found() -> None:
    with pytest.raises(ValueError, match="not closed"):
        list(in_page("x.md", dedent("```sh\nmake test\n")))


@pytest.mark.parametrize(
    "text",
    [
        "sequenceDiagram\nparticipant A as the shop\nA->>B: pay\nB-->>A: paid\nNote over A: end",
        "flowchart LR\nA[one] -->|then| B(two)\nB --> C{three} -.-> A",
    ],
)
def test_other_diagrams_may_be_drawn(text: str) -> None:
    (block,) = in_page("docs/new.md", f"```mermaid\n{text}\n```\n")
    check(block)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A=1 make x | make y", [["make", "x"], ["make", "y"]]),
        ("make a \\\n  b && make c # why", [["make", "a", "b"], ["make", "c"]]),
        ("make a\nmake b", [["make", "a"], ["make", "b"]]),
        ("X=$(aws a \"$(make b)\")", [["make", "b"], ["aws", "a", shell.SUBSTITUTED]]),
        ("aws '{\"a\": \"(\"}'", [["aws", '{"a": "("}']]),
        ('eval "$(python3 -c \'print(")")\')"',
         [["python3", "-c", 'print(")")'], ["eval", shell.SUBSTITUTED]]),
    ],
)  # fmt: skip
def test_a_shells_text_is_taken_apart(text: str, words: list[list[str]]) -> None:
    assert list(shell.commands(text)) == words


def scenes_say(text: str) -> bool:
    """Whether the demo's own code has these words."""
    return any(text in path.read_text() for path in (ROOT / "local").glob("*.py"))


def block_of(page: str, first: str) -> Block:
    (found,) = [each for each in blocks() if each.page == page and each.first.startswith(first)]
    return found


def test_the_excerpt_of_the_demo_has_its_titles_and_its_columns() -> None:
    lines = block_of("README.md", "1. Three providers").text.splitlines()
    titles = [match[1] for line in lines if (match := re.match(r"\d+\. (.+)", line))]
    assert len(titles) == 2
    assert [each for each in titles if not scenes_say(each)] == []
    assert scenes_say("in the answer")


def test_the_excerpt_of_the_example_has_the_lines_that_it_prints() -> None:
    demo = (ROOT / "examples" / "payment_service" / "demo.py").read_text()
    for line in block_of("docs/integrate.md", "one payment").text.splitlines():
        label = re.match(r"[a-z ]+?(?=  )", line)
        assert label
        assert f'"{label[0]}  ' in demo, label[0]
