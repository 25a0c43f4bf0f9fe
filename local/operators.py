"""Operators of a stack: users of its own pool, who sign in as a person does, in a browser.

Tried on the emulator's hosted page. AWS's has the same form, and cookies, which are sent back.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from local.calls import Answer, Connection
from local.console_pages import SCOPE
from local.stack import Operator, Stack

if TYPE_CHECKING:
    from collections.abc import Mapping


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def make(stack: Stack, username: str) -> Operator:
    # Some of each kind that the pool's policy wants.
    made = Operator(username, f"{secrets.token_urlsafe(24)}-aA1")
    pool, cognito = stack.operator_pool_id, stack.aws.cognito
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=username,
        TemporaryPassword=made.password,
        MessageAction="SUPPRESS",
    )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=username, Password=made.password, Permanent=True
    )
    return made


def remove(stack: Stack, operator: Operator) -> None:
    pool = stack.operator_pool_id
    stack.aws.cognito.admin_delete_user(UserPoolId=pool, Username=operator.username)


def sign_in(stack: Stack, operator: Operator, scope: str = SCOPE) -> str:
    """An access token, by an authorization code with PKCE."""
    verifier = secrets.token_urlsafe(48)
    code = authorize(stack, operator, scope, challenge_of(verifier))
    answer = redeem(stack, code, verifier)
    assert answer.status == 200, f"no token: {answer.status}"
    token: str = answer.json()["access_token"]
    return token


def authorize(stack: Stack, operator: Operator, scope: str, challenge: str) -> str:
    """The code that the hosted page sends back to the console's address."""
    state = secrets.token_urlsafe(16)
    asked = {
        "response_type": "code",
        "client_id": stack.console_client_id,
        "redirect_uri": stack.console_url,
        "scope": scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = f"{stack.operators_url}/oauth2/authorize?{urlencode(asked)}"
    connection = Connection()
    page = connection.send("GET", url, {}, None)
    assert page.status == 200, f"no page to sign in: {page.status}"
    form = _Form.of(page)
    filled = form.values | {"username": operator.username, "password": operator.password}
    cookies = {"Cookie": page.headers["Set-Cookie"]} if "Set-Cookie" in page.headers else {}
    sent = connection.send(
        "POST", urljoin(url, form.action), FORM | cookies, urlencode(filled).encode()
    )
    assert sent.status == 302, f"not signed in: {sent.status}"
    back = urlsplit(sent.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == stack.console_url
    told = parse_qs(back.query)
    assert told["state"] == [state]
    return told["code"][0]


def redeem(stack: Stack, code: str, verifier: str) -> Answer:
    asked = {
        "grant_type": "authorization_code",
        "client_id": stack.console_client_id,
        "redirect_uri": stack.console_url,
        "code": code,
        "code_verifier": verifier,
    }
    url = f"{stack.operators_url}/oauth2/token"
    return Connection().send("POST", url, FORM, urlencode(asked).encode())


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class _Form(HTMLParser):
    """The first form of a page: where it goes, and what it has already."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.values: dict[str, str] = {}

    @classmethod
    def of(cls, page: Answer) -> _Form:
        form = cls()
        form.feed(page.body.decode())
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = found["action"]
        if tag == "input" and found.get("type") == "hidden":
            self.values[found["name"]] = found.get("value", "")


@dataclass
class OperatorClient:
    """One operator's calls, with a token that was signed in for."""

    stack: Stack
    token: str
    connection: Connection = field(default_factory=Connection)

    def request(
        self, method: str, path: str, body: bytes | None = None, base_url: str = ""
    ) -> Answer:
        headers: Mapping[str, str] = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        url = (base_url or self.stack.base_url) + path
        return self.connection.send(method, url, headers, body)
