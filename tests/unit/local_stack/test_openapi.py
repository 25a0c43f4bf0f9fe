"""docs/openapi.json: it is what the code makes, it is OpenAPI 3.1, and it says what is promised."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from checkout import api
from checkout.errors import InvalidRequestError, OperatorUnknownError
from checkout.http_request import parse_cancel_call
from checkout.settings import EdgeSettings
from local.openapi.document import FILE, document, text
from local.openapi.template import routes
from local.places import ROOT
from tests.unit.events import an_event, with_headers
from tests.unit.samples import KEY

fuzzed = settings(max_examples=200, derandomize=True, deadline=None)
WRITTEN: dict[str, Any] = json.loads(FILE.read_text())
CONTRACT = (ROOT / "docs" / "contract.md").read_text()
ROW = re.compile(r"^\| (\d{3}) \|", re.MULTILINE)
CANCEL, GET = "/v1/checkout/session/cancel", "/v1/checkout/session/{sessionId}"
WEBHOOK = "/v1/webhooks/{provider}/{account}"


def operation(path: str) -> dict[str, Any]:
    (found,) = WRITTEN["paths"][path].values()
    operation: dict[str, Any] = found
    return operation


def responses() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in WRITTEN["paths"]:
        for status, response in operation(path)["responses"].items():
            yield path, status, response


def fits(value: object, schema: dict[str, Any]) -> bool:
    whole = {**schema, "components": WRITTEN["components"]}
    return bool(Draft202012Validator(whole).is_valid(value))


def section(title: str) -> str:
    return CONTRACT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_it_is_what_the_code_makes() -> None:
    assert text() == FILE.read_text(), "make openapi"


def test_it_is_made_alike_each_time() -> None:
    assert document() == document()


def test_it_is_openapi_3_1() -> None:
    assert [each.message for each in OpenAPIV31SpecValidator(WRITTEN).iter_errors()] == []
    broken = {**WRITTEN, "paths": {CANCEL: {"post": {"responses": 7}}}}
    assert not OpenAPIV31SpecValidator(broken).is_valid()


def test_it_has_every_route_with_what_a_token_needs() -> None:
    told = {
        (path, method): [scope for each in found["security"] for scope in each["merchant"]]
        for path, methods in WRITTEN["paths"].items()
        for method, found in methods.items()
    }
    in_template = {(each.path, each.method): [each.scope] for each in routes()}
    assert told == {**in_template, (WEBHOOK, "post"): []}
    flow = WRITTEN["components"]["securitySchemes"]["merchant"]["flows"]["clientCredentials"]
    assert set(flow["scopes"]) == {scope for named in told.values() for scope in named}


def test_every_status_of_the_contract_is_there_and_no_other() -> None:
    errors = set(ROW.findall(section("Errors")))
    own = set(ROW.findall(section("Webhooks")))
    assert len(errors) >= 10
    assert set(operation(CANCEL)["responses"]) == {"200", *errors}
    named = re.search(r"Errors are those of the table above: ([\d, ]+)\.", CONTRACT)
    assert named
    assert set(operation(GET)["responses"]) == {"200", *named[1].split(", ")}
    by_gateway = {"403", "413", "429", "500", "504"}
    assert set(operation(WEBHOOK)["responses"]) == own | by_gateway


def test_every_error_of_the_code_has_its_example() -> None:
    shown = {
        (int(status), each["value"].get("message"))
        for _, status, response in responses()
        for each in response["content"]["application/json"]["examples"].values()
    }
    # The operators' API is the console's own, and not in the document (docs/adr/0025).
    public = [each for kind, each in api.ANSWERS.items() if kind is not OperatorUnknownError]
    for status, message in (*public, api.INTERNAL_ERROR):
        if isinstance(message, str):
            assert (status, message) in shown
        else:
            assert status in {each for each, _ in shown}


@pytest.mark.parametrize(("path", "status", "response"), [*responses()])
def test_every_example_fits_its_schema(path: str, status: str, response: dict[str, Any]) -> None:
    for content in response["content"].values():
        assert content["examples"]
        assert all(fits(each["value"], content["schema"]) for each in content["examples"].values())
    if status == "200":
        return
    content = response["content"]["application/json"]
    for each in content["examples"].values():
        assert not fits({**each["value"], "statusCode": 299}, content["schema"])
        assert not fits({**each["value"], "more": 1}, content["schema"])


@pytest.mark.parametrize(("path", "status", "response"), [*responses()])
def test_the_headers_that_are_promised(path: str, status: str, response: dict[str, Any]) -> None:
    headers = response["headers"]
    assert headers["x-request-id"]["required"]
    if status in ("429", "503"):
        assert headers["Retry-After"]["required"]
    elif (status, path) == ("409", CANCEL):
        assert not headers["Retry-After"]["required"]
    else:
        assert "Retry-After" not in headers


def test_the_firewalls_403_is_on_every_route_and_marked() -> None:
    for path in WRITTEN["paths"]:
        response = operation(path)["responses"]["403"]
        assert "firewall" in response["content"]["application/json"]["examples"]
        # Every 403 of a webhook is the firewall's; of a merchant, a right may be missing.
        assert response["headers"]["x-refused-by"]["required"] is (path == WEBHOOK)


def test_adyens_answer_is_told_as_the_text_that_it_is() -> None:
    content = operation(WEBHOOK)["responses"]["200"]["content"]
    assert list(content) == ["text/plain", "application/json"]
    told = [each["value"] for each in content["text/plain"]["examples"].values()]
    assert (told, content["text/plain"]["schema"]) == (["[accepted]"], {"type": "string"})


def understood(event: dict[str, Any]) -> bool:
    try:
        parse_cancel_call(event, EdgeSettings())
    except InvalidRequestError:
        return False
    return True


REQUEST = {"$ref": "#/components/schemas/CancelRequest"}
HEXADECIMAL = st.text("0123456789abcdefABCDEF-", min_size=34, max_size=37)
VERSION_7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\n?"
IDS = HEXADECIMAL | st.uuids().map(str) | st.from_regex(VERSION_7, fullmatch=True)
JSON: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, width=16) | st.just([])
)
# Lone surrogates are refused by the parser, and no schema can speak of them.
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)


@fuzzed
@given(
    body=st.fixed_dictionaries(
        {},
        optional={
            "sessionId": st.just(KEY.session_id) | IDS | JSON | TEXT,
            "reason": TEXT | JSON | st.text("ab\n\x7f\x85\0", max_size=4),
            "more": JSON,
        },
    )
    | JSON
)
@example(body={"sessionId": KEY.session_id})
@example(body={"sessionId": KEY.session_id + "\n"})
@example(body={"sessionId": KEY.session_id, "reason": "x" * 500})
@example(body={"sessionId": KEY.session_id, "reason": "x" * 501})
@example(body={"sessionId": KEY.session_id, "reason": "x\n"})
@example(body={"sessionId": KEY.session_id, "reason": "\U0001f600" * 500})
def test_the_form_of_a_request_is_what_the_parser_takes(body: object) -> None:
    assert fits(body, REQUEST) is understood(an_event(json.dumps(body)))


@fuzzed
@given(key=st.uuids(version=4).map(str) | st.uuids().map(str) | HEXADECIMAL | TEXT)
@example(key="7D444840-9DC0-41D1-B245-5FFDCE74FAD2")
def test_the_form_of_an_idempotency_key_is_what_the_parser_takes(key: str) -> None:
    (parameter,) = operation(CANCEL)["parameters"]
    headers = with_headers(("Content-Type", "application/json"), ("Idempotency-Key", key))
    event = an_event(json.dumps({"sessionId": KEY.session_id}), **headers)
    assert fits(key, parameter["schema"]) is understood(event)
