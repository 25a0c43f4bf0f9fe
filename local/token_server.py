"""An OpenID issuer on loopback: what a payment platform has of its own, in place of Cognito.

As a background process (`python -m local.token_server PORT`) it serves a local stack; in a test it
is listened to in process. Whoever reaches it may register merchants and have any token signed: it
is for tests, and has nothing to protect.
"""

import base64
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
import urllib3
from cryptography.hazmat.primitives.asymmetric import rsa

from local import listeners, processes
from local.isolation import isolated
from local.places import ROOT, Places, tool
from local.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
DISCOVERY = "/.well-known/openid-configuration"
AUDIENCE = "checkout-api"
LIFE_SECONDS = 3600
Reply = tuple[int, Any]


@dataclass
class SigningKey:
    key_id: str
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def public(self) -> dict[str, Any]:
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.key_id, "use": "sig", "alg": "RS256"}


@dataclass
class TokenServer:
    """`published` is what a GET of the keys gives; the last one signs.

    `merchants` are client ids with their secrets and scopes, `asked` the paths that were called.
    """

    url: str
    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey("first")])
    merchants: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    @property
    def published(self) -> list[dict[str, Any]]:
        return [key.public for key in self.keys]

    def claims(self, client_id: str, scope: str, now: int) -> dict[str, Any]:
        life = {"iat": now, "nbf": now, "exp": now + LIFE_SECONDS}
        issued = {"iss": self.url, "aud": AUDIENCE, "sub": client_id, "client_id": client_id}
        return {**issued, **life, "scope": scope}

    def sign(self, claims: Mapping[str, Any], key: SigningKey | None = None) -> str:
        signing = key or self.keys[-1]
        headers = {"kid": signing.key_id, "typ": "at+jwt"}
        return jwt.encode(dict(claims), signing.private, "RS256", headers)

    def respond(self, method: str, path: str, authorization: str, body: bytes) -> Reply:
        self.asked.append(path)
        if self.down:
            return 503, {"error": "temporarily_unavailable"}
        match method, path:
            case "GET", "/.well-known/openid-configuration":
                return 200, {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            case "GET", "/keys":
                return 200, {"keys": self.published}
            case "POST", "/token":
                return self._token(authorization)
            case "POST", "/merchants":
                asked = json.loads(body)
                self.merchants[asked["clientId"]] = (asked["clientSecret"], asked["scope"])
                return 201, {}
            case "POST", "/sign":
                return 200, {"token": self.sign(json.loads(body))}
        return 404, {"error": "not_found"}

    def _token(self, authorization: str) -> Reply:
        with suppress(ValueError):
            pair = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
            client_id, _, secret = pair.partition(":")
            known, scope = self.merchants.get(client_id, ("", ""))
            if known and secret == known:
                token = self.sign(self.claims(client_id, scope, int(time.time())))
                return 200, {"access_token": token, "expires_in": LIFE_SECONDS}
        return 401, {"error": "invalid_client"}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        authorization = self.headers.get("Authorization", "")
        path = urlsplit(self.path).path
        status, document = self.server.tokens.respond(self.command, path, authorization, body)
        payload = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing: a request may hold a secret."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.tokens = TokenServer(f"http://{HOST}:{self.server_address[1]}")


@contextmanager
def listening() -> Iterator[TokenServer]:
    with _Server(0) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server.tokens
        finally:
            server.shutdown()


def start(places: Places) -> str:
    """In the background, for a local stack; the issuer's name."""
    port = listeners.any_free_port()
    command: list[str | Path] = [tool("dev", "python"), "-m", "local.token_server", str(port)]
    environment = isolated(os.environ) | {"PYTHONPATH": str(ROOT)}
    log = places.logs / "token-server.log"
    processes.start("token_server", command, environment, log, places.processes)
    url = f"http://{HOST}:{port}"
    wait_until(lambda: _answers(url + DISCOVERY), "the token server answers", within=20)
    return url


def call(issuer: str, path: str, document: Mapping[str, Any]) -> Any:
    answer = urllib3.request("POST", issuer + path, body=json.dumps(document).encode())
    assert answer.status < 300, f"the token server answered {answer.status} to {path}"
    return answer.json()


def signed(issuer: str, claims: Mapping[str, Any]) -> str:
    """A token of the one that runs in the background, with any claims."""
    token: str = call(issuer, "/sign", claims)["token"]
    return token


def parameters(issuer: str) -> list[str]:
    """Of the stack that takes its tokens."""
    return [f"JwtIssuer={issuer}", f"JwtAudience={AUDIENCE}"]


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, retries=False, timeout=2).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def main() -> None:
    with _Server(int(sys.argv[1])) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
