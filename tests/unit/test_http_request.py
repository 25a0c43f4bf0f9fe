"""What a caller may send, and which error names what is wrong with it."""

import base64
import json
from typing import Any

import pytest

from checkout.errors import (
    InvalidRequestError,
    MerchantUnknownError,
    UnprocessableRequestError,
)
from checkout.http_request import MAX_REASON, CancelCall, parse_cancel_call, parse_session_key
from checkout.lease import CancelRequest
from checkout.settings import EdgeSettings
from tests.unit.events import CLAIMS, REQUEST_ID, a_body, an_event, with_headers
from tests.unit.samples import KEY

V4 = "8e03978e-40d5-43e8-bc93-6894a57f9324"
CANARY = "c4n4ry"
EDGE = EdgeSettings()
JSON_TYPE = ("Content-Type", "application/json")


def _parse(body: str | None, **changes: Any) -> CancelCall:
    return parse_cancel_call(an_event(body, **changes), EDGE)


def _refused(body: str | None, **changes: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        _parse(body, **changes)
    assert not isinstance(caught.value, UnprocessableRequestError)
    return caught.value


def test_a_well_formed_call_is_understood() -> None:
    call = _parse(a_body(reason="changed my mind"))
    assert call == CancelCall(
        KEY, CancelRequest(KEY.merchant_id, "changed my mind", REQUEST_ID), None
    )


@pytest.mark.parametrize("body", [a_body(), a_body(reason=None)])
def test_a_reason_that_is_null_is_absent(body: str) -> None:
    assert _parse(body).request.reason is None


BAD_BODIES = [
    (None, "body"),
    ("", "body"),
    (" ", "body"),
    ("{", "body"),
    ("[]", "body"),
    (f'["{CANARY}"]', "body"),
    (f'"{CANARY}"', "body"),
    ("null", "body"),
    ("1", "body"),
    ("true", "body"),
    (f"{{'sessionId': '{CANARY}'}}", "body"),
    (f'{{"sessionId": "{CANARY}"', "body"),
    ('{"sessionId": NaN}', "body"),
    ('{"sessionId": -Infinity}', "body"),
    ('{"sessionId": ' + "9" * 5000 + "}", "body"),
    ("[" * 100_000, "body"),
    ('{"a":' * 100_000, "body"),
    ("\ufeff{}", "body"),
    ("{}", "sessionId"),
    ('{"reason": "x"}', "sessionId"),
    (a_body(sessionId=None), "sessionId"),
    (a_body(sessionId=7), "sessionId"),
    (a_body(sessionId=[KEY.session_id]), "sessionId"),
    (a_body(sessionId={"a": CANARY}), "sessionId"),
    (a_body(sessionId=True), "sessionId"),
    (a_body(sessionId=1e400), "body"),
    (a_body(reason=1), "reason"),
    (a_body(reason=["x"]), "reason"),
    (a_body(reason=False), "reason"),
    (a_body(extra=CANARY), "extra"),
    (a_body(sessionid=CANARY), "sessionid"),
    (f'{{"sessionId": "{KEY.session_id}", "sessionId": "{KEY.session_id}"}}', "sessionId"),
    (f'{{"sessionId": "{KEY.session_id}", "reason": "a", "reason": "{CANARY}"}}', "reason"),
    (f'{{"sessionId": "{KEY.session_id}", "x": {{"y": 1, "y": 2}}}}', "y"),
    (a_body(**{"": CANARY}), "(empty name)"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES)
def test_a_body_of_another_form_is_invalid_by_name(body: str | None, field: str) -> None:
    error = _refused(body)
    assert error.field == field
    assert CANARY not in str(error)


@pytest.mark.parametrize(
    "session_id",
    [
        "",
        " ",
        CANARY,
        KEY.session_id.upper(),
        f"{{{KEY.session_id}}}",
        f"urn:uuid:{KEY.session_id}",
        KEY.session_id.replace("-", ""),
        f"{KEY.session_id} ",
        f"{KEY.session_id}\n",
        f" {KEY.session_id}",
        KEY.session_id[:-1],
        f"{KEY.session_id}0",
        KEY.session_id.replace("0", "g"),
        KEY.session_id.replace("0", "\u0660"),
        "\u0000" * 36,
        "\ud800" * 36,
        "x" * 10_000,
    ],
)
def test_a_session_id_of_another_form_is_invalid(session_id: str) -> None:
    error = _refused(a_body(sessionId=session_id))
    assert error.field == "sessionId"
    assert CANARY not in str(error)
    with pytest.raises(InvalidRequestError):
        parse_session_key(an_event(None, pathParameters={"sessionId": session_id}), EDGE)


OTHER_UUIDS = [V4, "00000000-0000-0000-0000-000000000000", "f" * 8 + "-ffff-ffff-ffff-" + "f" * 12]
OTHER_UUIDS += [KEY.session_id.replace("-8000-", "-0000-"), KEY.session_id.replace("-7", "-1")]


@pytest.mark.parametrize("session_id", OTHER_UUIDS)
def test_a_uuid_of_another_version_is_unprocessable(session_id: str) -> None:
    with pytest.raises(UnprocessableRequestError) as caught:
        _parse(a_body(sessionId=session_id))
    assert caught.value.field == "sessionId"
    assert session_id not in str(caught.value)


@pytest.mark.parametrize(
    "reason", ["x", "x" * MAX_REASON, "Grüße, 你好 🎉", " ", '"<b>\\', "e\u0301"]
)
def test_a_reason_is_any_text_of_up_to_five_hundred_characters(reason: str) -> None:
    assert _parse(a_body(reason=reason)).request.reason == reason


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "x" * (MAX_REASON + 1),
        CANARY * 100,
        f"{CANARY}\u0000",
        f"\n{CANARY}",
        "a\tb",
        "\u001b[31m",
        "\u007f",
        "\u0085",
        "\ud800",
        "\udc00\ud800",
    ],
)
def test_a_reason_that_is_empty_too_long_or_not_printable_is_invalid(reason: str) -> None:
    error = _refused(a_body(reason=reason))
    assert error.field == "reason"
    assert CANARY not in str(error)


def test_a_surrogate_pair_is_one_character_of_a_reason() -> None:
    body = f'{{"sessionId": "{KEY.session_id}", "reason": "\\ud83c\\udf89"}}'
    assert _parse(body).request.reason == "🎉"


def test_a_body_of_a_megabyte_is_invalid() -> None:
    assert _refused(a_body(reason="x" * 1_000_000)).field == "body"
    assert _refused("[" * 1_000_000).field == "body"
    assert _refused("A" * 1_000_000, isBase64Encoded=True).field == "body"


def test_the_longest_reason_fits_into_a_body_however_it_is_escaped() -> None:
    body = json.dumps({"sessionId": KEY.session_id, "reason": "🎉" * MAX_REASON}, indent=8)
    assert _parse(body).request.reason == "🎉" * MAX_REASON
    encoded = _encoded(body.encode())
    assert _parse(encoded, isBase64Encoded=True).request.reason == "🎉" * MAX_REASON


def test_a_key_that_is_there_twice_is_found_at_once_among_many() -> None:
    names = ",".join(f'"k{number}":1' for number in range(1500))
    assert _refused(f'{{{names},"k1499":1}}').field == "k1499"


@pytest.mark.parametrize(
    ("name", "shown"), [("\ud800", "?"), ("a\udc00", "a?"), ("\udfff\ud800", "??")]
)
def test_a_fields_name_with_a_lone_surrogate_is_invalid(name: str, shown: str) -> None:
    assert _refused(a_body(**{name: CANARY})).field == shown


def test_a_long_name_is_told_in_short() -> None:
    assert len(str(_refused(a_body(**{"y" * 10_000: 1})))) < 100


@pytest.mark.parametrize(
    "name", ["a\nb", "\u001b[31m", "\u202egnirts", "Grüße", "<script>", '"', "a\u0000"]
)
def test_a_fields_name_is_told_in_short_and_plain_letters(name: str) -> None:
    told = str(_refused(a_body(**{name: CANARY})))
    assert told.isascii()
    assert told.isprintable()
    assert CANARY not in told


def _encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


def test_a_body_in_base64_is_decoded() -> None:
    body = _encoded(a_body(reason="Grüße").encode())
    assert _parse(body, isBase64Encoded=True).request.reason == "Grüße"


@pytest.mark.parametrize(
    "body",
    ["!", "YQ", "{}", "\u00e9", "\ud800", _encoded(b"\xff\xfe{}"), _encoded(b"\xed\xa0\x80")],
)
def test_a_body_that_is_not_the_base64_of_text_is_invalid(body: str) -> None:
    assert _refused(body, isBase64Encoded=True).field == "body"


@pytest.mark.parametrize(
    "value",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;",
    ],
)
def test_json_in_utf8_is_a_content_type(value: str) -> None:
    call = _parse(a_body(), **with_headers(("Content-Type", value)))
    assert call == _parse(a_body())


@pytest.mark.parametrize(
    "value",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json2",
        "application/json, text/plain",
        "application/json; charset=latin-1",
        "application/jsonp",
        "text/json",
        f"application/json; x={CANARY}",
        CANARY * 2000,
    ],
)
def test_another_content_type_is_invalid(value: str) -> None:
    error = _refused(a_body(), **with_headers(("Content-Type", value)))
    assert error.field == "Content-Type"
    assert CANARY not in str(error)


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": None, "multiValueHeaders": None},
        {"headers": {}, "multiValueHeaders": {}},
        with_headers(JSON_TYPE, JSON_TYPE),
        # Together they would read as one that is right.
        with_headers(JSON_TYPE, ("Content-Type", "charset=utf-8")),
        with_headers(JSON_TYPE, ("Content-Type", "")),
        with_headers(JSON_TYPE, ("Content-Type", "text/plain")),
    ],
)
def test_a_content_type_is_there_once(changes: dict[str, Any]) -> None:
    assert _refused(a_body(), **changes).field == "Content-Type"


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE", "cOnTeNt-TyPe"])
def test_a_headers_name_may_have_any_case(name: str) -> None:
    headers = with_headers((name, "application/json"), ("IDEMPOTENCY-key", V4))
    assert _parse(a_body(), **headers).idempotency_key == V4


def test_headers_may_come_in_one_form_only() -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": V4}
    single = _parse(a_body(), headers=headers, multiValueHeaders=None)
    many = {name: [value] for name, value in headers.items()}
    assert _parse(a_body(), headers=None, multiValueHeaders=many) == single


def test_an_idempotency_key_means_the_same_in_both_cases() -> None:
    headers = with_headers(JSON_TYPE, ("Idempotency-Key", V4.upper()))
    assert _parse(a_body(), **headers).idempotency_key == V4


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        CANARY,
        KEY.session_id,
        V4.replace("-", ""),
        f"{{{V4}}}",
        f"{V4}, {V4}",
        "x" * 10_000,
    ],
)
def test_an_idempotency_key_of_another_form_is_invalid(key: str) -> None:
    error = _refused(a_body(), **with_headers(JSON_TYPE, ("Idempotency-Key", key)))
    assert error.field == "Idempotency-Key"
    assert CANARY not in str(error)


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key"])
def test_two_idempotency_keys_are_invalid(name: str) -> None:
    headers = with_headers(JSON_TYPE, ("Idempotency-Key", V4), (name, V4))
    assert _refused(a_body(), **headers).field == "Idempotency-Key"


@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"authorizer": None},
        {"authorizer": {}},
        {"authorizer": {"claims": None}},
        {"authorizer": {"claims": {"sub": "x"}}},
        {"authorizer": {"claims": {"client_id": ""}}},
        {"authorizer": {"claims": {"client_id": 7}}},
        {"authorizer": {"claims": {}, "merchantId": "x"}},
        {"authorizer": {"client_id": "x"}},
        {"authorizer": {"merchantId": ""}},
        {"authorizer": {"merchantId": 7}},
    ],
)
def test_a_token_without_the_merchants_claim_names_nobody(context: dict[str, Any] | None) -> None:
    with pytest.raises(MerchantUnknownError):
        _parse(a_body(), requestContext=context)
    with pytest.raises(MerchantUnknownError):
        parse_session_key(an_event(None, requestContext=context), EDGE)


def test_the_claim_that_names_the_merchant_is_chosen_by_the_deployment() -> None:
    context = {"authorizer": {"claims": {"client_id": "a", "custom:merchant": "b"}}}
    call = parse_cancel_call(
        an_event(a_body(), requestContext=context), EdgeSettings("custom:merchant")
    )
    assert call.key.merchant_id == call.request.requested_by == "b"


WITH_A_CERTIFICATE = {"identity": {"clientCert": {"subjectDN": "CN=shop-1"}}}
MUTUAL_TLS = EdgeSettings(client_certificates="required")


@pytest.mark.parametrize("identity", [{}, {"identity": None}, {"identity": {"clientCert": None}}])
def test_where_certificates_are_required_a_call_without_one_is_refused(
    identity: dict[str, Any],
) -> None:
    context = {"authorizer": {"claims": CLAIMS}, **identity}
    for parse in (
        lambda: parse_cancel_call(an_event(a_body(), requestContext=context), MUTUAL_TLS),
        lambda: parse_session_key(an_event(None, requestContext=context), MUTUAL_TLS),
    ):
        with pytest.raises(InvalidRequestError) as refused:
            parse()
        assert refused.value.field == "client certificate"


def test_with_a_certificate_the_merchant_is_still_the_tokens() -> None:
    context = {"authorizer": {"claims": CLAIMS}, **WITH_A_CERTIFICATE}
    call = parse_cancel_call(an_event(a_body(), requestContext=context), MUTUAL_TLS)
    assert call.key.merchant_id == CLAIMS["client_id"]


def test_where_none_is_required_none_is_asked_for() -> None:
    assert EdgeSettings.read({}).client_certificates == "none"
    assert parse_cancel_call(an_event(a_body()), EDGE).key.merchant_id == CLAIMS["client_id"]


def test_an_authorizer_of_our_own_names_the_merchant_itself() -> None:
    context = {"authorizer": {"merchantId": "a", "principalId": "b"}}
    call = parse_cancel_call(an_event(a_body(), requestContext=context), EDGE)
    assert call.key.merchant_id == call.request.requested_by == "a"


def test_a_session_is_read_by_the_id_of_the_path() -> None:
    event = an_event(None, pathParameters={"sessionId": KEY.session_id})
    assert parse_session_key(event, EDGE) == KEY


@pytest.mark.parametrize("parameters", [None, {}, {"sessionId": None}, {"id": KEY.session_id}])
def test_a_path_without_a_session_id_is_invalid(parameters: dict[str, Any] | None) -> None:
    with pytest.raises(InvalidRequestError):
        parse_session_key(an_event(None, pathParameters=parameters), EDGE)
