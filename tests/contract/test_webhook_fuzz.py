"""Whatever a webhook brings, signed or not: it is understood, or refused in the documented way."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.registry import PROVIDERS, WITHOUT_WEBHOOKS
from checkout.providers.webhook import Delivery, WebhookReader
from checkout.reports import ProviderReport, report_from_message, report_to_message
from checkout.transactions import TERMINAL
from checkout.webhooks import MAX_REFERENCE, read_reports
from tests.contract.desks.base import ACCOUNT
from tests.contract.desks.every import DESKS
from tests.contract.webhook_samples import SAMPLES, Sample, found_at, places, put_at
from tests.doubles import stripe
from tests.unit.clock import NOON
from tests.unit.reporting import a_desk

# The same examples each time, and few enough for all of them to take seconds.
fuzzed = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ANY_TEXT = st.text(st.characters(codec=None), max_size=8)
# Half of a surrogate pair, which JSON can hold and no bytes stand for; numbers that are none.
ODD: tuple[Any, ...] = (
    *("", " ", "\0", "\ud800", "tr_\udfff", "x" * 600),
    *(None, True, False, 0, -1, 10**400, 0.5, float("inf"), float("nan")),
    *([], {}, [[]], [None], ["id"], {"id": {}}),
)
JSON = st.recursive(
    st.sampled_from(ODD) | st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
# Stands in a document for what json.dumps cannot write, and is replaced in the text.
DEEP = "nested-deeply"
DEPTHS = (30, 400, 900, 5_000, 100_000)
HEADERS = (
    "authorization",
    "cko-signature",
    "paypal-auth-algo",
    "paypal-cert-url",
    "paypal-transmission-id",
    "paypal-transmission-sig",
    "paypal-transmission-time",
    "stripe-signature",
    "webhook-signature",
    "x-mollie-signature",
    "x-square-hmacsha256-signature",
)
# With the separators and prefixes that readers look for.
PIECES = ["t=", "v1=", ",", "1", "\u0663", "sha256=", "Basic ", "=", "https://x.paypal.com/"]
HEADER = ANY_TEXT | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@pytest.fixture(params=sorted(SAMPLES), scope="module")
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]


@pytest.fixture(scope="module")
def reader(sample: Sample) -> Iterator[WebhookReader]:
    """One for all examples of a sample."""
    with DESKS[sample.provider]().open() as desk:
        yield desk.reader()


def read(sample: Sample, reader: WebhookReader, delivery: Delivery) -> list[ProviderReport] | None:
    """The reports, or None of what is refused; any other error is a failure of the test."""
    try:
        return read_reports(a_desk().ports, reader, sample.provider, delivery)
    except (SignatureError, InvalidRequestError):
        return None


def check(reports: list[ProviderReport] | None) -> None:
    """Each can be looked for in the table, and comes back from the queue as it was."""
    for each in reports or []:
        names = each.report.reference + each.report.own_reference
        assert names.encode()
        assert len(each.report.reference) <= MAX_REFERENCE
        assert report_from_message(report_to_message(each)) == each


def _drop(holder: Any, key: Any, _: Any) -> None:
    del holder[key]


def _replace(holder: Any, key: Any, value: Any) -> None:
    holder[key] = value


def _nest(holder: Any, key: Any, value: Any) -> None:
    holder[key] = [holder[key]] if value is None else {"id": holder[key], "value": value}


def _deepen(holder: Any, key: Any, _: Any) -> None:
    holder[key] = DEEP


def _lengthen(holder: Any, key: Any, _: Any) -> None:
    holder[key] = str(holder[key])[:20] * 100


CHANGES: tuple[Callable[[Any, Any, Any], None], ...] = (
    _drop,
    _replace,
    _replace,
    _nest,
    _deepen,
    _lengthen,
)


@st.composite
def documents(draw: st.DrawFn, sample: Sample) -> Any:
    """A real one with up to three changes, anywhere in it."""
    document = copy.deepcopy(sample.document)
    for _ in range(draw(st.integers(0, 3))):
        found = places(document)
        if found:
            holder, key = found[draw(st.integers(0, len(found) - 1))]
            draw(st.sampled_from(CHANGES))(holder, key, draw(JSON))
    return document


@st.composite
def bodies(draw: st.DrawFn, sample: Sample, document: Any) -> bytes:
    """It as text, in one of the ways in which JSON may be written, and in some that it may not."""
    as_it_is = draw(st.booleans())
    text = json.dumps(document, ensure_ascii=False) if as_it_is else sample.write(document)
    depth = draw(st.sampled_from(DEPTHS))
    opened, closed = draw(st.sampled_from([("[", "]"), ('{"id":', "}")]))
    text = text.replace(f'"{DEEP}"', opened * depth + "1" + closed * depth)
    change = draw(st.sampled_from(["", "", "", "twice", "cut", "more", "wide", "marked"]))
    if change == "twice":
        text = text.replace("{", '{"type":1,"id":"\\ud800","status":{},', draw(st.integers(1, 3)))
    elif change == "cut":
        text = text[: draw(st.integers(0, len(text)))]
    elif change == "more":
        text += draw(ANY_TEXT)
    written = text.encode(errors="surrogatepass")
    marked = b"\xef\xbb\xbf" + written if change == "marked" else written
    return text.encode("utf-16", "surrogatepass") if change == "wide" else marked


def test_every_reader_is_fuzzed() -> None:
    with_webhooks = set(PROVIDERS) - WITHOUT_WEBHOOKS
    assert {sample.provider for sample in SAMPLES.values()} == with_webhooks


def test_a_sample_as_it_is_tells_of_its_payment(sample: Sample, reader: WebhookReader) -> None:
    assert read(sample, reader, sample.delivery(sample.write(sample.document).encode()))


def _seal(sample: Sample, document: Any) -> None:
    """Unless there is no place for a signature in it any more."""
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        sample.seal(document)


def _with(sample: Sample, number: int, odd: Any) -> Any:
    """Its document with something odd in one of its places."""
    document = copy.deepcopy(sample.document)
    holder, key = places(document)[number]
    holder[key] = odd
    _seal(sample, document)
    return document


def test_each_place_may_hold_anything(sample: Sample, reader: WebhookReader) -> None:
    for number in range(len(places(sample.document))):
        for odd in ODD:
            document = _with(sample, number, odd)
            _check_signed(sample, reader, document, sample.write(document).encode())
        for depth in DEPTHS:
            document = _with(sample, number, DEEP)
            text = sample.write(document).replace(f'"{DEEP}"', "[" * depth + "]" * depth)
            _check_signed(sample, reader, document, text.encode())


def _check_signed(sample: Sample, reader: WebhookReader, document: Any, body: bytes) -> None:
    """What comes of it, signed, ends nothing but by a word that is known to end it."""
    reports = read(sample, reader, sample.delivery(body))
    check(reports)
    ends = {each.report.status for each in reports or [] if each.report.status in TERMINAL}
    assert ends <= sample.meant_by(document)


@fuzzed
@given(data=st.data())
def test_a_signed_document_with_anything_in_it_is_understood_or_refused(
    sample: Sample, reader: WebhookReader, data: st.DataObject
) -> None:
    document = data.draw(documents(sample))
    _seal(sample, document)
    _check_signed(sample, reader, document, data.draw(bodies(sample, document)))


@fuzzed
@given(body=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
@example(body=b"[" * 200_000)
@example(body=b'{"events":' * 100_000)
@example(body=b"9" * 5_000)
@example(body=b"id=" + b"%ff" * 3)
@example(body=b"&" * 200)
def test_any_bytes_that_are_signed_are_understood_or_refused(
    sample: Sample, reader: WebhookReader, body: bytes
) -> None:
    check(read(sample, reader, sample.delivery(body)))


@fuzzed
@given(word=ANY_TEXT)
@example(word="")
@example(word="canceled ")
@example(word="CANCELLED")
@example(word="payment_intent.cancelled")
@example(word="SETTLED")
def test_a_word_that_nobody_knows_is_no_end(
    sample: Sample, reader: WebhookReader, word: str
) -> None:
    assume(word not in sample.ends)
    document = copy.deepcopy(sample.document)
    for path in sample.words:
        put_at(document, path, word)
    sample.seal(document)
    assert any(word in found_at(document, path) for path in sample.words)
    reports = read(sample, reader, sample.delivery(sample.write(document).encode()))
    assert reports is not None
    assert [each for each in reports if each.report.status in TERMINAL] == []


@fuzzed
@given(
    headers=st.dictionaries(st.sampled_from(HEADERS), HEADER, max_size=6),
    query=st.dictionaries(st.sampled_from(["token", "id"]), ANY_TEXT, max_size=2),
    body=st.data(),
)
def test_what_nobody_signed_is_refused_whatever_its_headers_say(
    sample: Sample,
    reader: WebhookReader,
    headers: dict[str, str],
    query: dict[str, str],
    body: st.DataObject,
) -> None:
    document = body.draw(documents(sample))
    sent = Delivery(ACCOUNT, body.draw(bodies(sample, document)), headers, query, NOON)
    assert read(sample, reader, without_seal(sent)) is None


@pytest.mark.parametrize("value", ["\ud800", "\xe9", "t=1,v1=\ud800", "sha256=\ud800", "v1=,t="])
def test_headers_that_no_bytes_stand_for_are_refused(
    sample: Sample, reader: WebhookReader, value: str
) -> None:
    body = sample.write(sample.document).encode()
    headers, query = dict.fromkeys(HEADERS, value), {"token": value}
    sent = Delivery(ACCOUNT, body, headers, query, NOON)
    assert read(sample, reader, without_seal(sent)) is None


def without_seal(sent: Delivery) -> Delivery:
    """Adyen signs in the document: what is left there is that of another one."""
    body = sent.body.replace(b"TestMerchant", b"Another")
    return Delivery(sent.account, body, sent.headers, sent.query, sent.received_at)


@pytest.mark.parametrize(
    "sent_at", ["", "-1", "1e3", "1_0", "\u0663", "\u00b2", "9" * 400, "9" * 5_000]
)
def test_a_signed_time_stamp_may_be_anything(sent_at: str) -> None:
    sample = SAMPLES["stripe"]
    with DESKS["stripe"]().open() as desk:
        body = sample.write(sample.document).encode()
        header = stripe.signature(body, sent_at)
        sent = Delivery(ACCOUNT, body, {"stripe-signature": header}, {}, NOON)
        with pytest.raises(SignatureError):
            desk.reader().read(sent)
