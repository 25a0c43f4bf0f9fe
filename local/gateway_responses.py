"""The gateway responses, which the emulator does not import from the API's definition.

They are read from the deployed template, after SAM has transformed it, and put one by one.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from local.aws import Aws

EXTENSION = "x-amazon-apigateway-gateway-responses"


class GatewayResponse(TypedDict):
    """As in the OpenAPI extension."""

    statusCode: str
    responseParameters: dict[str, str]
    responseTemplates: dict[str, str]


def in_template(template: Mapping[str, Any]) -> dict[str, GatewayResponse]:
    """The responses of the template's one REST API, by type."""
    apis = [
        resource["Properties"]["Body"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::ApiGateway::RestApi"
    ]
    (body,) = apis
    return {
        name: GatewayResponse(
            statusCode=str(response.get("statusCode", "")),
            responseParameters=response.get("responseParameters", {}),
            responseTemplates=response.get("responseTemplates", {}),
        )
        for name, response in body.get(EXTENSION, {}).items()
    }


def put(aws: Aws, stack_name: str, api_id: str, stage: str) -> None:
    """Put them, and deploy the stage again: a deployment keeps the responses of its time."""
    template = aws.cloudformation.get_template(StackName=stack_name, TemplateStage="Processed")
    for name, response in in_template(template["TemplateBody"]).items():
        status = {"statusCode": response["statusCode"]} if response["statusCode"] else {}
        aws.apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=name,  # type: ignore[arg-type]  # its names are the template's
            responseParameters=response["responseParameters"],
            responseTemplates=response["responseTemplates"],
            **status,
        )
    aws.apigateway.create_deployment(restApiId=api_id, stageName=stage)
