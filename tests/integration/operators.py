"""Operators' calls, as the gateway hands them over to the functions behind their routes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.integration import scenes
from tests.integration.scenes import Answered

if TYPE_CHECKING:
    from checkout.sessions import SessionKey
    from tests.integration.cloud import Cloud

READS, CANCELS = "OperateFunction", "OperatorCancelFunction"
SESSION = "/v1/operations/merchants/{merchantId}/sessions/{sessionId}"
WHY = "the payer called, and the merchant cannot be reached"


def claims() -> dict[str, str]:
    found: dict[str, str] = scenes.event("operate")["requestContext"]["authorizer"]["claims"]
    return found


def list_event(**query: str) -> dict[str, Any]:
    called = scenes.event("operate")
    asked = {"status": "PENDING_CANCELLATION", **query}
    called["queryStringParameters"] = asked
    called["multiValueQueryStringParameters"] = {name: [each] for name, each in asked.items()}
    return called


def session_event(key: SessionKey) -> dict[str, Any]:
    called = scenes.event("operate")
    called["resource"] = SESSION
    called["queryStringParameters"] = called["multiValueQueryStringParameters"] = None
    merchant_id = quote(key.merchant_id, safe="")
    called["pathParameters"] = {"merchantId": merchant_id, "sessionId": key.session_id}
    return called


def cancel_event(key: SessionKey, **body: Any) -> dict[str, Any]:
    called = session_event(key)
    called["resource"] = f"{SESSION}/cancel"
    called["httpMethod"] = "POST"
    called["body"] = json.dumps(body)
    called["headers"]["Content-Type"] = "application/json"
    called["multiValueHeaders"]["Content-Type"] = ["application/json"]
    return called


def answered(cloud: Cloud, function: str, called: dict[str, Any]) -> Answered:
    answer = cloud.function(function)(called)
    return Answered(answer["statusCode"], answer["headers"], answer["body"])


def listed(cloud: Cloud, **query: str) -> Answered:
    return answered(cloud, READS, list_event(**query))


def shown(cloud: Cloud, key: SessionKey) -> Answered:
    return answered(cloud, READS, session_event(key))


def cancel(cloud: Cloud, key: SessionKey, **body: Any) -> Answered:
    return answered(cloud, CANCELS, cancel_event(key, **(body or {"reason": WHY})))
