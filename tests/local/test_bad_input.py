"""Whatever is sent: a clear error in our body, never a 5xx, no effect, and nothing of it logged."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from local.answers import NO_SESSION, cancellation, error
from local.calls import Client
from tests.local.conftest import Seed

# Part of everything that is sent here, so that it can be looked for.
CANARY = f"canary{uuid4().hex}"
MEGABYTE = 2**20


@dataclass(frozen=True)
class Bad:
    """In `body` and `headers`, SESSION stands for the id of an open session."""

    name: str
    status: int
    names: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def reason(text: str) -> bytes:
    """A body whose reason is written just so, escapes included."""
    return b'{"sessionId":"SESSION","reason":"%s"}' % text.encode()


def session_id(value: str) -> bytes:
    return b'{"sessionId":%s}' % value.encode()


def typed(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type}


GOOD = reason(CANARY)

NOT_JSON = [
    Bad("empty", 400, "body", b""),
    Bad("white space", 400, "body", b" \r\n\t "),
    Bad("plain text", 400, "body", CANARY.encode()),
    Bad("cut short", 400, "body", GOOD[:-1]),
    Bad("two objects", 400, "body", GOOD + GOOD),
    Bad("single quotes", 400, "body", GOOD.replace(b'"', b"'")),
    Bad("a trailing comma", 400, "body", GOOD[:-1] + b",}"),
    Bad("a comment", 400, "body", GOOD + b" // " + CANARY.encode()),
    Bad("a form", 400, "body", b"sessionId=SESSION&reason=" + CANARY.encode()),
    Bad("XML", 400, "body", f"<!DOCTYPE x><sessionId>{CANARY}</sessionId>".encode()),
    Bad("UTF-16", 400, "", GOOD.decode().encode("utf-16")),
    Bad("no text at all", 400, "", b"\xff\xfe\x00" + CANARY.encode()),
    Bad("a NUL after it", 400, "body", GOOD + b"\0"),
    Bad("NaN", 400, "body", session_id("NaN")),
    Bad("Infinity", 400, "body", session_id("-Infinity")),
    Bad("a number of 10 000 digits", 400, "body", session_id("9" * 10_000)),
    Bad("a NUL in reason, unescaped", 400, "body", GOOD[:-2] + b'\0"}'),
    Bad("deep lists", 400, "body", b"[" * 8_000 + b"]" * 8_000),
    Bad("very deep lists", 400, "body", b"[" * 100_000 + b"]" * 100_000),
    Bad("deep objects", 400, "body", b'{"a":' * 2_500 + b"1" + b"}" * 2_500),
    Bad("deep lists in a field", 400, "body", GOOD[:-1] + b',"x":' + b"[" * 8_000),
    Bad("a megabyte that is cut short", 400, "body", b'{"reason":"' + b"a" * MEGABYTE),
    Bad("a megabyte of reason", 400, "", reason(CANARY + "a" * MEGABYTE)),
    Bad("a megabyte of sessionId", 400, "", session_id('"' + "a" * MEGABYTE + '"')),
    Bad("a megabyte of white space", 400, "", b" " * MEGABYTE + GOOD),
]
NOT_AN_OBJECT = [
    Bad(name, 400, "body", body)
    for name, body in {
        "an array": b"[%s]" % GOOD,
        "null": b"null",
        "a string": json.dumps(CANARY).encode(),
        "a number": b"1",
        "true": b"true",
    }.items()
]
FIELDS = [
    Bad("no sessionId", 400, "sessionId", b"{}"),
    Bad("only a reason", 400, "sessionId", b'{"reason":"%s"}' % CANARY.encode()),
    Bad("an unknown field", 400, CANARY[:20], GOOD[:-1] + b',"%s":1}' % CANARY.encode()),
    Bad("another case", 400, "", b'{"SessionID":"SESSION"}'),
    Bad("somebody else's merchant", 400, "merchantId", GOOD[:-1] + b',"merchantId":"x"}'),
    Bad("a prototype", 400, "__proto__", GOOD[:-1] + b',"__proto__":{"a":1}}'),
    Bad("an empty name", 400, "", GOOD[:-1] + b',"":1}'),
    Bad("a lone surrogate as a name", 400, "field", GOOD[:-1] + b',"\\ud800":1}'),
    Bad("sessionId twice", 400, "sessionId", session_id('"SESSION","sessionId":"SESSION"')),
    Bad("reason twice", 400, "reason", GOOD[:-1] + b',"reason":"x"}'),
    Bad("a key twice, once escaped", 400, "reason", GOOD[:-1] + b',"\\u0072eason":"x"}'),
    Bad(
        "a thousand unknown fields", 400, "", json.dumps({f"f{n}": n for n in range(1000)}).encode()
    ),
]
SESSION_IDS = [
    Bad(f"sessionId: {name}", status, "sessionId", session_id(value))
    for name, status, value in [
        ("a number", 400, "7"),
        ("a float", 400, "7.5e300"),
        ("null", 400, "null"),
        ("true", 400, "true"),
        ("a list", 400, '["SESSION"]'),
        ("an object", 400, '{"S":"SESSION"}'),
        ("empty", 400, '""'),
        ("text", 400, f'"{CANARY}"'),
        ("upper case", 400, f'"{NO_SESSION.upper()}"'),
        ("braces", 400, '"{SESSION}"'),
        ("without hyphens", 400, f'"{NO_SESSION.replace("-", "")}"'),
        ("as a URN", 400, '"urn:uuid:SESSION"'),
        ("white space before it", 400, '" SESSION"'),
        ("a newline after it", 400, '"SESSION\\n"'),
        ("a NUL after it", 400, '"SESSION\\u0000"'),
        ("full-width digits", 400, '"' + NO_SESSION.replace("1", "\uff11") + '"'),
        ("a lone surrogate", 400, '"\\ud800"'),
        ("a key of the table", 400, '"SESSION#SESSION"'),
        ("ten thousand characters", 400, '"' + "a" * 10_000 + '"'),
        ("the nil UUID", 422, '"00000000-0000-0000-0000-000000000000"'),
        ("the max UUID", 422, '"ffffffff-ffff-ffff-ffff-ffffffffffff"'),
        ("version 4", 422, '"' + NO_SESSION.replace("-7fff-", "-4fff-") + '"'),
        ("version 1", 422, '"' + NO_SESSION.replace("-7fff-", "-1fff-") + '"'),
        ("of no variant", 422, '"' + NO_SESSION.replace("-bfff-", "-0fff-") + '"'),
    ]
]
REASONS = [
    Bad(f"reason: {name}", 400, "reason", body)
    for name, body in {
        "empty": reason(""),
        "501 characters": reason(CANARY + "a" * (501 - len(CANARY))),
        "501 characters of two surrogates": reason("\U0001f6d2" * 501),
        "ten thousand characters": reason(CANARY + "a" * 10_000),
        "NUL": reason(CANARY + "\\u0000"),
        "a newline": reason(CANARY + "\\n"),
        "escape": reason(CANARY + "\\u001b[2J"),
        "delete": reason(CANARY + "\\u007f"),
        "a C1 control character": reason(CANARY + "\\u0085"),
        "a high surrogate": reason(CANARY + "\\ud800"),
        "a low surrogate": reason("\\udfff" + CANARY),
        "surrogates in the wrong order": reason("\\udc00\\ud800"),
        "a number": b'{"sessionId":"SESSION","reason":7}',
        "false": b'{"sessionId":"SESSION","reason":false}',
        "a list": b'{"sessionId":"SESSION","reason":["x"]}',
        "an object": b'{"sessionId":"SESSION","reason":{"x":1}}',
    }.items()
]
CONTENT_TYPES = [
    Bad(f"Content-Type: {value or 'empty'}", 400, "Content-Type", GOOD, typed(value))
    for value in [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        f"multipart/form-data; boundary={CANARY}",
        "application/octet-stream",
        "application/json-patch+json",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        f"{CANARY}/json",
        "a" * 10_000,
    ]
]
ENCODED = [
    Bad("base64 in place of JSON", 400, "body", base64.b64encode(GOOD)),
    Bad("base64 in a string", 400, "body", json.dumps(base64.b64encode(GOOD).decode()).encode()),
    Bad("base64 as binary", 400, "Content-Type", base64.b64encode(GOOD),
        typed("application/octet-stream")),
    Bad("gzip", 400, "", b"\x1f\x8b\x08\0\0\0\0\0", {"Content-Encoding": "gzip"}),
]  # fmt: skip
ALL = NOT_JSON + NOT_AN_OBJECT + FIELDS + SESSION_IDS + REASONS + CONTENT_TYPES + ENCODED


@pytest.fixture
def untouched(merchant: Client, seed: Seed) -> str:
    """The id of an open session that a bad request tries to cancel."""
    return seed("sandbox:ok_1").session_id


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name[:60])
def test_it_is_refused_with_a_clear_error_and_has_no_effect(
    merchant: Client, untouched: str, bad: Bad
) -> None:
    body = bad.body.replace(b"SESSION", untouched.encode())

    message = error(merchant.post(body, bad.headers), bad.status, bad.names)

    assert len(message) < 200, "it says what is wrong, not what was sent"
    read = merchant.get(untouched).json()
    assert (read["status"], read["reason"]) == ("OPEN", None)


FINE = {
    "a reason of one character": reason("x"),
    "a reason of 500 characters outside the BMP": reason("\U0001f6d2" * 500),
    "a reason with escaped surrogates": reason("\\ud83d\\uded2"),
    "a null reason": b'{"sessionId":"SESSION","reason":null}',
    "white space around": b' \r\n\t{"sessionId" : "SESSION"}\n',
}


@pytest.mark.parametrize("body", FINE.values(), ids=FINE)
def test_what_looks_odd_and_is_right_is_accepted(merchant: Client, seed: Seed, body: bytes) -> None:
    session = seed("sandbox:ok_1").session_id
    answer = merchant.post(body.replace(b"SESSION", session.encode()))
    assert cancellation(answer).status == "CANCELLED"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_every_spelling_of_json_is_accepted(
    merchant: Client, seed: Seed, content_type: str
) -> None:
    session = seed().session_id
    body = json.dumps({"sessionId": session}).encode()
    assert cancellation(merchant.post(body, typed(content_type))).status == "CANCELLED"


def test_headers_of_ten_thousand_characters_change_nothing(merchant: Client, seed: Seed) -> None:
    long = {f"x-{CANARY}": CANARY * 256, "x-forwarded-for": "1.1.1.1, " * 1000}
    session = seed("sandbox:ok_1").session_id
    body = json.dumps({"sessionId": session}).encode()

    assert cancellation(merchant.post(body, long)).status == "CANCELLED"
    error(merchant.request("GET", f"/v1/checkout/session/{NO_SESSION}", headers=long), 404)


def test_nothing_of_what_was_sent_is_in_the_logs(
    merchant: Client,
    other_merchant: Client,
    seed: Seed,
    untouched: str,
    function_logs: Callable[[], str],
) -> None:
    """Also not of good requests: reason, token, key and headers are nobody else's business."""
    key = str(uuid4())
    headers = {"Idempotency-Key": key, f"x-{CANARY}": CANARY}
    for bad in ALL:
        merchant.post(bad.body.replace(b"SESSION", untouched.encode()), {**bad.headers, **headers})
    other_merchant.post(GOOD.replace(b"SESSION", untouched.encode()), headers)
    merchant.get(CANARY)
    session = seed("sandbox:ok_1", "sandbox-b:down_1").session_id
    cancellation(merchant.post(GOOD.replace(b"SESSION", session.encode()), headers))

    logs = function_logs()

    assert session in logs, "the logs have come as far as the last call"
    secrets = [CANARY, key, merchant.token, merchant.merchant.client_secret]
    assert not [secret[:6] for secret in secrets if secret in logs]
