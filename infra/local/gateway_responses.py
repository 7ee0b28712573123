"""Gives the emulated API the template's gateway responses, which MiniStack leaves out when it imports a definition."""

from typing import Any

import yaml

from infra.package import Package

EXTENSION = "x-amazon-apigateway-gateway-responses"


def add_gateway_responses(client: Any, package: Package, *, api_id: str, stage: str) -> None:
    """Put every response of the template's definition and deploy the API anew, since a deployment holds a copy."""
    template = yaml.safe_load(package.template.read_text())
    for kind, response in template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][EXTENSION].items():
        client.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(response["statusCode"]),
            responseParameters=response["responseParameters"],
            responseTemplates=response["responseTemplates"],
        )
    client.create_deployment(restApiId=api_id, stageName=stage)
