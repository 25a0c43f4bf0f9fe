"""`make console`: what is put into the bucket, of which kind, and in which order."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from local import console_pages, console_upload
from local.stack import Stack

POOL = "https://checkout-operators-1.auth.eu-west-1.amazoncognito.com"
OUTPUTS = {
    "BaseUrl": "https://api.execute-api.eu-west-1.amazonaws.com/live",
    "TableName": "t", "IdempotencyTableName": "i", "StateMachineArn": "m",
    "CompletionFailuresQueueUrl": "q", "EventBusName": "b", "OperatorPoolId": "pool",
    "ConsoleClientId": "client", "OperatorsUrl": POOL,
    "ConsoleAddress": "https://d1.cloudfront.net/",
}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("index.html", "main.js", "vendor/lit.js", "notes.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    for module in (console_pages, console_upload):
        monkeypatch.setattr(module, "FILES", tmp_path)
    return tmp_path


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        made = Stack.from_outputs("shop", OUTPUTS)
        made.aws.storage.create_bucket(Bucket="console")
        yield made


def test_every_file_of_a_page_is_put_the_page_itself_last(stack: Stack, files: Path) -> None:
    names = console_upload.upload(stack, "console")
    assert names == ["config.json", "main.js", "vendor/lit.js", "index.html"]
    there = stack.aws.storage.list_objects_v2(Bucket="console")["Contents"]
    assert {each["Key"] for each in there} == set(names)
    script = stack.aws.storage.get_object(Bucket="console", Key="vendor/lit.js")
    assert script["ContentType"] == "text/javascript; charset=utf-8"
    assert script["CacheControl"] == "no-cache"
    assert script["Body"].read() == b"vendor/lit.js"


def test_the_page_is_told_where_it_signs_in_and_no_secret(stack: Stack, files: Path) -> None:
    console_upload.upload(stack, "console")
    found = stack.aws.storage.get_object(Bucket="console", Key="config.json")["Body"].read()
    assert json.loads(found) == {
        "authorizeUrl": f"{POOL}/oauth2/authorize",
        "tokenUrl": f"{POOL}/oauth2/token",
        "logoutUrl": f"{POOL}/logout",
        "clientId": "client",
        "redirectUri": "https://d1.cloudfront.net/",
        "scope": "checkout-operations/read checkout-operations/cancel",
    }


def test_a_file_outside_of_the_folder_has_no_address(files: Path) -> None:
    (files.parent / "secret.js").write_text("secret")
    assert console_pages.file_of("/console/main.js?v=1") == (
        files / "main.js",
        "text/javascript; charset=utf-8",
    )
    page = (files / "index.html", console_pages.TYPES[".html"])
    assert console_pages.file_of("/console/") == page
    for path in ("/console/../secret.js", "/console/%2e%2e/secret.js", "/console/notes.md", "/"):
        assert console_pages.file_of(path) is None
