"""The secrets of accounts in AWS Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from checkout.errors import CredentialsError, ProviderTrouble

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# The second one is of a secret whose deletion is scheduled, as it is by default.
GONE = frozenset({"ResourceNotFoundException", "InvalidRequestException"})


class SecretsManager:
    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def read(self, name: str) -> str:
        trouble = ProviderTrouble.CREDENTIALS_UNREADABLE
        try:
            # Binary secrets have no SecretString.
            return self._client.get_secret_value(SecretId=name).get("SecretString", "")
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                trouble = ProviderTrouble.NO_CREDENTIALS
        except BotoCoreError:
            pass
        raise CredentialsError(trouble)
