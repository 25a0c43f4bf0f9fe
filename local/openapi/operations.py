"""What each operation of the API is for, and what is sent to it."""

from typing import Any

from checkout.cancelled_sessions import DEFAULT_LIMIT, LISTED, MAX_LIMIT
from checkout.providers.registry import PROVIDERS, WITHOUT_WEBHOOKS
from local.openapi import proofs
from local.openapi.requests import JSON, SESSION_ID, VERSION_4
from local.openapi.schemas import KEY, Schema
from local.openapi.schemas import SESSION_ID as SESSION_ID_FORM

FORM = "application/x-www-form-urlencoded"

OPERATIONS: dict[str, dict[str, Any]] = {
    "CancelSessionFunction": {
        "operationId": "cancelSession",
        "summary": "Cancel a session and every payment in flight on it",
        "description": "Locks the session, cancels what is in flight at every provider at once, "
        "and answers truthfully. Repeating it is safe.",
        "tags": ["merchants"],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "A repeat with it gets the first answer again, for 24 hours.",
                "schema": KEY,
                "example": VERSION_4,
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {"$ref": "#/components/schemas/CancelRequest"},
                    "example": {"sessionId": SESSION_ID, "reason": "changed my mind"},
                }
            },
        },
    },
    "GetSessionFunction": {
        "operationId": "getSession",
        "summary": "Read a session and its transactions",
        "description": "Changes nothing.",
        "tags": ["merchants"],
        "parameters": [
            {
                "name": "sessionId",
                "in": "path",
                "required": True,
                "schema": SESSION_ID_FORM,
                "example": SESSION_ID,
            }
        ],
    },
    "ListSessionsFunction": {
        "operationId": "listSessions",
        "summary": "List the sessions that were cancelled, or are being cancelled",
        "description": "The newest cancellation first. Lags a little behind the sessions "
        "themselves. Changes nothing.",
        "tags": ["merchants"],
        "parameters": [
            {
                "name": "status",
                "in": "query",
                "required": True,
                "schema": {"enum": [each.value for each in LISTED]},
                "example": LISTED[0].value,
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "nextCursor of the page before, as it is; empty for the first page.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "How many at most.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_LIMIT,
                    "default": DEFAULT_LIMIT,
                },
            },
        ],
    },
    "ReceiveWebhookFunction": {
        "operationId": "receiveWebhook",
        "summary": "Where a provider's account sends its events",
        "description": "No token: the provider's signature is checked. The body of a 200 is what "
        "the provider expects: JSON, and for Adyen the text [accepted].",
        "tags": ["providers"],
        "parameters": [
            {
                "name": "provider",
                "in": "path",
                "required": True,
                "schema": {"enum": sorted(set(PROVIDERS) - WITHOUT_WEBHOOKS)},
                "example": "stripe",
            },
            {
                "name": "account",
                "in": "path",
                "required": True,
                "description": "Names the credentials of one account at the provider.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"},
                "example": "default",
            },
            *proofs.parameters(),
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/WebhookEvent"}},
                FORM: {"schema": {"$ref": "#/components/schemas/WebhookForm"}},
            },
        },
    },
}
SUCCEEDED: dict[str, Schema] = {
    "CancelSessionFunction": {"$ref": "#/components/schemas/CancelAnswer"},
    "GetSessionFunction": {"$ref": "#/components/schemas/SessionAnswer"},
    "ListSessionsFunction": {"$ref": "#/components/schemas/SessionsAnswer"},
    "ReceiveWebhookFunction": {"type": "object"},
}
