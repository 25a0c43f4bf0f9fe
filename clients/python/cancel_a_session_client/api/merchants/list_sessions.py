from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.list_sessions_status import ListSessionsStatus
from ...models.sessions_answer import SessionsAnswer
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: ListSessionsStatus,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_status = status.value
    params["status"] = json_status

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/checkout/sessions",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | SessionsAnswer | None:
    if response.status_code == 200:
        response_200 = SessionsAnswer.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

    if response.status_code == 429:
        response_429 = Error.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Error.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Error.from_dict(response.json())

        return response_503

    if response.status_code == 504:
        response_504 = Error.from_dict(response.json())

        return response_504

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Error | SessionsAnswer]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    status: ListSessionsStatus,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,
) -> Response[Error | SessionsAnswer]:
    """List the sessions that were cancelled, or are being cancelled

     The newest cancellation first. Lags a little behind the sessions themselves. Changes nothing. The
    token needs the scope `checkout/sessions.read`.

    Args:
        status (ListSessionsStatus):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | SessionsAnswer]
    """

    kwargs = _get_kwargs(
        status=status,
        cursor=cursor,
        limit=limit,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: ListSessionsStatus,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,
) -> Error | SessionsAnswer | None:
    """List the sessions that were cancelled, or are being cancelled

     The newest cancellation first. Lags a little behind the sessions themselves. Changes nothing. The
    token needs the scope `checkout/sessions.read`.

    Args:
        status (ListSessionsStatus):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | SessionsAnswer
    """

    return sync_detailed(
        client=client,
        status=status,
        cursor=cursor,
        limit=limit,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: ListSessionsStatus,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,
) -> Response[Error | SessionsAnswer]:
    """List the sessions that were cancelled, or are being cancelled

     The newest cancellation first. Lags a little behind the sessions themselves. Changes nothing. The
    token needs the scope `checkout/sessions.read`.

    Args:
        status (ListSessionsStatus):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | SessionsAnswer]
    """

    kwargs = _get_kwargs(
        status=status,
        cursor=cursor,
        limit=limit,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: ListSessionsStatus,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,
) -> Error | SessionsAnswer | None:
    """List the sessions that were cancelled, or are being cancelled

     The newest cancellation first. Lags a little behind the sessions themselves. Changes nothing. The
    token needs the scope `checkout/sessions.read`.

    Args:
        status (ListSessionsStatus):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | SessionsAnswer
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            cursor=cursor,
            limit=limit,
        )
    ).parsed
