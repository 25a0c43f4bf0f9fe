"""The authorizer with a real token server, over HTTP: rotation, outages, and its answers."""

import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from checkout import authorizer_bootstrap
from checkout.issuer import COOL_DOWN, IssuerUnavailableError
from local import token_server
from local.token_server import SigningKey, TokenServer
from tests.integration.functions import Clock, Context
from tests.template.cloudformation import ROOT

BOTH = "checkout/sessions.cancel checkout/sessions.read"
METHOD = "arn:aws:execute-api:us-east-1:123456789012:api/live/POST/v1/checkout/session/cancel"


@dataclass
class Authorizer:
    """One execution environment."""

    app: ModuleType
    clock: Clock

    def answer(self, token: str, method: str = METHOD) -> Any:
        event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": method}
        return self.app.handler(event, Context("authorize", 9))

    def refuses(self, token: str) -> bool:
        """In the words that API Gateway answers with 401."""
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            self.answer(token)
        return True


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server.listening() as server:
        yield server


@pytest.fixture
def authorizer(server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authorizer]:
    settings = {
        "JWT_ISSUER": server.url,
        "JWT_AUDIENCE": token_server.AUDIENCE,
        "JWT_SCOPE_PREFIX": "checkout/",
        "MERCHANT_CLAIM": "client_id",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    clock = Clock()
    monkeypatch.setattr(authorizer_bootstrap, "utc_now", clock.now)
    authorizer_bootstrap.forget()
    spec = importlib.util.spec_from_file_location("authorize", ROOT / "functions/authorize/app.py")
    assert spec
    assert spec.loader
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    vars(app)["utc_now"] = clock.now
    yield Authorizer(app, clock)
    authorizer_bootstrap.forget()


def token_of(server: TokenServer, **claims: Any) -> str:
    return server.sign(server.claims("shop-1", BOTH, int(time.time())) | claims)


def test_a_merchants_token_is_allowed_what_its_scopes_say(
    server: TokenServer, authorizer: Authorizer
) -> None:
    answer = authorizer.answer(token_of(server))

    assert answer["principalId"] == "shop-1"
    assert answer["context"] == {"merchantId": "shop-1"}
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert METHOD in statement["Resource"]


def test_after_a_rotation_the_new_key_is_taken_and_the_old_one_no_more(
    server: TokenServer, authorizer: Authorizer
) -> None:
    old = token_of(server)
    authorizer.answer(old)
    server.keys = [SigningKey("second")]
    authorizer.clock.advance(COOL_DOWN)

    assert authorizer.answer(token_of(server))["principalId"] == "shop-1"
    assert authorizer.refuses(old)


def test_during_a_rotation_both_keys_are_taken(server: TokenServer, authorizer: Authorizer) -> None:
    old = token_of(server)
    server.keys.append(SigningKey("second"))
    for token in (old, token_of(server)):
        assert authorizer.answer(token)["principalId"] == "shop-1"


def test_a_thousand_made_up_keys_are_one_question_more(
    server: TokenServer, authorizer: Authorizer
) -> None:
    authorizer.answer(token_of(server))
    authorizer.clock.advance(COOL_DOWN)
    stranger = SigningKey("made-up")
    for number in range(1000):
        stranger.key_id = f"made-up-{number}"
        assert authorizer.refuses(server.sign(server.claims("shop-1", BOTH, 0), stranger))
    assert server.asked.count("/keys") == 2


def test_while_the_token_server_is_down_its_tokens_are_good(
    server: TokenServer, authorizer: Authorizer
) -> None:
    token = token_of(server, exp=int(time.time()) + 7 * 3600)
    authorizer.answer(token)
    server.down = True
    authorizer.clock.stop(authorizer.clock.now())
    authorizer.clock.advance(6 * COOL_DOWN * 60)
    assert authorizer.answer(token)["principalId"] == "shop-1"


def test_if_its_keys_were_never_read_that_is_a_fault_of_ours_and_no_401(
    server: TokenServer, authorizer: Authorizer
) -> None:
    server.down = True
    with pytest.raises(IssuerUnavailableError) as failure:
        authorizer.answer(token_of(server))
    assert "Unauthorized" not in str(failure.value)


@pytest.mark.parametrize(
    "claims",
    [{"exp": 1}, {"aud": "another"}, {"iss": "http://127.0.0.1:1"}, {"client_id": None}],
    ids=["expired", "another audience", "another issuer", "no merchant"],
)
def test_a_wrong_token_is_unauthorized(
    server: TokenServer, authorizer: Authorizer, claims: dict[str, Any]
) -> None:
    assert authorizer.refuses(token_of(server, **claims))


def test_neither_a_token_nor_what_is_in_it_is_logged(
    server: TokenServer,
    authorizer: Authorizer,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = token_of(server, scope="canary-scope", sub="canary-subject")
    forged = server.sign({"sub": "canary"}, SigningKey("first"))
    authorizer.answer(token)
    authorizer.refuses(forged)

    (record,) = [vars(each) for each in caplog.records]
    assert (record["message"], record["why"]) == ("token refused", "signature")
    said = "".join(capsys.readouterr()) + str(record)
    for part in (*token.split("."), *forged.split("."), "canary"):
        assert part not in said
