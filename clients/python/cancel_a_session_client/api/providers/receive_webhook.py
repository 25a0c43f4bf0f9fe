from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.receive_webhook_provider import ReceiveWebhookProvider
from ...models.webhook_event import WebhookEvent
from ...models.webhook_form import WebhookForm
from ...types import UNSET, Response, Unset


def _get_kwargs(
    provider: ReceiveWebhookProvider,
    account: str,
    *,
    body: WebhookEvent | WebhookForm | Unset = UNSET,
    token: str | Unset = UNSET,
    cko_signature: str | Unset = UNSET,
    webhook_signature: str | Unset = UNSET,
    x_mollie_signature: str | Unset = UNSET,
    pay_pal_transmission_id: str | Unset = UNSET,
    pay_pal_transmission_time: str | Unset = UNSET,
    pay_pal_transmission_sig: str | Unset = UNSET,
    pay_pal_cert_url: str | Unset = UNSET,
    pay_pal_auth_algo: str | Unset = UNSET,
    x_square_hmac_sha_256_signature: str | Unset = UNSET,
    stripe_signature: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(cko_signature, Unset):
        headers["Cko-Signature"] = cko_signature

    if not isinstance(webhook_signature, Unset):
        headers["Webhook-Signature"] = webhook_signature

    if not isinstance(x_mollie_signature, Unset):
        headers["X-Mollie-Signature"] = x_mollie_signature

    if not isinstance(pay_pal_transmission_id, Unset):
        headers["PayPal-Transmission-Id"] = pay_pal_transmission_id

    if not isinstance(pay_pal_transmission_time, Unset):
        headers["PayPal-Transmission-Time"] = pay_pal_transmission_time

    if not isinstance(pay_pal_transmission_sig, Unset):
        headers["PayPal-Transmission-Sig"] = pay_pal_transmission_sig

    if not isinstance(pay_pal_cert_url, Unset):
        headers["PayPal-Cert-Url"] = pay_pal_cert_url

    if not isinstance(pay_pal_auth_algo, Unset):
        headers["PayPal-Auth-Algo"] = pay_pal_auth_algo

    if not isinstance(x_square_hmac_sha_256_signature, Unset):
        headers["X-Square-HmacSha256-Signature"] = x_square_hmac_sha_256_signature

    if not isinstance(stripe_signature, Unset):
        headers["Stripe-Signature"] = stripe_signature

    params: dict[str, Any] = {}

    params["token"] = token

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhooks/{provider}/{account}".format(
            provider=quote(str(provider), safe=""),
            account=quote(str(account), safe=""),
        ),
        "params": params,
    }

    if isinstance(body, WebhookEvent):
        _kwargs["json"] = body.to_dict()

        headers["Content-Type"] = "application/json"
    if isinstance(body, WebhookForm):
        _kwargs["data"] = body.to_dict()
        headers["Content-Type"] = "application/x-www-form-urlencoded"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | str | None:
    if response.status_code == 200:
        response_200 = response.text
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

    if response.status_code == 404:
        response_404 = Error.from_dict(response.json())

        return response_404

    if response.status_code == 413:
        response_413 = Error.from_dict(response.json())

        return response_413

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
) -> Response[Error | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    provider: ReceiveWebhookProvider,
    account: str,
    *,
    client: AuthenticatedClient | Client,
    body: WebhookEvent | WebhookForm | Unset = UNSET,
    token: str | Unset = UNSET,
    cko_signature: str | Unset = UNSET,
    webhook_signature: str | Unset = UNSET,
    x_mollie_signature: str | Unset = UNSET,
    pay_pal_transmission_id: str | Unset = UNSET,
    pay_pal_transmission_time: str | Unset = UNSET,
    pay_pal_transmission_sig: str | Unset = UNSET,
    pay_pal_cert_url: str | Unset = UNSET,
    pay_pal_auth_algo: str | Unset = UNSET,
    x_square_hmac_sha_256_signature: str | Unset = UNSET,
    stripe_signature: str | Unset = UNSET,
) -> Response[Error | str]:
    """Where a provider's account sends its events

     No token: the provider's signature is checked. The body of a 200 is what the provider expects: JSON,
    and for Adyen the text [accepted].

    Args:
        provider (ReceiveWebhookProvider):
        account (str):
        token (str | Unset):
        cko_signature (str | Unset):
        webhook_signature (str | Unset):
        x_mollie_signature (str | Unset):
        pay_pal_transmission_id (str | Unset):
        pay_pal_transmission_time (str | Unset):
        pay_pal_transmission_sig (str | Unset):
        pay_pal_cert_url (str | Unset):
        pay_pal_auth_algo (str | Unset):
        x_square_hmac_sha_256_signature (str | Unset):
        stripe_signature (str | Unset):
        body (WebhookEvent): As the provider writes it.
        body (WebhookForm): As the provider writes it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | str]
    """

    kwargs = _get_kwargs(
        provider=provider,
        account=account,
        body=body,
        token=token,
        cko_signature=cko_signature,
        webhook_signature=webhook_signature,
        x_mollie_signature=x_mollie_signature,
        pay_pal_transmission_id=pay_pal_transmission_id,
        pay_pal_transmission_time=pay_pal_transmission_time,
        pay_pal_transmission_sig=pay_pal_transmission_sig,
        pay_pal_cert_url=pay_pal_cert_url,
        pay_pal_auth_algo=pay_pal_auth_algo,
        x_square_hmac_sha_256_signature=x_square_hmac_sha_256_signature,
        stripe_signature=stripe_signature,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    provider: ReceiveWebhookProvider,
    account: str,
    *,
    client: AuthenticatedClient | Client,
    body: WebhookEvent | WebhookForm | Unset = UNSET,
    token: str | Unset = UNSET,
    cko_signature: str | Unset = UNSET,
    webhook_signature: str | Unset = UNSET,
    x_mollie_signature: str | Unset = UNSET,
    pay_pal_transmission_id: str | Unset = UNSET,
    pay_pal_transmission_time: str | Unset = UNSET,
    pay_pal_transmission_sig: str | Unset = UNSET,
    pay_pal_cert_url: str | Unset = UNSET,
    pay_pal_auth_algo: str | Unset = UNSET,
    x_square_hmac_sha_256_signature: str | Unset = UNSET,
    stripe_signature: str | Unset = UNSET,
) -> Error | str | None:
    """Where a provider's account sends its events

     No token: the provider's signature is checked. The body of a 200 is what the provider expects: JSON,
    and for Adyen the text [accepted].

    Args:
        provider (ReceiveWebhookProvider):
        account (str):
        token (str | Unset):
        cko_signature (str | Unset):
        webhook_signature (str | Unset):
        x_mollie_signature (str | Unset):
        pay_pal_transmission_id (str | Unset):
        pay_pal_transmission_time (str | Unset):
        pay_pal_transmission_sig (str | Unset):
        pay_pal_cert_url (str | Unset):
        pay_pal_auth_algo (str | Unset):
        x_square_hmac_sha_256_signature (str | Unset):
        stripe_signature (str | Unset):
        body (WebhookEvent): As the provider writes it.
        body (WebhookForm): As the provider writes it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | str
    """

    return sync_detailed(
        provider=provider,
        account=account,
        client=client,
        body=body,
        token=token,
        cko_signature=cko_signature,
        webhook_signature=webhook_signature,
        x_mollie_signature=x_mollie_signature,
        pay_pal_transmission_id=pay_pal_transmission_id,
        pay_pal_transmission_time=pay_pal_transmission_time,
        pay_pal_transmission_sig=pay_pal_transmission_sig,
        pay_pal_cert_url=pay_pal_cert_url,
        pay_pal_auth_algo=pay_pal_auth_algo,
        x_square_hmac_sha_256_signature=x_square_hmac_sha_256_signature,
        stripe_signature=stripe_signature,
    ).parsed


async def asyncio_detailed(
    provider: ReceiveWebhookProvider,
    account: str,
    *,
    client: AuthenticatedClient | Client,
    body: WebhookEvent | WebhookForm | Unset = UNSET,
    token: str | Unset = UNSET,
    cko_signature: str | Unset = UNSET,
    webhook_signature: str | Unset = UNSET,
    x_mollie_signature: str | Unset = UNSET,
    pay_pal_transmission_id: str | Unset = UNSET,
    pay_pal_transmission_time: str | Unset = UNSET,
    pay_pal_transmission_sig: str | Unset = UNSET,
    pay_pal_cert_url: str | Unset = UNSET,
    pay_pal_auth_algo: str | Unset = UNSET,
    x_square_hmac_sha_256_signature: str | Unset = UNSET,
    stripe_signature: str | Unset = UNSET,
) -> Response[Error | str]:
    """Where a provider's account sends its events

     No token: the provider's signature is checked. The body of a 200 is what the provider expects: JSON,
    and for Adyen the text [accepted].

    Args:
        provider (ReceiveWebhookProvider):
        account (str):
        token (str | Unset):
        cko_signature (str | Unset):
        webhook_signature (str | Unset):
        x_mollie_signature (str | Unset):
        pay_pal_transmission_id (str | Unset):
        pay_pal_transmission_time (str | Unset):
        pay_pal_transmission_sig (str | Unset):
        pay_pal_cert_url (str | Unset):
        pay_pal_auth_algo (str | Unset):
        x_square_hmac_sha_256_signature (str | Unset):
        stripe_signature (str | Unset):
        body (WebhookEvent): As the provider writes it.
        body (WebhookForm): As the provider writes it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | str]
    """

    kwargs = _get_kwargs(
        provider=provider,
        account=account,
        body=body,
        token=token,
        cko_signature=cko_signature,
        webhook_signature=webhook_signature,
        x_mollie_signature=x_mollie_signature,
        pay_pal_transmission_id=pay_pal_transmission_id,
        pay_pal_transmission_time=pay_pal_transmission_time,
        pay_pal_transmission_sig=pay_pal_transmission_sig,
        pay_pal_cert_url=pay_pal_cert_url,
        pay_pal_auth_algo=pay_pal_auth_algo,
        x_square_hmac_sha_256_signature=x_square_hmac_sha_256_signature,
        stripe_signature=stripe_signature,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    provider: ReceiveWebhookProvider,
    account: str,
    *,
    client: AuthenticatedClient | Client,
    body: WebhookEvent | WebhookForm | Unset = UNSET,
    token: str | Unset = UNSET,
    cko_signature: str | Unset = UNSET,
    webhook_signature: str | Unset = UNSET,
    x_mollie_signature: str | Unset = UNSET,
    pay_pal_transmission_id: str | Unset = UNSET,
    pay_pal_transmission_time: str | Unset = UNSET,
    pay_pal_transmission_sig: str | Unset = UNSET,
    pay_pal_cert_url: str | Unset = UNSET,
    pay_pal_auth_algo: str | Unset = UNSET,
    x_square_hmac_sha_256_signature: str | Unset = UNSET,
    stripe_signature: str | Unset = UNSET,
) -> Error | str | None:
    """Where a provider's account sends its events

     No token: the provider's signature is checked. The body of a 200 is what the provider expects: JSON,
    and for Adyen the text [accepted].

    Args:
        provider (ReceiveWebhookProvider):
        account (str):
        token (str | Unset):
        cko_signature (str | Unset):
        webhook_signature (str | Unset):
        x_mollie_signature (str | Unset):
        pay_pal_transmission_id (str | Unset):
        pay_pal_transmission_time (str | Unset):
        pay_pal_transmission_sig (str | Unset):
        pay_pal_cert_url (str | Unset):
        pay_pal_auth_algo (str | Unset):
        x_square_hmac_sha_256_signature (str | Unset):
        stripe_signature (str | Unset):
        body (WebhookEvent): As the provider writes it.
        body (WebhookForm): As the provider writes it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | str
    """

    return (
        await asyncio_detailed(
            provider=provider,
            account=account,
            client=client,
            body=body,
            token=token,
            cko_signature=cko_signature,
            webhook_signature=webhook_signature,
            x_mollie_signature=x_mollie_signature,
            pay_pal_transmission_id=pay_pal_transmission_id,
            pay_pal_transmission_time=pay_pal_transmission_time,
            pay_pal_transmission_sig=pay_pal_transmission_sig,
            pay_pal_cert_url=pay_pal_cert_url,
            pay_pal_auth_algo=pay_pal_auth_algo,
            x_square_hmac_sha_256_signature=x_square_hmac_sha_256_signature,
            stripe_signature=stripe_signature,
        )
    ).parsed
