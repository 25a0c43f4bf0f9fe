"""AWS clients. Those of the emulator can never reach a real account."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from local.isolation import isolate_this_process

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 3}, max_pool_connections=64)


@dataclass(frozen=True)
class Aws:
    """The clients of one account: of the emulator at `url`, or of AWS itself if None.

    On AWS `profile` and `region` are those of the shell, unless they are given.
    """

    url: str | None
    profile: str | None = None
    region: str | None = None

    @cached_property
    def _session(self) -> Session:
        if self.url is not None:
            isolate_this_process()
        return Session(profile_name=self.profile, region_name=self.region)

    @cached_property
    def apigateway(self) -> "APIGatewayClient":
        return self._session.client("apigateway", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation", endpoint_url=self.url, config=PATIENT)

    @cached_property
    def cognito(self) -> "CognitoIdentityProviderClient":
        return self._session.client("cognito-idp", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def dynamodb_streams(self) -> "DynamoDBStreamsClient":
        return self._session.client("dynamodbstreams", endpoint_url=self.url, config=PATIENT)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def functions(self) -> "LambdaClient":
        return self._session.client("lambda", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self._session.client("logs", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def machines(self) -> "SFNClient":
        return self._session.client("stepfunctions", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def queues(self) -> "SQSClient":
        return self._session.client("sqs", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def storage(self) -> "S3Client":
        return self._session.client("s3", config=PATIENT, endpoint_url=self.url)

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        return self._session.client("secretsmanager", config=PATIENT, endpoint_url=self.url)
