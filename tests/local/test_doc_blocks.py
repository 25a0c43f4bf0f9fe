"""The pages' commands as a reader would paste them, on the running stack; AWS's by its own API."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.calls import Client
from local.inspection import Inspector
from local.places import ROOT
from local.stack import Stack
from tests.local.conftest import Seed
from tests.template import aws_commands, shell
from tests.template.blocks import Block, blocks

MARK = "@@"
CLIENT = "AuthenticatedClient"
PLAYED = ("Call it", "Make sessions to play with")
OF_THE_TABLE = ("dynamodb", "query")


def play(stack: Stack, tmp_path: Path, played: list[Block]) -> list[tuple[int, str]]:
    """The exit code and the output of each block, in one shell, as after `make up`."""
    if stack.endpoint_url is None:
        pytest.skip("the README's commands are for the local stack")
    (tmp_path / "stack.json").write_text(stack.as_json())
    texts = [each.text.replace(".local/stack.json", f"{tmp_path}/stack.json") for each in played]
    script = "\n".join(f"{text}\ncode=$?; echo; echo '{MARK}' $code" for text in texts)
    done = subprocess.run(
        ["bash", "-u", "-c", script],
        cwd=ROOT,
        env={**os.environ, "STACK_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    parts = re.split(rf"\n{MARK} (\d+)\n", done.stdout)
    assert parts[-1] == "", done.stderr
    return [(int(code), said.strip()) for said, code in zip(parts[::2], parts[1::2], strict=False)]


def test_the_readmes_commands_do_what_the_readme_says(stack: Stack, tmp_path: Path) -> None:
    of_it = [each for each in blocks() if each.page == "README.md" and each.heading in PLAYED]
    played = [each for each in of_it if each.language == "sh"]
    said = play(stack, tmp_path, played)
    assert len(said) == len(played) == 8
    by_command = {each.first: told for each, told in zip(played, said, strict=True)}

    (shown,) = [json.loads(each.text) for each in of_it if each.language == "json"]
    (cancelled,) = [told for first, told in by_command.items() if "session/cancel" in first]
    answer = json.loads(cancelled[1])
    assert _form(answer) == _form(shown)
    (read,) = [told for first, told in by_command.items() if "session/$SESSION" in first]
    assert json.loads(read[1])["sessionId"] == answer["sessionId"]
    (listed,) = [told for first, told in by_command.items() if "/sessions?" in first]
    assert set(json.loads(listed[1])) == {"sessions", "nextCursor", "hasMore"}
    (refused,) = [told for first, told in by_command.items() if "--session" in first]
    assert refused == (3, "")
    assert [code for code, _ in said if code] == [3]


def _form(answer: dict[str, Any]) -> dict[str, Any]:
    """Ids differ; how many there are does not."""
    return {
        name: len(value) if isinstance(value, list) else value
        for name, value in answer.items()
        if name != "sessionId"
    }


@pytest.mark.parametrize("page", ["README.md", "clients/python/README.md"])
def test_the_clients_lines_cancel_a_session(
    stack: Stack, merchant: Client, seed: Seed, page: str
) -> None:
    (block,) = [
        each
        for each in blocks()
        if each.page == page and each.language == "python" and CLIENT in each.text
    ]
    session = seed("sandbox:ok_1").session_id
    around: dict[str, Any] = {
        "BASE": stack.base_url, "BASE_URL": stack.base_url, "SESSION": session,
        "TOKEN": merchant.token, "ACCESS_TOKEN": merchant.token,
        "SESSION_ID": session, "session_id": session,
    }  # fmt: skip
    exec(compile(block.text, page, "exec"), around)  # noqa: S102 - our own page
    assert merchant.get(session).json()["status"] == "CANCELLED"


def queries() -> list[tuple[Block, list[str]]]:
    return [
        (block, words[1:])
        for block in blocks()
        if block.language == "sh"
        for words in shell.commands(block.text)
        if words[0] == "aws" and tuple(words[1:3]) == OF_THE_TABLE
    ]


def test_the_runbooks_queries_of_the_table_find_what_they_say(
    stack: Stack, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1")
    found = queries()
    assert len(found) >= 3
    counts: list[int] = []
    for _, words in found:
        _, operation, params = aws_commands.parsed(words)
        assert operation == "Query"
        params["TableName"] = stack.table
        text = json.dumps(params)
        text = text.replace("<merchant id>", inspect.key(session.session_id).merchant_id)
        text = text.replace("<session id>", session.session_id)
        text = text.replace("<provider>#<reference>", "sandbox#ok_1")
        counts.append(len(stack.aws.dynamodb.query(**json.loads(text))["Items"]))
    # The session with its transaction; and whoever has that reference.
    assert 2 in counts
    assert sum(counts) >= 3
