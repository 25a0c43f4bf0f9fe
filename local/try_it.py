"""What a new user can do next with a stack that is up: in the browser, and in another terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from local.stack import Stack

PICK = """python3 -c 'import json, sys; print(json.load(sys.stdin)["{}"])'"""


def in_the_browser(stack: Stack) -> str:
    """The sessions of the first merchant that were cancelled."""
    merchant = stack.merchants[0].client_id
    return f"""To see in the browser what has become of these sessions, and to cancel another:

  {stack.console_url}#/cancelled?{urlencode({"merchant": merchant})}
  {sign_in(stack)}
"""


def sign_in(stack: Stack) -> str:
    """How somebody of the payment team signs in to the console."""
    operator = stack.operator
    return f"sign in as {operator.username}, password {operator.password}" if operator else ""


def in_a_terminal(stack: Stack) -> str:
    merchant = stack.merchants[0]
    return f"""To try it yourself, in another terminal, in this folder:

  BASE={stack.base_url}
  TOKEN=$(curl -s {stack.token_url} -d grant_type=client_credentials \\
    -u '{merchant.client_id}:{merchant.client_secret}' \\
    | {PICK.format("access_token")})
  SESSION=$(bin/seed --merchant {merchant.client_id} \\
    --transaction sandbox:ok_1 --transaction sandbox-b:async_5_2 \\
    | {PICK.format("sessionId")})
  curl -s -w '\\n' $BASE/v1/checkout/session/cancel -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' \\
    -d '{{"sessionId": "'$SESSION'", "reason": "changed my mind"}}'
  curl -s -w '\\n' $BASE/v1/checkout/session/$SESSION -H "Authorization: Bearer $TOKEN"
  bin/ledger $SESSION

What the functions log: {stack.logs["functions"]}
The API's reference:    {stack.reference_url}
"""
